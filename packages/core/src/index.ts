/**
 * Futures, tasks, and the current-thread runtime.
 * @packageDocumentation
 */
import "./internal/bridge.ts";
import "./driver.ts"; // see there

export { AbortHandle } from "./abort-handle.ts";
export { Builder } from "./builder.ts";
export { consumeBudget, cooperative, hasBudgetRemaining, unconstrained } from "./coop.ts";
export { DeadlockError } from "./deadlock-error.ts";
export { DriverSetupError } from "./driver-setup-error.ts";
export { Dump, DumpTask, type TaskState } from "./dump.ts";
export { EnterGuard } from "./enter-guard.ts";
export { Cancelled, UsageError, VersionConflictError, type UsageCode } from "./errors.ts";
export { fromCallback, type Register } from "./from-callback.ts";
export { fromPromise } from "./from-promise.ts";
export {
  Future,
  PENDING,
  type Async,
  type Context,
  type IntoFuture,
  type Poll,
  type Waker,
} from "./future.ts";
export { Handle, type RuntimeFlavor, type RuntimeId } from "./handle.ts";
export {
  HistogramConfiguration,
  InvalidHistogramConfiguration,
  LogHistogram,
  LogHistogramBuilder,
} from "./histogram.ts";
export type { UnhandledPanic } from "./internal/config.ts";
export { intoFuture } from "./into-future.ts";
export { JoinError } from "./join-error.ts";
export { JoinHandle } from "./join-handle.ts";
export { JoinSet, JoinSetBuilder } from "./join-set.ts";
export { LocalRuntime, type LocalOptions } from "./local-runtime.ts";
export { LocalEnterGuard, LocalSet } from "./local-set.ts";
export { pending } from "./pending.ts";
export { pollFn } from "./poll-fn.ts";
export { ready } from "./ready.ts";
export type { Report, ReportedTask } from "./report.ts";
export { RngSeed } from "./rng-seed.ts";
export { RuntimeMetrics } from "./runtime-metrics.ts";
export { Runtime } from "./runtime.ts";
export { signal, withSignal } from "./signal.ts";
export { spawnLocal } from "./spawn-local.ts";
export { spawn } from "./spawn.ts";
export { TaskBuilder } from "./task-builder.ts";
export { id, tryId, type Id } from "./task-id.ts";
export { AccessError, TaskLocal, TaskLocalFuture } from "./task-local.ts";
export type { TaskMeta } from "./task-meta.ts";
export { yieldNow } from "./yield-now.ts";
