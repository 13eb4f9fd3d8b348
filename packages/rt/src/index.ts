/**
 * What every program needs: futures, spawning, waiting for several at once, and the start of a program. The rest has
 * a sub-path for each of Tokio's modules: `@rt/rt/time`, `@rt/rt/net`, ….
 * @packageDocumentation
 */
export {
  type Async,
  Cancelled,
  type Context,
  fromCallback,
  fromPromise,
  Future,
  type IntoFuture,
  intoFuture,
  PENDING,
  pending,
  type Poll,
  pollFn,
  ready,
  type Register,
  spawn,
  type UsageCode,
  UsageError,
  VersionConflictError,
  type Waker,
} from "@rt/core";
export * from "@rt/macros";
