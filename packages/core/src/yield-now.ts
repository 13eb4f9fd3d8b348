/** Giving way. */
import { FINISHED, Future, notPolled, PENDING, type Context, type Poll } from "./future.ts";
import { currentContext, realm } from "./internal/realm.ts";

const YIELDED = 1;
const OVER: IteratorResult<never, void> = { done: true, value: undefined };

class YieldNow extends Future<void> {
  override poll(cx: Context): Poll<void> {
    if ((this._state & YIELDED) !== 0) return;
    this._state |= YIELDED;
    cx.waker.wake();
    return PENDING;
  }

  // The same as the inherited one, without a call through it: this is the hottest operation of all.
  override next(): IteratorResult<Future<unknown>, void> {
    const cx = currentContext();
    if (cx === null) return notPolled(this);
    if (this._state !== 0) {
      if (this._state !== YIELDED) return notPolled(this);
      this._state = FINISHED;
      return OVER;
    }
    this._state = YIELDED;
    cx.waker.wake();
    return realm.suspension;
  }

  override describe(): string {
    return "its next turn (yieldNow())";
  }
}

/**
 * Suspends once and lets every task that is ready now go first.
 *
 * Timers and sockets get their turn by the event interval, not at each yield: a turn of the loop costs 1 µs.
 * @see Tokio `task::yield_now`, which polls the driver in between
 * @public
 */
export function yieldNow(): Future<void> {
  return new YieldNow();
}
