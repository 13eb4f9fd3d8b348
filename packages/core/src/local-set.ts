/** A group of tasks that run only while the group is driven. */
import { guardOrder, UsageError } from "./errors.ts";
import { Future, PENDING, type Context, type IntoFuture, type Poll } from "./future.ts";
import type { RuntimeId } from "./handle.ts";
import { currentCore } from "./internal/current.ts";
import { LocalScheduler } from "./internal/local-scheduler.ts";
import { realm } from "./internal/realm.ts";
import { spawnInto } from "./internal/spawn-into.ts";
import { Wrapper } from "./internal/wrapper.ts";
import { intoFuture } from "./into-future.ts";
import type { JoinHandle } from "./join-handle.ts";
import type { Runtime } from "./runtime.ts";

/**
 * A group of tasks with a run queue of its own. They are polled while the set is awaited or {@link LocalSet.runUntil}
 * is, inside the task that does so, and end with {@link LocalSet.drop}.
 *
 * Awaiting the set waits until all its tasks have ended; it may be done any number of times. Giving up such a wait
 * loses nothing: the tasks stay in the set.
 *
 * @example
 * ```ts
 * const set = new LocalSet();
 * const seen: string[] = [];
 * set.spawnLocal(async () => { seen.push("local"); });
 * yield* set;
 * seen; // => ["local"]
 * ```
 * @see Tokio `task::LocalSet`. Task hooks are not called for its tasks, as there.
 * @public
 */
export class LocalSet extends Future<void> {
  /** @internal */
  readonly _scheduler: LocalScheduler = new LocalScheduler(currentCore());
  readonly #id: number = (realm.lastRuntimeId += 1);
  #driven = false;

  /** Starts a task in this set. It runs when the set is next driven. */
  spawnLocal<T>(body: IntoFuture<T>): JoinHandle<T> {
    return spawnInto(this._scheduler, body, this.spawnLocal);
  }

  /**
   * Drives the set until `body` is done, and gives its result. `body` is polled first, then up to 61 tasks of the
   * set. Tasks that have not ended then stay in the set.
   */
  runUntil<T>(body: IntoFuture<T>): Future<T> {
    return new RunUntil(this, intoFuture(body));
  }

  /** `runtime.blockOn(set.runUntil(body))`. */
  blockOn<T>(runtime: Runtime, body: IntoFuture<T>): Promise<T> {
    return runtime.blockOn(this.runUntil(body));
  }

  /** Makes {@link spawnLocal} go to this set until the guard is disposed. */
  enter(): LocalEnterGuard {
    return new LocalEnterGuard(this);
  }

  /** An id that no runtime and no other set has. */
  id(): RuntimeId {
    return this.#id as RuntimeId;
  }

  /**
   * What a failing task of the set does when nobody waits for it. `shutdownRuntime` ends the set: whoever drives it
   * gets an error of code `ERR_RT_UNHANDLED_PANIC`.
   * @throws {@link UsageError} (`ERR_RT_INVALID_STATE`) once the set has been driven.
   */
  unhandledPanic(policy: "report" | "shutdownRuntime"): this {
    if (this.#driven) {
      throw new UsageError(
        "ERR_RT_INVALID_STATE",
        "The set has been driven: change unhandledPanic before that",
      );
    }
    this._scheduler.shutdownOnPanic = policy === "shutdownRuntime";
    return this;
  }

  /** Drives the set once; ready when it has no task left. */
  override poll(cx: Context): Poll<void> {
    return this._pollAll(this, cx);
  }

  override [Symbol.iterator](): Iterator<Future<unknown>, void, void> {
    return new Drive(this);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a set is awaitable, any number of times
  override then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return new Drive(this).then(onFulfilled, onRejected);
  }

  /** Drops every task of the set. Cleanup of theirs that waits goes on in the runtime, since nobody drives the set. */
  override drop(): void {
    this._scheduler.close();
  }

  override describe(): string {
    return "the tasks of a LocalSet";
  }

  /** The future that stands for one wait. @internal */
  override "rt:wait"(): Future<void> {
    return new Drive(this);
  }

  /**
   * Polls ready tasks for `driver`. True when some are left.
   * @internal
   */
  _drive(driver: object, cx: Context): boolean {
    this.#driven = true;
    const scheduler = this._scheduler;
    scheduler.wakers.set(driver, cx.waker);
    realm.enteredSets.push(this);
    let more: boolean;
    try {
      more = scheduler.run(currentCore());
    } finally {
      realm.enteredSets.pop();
    }
    if (scheduler.panic !== null) throw scheduler.panic;
    return more;
  }

  /** One step of a wait for all tasks. @internal */
  _pollAll(driver: object, cx: Context): Poll<void> {
    const more = this._drive(driver, cx);
    if (!this._scheduler.isEmpty) {
      if (more) cx.waker.wake();
      return PENDING;
    }
    this._scheduler.wakers.delete(driver);
  }
}

/** One wait for a set. */
class Drive extends Future<void> {
  readonly #set: LocalSet;
  constructor(set: LocalSet) {
    super();
    this.#set = set;
  }
  override poll(cx: Context): Poll<void> {
    return this.#set._pollAll(this, cx);
  }
  override drop(): void {
    this.#set._scheduler.wakers.delete(this);
  }
  override describe(): string {
    return this.#set.describe();
  }
}

class RunUntil<T> extends Wrapper<T> {
  readonly #set: LocalSet;
  constructor(set: LocalSet, inner: Future<T>) {
    super(inner);
    this.#set = set;
  }

  override poll(cx: Context): Poll<T> {
    let pending = false;
    try {
      const value = this.#inside(() => this.inner.poll(cx));
      pending = value === PENDING;
      if (!pending) return value;
    } finally {
      if (!pending) this.#set._scheduler.wakers.delete(this);
    }
    try {
      if (this.#set._drive(this, cx)) cx.waker.wake();
    } catch (error) {
      this.drop();
      throw error;
    }
    return PENDING;
  }

  override drop(): void {
    this.#set._scheduler.wakers.delete(this);
    this.#inside(() => super.drop());
  }

  #inside<R>(fn: () => R): R {
    realm.enteredSets.push(this.#set);
    try {
      return fn();
    } finally {
      realm.enteredSets.pop();
    }
  }
}

/** Makes {@link spawnLocal} go to one set while it is held. @see Tokio `task::LocalEnterGuard` @public */
export class LocalEnterGuard implements Disposable {
  #depth: number;

  /** @internal */
  constructor(set: LocalSet) {
    this.#depth = realm.enteredSets.push(set);
  }

  /** @throws {@link UsageError} (`ERR_RT_GUARD_ORDER`) when a guard taken later is still held. */
  dispose(): void {
    const depth = this.#depth;
    if (depth === 0) return;
    if (realm.enteredSets.length !== depth) throw guardOrder();
    this.#depth = 0;
    realm.enteredSets.pop();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
