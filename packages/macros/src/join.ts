/**
 * Waiting for all of several futures, in one task.
 *
 * Invariant: `_futures[i]` is null once future `i` has completed: it is never polled again. `_left` counts the others.
 */
import { Future, intoFuture, type IntoFuture, PENDING, type Context, type Poll } from "@rt/core";
import {
  currentContext,
  FINISHED,
  isFuture,
  isGeneratorLike,
  notPolled,
  show,
  suspension,
  TAKEN,
  typeError,
} from "@rt/core/driver";
import { describeAll, dropAll, polledAgain, type Slot } from "./internal/slots.ts";
import type { Output } from "./internal/types.ts";

// Bits of `_state`.
const BIASED = 0x1;
/** The first failure ends it. */
const FAIL_FAST = 0x2;
/** It gives outcomes instead of values, and never fails. */
const SETTLES = 0x4;
/** It has completed or was dropped. */
const OVER = 0x8;

/** Options of {@link join}, {@link joinSettled} and {@link tryJoin}. @public */
export interface JoinOptions {
  /** Polls the futures in the order they are written in each time, instead of beginning with another one. */
  readonly biased?: boolean;
}

/** The values of a tuple, an array or a record of futures. @public */
export type Joined<F> = { -readonly [K in keyof F]: Output<F[K]> };

/** The outcomes of a tuple, an array or a record of futures. @public */
export type JoinedSettled<F> = { -readonly [K in keyof F]: PromiseSettledResult<Output<F[K]>> };

class Join extends Future<unknown> {
  declare readonly _futures: Slot[];
  declare readonly _values: unknown[];
  /** The names of a record. */
  declare readonly _names: readonly string[] | null;
  declare _left: number;
  /** Where the next poll begins. */
  _start = 0;
  /** What failed first. */
  _failure: { readonly error: unknown } | null = null;

  constructor(futures: Slot[], names: readonly string[] | null, mode: number) {
    super();
    this._futures = futures;
    this._values = new Array<unknown>(futures.length);
    this._names = names;
    this._left = futures.length;
    this._state = mode;
  }

  override poll(cx: Context): Poll<unknown> {
    const state = this._state;
    if ((state & OVER) !== 0) throw polledAgain("a join");
    const futures = this._futures;
    const count = futures.length;
    let at = this._start;
    // In turn, so that one that uses up the budget in each poll does not keep the others from theirs.
    if ((state & BIASED) === 0) this._start = at + 1 < count ? at + 1 : 0;
    for (let left = count; left > 0; left -= 1, at = at + 1 === count ? 0 : at + 1) {
      const future = futures[at];
      if (future == null) continue;
      let value: unknown;
      try {
        value = future.poll(cx);
        if (value === PENDING) continue;
        if ((state & SETTLES) !== 0) value = { status: "fulfilled", value };
      } catch (error) {
        value = this._failed(at, error);
      }
      futures[at] = null;
      this._left -= 1;
      this._values[at] = value;
    }
    // It may have been dropped by one of its own futures.
    return this._left === 0 && (this._state & OVER) === 0 ? this._finish() : PENDING;
  }

  // The same as the inherited one, without a call through it.
  override next(): IteratorResult<Future<unknown>, unknown> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== PENDING) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }

  override drop(): void {
    if ((this._state & OVER) !== 0) return;
    this._state |= OVER;
    dropAll(this._futures);
  }

  override describe(): string {
    return `all of ${describeAll(this._futures, this._names)}`;
  }

  /** What stands for the value of a future that has failed. */
  private _failed(at: number, error: unknown): unknown {
    if ((this._state & SETTLES) !== 0) return { status: "rejected", reason: error };
    this._failure ??= { error };
    if ((this._state & FAIL_FAST) !== 0 && (this._state & OVER) === 0) {
      this._state |= OVER;
      this._futures[at] = null;
      try {
        dropAll(this._futures);
      } catch {
        // What the failing future threw comes first.
      }
      throw error;
    }
    return undefined;
  }

  private _finish(): unknown {
    this._state |= OVER;
    if (this._failure !== null) throw this._failure.error;
    const values = this._values;
    const names = this._names;
    if (names === null) return values;
    const record: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i += 1) record[names[i] as string] = values[i];
    return record;
  }
}

/**
 * Waits for all of several futures, in one task, and gives their values as a tuple, an array or a record.
 *
 * A failure does not stop the others: it goes on until all have completed, and then throws the error that came first.
 * Where every outcome counts, use {@link joinSettled}; to give up at the first failure, {@link tryJoin}. In short:
 * `tryJoin` is `Promise.all` that drops the rest, `joinSettled` is `Promise.allSettled`.
 *
 * Fairness: each poll begins with the next future in turn, so that one with much to do does not keep the budget from
 * the others; with `biased` in the order they are written in. Each wake-up polls every future that has not completed:
 * for hundreds of them take a `JoinSet`.
 * Cancel safety: dropping it drops every future and loses the values that are there.
 *
 * @example
 * ```ts
 * import { ready, yieldNow, type Async } from "@rt/core";
 *
 * function* count(): Async<number> {
 *   yield* yieldNow();
 *   return 2;
 * }
 * const pair = yield* join(ready("one"), count());
 * pair; // => ["one", 2]
 * const record = yield* join({ a: ready(1), b: count });
 * record; // => { a: 1, b: 2 }
 * ```
 * @see Tokio `join!`. There a failure is a value, so the results of all are seen; here that is `joinSettled`.
 * @public
 */
export function join<const F extends readonly IntoFuture<unknown>[]>(...futures: F): Future<Joined<F>>;
export function join<const F extends readonly IntoFuture<unknown>[]>(
  futures: F,
  options?: JoinOptions,
): Future<Joined<F>>;
export function join<const F extends Readonly<Record<string, IntoFuture<unknown>>>>(
  futures: F,
  options?: JoinOptions,
): Future<Joined<F>>;
export function join(...args: unknown[]): Future<unknown> {
  return make(args, 0);
}

/**
 * Waits for all of several futures, as {@link join}, and gives the outcome of each: `{ status: "fulfilled", value }` or
 * `{ status: "rejected", reason }`. Never fails.
 *
 * @example
 * ```ts
 * import { ready } from "@rt/core";
 *
 * const failing = () => Promise.reject(new Error("no"));
 * const outcomes = yield* joinSettled(ready(1), failing);
 * outcomes.map(({ status }) => status); // => ["fulfilled", "rejected"]
 * ```
 * @see Tokio `join!` of futures that give a `Result`; `Promise.allSettled`
 * @public
 */
export function joinSettled<const F extends readonly IntoFuture<unknown>[]>(
  ...futures: F
): Future<JoinedSettled<F>>;
export function joinSettled<const F extends readonly IntoFuture<unknown>[]>(
  futures: F,
  options?: JoinOptions,
): Future<JoinedSettled<F>>;
export function joinSettled<const F extends Readonly<Record<string, IntoFuture<unknown>>>>(
  futures: F,
  options?: JoinOptions,
): Future<JoinedSettled<F>>;
export function joinSettled(...args: unknown[]): Future<unknown> {
  return make(args, SETTLES);
}

/**
 * Waits for all of several futures, as {@link join}, until one fails: then drops the others and throws its error.
 *
 * @example
 * ```ts
 * import { pending } from "@rt/core";
 *
 * const failing = () => Promise.reject(new Error("no route"));
 * let message = "";
 * try {
 *   yield* tryJoin(pending(), failing);
 * } catch (error) {
 *   message = (error as Error).message;
 * }
 * message; // => "no route"
 * ```
 * @see Tokio `try_join!`; `Promise.all`, which lets the others go on
 * @public
 */
export function tryJoin<const F extends readonly IntoFuture<unknown>[]>(...futures: F): Future<Joined<F>>;
export function tryJoin<const F extends readonly IntoFuture<unknown>[]>(
  futures: F,
  options?: JoinOptions,
): Future<Joined<F>>;
export function tryJoin<const F extends Readonly<Record<string, IntoFuture<unknown>>>>(
  futures: F,
  options?: JoinOptions,
): Future<Joined<F>>;
export function tryJoin(...args: unknown[]): Future<unknown> {
  return make(args, FAIL_FAST);
}

/** @param args - the futures, or a list or record of them and the options. It is ours: it becomes the list. */
function make(args: unknown[], mode: number): Join {
  const first = args[0];
  if (Array.isArray(first)) return new Join(toFutures(first.slice()), null, mode | biased(args));
  if (!isRecord(first)) return new Join(toFutures(args), null, mode);
  return new Join(toFutures(Object.values(first)), Object.keys(first), mode | biased(args));
}

/** A plain object that is no input itself, as promises and generators are. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  if (typeof (value as { then?: unknown }).then === "function") return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  // One of a compiler for engines without generators may be a plain object.
  return !isGeneratorLike(value);
}

function toFutures(inputs: unknown[]): Future<unknown>[] {
  // intoFuture throws where one is none.
  for (let i = 0; i < inputs.length; i += 1) inputs[i] = intoFuture(inputs[i] as IntoFuture<unknown>);
  return inputs as Future<unknown>[];
}

function biased([, options, extra]: readonly unknown[]): number {
  if (options === undefined) return 0;
  if (extra !== undefined || options === null || typeof options !== "object" || isFuture(options))
    throw typeError(`Cannot join a list or record and ${show(options)}; put all futures into one list`);
  const value: unknown = (options as JoinOptions).biased;
  if (value !== undefined && typeof value !== "boolean")
    throw typeError(`biased must be true or false, not ${show(value)}`);
  return value === true ? BIASED : 0;
}
