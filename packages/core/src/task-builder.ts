/** Spawning with a name. */
import { checkType } from "./errors.ts";
import type { IntoFuture } from "./future.ts";
import type { Handle } from "./handle.ts";
import { currentCore } from "./internal/current.ts";
import { spawnInto } from "./internal/spawn-into.ts";
import type { JoinHandle } from "./join-handle.ts";
import { currentLocalScheduler } from "./internal/current-local.ts";
import type { LocalSet } from "./local-set.ts";

/**
 * Spawns tasks that have a name, for reports, dumps and consoles.
 *
 * @example
 * ```ts
 * const handle = new TaskBuilder().name("reader").spawn(pending());
 * const name = handle.name();
 * handle.abort();
 * name; // => "reader"
 * ```
 * @see Tokio `task::Builder`
 * @public
 */
export class TaskBuilder {
  #name: string | undefined = undefined;

  /** Sets the name of the tasks spawned from here on. */
  name(name: string): this {
    this.#name = checkType("name", name, "string");
    return this;
  }

  /** As {@link spawn}. */
  spawn<T>(body: IntoFuture<T>): JoinHandle<T> {
    return spawnInto(currentCore(), body, this.spawn, this.#name);
  }

  /** Spawns on the runtime of `handle`. */
  spawnOn<T>(body: IntoFuture<T>, handle: Handle): JoinHandle<T> {
    return spawnInto(handle._core, body, this.spawnOn, this.#name);
  }

  /** As {@link spawnLocal}. */
  spawnLocal<T>(body: IntoFuture<T>): JoinHandle<T> {
    return spawnInto(currentLocalScheduler(), body, this.spawnLocal, this.#name);
  }

  /** Spawns on `localSet`, whether or not it is being driven. */
  spawnLocalOn<T>(body: IntoFuture<T>, localSet: LocalSet): JoinHandle<T> {
    return spawnInto(localSet._scheduler, body, this.spawnLocalOn, this.#name);
  }
}
