/**
 * Channels, locks and notification between tasks. Works in any async code, with or without a runtime.
 * @packageDocumentation
 */
export * as broadcast from "./broadcast/index.ts";
export * as watch from "./watch/index.ts";
export * as mpsc from "./mpsc/index.ts";
export * as oneshot from "./oneshot/index.ts";
export { Barrier, type BarrierWaitResult } from "./barrier.ts";
export { AcquireError, SetError } from "./errors.ts";
export { type MappedGuard } from "./internal/lock.ts";
export { Mutex, type MutexGuard } from "./mutex.ts";
export { type Notified, Notify } from "./notify.ts";
export { OnceCell } from "./once-cell.ts";
export { RwLock, type RwLockOptions, type RwLockReadGuard, type RwLockWriteGuard } from "./rw-lock.ts";
export { Semaphore, type SemaphorePermit } from "./semaphore.ts";
export { SetOnce } from "./set-once.ts";
