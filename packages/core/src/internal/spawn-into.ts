/** Spawning with all that can be said about it. */
import type { IntoFuture } from "../future.ts";
import type { Spawner } from "./scheduler.ts";
import type { Task } from "./task.ts";

export function spawnInto<T>(spawner: Spawner, body: IntoFuture<T>, above: unknown, name?: string): Task<T> {
  const { core } = spawner;
  const task = core.makeTask(spawner, body);
  core.decorate(task, above, name, spawner !== core);
  spawner.start(task);
  return task;
}
