/** Values that belong to a task. */
import { checkType, UsageError } from "./errors.ts";
import {
  type Future,
  polledAfterCompletion,
  PENDING,
  type Context,
  type IntoFuture,
  type Poll,
} from "./future.ts";
import { findCell, visibleLocals, type Cell, type LocalsNode } from "./internal/locals.ts";
import { realm } from "./internal/realm.ts";
import { Wrapper } from "./internal/wrapper.ts";
import { intoFuture } from "./into-future.ts";

/** Thrown when a {@link TaskLocal} is read where no scope has set it. @see Tokio `task::AccessError` @public */
export class AccessError extends Error {
  override readonly name = "AccessError";
  readonly code = "ERR_RT_NO_TASK_LOCAL";
  /** @internal */
  constructor(key: string) {
    super(`The task-local ${key} is not set here; run the code inside ${key}.scope(value, body)`);
  }
}

/**
 * A value that all code of a computation can see, without passing it along: set by {@link TaskLocal.scope}, gone at
 * its end. Spawned tasks don't inherit it.
 *
 * @example
 * ```ts
 * const requestId = new TaskLocal<number>("requestId");
 * function* handle(): Async<string> {
 *   yield* yieldNow();
 *   return `request ${requestId.get()}`;
 * }
 * const said = yield* requestId.scope(7, handle());
 * said; // => "request 7"
 * ```
 * @see Tokio `task_local!`, `task::LocalKey`
 * @public
 */
export class TaskLocal<T> {
  readonly #name: string;

  /** @param name - for error messages. */
  constructor(name = "value") {
    this.#name = checkType("TaskLocal", name, "string");
  }

  /** Runs `body` with the value set: during each of its polls, and while it is dropped. Scopes nest. */
  scope<R>(value: T, body: IntoFuture<R>): TaskLocalFuture<T, R> {
    this._checkNotLent();
    return new TaskLocalFuture(this, value, intoFuture(body));
  }

  /** Runs `fn` with the value set, and gives what it returns. */
  syncScope<R>(value: T, fn: () => R): R {
    this._checkNotLent();
    const { locals } = realm;
    const cell = { value, filled: true, lent: false };
    realm.locals = { key: this, cell, next: visibleLocals() };
    try {
      return fn();
    } finally {
      realm.locals = locals;
    }
  }

  /**
   * Gives the value to `fn`. Inside it, no scope of this key may be entered.
   * @throws {@link AccessError} where it is not set.
   */
  with<R>(fn: (value: T) => R): R {
    const cell = this.#cell();
    const { lent } = cell;
    cell.lent = true;
    try {
      return fn(cell.value as T);
    } finally {
      cell.lent = lent;
    }
  }

  /** As {@link TaskLocal.with}, but gives the {@link AccessError} instead of throwing it. */
  tryWith<R>(fn: (value: T) => R): R | AccessError {
    return findCell(this) === null ? new AccessError(this.#name) : this.with(fn);
  }

  /** The value. @throws {@link AccessError} where it is not set. */
  get(): T {
    return this.#cell().value as T;
  }

  /** The value, or the {@link AccessError} where it is not set. */
  tryGet(): T | AccessError {
    const cell = findCell(this);
    return cell === null ? new AccessError(this.#name) : (cell.value as T);
  }

  #cell(): Cell {
    const cell = findCell(this);
    if (cell === null) throw new AccessError(this.#name);
    return cell;
  }

  /** @internal */
  _checkNotLent(): void {
    if (findCell(this)?.lent !== true) return;
    throw new UsageError(
      "ERR_RT_INVALID_STATE",
      `The task-local ${this.#name} is lent to with(); return from that before entering a scope`,
    );
  }
}

/** A computation with a task-local set. @see Tokio `task::futures::TaskLocalFuture` @public */
export class TaskLocalFuture<T, R> extends Wrapper<R> {
  readonly #key: TaskLocal<unknown>;
  readonly #cell: Cell;
  #done = false;

  /** @internal */
  constructor(key: TaskLocal<unknown>, value: T, inner: Future<R>) {
    super(inner);
    this.#key = key;
    this.#cell = { value, filled: true, lent: false };
  }

  override poll(cx: Context): Poll<R> {
    if (this.#done) throw polledAfterCompletion(this);
    this.#key._checkNotLent();
    this.#done = true; // also when the poll throws
    const value = this.#enter(() => this.inner.poll(cx));
    if (value === PENDING) this.#done = false;
    return value;
  }

  override drop(): void {
    if (this.#done) return;
    this.#done = true;
    this.#enter(() => super.drop());
  }

  /** Takes the value out, once; from then on the computation doesn't see it. `undefined` when it is gone. */
  takeValue(): T | undefined {
    if (!this.#cell.filled) return undefined;
    this.#cell.filled = false;
    // The cell was filled with a T.
    const value = this.#cell.value as T;
    this.#cell.value = undefined;
    return value;
  }

  #enter<P>(fn: () => P): P {
    const { locals } = realm;
    const node: LocalsNode = { key: this.#key, cell: this.#cell, next: visibleLocals() };
    realm.locals = node;
    try {
      return fn();
    } finally {
      realm.locals = locals;
    }
  }
}
