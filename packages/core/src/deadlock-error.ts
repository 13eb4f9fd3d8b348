/** The end of a program whose tasks all wait for each other. */
import type { Dump } from "./dump.ts";

/**
 * `blockOn` rejects with it when nothing is left in the process that could ever wake one of its tasks: no timer, no
 * socket, no other work. Node alone would exit silently with code 13.
 *
 * Only Node can tell; in a browser the promise stays pending.
 * @see no counterpart in Tokio, where the thread blocks for ever.
 * @public
 */
export class DeadlockError extends Error {
  override readonly name = "DeadlockError";
  readonly code = "ERR_RT_DEADLOCK";
  /** Every task that was waiting. */
  declare readonly dump: Dump;

  /** @internal */
  constructor(dump: Dump) {
    const lines = dump.tasks.map((task) => `\n  ${task.toString()}`);
    super(`Nothing is left that could wake a task; complete or close what they wait for:${lines.join("")}`);
    // Not enumerable: the message says it all, and a printed error should not say it twice.
    Object.defineProperty(this, "dump", { value: dump });
  }
}
