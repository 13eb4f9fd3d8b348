/** Where `spawnLocal` goes. */
import { UsageError } from "../errors.ts";
import { currentHandle } from "./current.ts";
import { LocalScheduler } from "./local-scheduler.ts";
import { currentScope, currentTask, realm } from "./realm.ts";
import type { Spawner } from "./scheduler.ts";

export function currentLocalScheduler(): Spawner {
  const entered = realm.enteredSets.at(-1);
  if (entered !== undefined) return entered._scheduler;
  const scheduler = currentTask()?._scheduler;
  if (scheduler instanceof LocalScheduler) return scheduler;
  const set = currentScope()?._localSet;
  if (set != null) return set._scheduler;
  const core = currentHandle()?._core;
  if (core?.local === true) return core;
  throw new UsageError(
    "ERR_RT_CONTEXT",
    "Cannot spawnLocal here: no LocalSet is being driven and this is no LocalRuntime; " +
      "use localSet.spawnLocal, localSet.runUntil, Builder.buildLocal, or plain spawn",
  );
}
