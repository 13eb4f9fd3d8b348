/** A runtime that is a local set as well. */
import type { IntoFuture } from "./future.ts";
import type { RuntimeCore } from "./internal/runtime-core.ts";
import { spawnInto } from "./internal/spawn-into.ts";
import type { JoinHandle } from "./join-handle.ts";
import { Runtime } from "./runtime.ts";

/** Reserved for options to come. @see Tokio `runtime::LocalOptions` @public */
export type LocalOptions = Readonly<Record<string, never>>;

/**
 * A current-thread runtime whose tasks may use {@link spawnLocal} without a {@link LocalSet}. Made by
 * {@link Builder.buildLocal}.
 * @see Tokio `runtime::LocalRuntime`
 * @public
 */
export class LocalRuntime extends Runtime {
  /** @internal */
  constructor(core: RuntimeCore) {
    core.local = true;
    super(core);
  }

  /** Starts a task on this runtime. */
  spawnLocal<T>(body: IntoFuture<T>): JoinHandle<T> {
    return spawnInto(this.handle()._core, body, this.spawnLocal);
  }
}
