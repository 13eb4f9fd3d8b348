/** A promise that is under way already, as a future. */
import { isPromise } from "#platform";
import { Future, PENDING, polledAfterCompletion, type Context, type Poll, type Waker } from "../future.ts";
import { Await } from "./await.ts";
import { charge, proceed } from "./budget.ts";
import { wakeSafely } from "./current.ts";
import { SharedPromise } from "./shared-promise.ts";
import { foreignSubscription, FULFILLED, leaveMark, REJECTED, sharedSubscription } from "./subscription.ts";

// Bits of `_state`, beside FULFILLED and REJECTED.
/** The promise was asked for its result. */
const ASKED = 0x1;
/** The result was given, or nobody wants it any more. */
const DONE = 0x8;
/** The promise is of the platform's own kind, which calls back in a microtask that does nothing else. */
const NATIVE = 0x10;

/** One wait for a thenable, with a subscription of its own. */
export class PromiseFuture<T> extends Future<T> {
  /** The promise; then its result. */
  declare _content: unknown;
  declare _waker: Waker | null;

  constructor(source: PromiseLike<T>, isNative: boolean) {
    super();
    this._content = source;
    this._waker = null;
    // Its error is in our charge from here on, waited for or not. Another kind of thenable may only begin when asked.
    if (isNative) {
      this._state = NATIVE;
      this._ask(source);
    }
  }

  override poll(cx: Context): Poll<T> {
    if ((this._state & (ASKED | DONE)) === 0) this._ask(this._content as PromiseLike<T>);
    const state = this._state;
    if ((state & DONE) !== 0) throw polledAfterCompletion(this);
    if ((state & (FULFILLED | REJECTED)) === 0) {
      this._waker = cx.waker;
      return PENDING;
    }
    if (!proceed(cx)) return PENDING;
    charge();
    const result = this._content;
    this._finish();
    if ((state & REJECTED) !== 0) throw result;
    return result as T;
  }

  override drop(): void {
    // What the promise holds of this wait can't be taken back: the next ones share a subscription.
    if ((this._state & (NATIVE | FULFILLED | REJECTED | DONE)) === NATIVE)
      leaveMark(this._content as Promise<T>);
    this._finish();
  }

  override describe(): string {
    return "a promise";
  }

  get _isSettled(): boolean {
    return (this._state & (FULFILLED | REJECTED)) !== 0;
  }

  _finish(): void {
    this._state |= DONE;
    this._content = null;
    this._waker = null;
  }

  _ask(source: PromiseLike<T>): void {
    this._state |= ASKED;
    try {
      source.then(
        (value) => this._settle(FULFILLED, value),
        (error: unknown) => this._settle(REJECTED, error),
      );
    } catch (error) {
      this._finish();
      throw error;
    }
  }

  _settle(outcome: number, result: unknown): void {
    const state = this._state;
    if ((state & (FULFILLED | REJECTED | DONE)) !== 0) return;
    this._state = state | outcome;
    this._content = result;
    const waker = this._waker;
    this._waker = null;
    if (waker === null) return;
    if (waker instanceof Await && (state & NATIVE) !== 0) waker._wakeNow();
    else wakeSafely(waker);
  }
}

/**
 * Waits for a promise, or another thenable. Only promises share a subscription: another thenable may do its work each
 * time it is asked.
 */
export function promiseFuture<T>(source: PromiseLike<T>): Future<T> {
  if (source instanceof Promise && isPlain(source)) {
    const subscription = sharedSubscription(source);
    return subscription === null ? new PromiseFuture(source, true) : new SharedPromise(subscription);
  }
  return source instanceof Promise || isPromise(source)
    ? new SharedPromise(foreignSubscription(source))
    : new PromiseFuture(source, false);
}

/** Of the platform's own kind, with the platform's `then`. */
function isPlain(promise: Promise<unknown>): boolean {
  return Object.getPrototypeOf(promise) === Promise.prototype && promise.then === Promise.prototype.then;
}
