/**
 * Values of other realms: what Node makes, seen from inside a `vm` context, and the other way round. They are instances
 * of classes that have the same names as ours and are others.
 */

const { toString } = Object.prototype;

/** An error of any realm. @public */
export function isError(value: unknown): value is Error {
  return value instanceof Error || /^\[object (?:Error|DOMException)\]$/.test(toString.call(value));
}

/** A `Uint8Array` of any realm, and so a `Buffer`. @public */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || (ArrayBuffer.isView(value) && tagOf(value) === "Uint8Array");
}

function tagOf(value: object): unknown {
  return (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
}
