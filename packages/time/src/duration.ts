/** How long something takes. */
import { rangeError, show, typeError } from "@rt/core/driver";

/**
 * Anything with the fields of a `Temporal.Duration`. A missing field counts as 0.
 * @public
 */
export interface DurationLike {
  readonly weeks?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
  readonly microseconds?: number;
  readonly nanoseconds?: number;
  /** Only 0 makes sense: how long a month or a year is depends on when it begins. */
  readonly years?: number;
  readonly months?: number;
}

/**
 * A number of milliseconds, with fractions, or an object shaped like `Temporal.Duration`.
 *
 * 0 or more; what is negative or `NaN` throws a `RangeError`. What goes beyond the end of the clock, `Infinity`
 * included, stands for a time about 30 years from now.
 *
 * @example
 * ```ts
 * const start = Instant.now();
 * const due = start.add({ minutes: 1, seconds: 30, microseconds: 500 });
 * due.durationSince(start.add(0.5)); // => 90_000
 * ```
 * @see Tokio `time::Duration`
 * @public
 */
export type Duration = number | DurationLike;

/**
 * Milliseconds in each unit. Negative: units in a millisecond, since dividing keeps what is exact in them exact. 0: it
 * varies.
 */
const UNITS: Record<keyof DurationLike, number> = {
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
  microseconds: -1000,
  nanoseconds: -1_000_000,
  years: 0,
  months: 0,
};

/** The milliseconds of a duration. `name` is what an error calls it. */
export function toMillis(name: string, duration: Duration): number {
  const ms = typeof duration === "number" ? duration : sum(name, duration);
  if (ms >= 0) return ms;
  throw rangeError(`${name} must be 0 ms or more, not ${ms}`);
}

function sum(name: string, fields: DurationLike): number {
  let ms = 0;
  let known = false;
  for (const [unit, factor] of Object.entries(UNITS)) {
    // The keys of `UNITS` are those of a duration; anything else has none of them.
    const value = fields?.[unit as keyof DurationLike];
    if (value === undefined) continue;
    known = true;
    if (typeof value !== "number") throw typeError(`${unit} of ${name} must be a number, not ${show(value)}`);
    if (factor === 0 && value !== 0)
      throw rangeError(`${name} can't have ${unit}: their length varies; give days`);
    ms += factor < 0 ? value / -factor : value * factor;
  }
  if (known) return ms;
  throw typeError(`${name} must be milliseconds or like { seconds: 1 }, not ${show(fields)}`);
}
