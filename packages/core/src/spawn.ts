/** Starting tasks. */
import type { IntoFuture } from "./future.ts";
import { currentCore } from "./internal/current.ts";
import type { JoinHandle } from "./join-handle.ts";

/**
 * Starts a task: runs `body` in the background, on the runtime of the current task (or the one it has entered), else
 * on the one entered last, else on the default one. Never polls it before returning.
 *
 * A generator made by a hoisted `function*` is the fastest body; evaluating a `function*` closure costs ten times a
 * spawn. The task runs whether or not anybody waits for it; if it fails and nobody does, that is reported.
 *
 * @example
 * ```ts
 * const handle = spawn(async () => "done");
 * const said = yield* handle;
 * said; // => "done"
 * ```
 * @throws TypeError when `body` can't be run. On a runtime that has shut down, the handle throws a {@link JoinError}.
 * @see Tokio `task::spawn`, which panics outside a runtime
 * @public
 */
export function spawn<T>(body: IntoFuture<T>): JoinHandle<T> {
  return currentCore().spawn(body, spawn);
}
