/** What an interval does about ticks that nobody took in time. */

/**
 * - `burst`: makes up for them, one right after another, until it is back on schedule.
 * - `delay`: the next tick comes a period after the late one, and so on from there.
 * - `skip`: leaves them out; the next tick is the next one on the old schedule.
 *
 * @example With a period of 50 ms, ticks taken at 0 and, late, at 120
 * ```text
 * burst: 50 (late, at 120), 100 (at 120), 150, 200 …
 * delay: 50 (late, at 120), 170, 220 …
 * skip:  50 (late, at 120), 150, 200 …
 * ```
 * @see Tokio `time::MissedTickBehavior`
 * @public
 */
export type MissedTickBehavior = "burst" | "delay" | "skip";

/** The names, for those who like them spelled `MissedTickBehavior.skip`. @public */
export const MissedTickBehavior: {
  readonly burst: "burst";
  readonly delay: "delay";
  readonly skip: "skip";
} = { burst: "burst", delay: "delay", skip: "skip" };
