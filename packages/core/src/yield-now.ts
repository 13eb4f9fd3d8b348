/** Giving way. */
import { Future, PENDING, type Context, type Poll } from "./future.ts";

class YieldNow extends Future<void> {
  #yielded = false;
  override poll(cx: Context): Poll<void> {
    if (this.#yielded) return;
    this.#yielded = true;
    cx.waker.wake();
    return PENDING;
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
