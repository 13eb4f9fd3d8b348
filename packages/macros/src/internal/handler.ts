/** Calling a handler in whichever lane it is written. */
import { type Future, type IntoFuture, intoFuture, ready } from "@rt/core";
import { isGeneratorLike } from "@rt/core/driver";

const generatorFunction = Object.getPrototypeOf(function* () {}) as object;

/** Takes the value that its branch gives, as the types of `select` make sure. */
export type Handler = (value: never) => unknown;

/** A `function*`: calling it runs none of its body. */
export function isGeneratorFunction(fn: unknown): boolean {
  return typeof fn === "function" && Object.getPrototypeOf(fn) === generatorFunction;
}

/**
 * The future of what `handler` does with `value`.
 *
 * Any function but a `function*` may turn out to start an async one, whose awaits must find a scope of this task: so
 * it is called inside one. That costs about 0.25 µs, and is the price of a handler over a `switch`.
 */
export function runHandler(handler: Handler, value: unknown): Future<unknown> {
  const call = handler as (value: unknown) => unknown;
  if (isGeneratorFunction(handler)) return intoFuture(call(value) as IntoFuture<unknown>);
  return intoFuture(() => waitable(call(value)));
}

/**
 * What a scope can take, of whatever a function gave. It takes generators as well as promises, which its type can't
 * say.
 */
export function waitable(result: unknown): PromiseLike<unknown> {
  if (typeof result === "object" && result !== null) {
    const { then } = result as Partial<PromiseLike<unknown>>;
    if (typeof then === "function" || isGeneratorLike(result)) return result as PromiseLike<unknown>;
  }
  return ready(result);
}
