/** Task-local values, by the name they have in Tokio's macros. */
import { TaskLocal } from "@rt/core";

/**
 * Declares a value that belongs to a task: `new TaskLocal(name)`.
 *
 * @param name - for error messages.
 * @example
 * ```ts
 * const requestId = taskLocal<number>("requestId");
 * const next = yield* requestId.scope(7, () => Promise.resolve(requestId.get() + 1));
 * next; // => 8
 * ```
 * @see Tokio `task_local!`
 * @public
 */
export function taskLocal<T>(name?: string): TaskLocal<T> {
  return new TaskLocal(name);
}
