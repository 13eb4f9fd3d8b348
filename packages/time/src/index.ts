/** Timers, time-outs, intervals, and a clock that can be paused. @packageDocumentation */
export { advance, pause, resume } from "./clock.ts";
export type { Duration, DurationLike } from "./duration.ts";
export { Elapsed, TimeError, type TimeErrorReason } from "./errors.ts";
export { Instant } from "./instant.ts";
export { interval, intervalAt, Interval } from "./interval.ts";
export { MissedTickBehavior } from "./missed-tick-behavior.ts";
export { sleep, sleepUntil, Sleep } from "./sleep.ts";
export { TimeDriver, timeKey } from "./time-driver.ts";
export { timeout, timeoutAt, Timeout } from "./timeout.ts";
