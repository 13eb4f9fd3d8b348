/** A reference to a runtime. */
import type { Driver, DriverKey } from "./driver/driver.ts";
import { Dump } from "./dump.ts";
import { EnterGuard } from "./enter-guard.ts";
import type { IntoFuture } from "./future.ts";
import { currentHandle, currentHandleOrAmbient } from "./internal/current.ts";
import { realm } from "./internal/realm.ts";
import type { RuntimeCore } from "./internal/runtime-core.ts";
import { checkNotNested } from "./internal/current.ts";
import type { JoinHandle } from "./join-handle.ts";
import { RuntimeMetrics } from "./runtime-metrics.ts";

/** The kind of a runtime's scheduler. @see Tokio `runtime::RuntimeFlavor` @public */
export type RuntimeFlavor = "currentThread" | "multiThread";

declare const brand: unique symbol;

/** Identifies a runtime among all that live in the realm. @see Tokio `runtime::Id` @public */
export type RuntimeId = number & { readonly [brand]: "runtime id" };

/**
 * A reference to a runtime, to be handed around. It does not keep the runtime's tasks running: after a shutdown, what
 * is spawned through it is cancelled at once.
 *
 * @see Tokio `runtime::Handle`. There, `current()` panics outside a runtime; here it gives the default one.
 * @public
 */
export class Handle {
  /** @internal */
  readonly _core: RuntimeCore;

  /** @internal */
  constructor(core: RuntimeCore) {
    this._core = core;
    core.handle = this;
  }

  /**
   * The runtime of the current task (or the one it has entered), else the one that was entered last, else the default
   * runtime of the process, which is made on first use.
   */
  static current(): Handle {
    return currentHandleOrAmbient();
  }

  /** As {@link Handle.current}, but `undefined` where that would give the default runtime. */
  static tryCurrent(): Handle | undefined {
    return currentHandle() ?? undefined;
  }

  /**
   * Starts a task on this runtime. See {@link spawn}.
   * @see Tokio `Handle::spawn`
   */
  spawn<T>(body: IntoFuture<T>): JoinHandle<T> {
    return this._core.spawn(body, this.spawn);
  }

  /** As {@link Runtime.blockOn}. */
  blockOn<T>(body: IntoFuture<T>): Promise<T> {
    checkNotNested();
    return this._core.blockOn(body);
  }

  /** Makes this runtime current until the guard is disposed. */
  enter(): EnterGuard {
    return new EnterGuard(this);
  }

  /** The runtime's id. */
  id(): RuntimeId {
    return this._core.id as RuntimeId;
  }

  /** The name given by {@link Builder.name}, or `undefined`. */
  name(): string | undefined {
    return this._core.config.name;
  }

  /** The kind of scheduler. */
  runtimeFlavor(): RuntimeFlavor {
    return "currentThread";
  }

  /** A view on the runtime's live counters. */
  metrics(): RuntimeMetrics {
    return new RuntimeMetrics(this._core);
  }

  /**
   * Every live task: what it is called, what it waits for, how often it was polled.
   * @see Tokio `Handle::dump`
   */
  dump(): Dump {
    return new Dump(this._core);
  }

  /** True once the runtime has been shut down. */
  isShutdown(): boolean {
    return this._core.closed;
  }

  /**
   * The driver that `key` stands for; put on top of the runtime's driver stack where it is not there yet.
   * @throws {@link DriverSetupError} when it would have to be added and the runtime has shut down.
   */
  driver<D extends Driver>(key: DriverKey<D>): D {
    return this._core.driverOf(key);
  }

  /** Makes this runtime current for library code, which can be trusted with the order. @internal */
  _enter(): () => void {
    realm.entered.push({ handle: this, by: realm.now.task });
    return () => void realm.entered.pop();
  }
}
