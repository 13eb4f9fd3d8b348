/** Which runtime free functions act on. */
import { UsageError } from "../errors.ts";
import type { Waker } from "../future.ts";
import type { Handle } from "../handle.ts";
import { currentScope, currentTask, realm } from "./realm.ts";
import type { RuntimeCore } from "./runtime-core.ts";

export function currentHandle(): Handle | null {
  const task = currentTask();
  const entered = realm.entered.at(-1);
  if (entered !== undefined && (task === null || entered.by === task)) return entered.handle;
  // What has outlived its function stays with the runtime of that.
  return task === null ? (currentScope()?._core.handle ?? null) : task._scheduler.core.handle;
}

export function currentHandleOrAmbient(): Handle {
  return currentHandle() ?? realm.bridge.ambient().handle();
}

export function currentCore(): RuntimeCore {
  // The common case first: nothing was entered.
  const task = realm.entered.length > 0 ? null : currentTask();
  return task === null ? currentHandleOrAmbient()._core : task._scheduler.core;
}

/** `blockOn` may not be called by a task: the loop it would wait for is the one that polls it. */
export function checkNotNested(): void {
  const task = currentTask();
  if (task === null) return;
  throw new UsageError(
    "ERR_RT_NESTED_BLOCK_ON",
    `Cannot call blockOn inside ${task._label()}; use yield* or await there, or spawn`,
  );
}

/** Wakes one of many: when the waker throws, that is reported, and the others get their turn. @public */
export function wakeSafely(waker: Waker): void {
  try {
    waker.wake();
  } catch (error) {
    currentCore().report({ kind: "waker-failed", message: "rt: a waker threw", error });
  }
}
