/** The error classes a caller may catch. Every one carries a stable `code`. */
import { show } from "./shown.ts";

export { show };

/** The `code` of a {@link UsageError}. @public */
export type UsageCode =
  | "ERR_RT_AWAITED_TWICE"
  | "ERR_RT_CLOCK"
  | "ERR_RT_CONTEXT"
  | "ERR_RT_DISPOSED"
  | "ERR_RT_GUARD_ORDER"
  | "ERR_RT_INVALID_FUTURE"
  | "ERR_RT_INVALID_STATE"
  | "ERR_RT_INVALID_YIELD"
  | "ERR_RT_NESTED_BLOCK_ON"
  | "ERR_RT_NO_BRANCH"
  | "ERR_RT_OUTSIDE_TASK"
  | "ERR_RT_POLLED_AFTER_COMPLETION"
  | "ERR_RT_UNHANDLED_PANIC"
  | "ERR_RT_WOULD_BLOCK";

/**
 * Thrown where the library is used in a way that can't work. The message names the value and the remedy.
 * @see Tokio panics in these cases.
 * @public
 */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code: UsageCode;
  constructor(code: UsageCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Thrown into a computation at the `yield*` or `await` it is dropped at, so that its `finally` blocks run. It is also
 * the `reason` of {@link signal}. Catching it does not bring the task back: what follows runs as cleanup.
 * @public
 */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
  readonly code = "ERR_RT_CANCELLED";
  constructor(message = "The operation was dropped") {
    super(message);
  }
}

/**
 * Thrown when two different versions of `@rt/core` are loaded into one realm: tasks of one could not be seen by the
 * other.
 * @public
 */
export class VersionConflictError extends Error {
  override readonly name = "VersionConflictError";
  readonly code = "ERR_RT_VERSION_CONFLICT";
  constructor(loaded: string, found: string) {
    super(`Cannot load @rt/core ${found} beside version ${loaded}; agree on one (npm dedupe)`);
  }
}

/** The error that {@link rangeError} and {@link typeError} make: a standard class with a `code`. @public */
export type Coded<E extends Error> = E & { readonly code: string };

/** A `RangeError` with the code `ERR_RT_OUT_OF_RANGE`. @public */
export function rangeError(message: string): Coded<RangeError> {
  return Object.assign(new RangeError(message), { code: "ERR_RT_OUT_OF_RANGE" });
}

/** A `TypeError` with the code `ERR_RT_INVALID_ARGUMENT`. @public */
export function typeError(message: string): Coded<TypeError> {
  return Object.assign(new TypeError(message), { code: "ERR_RT_INVALID_ARGUMENT" });
}

/** Throws unless `value` is an integer from `min` to `max`. @public */
export function checkInteger(name: string, value: number, min: number, max: number): void {
  checkType(name, value, "number");
  checkRange(
    Number.isInteger(value) && value >= min && value <= max,
    name,
    `an integer from ${min} to ${max}`,
    value,
  );
}

/** Throws unless `value` is a number of milliseconds, 0 or more. @public */
export function checkMillis(name: string, value: number): void {
  checkType(name, value, "number");
  checkRange(value >= 0, name, "0 ms or more", value);
}

/** Gives the value back if `typeof` says `type`, else throws. @internal */
export function checkType<T>(name: string, value: T, type: string): T {
  if (typeof value !== type) throw typeError(`${name} takes a ${type}, not ${show(value)}`);
  return value;
}

/** Throws unless the value was found good. @internal */
export function checkRange(isGood: boolean, name: string, expected: string, value: unknown): void {
  if (!isGood) throw rangeError(`${name} must be ${expected}, not ${show(value)}`);
}

/** @internal */
export function guardOrder(): UsageError {
  return new UsageError(
    "ERR_RT_GUARD_ORDER",
    "A guard taken later is still held; dispose guards in reverse order",
  );
}
