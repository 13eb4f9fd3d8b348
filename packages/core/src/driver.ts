/**
 * For those who write drivers, schedulers and leaf futures. `@rt/time`, `@rt/sync` and the other packages of this
 * project use nothing else of the core's inside.
 * @packageDocumentation
 */
import "./internal/bridge.ts";

export { EventLoopDriver } from "./driver/event-loop.ts";
export { LayeredDriver, type Driver, type DriverKey } from "./driver/driver.ts";
export { madeProgress, pollProceed } from "./driver/leaf.ts";
