/** Giving up in time. */
import {
  type Context,
  Future,
  hasBudgetRemaining,
  type IntoFuture,
  intoFuture,
  PENDING,
  type Poll,
  UsageError,
} from "@rt/core";
import {
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  stepCount,
  stepsOn,
  suspension,
  TAKEN,
  waitOf,
} from "@rt/core/driver";
import { type Duration, toMillis } from "./duration.ts";
import { Elapsed } from "./errors.ts";
import { type Instant, instantMillis } from "./instant.ts";
import { HOMELESS, homeState, Sleep } from "./sleep.ts";
import { currentDriver, type TimeDriver } from "./time-driver.ts";

/**
 * A future with a deadline. Made by {@link timeout} and {@link timeoutAt}.
 * @see Tokio `time::Timeout`
 * @public
 */
export class Timeout<T> extends Future<T> {
  /** @internal */
  declare readonly _driver: TimeDriver;
  /** @internal */
  declare readonly _deadline: number;
  /** Null once it was taken out. @internal */
  declare _inner: Future<T> | null;
  /** Made when there is something to wait for: most operations are ready at once, and then a timer is not needed. @internal */
  declare _sleep: Sleep | null;

  /** @internal */
  constructor(driver: TimeDriver, deadline: number, inner: Future<T>) {
    super();
    this._state = homeState();
    this._driver = driver;
    this._deadline = deadline;
    this._inner = inner;
    this._sleep = null;
  }

  poll(cx: Context): Poll<T> {
    const inner = this._inner;
    if (inner === null) throw takenOut();
    const hadBudget = hasBudgetRemaining();
    const steps = stepCount();
    const value = this._sleep === null ? inner.poll(cx) : this._pollAgain(inner, cx);
    if (value === PENDING) {
      // Its code may come to the end with what it was just given.
      return stepsOn(steps, cx.waker) ? PENDING : this._pollTime(inner, cx, hadBudget);
    }
    if (this._sleep !== null) this._release();
    return value;
  }

  override next(): IteratorResult<Future<unknown>, T> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== PENDING) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }

  /** What is waited for, with the deadline in force. @throws {@link UsageError} (`ERR_RT_DISPOSED`) once it was taken out. */
  getRef(): Future<T> {
    if (this._inner === null) throw takenOut();
    return this._inner;
  }

  /** The same as {@link Timeout.getRef}: JavaScript has one kind of reference. */
  getMut(): Future<T> {
    return this.getRef();
  }

  /** Takes what is waited for out, unfinished; from then on it has no deadline, and this object is of no use. */
  intoInner(): Future<T> {
    const inner = this.getRef();
    this._inner = null;
    this._release();
    return inner;
  }

  override drop(): void {
    this._release();
    this._inner?.drop();
  }

  override describe(): string {
    const timer = this._sleep ?? this;
    const left = Math.max(0, Math.ceil(timer._deadline - timer._driver.now()));
    return `${this._inner === null ? "nothing" : waitOf(this._inner)}, for at most ${left} ms`;
  }

  /** @internal */
  _pollAgain(inner: Future<T>, cx: Context): Poll<T> {
    try {
      return inner.poll(cx);
    } catch (error) {
      this._release();
      throw error;
    }
  }

  /**
   * Time-outs follow each other, and the sleep of one is seen by nobody else: the last one that was given back is used
   * again.
   * @internal
   */
  _borrow(): Sleep {
    const spare = this._driver._spare;
    const state = this._state & HOMELESS;
    if (spare === null || state !== 0) return new Sleep(this._driver, this._deadline, state);
    this._driver._spare = null;
    spare._resetTo(this._deadline);
    return spare;
  }

  /** @internal */
  _release(): void {
    const sleep = this._sleep;
    if (sleep === null) return;
    this._sleep = null;
    sleep.drop();
    sleep._driver._spare = sleep;
  }

  /** @internal */
  _pollTime(inner: Future<T>, cx: Context, hadBudget: boolean): Poll<T> {
    this._sleep ??= this._borrow();
    // Where `inner` has used up the budget, the deadline counts all the same: it could keep us waiting for ever.
    const spent = hadBudget && !hasBudgetRemaining();
    if ((!spent && !pollProceed(cx)) || !this._sleep._pollTime(cx)) return PENDING;
    madeProgress();
    this._release();
    inner.drop();
    throw new Elapsed();
  }
}

function takenOut(): UsageError {
  return new UsageError(
    "ERR_RT_DISPOSED",
    "Cannot use this Timeout: intoInner() took the future out; use that one",
  );
}

/**
 * Gives the result of `operation`, or throws {@link Elapsed} when it has none `duration` from now. Then it is dropped:
 * a generator or async function runs its `finally` blocks, a foreign promise goes on unheeded.
 *
 * The operation is polled before the deadline is looked at: what is ready at once succeeds, also with a duration of 0.
 * While the code of an async function that has had a result is on its way, the deadline waits for it to come to its next
 * `await`, or to its end.
 * Cancel safety: dropping it drops the operation.
 *
 * @param duration - counts from the call. What goes beyond the end of the clock stands for about 30 years.
 * @throws RangeError when `duration` is negative or `NaN`.
 * @example
 * ```ts
 * import { type Async, pending } from "@rt/core";
 *
 * function* answer(): Async<number> {
 *   yield* sleep(1);
 *   return 42;
 * }
 * (yield* timeout({ seconds: 10 }, answer())); // => 42
 * try {
 *   yield* timeout(5, pending());
 * } catch (error) {
 *   (error as Elapsed).code; // => "ERR_RT_ELAPSED"
 * }
 * ```
 * @see Tokio `time::timeout`
 * @public
 */
export function timeout<T>(duration: Duration, operation: IntoFuture<T>): Timeout<T> {
  const driver = currentDriver();
  return new Timeout(driver, driver._after(toMillis("the time-out", duration)), intoFuture(operation));
}

/**
 * As {@link timeout}, with the deadline as an instant.
 * @see Tokio `time::timeout_at`
 * @public
 */
export function timeoutAt<T>(deadline: Instant, operation: IntoFuture<T>): Timeout<T> {
  return new Timeout(currentDriver(), instantMillis("the deadline", deadline), intoFuture(operation));
}
