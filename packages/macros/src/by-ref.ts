/** A future that survives the `select` it loses. */
import { Future, type Context, type Poll } from "@rt/core";
import { isFuture, show, typeError } from "@rt/core/driver";

class ByRef<T> extends Future<T> {
  declare readonly _inner: Future<T>;
  constructor(inner: Future<T>) {
    super();
    this._inner = inner;
  }
  override poll(cx: Context): Poll<T> {
    return this._inner.poll(cx);
  }
  override describe(): string {
    return this._inner.describe();
  }
}

/**
 * Lends `future` to a {@link select} or {@link join}: dropping what this gives does nothing to `future`, so it can be
 * used again in the next call, until it has completed. Whoever owns it drops it.
 *
 * A generator or a function becomes a future that can be lent with `intoFuture`. A `JoinHandle` needs no lending: a
 * lost wait for it leaves the task alone.
 *
 * @throws TypeError when `future` is not a `Future`.
 * @example A slow operation beside messages
 * ```ts
 * import { intoFuture, ready, yieldNow, type Async } from "@rt/core";
 *
 * function* slow(): Async<string> {
 *   for (let i = 0; i < 3; i += 1) yield* yieldNow();
 *   return "done";
 * }
 * using job = intoFuture(slow());
 * let rounds = 0;
 * for (;;) {
 *   const event = yield* select({ job: byRef(job), tick: ready(1) }, { biased: true });
 *   if (event.branch === "job") break;
 *   rounds += 1;
 * }
 * rounds; // => 3
 * ```
 * @see Tokio `&mut future` in a branch of `select!`
 * @public
 */
export function byRef<T>(future: Future<T>): Future<T> {
  if (!isFuture(future)) {
    throw typeError(`byRef takes a future, not ${show(future)}; make one with intoFuture and keep it`);
  }
  return new ByRef(future);
}
