/** Ticks at a fixed distance. */
import { type Context, Future, PENDING, type Poll, UsageError } from "@rt/core";
import { iterate, rangeError, show, typeError } from "@rt/core/driver";
import { type Duration, toMillis } from "./duration.ts";
import { Instant, instantMillis } from "./instant.ts";
import { MissedTickBehavior } from "./missed-tick-behavior.ts";
import { homeState, Sleep } from "./sleep.ts";
import { currentDriver, LAST, type TimeDriver } from "./time-driver.ts";

/** How late a tick may be and still count as on time. Tokio's number. */
const TOLERANCE_MS = 5;

/**
 * Ticks every period. Made by {@link interval} and {@link intervalAt}.
 *
 * It does not tick by itself: {@link Interval.tick} waits for the next one. Whoever takes a tick more than 5 ms late has
 * missed it; {@link MissedTickBehavior} says how it goes on then. `for await (const due of every)` goes on for ever.
 *
 * @example
 * ```ts
 * using every = interval(5);
 * const first = yield* every.tick(); // at once
 * const second = yield* every.tick();
 * Math.round(second.durationSince(first)); // => 5
 * ```
 * @see Tokio `time::Interval`
 * @public
 */
export class Interval implements Disposable, AsyncIterable<Instant> {
  readonly #sleep: Sleep;
  readonly #period: number;
  #behavior: MissedTickBehavior = MissedTickBehavior.burst;
  /** The tick that waits. */
  #waiting: Tick | null = null;
  #disposed = false;

  /** @internal */
  constructor(driver: TimeDriver, start: number, period: number) {
    this.#period = period;
    this.#sleep = new Sleep(driver, start, homeState());
  }

  /**
   * Waits for the next tick, and gives the instant it was due at, not the one it came at.
   *
   * Cancel safety: dropping it loses no tick. One wait at a time: the last one counts.
   */
  tick(): Future<Instant> {
    this.#check();
    return new Tick(this);
  }

  /** One poll of a tick, for futures of one's own. Only the waker of the last poll is woken. */
  pollTick(cx: Context): Poll<Instant> {
    this.#check();
    if (this.#sleep.poll(cx) === PENDING) return PENDING;
    const due = this.#sleep._deadline;
    const now = this.#sleep._driver.now();
    const next = now > due + TOLERANCE_MS ? this.#afterLate(due, now) : due + this.#period;
    // A period may be as long as the clock reaches.
    this.#sleep._resetTo(next < LAST ? next : this.#sleep._driver._after(this.#period));
    return new Instant(due);
  }

  /** The next tick comes a period from now. Missed ones are forgotten. */
  reset(): void {
    this.resetAfter(this.#period);
  }

  /** The next tick comes at once, and so do those that follow, a period apart. Missed ones are forgotten. */
  resetImmediately(): void {
    this.resetAfter(0);
  }

  /** The next tick comes `duration` from now, which may be more than a period. Missed ones are forgotten. */
  resetAfter(duration: Duration): void {
    this.#check();
    this.#sleep.reset(
      new Instant(this.#sleep._driver._after(toMillis("the time to the next tick", duration))),
    );
  }

  /** The next tick comes at `deadline`. Missed ones are forgotten. */
  resetAt(deadline: Instant): void {
    this.#check();
    this.#sleep.reset(deadline);
  }

  /** What happens about missed ticks; `burst` unless set. */
  missedTickBehavior(): MissedTickBehavior {
    return this.#behavior;
  }

  /** Sets what happens about missed ticks, from the next late one on. */
  setMissedTickBehavior(behavior: MissedTickBehavior): void {
    if (!Object.hasOwn(MissedTickBehavior, behavior))
      throw typeError(`A MissedTickBehavior is "burst", "delay" or "skip", not ${show(behavior)}`);
    this.#behavior = behavior;
  }

  /** The period, in milliseconds. */
  period(): number {
    return this.#period;
  }

  /** Tick by tick, without end. Leaving the loop leaves the interval usable, and loses no tick. */
  [Symbol.asyncIterator](): AsyncGenerator<Instant, void, undefined> {
    return iterate(this, (every) => every.tick());
  }

  /** Takes the timer back. A tick that waits never comes. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#sleep.drop();
  }

  /** @internal */
  _poll(tick: Tick, cx: Context): Poll<Instant> {
    this.#waiting = tick;
    return this.pollTick(cx);
  }

  /** @internal */
  _drop(tick: Tick): void {
    // Another one may have taken its place.
    if (this.#waiting === tick) this.#sleep.drop();
  }

  #afterLate(due: number, now: number): number {
    if (this.#behavior === "burst") return due + this.#period;
    if (this.#behavior === "delay") return now + this.#period;
    return now + this.#period - ((now - due) % this.#period);
  }

  #check(): void {
    if (this.#disposed)
      throw new UsageError("ERR_RT_DISPOSED", "Cannot use this Interval: it was disposed; make another");
  }
}

class Tick extends Future<Instant> {
  readonly #owner: Interval;
  constructor(owner: Interval) {
    super();
    this.#owner = owner;
  }
  override poll(cx: Context): Poll<Instant> {
    return this.#owner._poll(this, cx);
  }
  override drop(): void {
    this.#owner._drop(this);
  }
  override describe(): string {
    return `the next tick of an interval of ${this.#owner.period()} ms`;
  }
}

/**
 * Ticks at once, then every `period`.
 *
 * @param period - more than 0.
 * @throws RangeError when `period` is 0, negative or `NaN`.
 * @see Tokio `time::interval`
 * @public
 */
export function interval(period: Duration): Interval {
  const driver = currentDriver();
  return new Interval(driver, driver.now(), periodMillis(period));
}

/**
 * Ticks at `start`, then every `period`. See {@link interval}.
 * @see Tokio `time::interval_at`
 * @public
 */
export function intervalAt(start: Instant, period: Duration): Interval {
  return new Interval(currentDriver(), instantMillis("the start", start), periodMillis(period));
}

function periodMillis(period: Duration): number {
  const ms = toMillis("the period", period);
  if (ms > 0) return ms;
  throw rangeError("the period must be more than 0 ms; to give way, use yieldNow");
}
