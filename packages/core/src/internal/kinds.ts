/** Tells the kinds of {@link IntoFuture} apart. */
import type { Async } from "../future.ts";

// The shared prototype of all generator objects: `function*` prototypes inherit from it.
const generatorPrototype = Object.getPrototypeOf(function* () {}).prototype as object;

export function isGenerator(value: unknown): value is Async<unknown> {
  // The chain is `f.prototype` → shared prototype, so this looks at two objects, whatever the generator.
  return Object.prototype.isPrototypeOf.call(generatorPrototype, value as object);
}

const generatorFunction = Object.getPrototypeOf(function* () {}) as object;

/** True for a `function*` itself, which makes a generator without running any of its body. */
export function isGeneratorFunction(value: object): boolean {
  return Object.getPrototypeOf(value) === generatorFunction;
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
