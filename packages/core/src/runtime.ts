/** A runtime and its end. */
import { hostTimer } from "#platform";
import type { EnterGuard } from "./enter-guard.ts";
import { checkMillis } from "./errors.ts";
import type { IntoFuture } from "./future.ts";
import { Handle } from "./handle.ts";
import { LONGEST_TIMER, refAll, type RuntimeCore } from "./internal/runtime-core.ts";
import type { JoinHandle } from "./join-handle.ts";
import type { RuntimeMetrics } from "./runtime-metrics.ts";

/**
 * Owns a scheduler, its drivers and its tasks. Made by a {@link Builder}.
 *
 * Tasks move whenever the host's event loop turns, also while nobody is in {@link Runtime.blockOn}; that only adds
 * keeping the process alive and telling a deadlock.
 *
 * @example
 * ```ts
 * await using runtime = Builder.currentThread().build();
 * const sum = await runtime.blockOn(async () => {
 *   const handle = spawn(async () => 40);
 *   return (await handle) + 2;
 * });
 * sum; // => 42
 * ```
 * @see Tokio `runtime::Runtime`
 * @public
 */
export class Runtime implements AsyncDisposable {
  readonly #core: RuntimeCore;
  readonly #handle: Handle;

  /** @internal */
  constructor(core: RuntimeCore) {
    this.#core = core;
    this.#handle = new Handle(core);
    for (const key of core.config.addDriver) core.driverOf(key);
  }

  /** A reference to this runtime, to be handed around. */
  handle(): Handle {
    return this.#handle;
  }

  /** Starts a task on this runtime. See {@link spawn}. */
  spawn<T>(body: IntoFuture<T>): JoinHandle<T> {
    return this.#core.spawn(body, this.spawn);
  }

  /**
   * Runs `body` to its end, keeps the process alive for what it waits for, and gives its result.
   *
   * The body is not a task: it has no id, and does not count in the metrics. Several calls may be under way at once.
   *
   * @throws {@link UsageError} (`ERR_RT_NESTED_BLOCK_ON`) when called by a task.
   * @throws {@link DeadlockError} when nothing is left that could wake the body or any task (Node only).
   * @throws {@link JoinError} when the runtime has shut down, or does before the body has ended.
   * @see Tokio `Runtime::block_on`, which blocks the thread; here the promise stands for that.
   */
  blockOn<T>(body: IntoFuture<T>): Promise<T> {
    return this.#handle.blockOn(body);
  }

  /** Makes this runtime current until the guard is disposed. */
  enter(): EnterGuard {
    return this.#handle.enter();
  }

  /** A view on the runtime's live counters. */
  metrics(): RuntimeMetrics {
    return this.#handle.metrics();
  }

  /**
   * Drops every task and waits at most `ms` for their cleanup to end; what is left then is not waited for. Code that hangs
   * in a promise of somebody else's gets {@link Builder.foreignGrace} of that and is then named in a report.
   *
   * @param ms - 0 or more; `Infinity` waits for all.
   * @see Tokio `Runtime::shutdown_timeout`
   */
  async shutdownTimeout(ms: number): Promise<void> {
    checkMillis("the shutdown time-out", ms);
    if (this.#core.close()) return;
    if (ms > 0) {
      refAll(1);
      await new Promise<void>((resolve) => {
        const timer = ms === Infinity ? null : hostTimer(resolve, Math.min(ms, LONGEST_TIMER));
        this.#core.whenEmpty(() => {
          timer?.cancel();
          resolve();
        });
      });
      refAll(-1);
    }
    this.#core.kill();
  }

  /**
   * Drops every task and waits for no cleanup.
   * @see Tokio `Runtime::shutdown_background`
   */
  shutdownBackground(): void {
    if (!this.#core.close()) this.#core.kill();
  }

  /** Drops every task and waits for all of their cleanup, as {@link Runtime.shutdownTimeout} with `Infinity` does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdownTimeout(Infinity);
  }
}
