/** Tells the kinds of {@link IntoFuture} apart. */
import { show, typeError } from "../errors.ts";
import type { Async, Future } from "../future.ts";

/** Stands for all generators in `instanceof`, which V8 turns into a few loads; a call of `isPrototypeOf` stays a call. */
function AnyGenerator(): void {}
AnyGenerator.prototype = Object.getPrototypeOf(function* () {}).prototype;

/** A generator as this realm's engine makes them, which can be resumed without a look-up. */
export function isGenerator(value: unknown): value is Async<unknown> {
  return value instanceof (AnyGenerator as never as typeof Object);
}

/**
 * Whatever behaves as a generator does: it has `next`, `throw` and `return`, and is its own iterator. Those of another
 * realm, such as a `vm` context, are no instances of anything here; those of compilers for engines without generators are
 * plain objects. Asks for no class, and fails early for promises.
 * @public
 */
export function isGeneratorLike(value: unknown): value is Async<unknown> {
  const it = value as Partial<Async<unknown>> | null | undefined;
  return (
    typeof it?.next === "function" &&
    typeof it.throw === "function" &&
    typeof it.return === "function" &&
    typeof it[Symbol.iterator] === "function" &&
    (it as Async<unknown>)[Symbol.iterator]() === it
  );
}

/** Makes a generator of this realm of one that only behaves so: closing, tracing and all else is at home in it then. */
export function* throughGenerator<T>(foreign: Async<T>): Async<T> {
  return yield* foreign;
}

const generatorFunction = Object.getPrototypeOf(function* () {}) as object;

/**
 * True for a `function*` of this realm, which makes a generator without running any of its body. Where it is wrong about
 * another one, that is called inside a scope, which is slower and else the same.
 */
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
