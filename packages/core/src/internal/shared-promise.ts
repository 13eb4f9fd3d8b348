/** One wait of several for a promise, which share a subscription. */
import { Future, PENDING, polledAfterCompletion, type Context, type Poll, type Waker } from "../future.ts";
import { charge, proceed } from "./budget.ts";
import { REJECTED, type Subscription } from "./subscription.ts";

export class SharedPromise<T> extends Future<T> {
  /** Null once the result was given, or nobody wants it any more. */
  declare _subscription: Subscription | null;
  /** Set exactly while this is on the subscription's list. */
  declare _waker: Waker | null;
  declare _previous: SharedPromise<unknown> | null;
  declare _next: SharedPromise<unknown> | null;
  /** Its place among the waits for this promise. */
  declare readonly _order: number;

  constructor(subscription: Subscription) {
    super();
    this._subscription = subscription;
    this._waker = null;
    this._previous = null;
    this._next = null;
    this._order = subscription._made += 1;
  }

  override poll(cx: Context): Poll<T> {
    const subscription = this._subscription;
    if (subscription === null) throw polledAfterCompletion(this);
    if (subscription._state === 0) {
      // Not before it waits: one that is made and forgotten leaves nothing behind.
      if (this._waker === null) subscription._add(this);
      this._waker = cx.waker;
      return PENDING;
    }
    if (!proceed(cx)) return PENDING;
    charge();
    this._subscription = null;
    if (subscription._state === REJECTED) throw subscription._result;
    return subscription._result as T;
  }

  override drop(): void {
    if (this._waker !== null) this._subscription?._remove(this);
    this._subscription = null;
  }

  override describe(): string {
    return "a promise";
  }

  get _isSettled(): boolean {
    return this._subscription !== null && this._subscription._state !== 0;
  }
}
