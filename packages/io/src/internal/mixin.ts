/** A class can extend only one other; the methods of a second one are copied. */

type AbstractClass = abstract new (...args: never[]) => object;

/** Gives `target` the methods of `source` that it has not, its own or inherited. */
export function mixin(target: AbstractClass, source: AbstractClass): void {
  for (const name of Reflect.ownKeys(source.prototype)) {
    if (name in target.prototype) continue;
    Object.defineProperty(target.prototype, name, Object.getOwnPropertyDescriptor(source.prototype, name)!);
  }
}
