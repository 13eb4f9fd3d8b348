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

/** Milliseconds in each unit. */
const UNITS: readonly (readonly [keyof DurationLike, number])[] = [
  ["weeks", 604_800_000],
  ["days", 86_400_000],
  ["hours", 3_600_000],
  ["minutes", 60_000],
  ["seconds", 1000],
  ["milliseconds", 1],
  ["microseconds", 1e-3],
  ["nanoseconds", 1e-6],
  ["years", NaN],
  ["months", NaN],
];

/** The milliseconds of a duration. `name` is what an error calls it. */
export function toMillis(name: string, duration: Duration): number {
  const ms = typeof duration === "number" ? duration : sum(name, duration);
  if (ms >= 0) return ms;
  throw rangeError(`${name} must be 0 ms or more, not ${ms}`);
}

function sum(name: string, fields: DurationLike): number {
  let ms = 0;
  let known = 0;
  if (typeof fields === "object" && fields !== null) {
    for (const [unit, factor] of UNITS) {
      const value = fields[unit];
      if (value === undefined) continue;
      if (typeof value !== "number")
        throw typeError(`${unit} of ${name} must be a number, not ${show(value)}`);
      known += 1;
      if (value === 0) continue;
      if (Number.isNaN(factor))
        throw rangeError(`${name} can't have ${unit}: their length varies; give days or hours`);
      // Dividing keeps what is exact in the smaller unit exact.
      ms += factor < 1 ? value / Math.round(1 / factor) : value * factor;
    }
  }
  if (known > 0) return ms;
  throw typeError(
    `${name} must be a number of milliseconds or an object like { seconds: 1 }, not ${show(fields)}`,
  );
}
