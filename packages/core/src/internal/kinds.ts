/** Tells the kinds of {@link IntoFuture} apart. */
import { show, typeError } from "../errors.ts";
import type { Async, Future } from "../future.ts";

/** Stands for all generators in `instanceof`, which V8 turns into a few loads; a call of `isPrototypeOf` stays a call. */
function AnyGenerator(): void {}
AnyGenerator.prototype = Object.getPrototypeOf(function* () {}).prototype;

export function isGenerator(value: unknown): value is Async<unknown> {
  return value instanceof (AnyGenerator as never as typeof Object);
}

const generatorFunction = Object.getPrototypeOf(function* () {}) as object;

/** True for a `function*` itself, which makes a generator without running any of its body. */
export function isGeneratorFunction(value: object): boolean {
  return Object.getPrototypeOf(value) === generatorFunction;
}

/**
 * True for a future. One look-up, of which V8 makes the same check that a call on the future needs anyway; `instanceof`
 * would walk its chain of prototypes.
 * @public
 */
export function isFuture(value: unknown): value is Future<unknown> {
  return typeof (value as Partial<Future<unknown>> | null | undefined)?.["rt:wait"] === "function";
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

export function cannotRun(value: unknown): TypeError {
  return typeError(
    `Cannot run ${show(value)}; pass a future, a generator, a promise, or a function that makes one`,
  );
}
