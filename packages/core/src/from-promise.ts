/** Promises as futures. */
import { show, typeError } from "./errors.ts";
import type { Future } from "./future.ts";
import { isFuture, isPromiseLike } from "./internal/kinds.ts";
import { PromiseCall } from "./internal/promise-call.ts";
import { promiseFuture } from "./internal/promise-future.ts";

/**
 * Waits for a promise in a generator task.
 *
 * Given a function, it is called when first polled, with a signal that fires when the future is dropped: the way to
 * make `fetch` and friends stop. Given a promise, dropping only stops the waiting. A future is given back as it is.
 *
 * Cancel safety: the result of a promise that is dropped is lost, and so is its error.
 *
 * @example
 * ```ts
 * const text = yield* fromPromise(Promise.resolve("hello"));
 * text; // => "hello"
 * ```
 * @throws TypeError when `source` is neither a promise nor a function, or the function gives no promise.
 * @public
 */
export function fromPromise<T>(
  source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>),
): Future<T> {
  // A future of ours is one already. Its promise would be driven elsewhere, where dropping does not reach it.
  if (isFuture(source)) return (source as Future<T>)["rt:wait"]();
  if (typeof source !== "function") {
    checkPromise(source);
    return promiseFuture(source);
  }
  return new PromiseCall<T>((signal) => {
    const promise = source(signal);
    checkPromise(promise);
    return isFuture(promise) ? (promise as Future<T>)["rt:wait"]() : promiseFuture(promise);
  });
}

function checkPromise(value: unknown): void {
  if (!isPromiseLike(value))
    throw typeError(`fromPromise takes a promise or a function that makes one, not ${show(value)}`);
}
