/**
 * A value that many may read at a time, or one may write.
 *
 * A reader holds one permit, a writer all of them.
 */
import type { Future } from "@rt/core";
import { checkInteger } from "@rt/core/driver";
import { blocking } from "./internal/blocking.ts";
import { request, tryRequest } from "./internal/guard.ts";
import { Lock, LockGuard, type MappedGuard } from "./internal/lock.ts";

/** The most readers there can be, and how many there may be where nothing else is asked for. Tokio's number. */
const MAX_READERS = 2 ** 29 - 1;

/** Options of {@link RwLock}. @public */
export interface RwLockOptions {
  /** How many may read at a time: 1 to 2²⁹ − 1, which is the default. */
  readonly maxReaders?: number;
}

/**
 * Gives any number of readers or one writer access to a value.
 *
 * Fairness: first come, first served. Once a writer waits, readers who come later wait behind it, so that it gets its
 * turn. Therefore a task that reads must not wait to read again: a writer may have come in between, and then both
 * wait for ever. A reader can't become a writer; release, then {@link RwLock.write}, and look again at what was read.
 *
 * @example
 * ```ts
 * const config = new RwLock({ level: 1 });
 * {
 *   using a = yield* config.read();
 *   using b = yield* config.read(); // at the same time
 *   a.value === b.value; // => true
 *   config.tryWrite(); // => null
 * }
 * using writer = yield* config.write();
 * writer.value = { level: 2 };
 * using reader = writer.downgrade();
 * reader.value.level; // => 2
 * ```
 * @see Tokio `sync::RwLock`
 * @public
 */
export class RwLock<T> extends Lock<T> {
  constructor(value: T, options: RwLockOptions = {}) {
    const { maxReaders = MAX_READERS } = options;
    checkInteger("maxReaders", maxReaders, 1, MAX_READERS);
    super(value, maxReaders);
  }

  /**
   * Waits until nobody writes and nobody waits to, and holds writers off.
   *
   * Fairness: first come, first served among readers and writers.
   * Cancel safety: dropping it gives up the place in line. What was granted and not yet seen goes to the next.
   *
   * @throws {@link UsageError} with `ERR_RT_DISPOSED` after {@link RwLock.intoInner}.
   * @see Tokio `RwLock::read`, `RwLock::read_owned`
   */
  read(): Future<RwLockReadGuard<T>> {
    return request(this, new RwLockReadGuard(this));
  }

  /** The same as {@link RwLock.read}: every guard keeps its lock alive. */
  readOwned(): Future<RwLockReadGuard<T>> {
    return this.read();
  }

  /**
   * Waits until nobody reads or writes, and holds all others off.
   *
   * Fairness, cancel safety and errors are those of {@link RwLock.read}.
   * @see Tokio `RwLock::write`, `RwLock::write_owned`
   */
  write(): Future<RwLockWriteGuard<T>> {
    return request(this, new RwLockWriteGuard(this));
  }

  /** The same as {@link RwLock.write}. */
  writeOwned(): Future<RwLockWriteGuard<T>> {
    return this.write();
  }

  /** Holds writers off, if nobody writes or waits to; else gives null. */
  tryRead(): RwLockReadGuard<T> | null {
    return tryRequest(this, new RwLockReadGuard(this));
  }

  /** The same as {@link RwLock.tryRead}. */
  tryReadOwned(): RwLockReadGuard<T> | null {
    return this.tryRead();
  }

  /** Holds all others off, if nobody reads or writes; else gives null. */
  tryWrite(): RwLockWriteGuard<T> | null {
    return tryRequest(this, new RwLockWriteGuard(this));
  }

  /** The same as {@link RwLock.tryWrite}. */
  tryWriteOwned(): RwLockWriteGuard<T> | null {
    return this.tryWrite();
  }

  /** As {@link RwLock.read}, outside of tasks and where no wait is needed; see {@link Mutex.blockingLock}. */
  blockingRead(): RwLockReadGuard<T> {
    return blocking(this.read());
  }

  /** As {@link RwLock.write}, outside of tasks and where no wait is needed; see {@link Mutex.blockingLock}. */
  blockingWrite(): RwLockWriteGuard<T> {
    return blocking(this.write());
  }
}

/**
 * Holds off the writers of an {@link RwLock} until it is disposed.
 * @see Tokio `sync::RwLockReadGuard`, `sync::OwnedRwLockReadGuard`
 * @public
 */
export class RwLockReadGuard<T> extends LockGuard<T, RwLock<T>> {
  /** @internal */
  constructor(lock: RwLock<T>) {
    super(lock, 1);
  }

  /** The value behind the lock. */
  override get value(): T {
    return this._held()._value;
  }

  /** The lock that is held. */
  rwlock(): RwLock<T> {
    return this._held();
  }
}

/**
 * Holds off everybody else from an {@link RwLock} until it is disposed.
 * @see Tokio `sync::RwLockWriteGuard`, `sync::OwnedRwLockWriteGuard`
 * @public
 */
export class RwLockWriteGuard<T> extends LockGuard<T, RwLock<T>> {
  /** @internal */
  constructor(lock: RwLock<T>) {
    super(lock, lock._size);
  }

  /** The value behind the lock. Can be assigned. */
  override get value(): T {
    return this._held()._value;
  }

  override set value(value: T) {
    this._held()._value = value;
  }

  /** The lock that is held. */
  rwlock(): RwLock<T> {
    return this._held();
  }

  /**
   * Turns this guard into a reader's, with no writer in between. Readers who came before the first waiting writer go
   * on as well. This guard can't be used any more.
   */
  downgrade(): RwLockReadGuard<T> {
    const lock = this._consume();
    const reader = new RwLockReadGuard(lock)._watched();
    lock._permits.release(lock._size - 1);
    return reader;
  }

  /** Turns this guard into a reader's that shows a part of the value; see {@link RwLockWriteGuard.map}. */
  downgradeMap<U>(select: (value: T) => U): MappedGuard<U, RwLock<T>> {
    const part = select(this.value);
    return this.downgrade()._mapped(part);
  }

  /** As `downgradeMap`, unless `select` gives null or undefined: then null, and this guard goes on writing. */
  tryDowngradeMap<U>(select: (value: T) => U | null | undefined): MappedGuard<U, RwLock<T>> | null {
    const part = select(this.value);
    return part === null || part === undefined ? null : this.downgrade()._mapped(part);
  }

  /** Turns this guard into a mapped one that shows the whole value. */
  intoMapped(): MappedGuard<T, RwLock<T>> {
    return this._mapped(this.value);
  }
}
