/** The future that is complete from the start. */
import { Future, type Poll } from "./future.ts";

class Ready<T> extends Future<T> {
  readonly #value: T;
  constructor(value: T) {
    super();
    this.#value = value;
  }
  override poll(): Poll<T> {
    return this.#value;
  }
}

/**
 * Completes at once with `value`, and takes nothing of the budget.
 * @see `std::future::ready`
 * @public
 */
export function ready<T>(value: T): Future<T> {
  return new Ready(value);
}
