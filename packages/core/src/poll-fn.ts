/** A future from a function. */
import { checkType } from "./errors.ts";
import { Future, type Context, type Poll } from "./future.ts";

class PollFn<T> extends Future<T> {
  readonly #poll: (cx: Context) => Poll<T>;
  constructor(poll: (cx: Context) => Poll<T>) {
    super();
    this.#poll = poll;
  }
  override poll(cx: Context): Poll<T> {
    return (0, this.#poll)(cx);
  }
  override describe(): string {
    return this.#poll.name || "a pollFn";
  }
}

/**
 * A future whose `poll` is `poll`. The function's name is what dumps show.
 *
 * @example
 * ```ts
 * let calls = 0;
 * const third = yield* pollFn<number>((cx) => {
 *   calls += 1;
 *   if (calls === 3) return calls;
 *   cx.waker.wake();
 *   return PENDING;
 * });
 * third; // => 3
 * ```
 * @see `std::future::poll_fn`
 * @public
 */
export function pollFn<T>(poll: (cx: Context) => Poll<T>): Future<T> {
  return new PollFn(checkType("pollFn", poll, "function"));
}
