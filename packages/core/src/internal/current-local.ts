/** Where `spawnLocal` goes. */
import { UsageError } from "../errors.ts";
import { currentHandle } from "./current.ts";
import { currentScope, currentTask, realm } from "./realm.ts";
import type { Spawner } from "./scheduler.ts";

export function currentLocalScheduler(): Spawner {
  const entered = realm.enteredSets.at(-1);
  if (entered !== undefined) return entered._scheduler;
  const scheduler = currentTask()?._scheduler;
  if (scheduler !== undefined && scheduler !== scheduler.core) return scheduler as Spawner; // a local set's
  const set = currentScope()?._localSet;
  if (set != null) return set._scheduler;
  const core = currentHandle()?._core;
  if (core?.local === true) return core;
  throw new UsageError(
    "ERR_RT_CONTEXT",
    "spawnLocal needs a LocalSet that is being driven, or a LocalRuntime; use localSet.spawnLocal, or spawn",
  );
}
