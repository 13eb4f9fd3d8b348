/**
 * Waiting for a point in time. A sleep is its own entry in the wheel.
 *
 * Invariants:
 *  1. A sleep is in the wheel only while POLLED is set and FIRED is not.
 *  2. FIRED is set by the driver alone, or by a poll or reset that finds the deadline behind what the driver has seen.
 */
import { type Context, Future, PENDING, type Poll, type Waker } from "@rt/core";
import {
  currentContext,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
  wakeSafely,
} from "@rt/core/driver";
import { type Duration, toMillis } from "./duration.ts";
import { TimeError } from "./errors.ts";
import { Instant, instantMillis } from "./instant.ts";
import type { WheelEntry } from "./internal/wheel.ts";
import { currentDriver, isOutside, type TimeDriver } from "./time-driver.ts";

/** `_state` bit: the deadline has come. Cleared by a reset. */
const FIRED = 0x1;
/** `_state` bit: somebody has waited, and not given up. */
const POLLED = 0x2;
/** `_state` bit: made outside of any runtime. Cleared by the first poll. */
export const HOMELESS = 0x4;

const OVER: IteratorResult<never, void> = { done: true, value: undefined };

/**
 * Completes at its deadline. Made by {@link sleep} and {@link sleepUntil}.
 *
 * Does nothing before it is first polled. Unlike other futures it may be waited for again: at once ready after it has
 * completed, and until the new deadline after a {@link Sleep.reset}. One wait at a time: the last one counts.
 *
 * Cancel safety: dropping it takes the timer back; another wait registers it again, for the same deadline.
 *
 * @see Tokio `time::Sleep`
 * @public
 */
export class Sleep extends Future<void> implements WheelEntry {
  /** @internal */
  declare _driver: TimeDriver;
  /** @internal */
  declare _deadline: number;
  /** @internal */
  declare _tick: number;
  /** @internal */
  declare _slot: number;
  /** @internal */
  declare _previous: WheelEntry | null;
  /** @internal */
  declare _next: WheelEntry | null;
  /** @internal */
  declare _waker: Waker | null;

  /** @internal */
  constructor(driver: TimeDriver, deadline: number, state: number) {
    super();
    this._state = state;
    this._driver = driver;
    this._deadline = deadline;
    this._tick = driver._tickOf(deadline);
    this._slot = -1;
    this._previous = null;
    this._next = null;
    this._waker = null;
  }

  poll(cx: Context): Poll<void> {
    if (!pollProceed(cx) || !this._pollTime(cx)) return PENDING;
    madeProgress();
  }

  // The same as the inherited one, but for FINISHED: a sleep may be waited for again.
  override next(): IteratorResult<Future<unknown>, void> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    return this.poll(cx) === PENDING ? suspension : OVER;
  }

  /** The instant at which it completes. */
  deadline(): Instant {
    return new Instant(this._deadline);
  }

  /** Whether the timer has fired. Tells what the driver has seen, not what the clock shows right now. */
  isElapsed(): boolean {
    return (this._state & FIRED) !== 0;
  }

  /**
   * Moves the deadline, before or after it has come. Who waits goes on waiting for the new one; where that has passed
   * already, it is woken. The timer stays with the runtime it belongs to.
   *
   * @example
   * ```ts
   * const idle = sleep(5);
   * idle.reset(Instant.now().add(10));
   * yield* idle;
   * idle.isElapsed(); // => true
   * ```
   * @see Tokio `Sleep::reset`, which also registers a sleep that nobody has polled
   */
  reset(deadline: Instant): void {
    const ms = instantMillis("the new deadline", deadline);
    const tick = this._driver._tickOf(ms);
    if (this._slot !== -1 && tick >= this._tick) {
      // To put off costs nothing: idle time-outs do it all the time.
      this._deadline = ms;
      this._tick = tick;
      return;
    }
    const wasPolled = (this._state & POLLED) !== 0;
    this._resetTo(ms);
    if (wasPolled && !this._driver._isDown && !this._driver._add(this)) this._fire();
  }

  override drop(): void {
    if (this._slot !== -1) {
      this._driver._wheel.remove(this);
      if (this._driver._holds) this._driver._released();
    }
    this._waker = null;
    this._state &= ~(POLLED | TAKEN);
  }

  override describe(): string {
    return `a sleep with ${Math.max(0, Math.ceil(this._deadline - this._driver.now()))} ms left`;
  }

  /**
   * A poll that takes nothing of the budget. True once the deadline has come.
   * @internal
   */
  _pollTime(cx: Context): boolean {
    if ((this._state & FIRED) === 0) {
      this._waker = cx.waker;
      if (this._slot !== -1) return false;
      if ((this._state & HOMELESS) !== 0) this._findHome();
      if (this._driver._isDown) throw TimeError.shutdown();
      this._state |= POLLED;
      if (this._driver._add(this)) return false;
      this._state |= FIRED;
      this._waker = null;
    }
    // The wait is over, and there may be another.
    this._state &= ~TAKEN;
    return true;
  }

  /** Joins the runtime that polls, with the time that is left. @internal */
  _findHome(): void {
    this._state &= ~HOMELESS;
    const driver = currentDriver();
    if (driver === this._driver) return;
    const left = this._deadline - this._driver.now();
    this._driver = driver;
    this._resetTo(driver.now() + left);
  }

  /** Moves the deadline, without waiting for it before the next poll. @internal */
  _resetTo(deadline: number): void {
    if (this._slot !== -1) this._driver._wheel.remove(this);
    this._deadline = deadline;
    this._tick = this._driver._tickOf(deadline);
    this._state &= ~FIRED;
  }

  /** @internal */
  _waits(): Waker | null {
    return this._waker;
  }

  /** @internal */
  _fire(): void {
    const waker = this._waker;
    this._waker = null;
    // At a shutdown it did not come to its end: the next poll tells.
    if (!this._driver._isDown) this._state |= FIRED;
    if (waker !== null) wakeSafely(waker);
  }
}

/** The `_state` of a timer that is made here and now. */
export function homeState(): number {
  return isOutside() ? HOMELESS : 0;
}

/**
 * Waits for `duration` from now on: from the call, not from the first poll.
 *
 * Granularity is 1 ms: the deadline is rounded up to a whole one, so it never completes early.
 * Cancel safety: dropping it takes the timer back.
 *
 * Outside any task, and in tasks of the default runtime, it keeps the process alive, as every timer of theirs does, up
 * to {@link JoinHandle.unref}. A runtime that was built is kept alive by `blockOn` alone.
 *
 * @param duration - what goes beyond the end of the clock waits about 30 years.
 * @throws RangeError when `duration` is negative or `NaN`.
 * @throws {@link TimeError} where it waits, when the runtime has shut down.
 * @example
 * ```ts
 * const start = Instant.now();
 * yield* sleep(10);
 * start.elapsed() >= 10; // => true
 * ```
 * @see Tokio `time::sleep`. Outside a runtime, where Tokio panics, it joins the one that first waits for it.
 * @public
 */
export function sleep(duration: Duration): Sleep {
  const driver = currentDriver();
  return new Sleep(driver, driver._after(toMillis("the duration of a sleep", duration)), homeState());
}

/**
 * As {@link sleep}, until `deadline`. One in the past completes at once.
 * @see Tokio `time::sleep_until`
 * @public
 */
export function sleepUntil(deadline: Instant): Sleep {
  const driver = currentDriver();
  const made = new Sleep(driver, instantMillis("the deadline", deadline), homeState());
  // The wheel may lag behind: the driver looks at the clock only while timers are pending.
  if (made._deadline <= driver.now()) made._tick = -1;
  return made;
}
