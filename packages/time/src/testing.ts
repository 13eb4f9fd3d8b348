/**
 * The paused clock under code that knows nothing of this library. Needs `@sinonjs/fake-timers`.
 * @packageDocumentation
 */
export { installClock, type InstallClockOptions, type InstalledClock } from "./install-clock.ts";
