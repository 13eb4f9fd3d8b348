/** Cleanup that waits: what a dropped generator or async function still does in its `finally` blocks. */
import type { Future } from "../future.ts";
import { currentTask, realm } from "./realm.ts";
import { CLEANUP_STATE, Task } from "./task.ts";

/** A dropped computation whose `finally` blocks may still be waiting. */
export interface Closable extends Future<unknown> {
  /** Ends the cleanup without waiting for it. */
  _kill(): void;
}

/**
 * Hands a dropped computation to the current task, which does not end before this cleanup has. It runs as a task of
 * its own, because its owner may have other things to wait for.
 */
export function adoptCleanup(body: Closable): void {
  const owner = currentTask();
  const core = owner?._scheduler.core ?? realm.bridge.ambient()._core;
  const cleanup = new Task(core, body, CLEANUP_STATE);
  if (owner !== null) owner._adopt(cleanup);
  core.start(cleanup);
}
