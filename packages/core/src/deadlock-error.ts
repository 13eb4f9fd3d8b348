/** The end of a program whose tasks all wait for each other. */
import type { Dump } from "./dump.ts";
import type { Task } from "./internal/task.ts";

/**
 * `blockOn` rejects with it when nothing is left in the process that could ever wake one of its tasks: no timer, no
 * socket, no other work. Node alone would exit silently with code 13.
 *
 * Tasks that failed before while nobody took their error, such as those that wait in a {@link JoinSet} to be joined, may
 * be why: the message names the latest of them, and the `cause` is the error, or an `AggregateError` of several.
 *
 * It is told each time, also after another one was caught. Node can tell, also in workers; Bun and Deno can, but for a
 * `blockOn` that the top level of a module awaits: there Bun waits on, and Deno ends the program by itself. In a browser
 * the promise stays pending.
 * @see no counterpart in Tokio, where the thread blocks for ever.
 * @public
 */
export class DeadlockError extends Error {
  override readonly name = "DeadlockError";
  readonly code = "ERR_RT_DEADLOCK";
  /** Every task that was waiting. */
  declare readonly dump: Dump;

  /** @internal */
  constructor(dump: Dump, failed: readonly Task<unknown>[]) {
    const errors = failed.map((task) => task._error());
    const lines = [
      "Nothing is left that could wake a task; complete or close what they wait for:",
      ...dump.tasks,
      ...failed.map((task) => `unjoined ${task._joinError().message}`),
    ];
    super(
      lines.join("\n  "),
      failed.length === 0 ? {} : { cause: failed.length === 1 ? errors[0] : new AggregateError(errors) },
    );
    // Not enumerable: the message says it all, and a printed error should not say it twice.
    Object.defineProperty(this, "dump", { value: dump });
  }
}
