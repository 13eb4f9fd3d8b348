/** The identity of a task. */
import { UsageError } from "./errors.ts";
import { currentTask } from "./internal/realm.ts";

declare const brand: unique symbol;

/**
 * Identifies a task among all that live, in all runtimes of the realm. Prints as a number; not to be computed with.
 * @see Tokio `task::Id`
 * @public
 */
export type Id = number & { readonly [brand]: "task id" };

/**
 * The id of the current task, in any code that runs as part of it.
 *
 * The body of `blockOn` is not a task and has none.
 * @throws {@link UsageError} (`ERR_RT_OUTSIDE_TASK`) outside any task.
 * @see Tokio `task::id`
 * @public
 */
export function id(): Id {
  const found = tryId();
  if (found !== undefined) return found;
  throw new UsageError("ERR_RT_OUTSIDE_TASK", "id() belongs to a task and none is running; use tryId() here");
}

/**
 * The id of the current task, or `undefined` outside any task and in the body of `blockOn`.
 * @see Tokio `task::try_id`
 * @public
 */
export function tryId(): Id | undefined {
  return currentTask()?._publicId();
}
