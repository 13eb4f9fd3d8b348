/**
 * A value that is made when it is first asked for.
 *
 * Invariant: while nobody is `_initializing`, nobody is in line.
 */
import { Future, intoFuture, PENDING, type Context, type IntoFuture, type Poll } from "@rt/core";
import { madeProgress, pollProceed, waitOf } from "@rt/core/driver";
import { SetError } from "./errors.ts";
import { Cell, type CellWaiter } from "./internal/cell.ts";
import type { Place } from "./internal/wait-list.ts";

/**
 * A cell whose value is made by the first who needs it; the others wait.
 *
 * @example
 * ```ts
 * import { JoinSet, yieldNow } from "@rt/core";
 * let connects = 0;
 * const connection = new OnceCell<string>();
 * async function connect(): Promise<string> {
 *   connects += 1;
 *   await yieldNow();
 *   return "connected";
 * }
 * const both = JoinSet.from([connection.getOrInit(connect), connection.getOrInit(connect)]);
 * const values = yield* both.joinAll();
 * values; // => ["connected", "connected"]
 * connects; // => 1
 * ```
 * @see Tokio `sync::OnceCell`
 * @public
 */
export class OnceCell<T> extends Cell<T> {
  /** Who makes the value, or is the next to. @internal */
  _initializing: GetOrInit<T> | null = null;

  /**
   * Sets the value.
   *
   * @throws {@link SetError} with the value when there is one already, or while an initializer runs.
   */
  override set(value: T): void {
    if (this._initializing !== null) throw new SetError("ERR_RT_INITIALIZING", value);
    super.set(value);
  }

  /**
   * Gives the value; if there is none, runs `init` to make it. One initializer runs at a time, and the others wait for
   * its value. When it throws, its caller gets the error and the cell stays empty; when it throws or is dropped, the
   * one that has waited longest starts its own.
   *
   * An initializer that asks the same cell waits for itself, for ever.
   *
   * Fairness: first come, first served. Cancel safety: dropping it gives up the place in line, and drops `init` if that
   * has been started.
   *
   * @param init - is not run, and not dropped either, where the value comes from elsewhere: pass a function rather
   * than a promise.
   * @see Tokio `OnceCell::get_or_init`, `OnceCell::get_or_try_init`
   */
  getOrInit(init: IntoFuture<T>): Future<T> {
    return new GetOrInit(this, init);
  }

  /** Empties the cell and gives what was in it, or `undefined`. It can be initialized again. */
  take(): T | undefined {
    const value = this._value;
    this._isSet = false;
    this._value = undefined;
    return value;
  }

  /** A new cell with the same value, or an empty one. */
  clone(): OnceCell<T> {
    const copy = new OnceCell<T>();
    copy._isSet = this._isSet;
    copy._value = this._value;
    return copy;
  }
}

class GetOrInit<T> extends Future<T> implements CellWaiter {
  declare readonly _cell: OnceCell<T>;
  _place: Place<CellWaiter> | null = null;
  /** Null once it runs, as `_running`, or is not needed any more. */
  declare _init: IntoFuture<T> | null;
  _running: Future<T> | null = null;

  constructor(cell: OnceCell<T>, init: IntoFuture<T>) {
    super();
    this._cell = cell;
    this._init = init;
  }

  override poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return PENDING;
    const cell = this._cell;
    if (cell._isSet) {
      this.drop();
      madeProgress();
      return cell._value as T; // it is set
    }
    cell._initializing ??= this;
    if (cell._initializing === this) return this.#initialize(cx);
    cell._line.join(this, cx.waker);
    return PENDING;
  }

  #initialize(cx: Context): Poll<T> {
    let value: Poll<T>;
    try {
      this._running ??= intoFuture(this._init as IntoFuture<T>); // set until now
      this._init = null;
      value = this._running.poll(cx);
    } catch (error) {
      this._running = null; // it has ended, so it is not to be dropped
      this.#passOn();
      madeProgress();
      throw error;
    }
    // Dropped by its own initializer: then another one may be at it.
    if (value === PENDING || this._cell._initializing !== this) return PENDING;
    this._running = null;
    this._cell._initializing = null;
    madeProgress();
    this._cell._fill(value);
    return value;
  }

  /** Lets the next in line make the value. */
  #passOn(): void {
    const cell = this._cell;
    if (cell._initializing !== this) return;
    const next = cell._line.shift();
    cell._initializing = next === null ? null : (next.waiter as GetOrInit<T>); // nobody else waits for this cell
    next?.wake();
  }

  override drop(): void {
    const running = this._running;
    this._running = null;
    this._init = null;
    this._cell._line.remove(this);
    try {
      running?.drop();
    } finally {
      this.#passOn();
    }
  }

  override describe(): string {
    return this._running === null ? "a OnceCell to be initialized" : waitOf(this._running);
  }
}
