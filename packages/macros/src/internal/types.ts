/** What the signatures of `select` and `join` are made of. */
import type { Future } from "@rt/core";

/** The value that an `IntoFuture` gives. @public */
export type Output<F> =
  F extends Future<infer T>
    ? T
    : F extends PromiseLike<infer T>
      ? T
      : F extends Generator<unknown, infer T, never>
        ? T
        : F extends () => infer R
          ? Output<R>
          : never;

/** What is left of a handler's result once it has been waited for. @public */
export type Settled<R> =
  R extends Future<infer T>
    ? T
    : R extends PromiseLike<infer T>
      ? T
      : R extends Generator<unknown, infer T, never>
        ? T
        : R;
