/** A value that one task at a time may use, over waits as well. */
import { intoFuture, type Async, type Future } from "@rt/core";
import { blocking } from "./internal/blocking.ts";
import { request, tryRequest } from "./internal/guard.ts";
import { Lock, LockGuard } from "./internal/lock.ts";

/**
 * Gives one holder at a time access to a value.
 *
 * Code between two waits can't be interrupted, so a value needs a mutex only where it must not change over a wait.
 * Without a value, `new Mutex()`, it keeps a section of code to one task at a time.
 *
 * A holder that fails releases it: nothing is poisoned.
 *
 * @example
 * ```ts
 * import { type Async, JoinSet, yieldNow } from "@rt/core";
 * const account = new Mutex({ balance: 100 });
 * function* withdraw(amount: number): Async<boolean> {
 *   using guard = yield* account.lock();
 *   if (guard.value.balance < amount) return false;
 *   yield* yieldNow(); // no other withdrawal comes in between
 *   guard.value.balance -= amount;
 *   return true;
 * }
 * const both = JoinSet.from([withdraw(70), withdraw(70)]);
 * const done = yield* both.joinAll();
 * done; // => [true, false]
 * ```
 * @see Tokio `sync::Mutex`
 * @public
 */
export class Mutex<T = undefined> extends Lock<T> {
  constructor(value: T);
  constructor(...none: undefined extends T ? [] : [value: never]);
  constructor(value?: T) {
    super(value as T, 1); // left out only where T allows for undefined
  }

  /**
   * Waits until nobody holds the mutex, and takes it.
   *
   * Fairness: first come, first served.
   * Cancel safety: dropping it gives up the place in line. A lock that was granted and not yet seen goes to the next.
   *
   * @throws {@link UsageError} with `ERR_RT_DISPOSED` after {@link Mutex.intoInner}.
   * @see Tokio `Mutex::lock`, `Mutex::lock_owned`
   */
  lock(): Future<MutexGuard<T>> {
    return request(this, new MutexGuard(this));
  }

  /** The same as {@link Mutex.lock}: every guard keeps its mutex alive. */
  lockOwned(): Future<MutexGuard<T>> {
    return this.lock();
  }

  /** Takes the mutex if nobody holds it; else gives null. */
  tryLock(): MutexGuard<T> | null {
    return tryRequest(this, new MutexGuard(this));
  }

  /** The same as {@link Mutex.tryLock}. */
  tryLockOwned(): MutexGuard<T> | null {
    return this.tryLock();
  }

  /**
   * Takes the mutex outside of tasks, where it is free.
   *
   * @throws {@link UsageError} with `ERR_RT_WOULD_BLOCK` inside a task, and where it is held: only this very thread
   * could release it.
   */
  blockingLock(): MutexGuard<T> {
    return blocking(this.lock());
  }

  /**
   * Runs `body` while holding the mutex, and releases it whatever comes of that.
   *
   * Fairness and cancel safety are those of {@link Mutex.lock}; dropped later, it drops `body` and releases.
   *
   * @example
   * ```ts
   * import { yieldNow } from "@rt/core";
   * const counter = new Mutex({ n: 0 });
   * const n = await counter.runExclusive(async (value) => {
   *   await yieldNow();
   *   return (value.n += 1);
   * });
   * n; // => 1
   * ```
   * @see no counterpart in Tokio, where a guard's scope does this.
   */
  runExclusive<R>(body: (value: T) => Async<R> | PromiseLike<R>): Future<R> {
    return intoFuture(exclusive(this, body));
  }
}

function* exclusive<T, R>(mutex: Mutex<T>, body: (value: T) => Async<R> | PromiseLike<R>): Async<R> {
  const guard = yield* mutex.lock();
  try {
    // One of the two kinds that `intoFuture` takes; which one, it sees for itself.
    return yield* intoFuture((() => body(guard.value)) as () => Async<R>);
  } finally {
    guard[Symbol.dispose]();
  }
}

/**
 * Holds a {@link Mutex} until it is disposed: `using guard = yield* mutex.lock()`.
 * @see Tokio `sync::MutexGuard`, `sync::OwnedMutexGuard`
 * @public
 */
export class MutexGuard<T> extends LockGuard<T, Mutex<T>> {
  /** @internal */
  constructor(mutex: Mutex<T>) {
    super(mutex, 1);
  }

  /** The value behind the mutex. Can be assigned. */
  override get value(): T {
    return this._held()._value;
  }

  override set value(value: T) {
    this._held()._value = value;
  }

  /** The mutex that is held. */
  mutex(): Mutex<T> {
    return this._held();
  }
}
