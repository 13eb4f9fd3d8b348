/** Points in time. */
import { Handle } from "@rt/core";
import { currentTimers, hostNow, rangeError, show, startsPaused, typeError } from "@rt/core/driver";
import { type Duration, toMillis } from "./duration.ts";
import { currentDriver, isTimeDriver, LAST } from "./time-driver.ts";

/**
 * A point in time, never going back. Immutable; sub-millisecond fractions are kept.
 *
 * `Instant.now()` follows the clock of the current runtime, so it stands still while that one is paused. Two instants
 * compare with `<` and `>`, as their `valueOf()` is {@link Instant.toMillis}.
 *
 * @example
 * ```ts
 * const start = Instant.now();
 * yield* sleep(5);
 * start.elapsed() >= 5; // => true
 * ```
 * @see Tokio `time::Instant`
 * @public
 */
export class Instant {
  /** @internal */
  readonly _ms: number;

  /** @internal */
  constructor(ms: number) {
    this._ms = ms;
  }

  /** Now, by the clock of the current runtime. */
  static now(): Instant {
    const timers = currentTimers();
    if (isTimeDriver(timers)) return new Instant(timers.now());
    // A clock that was never touched runs with the host's: no driver is needed to read it.
    return new Instant(startsPaused(Handle.current()) ? currentDriver().now() : hostNow());
  }

  /**
   * The instant at `ms` on the clock of `performance.now()`.
   * @see Tokio `Instant::from_std`
   */
  static fromMillis(ms: number): Instant {
    if (typeof ms !== "number") throw typeError(`An instant is made of a number, not ${show(ms)}`);
    return inRange(ms) ?? outOfRange(show(ms));
  }

  /** Milliseconds on the clock of `performance.now()`. @see Tokio `Instant::into_std` */
  toMillis(): number {
    return this._ms;
  }

  valueOf(): number {
    return this._ms;
  }

  /** Whether both are the same point in time. */
  equals(other: Instant): boolean {
    return this._ms === other._ms;
  }

  /** Milliseconds from `earlier` to this one; 0 when that is later. */
  durationSince(earlier: Instant): number {
    return Math.max(0, this._ms - earlier._ms);
  }

  /** As {@link Instant.durationSince}, but null when `earlier` is later. */
  checkedDurationSince(earlier: Instant): number | null {
    return this._ms < earlier._ms ? null : this._ms - earlier._ms;
  }

  /** The same as {@link Instant.durationSince}. */
  saturatingDurationSince(earlier: Instant): number {
    return this.durationSince(earlier);
  }

  /** Milliseconds from this one to now. */
  elapsed(): number {
    return Instant.now().durationSince(this);
  }

  /** This one and `duration`. @throws RangeError beyond the range of the clock. @see Tokio `Instant + Duration` */
  add(duration: Duration): Instant {
    return this.checkedAdd(duration) ?? outOfRange(`${this._ms} ms and ${show(duration)}`);
  }

  /** This one less `duration`. @throws RangeError beyond the range of the clock. @see Tokio `Instant - Duration` */
  sub(duration: Duration): Instant {
    return this.checkedSub(duration) ?? outOfRange(`${this._ms} ms less ${show(duration)}`);
  }

  /** As {@link Instant.add}, but null beyond the range of the clock. */
  checkedAdd(duration: Duration): Instant | null {
    return inRange(this._ms + toMillis("the duration", duration));
  }

  /** As {@link Instant.sub}, but null beyond the range of the clock. */
  checkedSub(duration: Duration): Instant | null {
    return inRange(this._ms - toMillis("the duration", duration));
  }
}

function inRange(ms: number): Instant | null {
  return Math.abs(ms) <= LAST ? new Instant(ms) : null;
}

function outOfRange(what: string): never {
  throw rangeError(`${what} is no instant: the clock ends at ${LAST} ms`);
}

/** The milliseconds of a deadline. */
export function instantMillis(name: string, instant: Instant): number {
  // Asks for no class: it may be that of another copy.
  if (typeof instant?.toMillis === "function") return instant.toMillis();
  throw typeError(`${name} must be an Instant, not ${show(instant)}; see Instant.now().add()`);
}
