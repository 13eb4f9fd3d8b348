/** A branch of `select` with conditions. */
import { type Future, type IntoFuture, intoFuture } from "@rt/core";
import { show, typeError } from "@rt/core/driver";
import type { Output } from "./internal/types.ts";

/** What can be said about a branch whose future gives a `T`. See {@link branch}. @public */
export interface BranchOptions<T> {
  /** A precondition: false leaves the branch out of this call. Its future is not polled, but dropped at the end. */
  readonly when?: boolean;
  /** A pattern: when the value does not match it, the value is let go, and the other branches go on without this one. */
  readonly match?: (value: T) => boolean;
}

/** A pattern that narrows the type of the value. @public */
export interface Matching<T, U extends T> {
  readonly when?: boolean;
  readonly match: (value: T) => value is U;
}

/** A handler. @public */
export interface Running<T, R> {
  /** What to do with the value when the branch wins, after the others were dropped. */
  readonly run: (value: T) => R;
}

interface AnyOptions {
  readonly when?: boolean | undefined;
  readonly match?: ((value: never) => boolean) | undefined;
  readonly run?: ((value: never) => unknown) | undefined;
}

/** Not `{}`: that has what others have put into all objects. */
const NONE = Object.create(null) as AnyOptions;

/** One branch of {@link select}, made by {@link branch}. `R` is what it gives. @public */
export class Branch<R> {
  /** Holds `R` for the type checker. */
  declare protected readonly gives: R;
  /** @internal */
  readonly _future: Future<unknown>;
  /** @internal */
  readonly _isOff: boolean;
  /** @internal */
  readonly _match: ((value: unknown) => boolean) | null;
  /** @internal */
  readonly _run: ((value: never) => unknown) | null;

  /** What another copy of this package knows it by. @internal */
  get "rt:isBranch"(): boolean {
    return true;
  }

  /** @internal */
  constructor(future: Future<unknown>, { when, match, run }: AnyOptions) {
    if (when !== undefined && typeof when !== "boolean")
      throw typeError(`when must be true or false, not ${show(when)}; write the condition out`);
    if (match !== undefined && typeof match !== "function")
      throw typeError(`match takes a function, not ${show(match)}`);
    if (run !== undefined && typeof run !== "function")
      throw typeError(`run takes a function, not ${show(run)}`);
    this._future = future;
    this._isOff = when === false;
    // The overloads have checked that it takes what the future gives.
    this._match = (match as ((value: unknown) => boolean) | undefined) ?? null;
    this._run = run ?? null;
  }
}

export function isBranch(value: unknown): value is Branch<unknown> {
  return (value as Partial<Branch<unknown>> | null | undefined)?.["rt:isBranch"] === true;
}

/**
 * A branch of {@link select} with a precondition, a pattern, or a handler.
 *
 * @example
 * ```ts
 * import { ready } from "@rt/core";
 *
 * const open = false;
 * const event = yield* select({
 *   job: branch(ready(5), { when: open }),
 *   big: branch(ready(7), { match: (n) => n > 10 }),
 *   other: branch(ready(2), { run: (n) => n * 10 }),
 * });
 * event; // => { branch: "other", value: 20 }
 * ```
 * @throws TypeError for options of the wrong kind.
 * @see Tokio `select!`: `pattern = future, if condition => handler`
 * @public
 */
export function branch<F extends IntoFuture<unknown>, U extends Output<F>>(
  future: F,
  options: Matching<Output<F>, U> & { readonly run?: undefined },
): Branch<U>;
export function branch<F extends IntoFuture<unknown>>(
  future: F,
  options?: BranchOptions<Output<F>> & { readonly run?: undefined },
): Branch<Output<F>>;
export function branch<F extends IntoFuture<unknown>, U extends Output<F>, R>(
  future: F,
  options: Matching<Output<F>, U> & Running<U, R>,
): Branch<R>;
export function branch<F extends IntoFuture<unknown>, R>(
  future: F,
  options: BranchOptions<Output<F>> & Running<Output<F>, R>,
): Branch<R>;
export function branch(future: IntoFuture<unknown>, options = NONE): Branch<unknown> {
  return new Branch(intoFuture(future), options);
}
