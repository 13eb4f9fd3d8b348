/** Starting tasks on the current local set. */
import type { IntoFuture } from "./future.ts";
import { currentLocalScheduler } from "./internal/current-local.ts";
import { spawnInto } from "./internal/spawn-into.ts";
import type { JoinHandle } from "./join-handle.ts";

/**
 * Starts a task on the {@link LocalSet} that is being driven or was entered, or on the current {@link LocalRuntime}.
 *
 * On one thread {@link spawn} does as well; a local set groups tasks, so that they run only while it is driven and
 * end with it.
 * @throws {@link UsageError} (`ERR_RT_CONTEXT`) outside both.
 * @see Tokio `task::spawn_local`
 * @public
 */
export function spawnLocal<T>(body: IntoFuture<T>): JoinHandle<T> {
  return spawnInto(currentLocalScheduler(), body, spawnLocal);
}
