/** A promise that is under way already, as a future. */
import { Future, PENDING, polledAfterCompletion, type Context, type Poll, type Waker } from "../future.ts";
import { Await } from "./await.ts";
import { charge, proceed } from "./budget.ts";

// Bits of `_state`.
/** The promise was asked for its result. */
const ASKED = 0x1;
const FULFILLED = 0x2;
const REJECTED = 0x4;
/** The result was given, or nobody wants it any more. */
const DONE = 0x8;
/** The promise is of the platform's own kind, which calls back in a microtask that does nothing else. */
const NATIVE = 0x10;

export class PromiseFuture<T> extends Future<T> {
  /** The promise; then its result. */
  declare _content: unknown;
  declare _waker: Waker | null;

  constructor(source: PromiseLike<T>) {
    super();
    this._content = source;
    this._waker = null;
    // Its error is in our charge from here on, waited for or not. Another kind of thenable may only begin when asked.
    if (source instanceof Promise) {
      if (Object.getPrototypeOf(source) === Promise.prototype) this._state = NATIVE;
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
    this.drop();
    if ((state & REJECTED) !== 0) throw result;
    return result as T;
  }

  override drop(): void {
    this._state |= DONE;
    this._content = null;
    this._waker = null;
  }

  override describe(): string {
    return "a promise";
  }

  _ask(source: PromiseLike<T>): void {
    this._state |= ASKED;
    try {
      source.then(
        (value) => this._settle(FULFILLED, value),
        (error: unknown) => this._settle(REJECTED, error),
      );
    } catch (error) {
      this.drop();
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
    else waker.wake();
  }
}
