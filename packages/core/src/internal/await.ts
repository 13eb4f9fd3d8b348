/**
 * One `await` on a future of ours: context and waker for it, and what `then` returns, in one object.
 *
 * `await` calls `then` with a pair of functions of the engine's own and ignores what it returns, so the pair is called
 * directly and the promise that `then` promises is made only for those who chain on it.
 */
import type { Context, Future, Waker } from "../future.ts";
import { currentCore } from "./current.ts";
import { currentScope, realm } from "./realm.ts";
import { Join } from "./join.ts";
import { isScope, type Scope } from "./scope.ts";
import type { Task } from "./task.ts";

type OnFulfilled = (value: never) => unknown;
type OnRejected = (reason: unknown) => unknown;

export class Await implements Context, Waker, Promise<unknown> {
  /** Changes at most once: what outlives its function moves to the root. */
  _scope: Scope;
  /** What is waited for, while it is. */
  _leaf: Future<unknown> | null = null;
  _queued = false;
  _nextReady: Await | null = null;
  _previous: Await | null = null;
  _next: Await | null = null;
  readonly _onFulfilled: OnFulfilled;
  readonly _onRejected: OnRejected;
  /** What a callback gave or threw; made when it is there or somebody chains, whichever is earlier. */
  _outcome: Promise<unknown> | null = null;
  _settleOutcome: ((outcome: unknown) => void) | null = null;

  constructor(scope: Scope, onFulfilled: OnFulfilled, onRejected: OnRejected) {
    this._scope = scope;
    this._onFulfilled = onFulfilled;
    this._onRejected = onRejected;
  }

  get waker(): Waker {
    return this;
  }

  get [Symbol.toStringTag](): string {
    return "Promise";
  }

  wake(): void {
    if (this._queued || this._leaf === null) return;
    this._queued = true;
    this._scope._woken(this);
  }

  /**
   * The same, from a microtask that does nothing else. Then the code may go on in the next one, as it would behind an
   * await of the promise that has woken it: a trip through the run queue costs as much as all the rest.
   */
  _wakeNow(): void {
    if (this._queued || this._leaf === null) return;
    if (!this._scope._goesOn(this, this._leaf)) this.wake();
  }

  "rt:background"(): boolean {
    return this._scope._task?.["rt:background"]() ?? false;
  }

  _resolve(value: unknown): void {
    this._callBack(this._onFulfilled as OnRejected, value);
  }

  _reject(reason: unknown): void {
    this._callBack(this._onRejected, reason);
  }

  _settle(failed: boolean, result: unknown): void {
    this._callBack(failed ? this._onRejected : (this._onFulfilled as OnRejected), result);
  }

  /** Ends the wait for the one who waits: the future is dropped, and neither callback is called. */
  _giveUp(): void {
    const leaf = this._leaf;
    if (leaf === null) return;
    this._scope._unlink(this);
    // In a cleanup: whoever called this goes on, and nothing else tells of it.
    this._scope._ending?._probe();
    leaf.drop();
  }

  /** The result was there at once. Gives what `then` gives; this node has not been seen by anybody. */
  _atOnce(failed: boolean, result: unknown): Promise<unknown> {
    const callback = failed ? this._onRejected : (this._onFulfilled as OnRejected);
    return call(callback, result);
  }

  _callBack(callback: OnRejected, argument: unknown): void {
    const outcome = call(callback, argument);
    if (this._settleOutcome === null) this._outcome = outcome;
    else this._settleOutcome(outcome);
  }

  _promise(): Promise<unknown> {
    return (this._outcome ??= new Promise((resolve) => {
      this._settleOutcome = resolve;
    }));
  }

  // oxlint-disable-next-line unicorn/no-thenable -- stands for a promise
  then<A = unknown, B = never>(
    onFulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this._promise().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this._promise().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<unknown> {
    return this._promise().finally(onFinally);
  }
}

const settled: Promise<void> = Promise.resolve();

/**
 * What a callback of `then` makes of a result. The engine's own functions give undefined, so an await costs no promise;
 * that of one who threw is reported by the host, unless somebody chains on it.
 */
function call(callback: OnRejected, argument: unknown): Promise<unknown> {
  try {
    const value = callback(argument);
    return value === undefined ? settled : Promise.resolve(value);
  } catch (error) {
    return Promise.reject(error);
  }
}

export function awaitFuture<T, A = T, B = never>(
  future: Future<T>,
  onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
  onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
): Promise<A | B> {
  if (typeof onFulfilled !== "function" || typeof onRejected !== "function") {
    return new Promise<T>((resolve, reject) => void awaitFuture(future, resolve, reject)).then(
      onFulfilled,
      onRejected,
    );
  }
  const scope = home();
  // It resolves to what the callbacks give.
  return scope._await(new Await(scope, onFulfilled, onRejected), future) as Promise<A | B>;
}

/** The same for a handle, which may be awaited again. */
export function awaitTask<T, A = T, B = never>(
  task: Task<T>,
  onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
  onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
): Promise<A | B> {
  if (!task.isFinished() || typeof onFulfilled !== "function" || typeof onRejected !== "function") {
    return awaitFuture(new Join(task), onFulfilled, onRejected);
  }
  const scope = home();
  if (!scope._mayGoOn())
    return scope._await(new Await(scope, onFulfilled, onRejected), new Join(task)) as Promise<A | B>;
  const outcome = task._failed()
    ? call(onRejected, task._error())
    : call(onFulfilled as OnRejected, task._take());
  return outcome as Promise<A | B>;
}

/** The scope that waits: the async function that is running, else a home at the root. */
function home(): Scope {
  const { generator, task } = realm.now;
  // Before its first await, an async function runs as a part of its task's poll.
  const scope = isScope(generator) ? generator : task === null ? currentScope() : null;
  if (scope === null) return currentCore().root;
  return scope._isHome ? scope : scope._home();
}
