/** What `Mutex` and `RwLock` share: a value behind permits, and guards that show it. */
import { UsageError } from "@rt/core";
import { disposed } from "./disposed.ts";
import { Guard, type Guarded } from "./guard.ts";
import { Permits } from "./permits.ts";

const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** @public */
export abstract class Lock<T> implements Guarded {
  /** All of them are free exactly while nobody holds the lock. @internal */
  readonly _permits: Permits;
  /** How many permits there are. @internal */
  readonly _size: number;
  /** @internal */
  _value: T;

  /** @internal */
  constructor(value: T, size: number) {
    this._permits = new Permits(size);
    this._size = size;
    this._value = value;
  }

  /**
   * The value without locking, while nobody holds the lock: for set-up and tear-down.
   *
   * @throws {@link UsageError} with `ERR_RT_INVALID_STATE` while somebody holds it.
   */
  getMut(): T {
    const { free, closed } = this._permits;
    if (closed) throw takenOut(this);
    if (free === this._size) return this._value;
    throw new UsageError(
      "ERR_RT_INVALID_STATE",
      `Cannot take the value of this ${this.constructor.name}: somebody holds it; lock it instead`,
    );
  }

  /**
   * Takes the value out, while nobody holds the lock. The lock can't be used any more.
   *
   * @throws {@link UsageError} with `ERR_RT_INVALID_STATE` while somebody holds it.
   */
  intoInner(): T {
    const value = this.getMut();
    this._value = undefined as T; // never seen: who locks is refused
    this._permits.close();
    return value;
  }

  /** Shows the value, or that it is locked. @internal */
  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    const value = this._permits.free > 0 ? inspect(this._value, options) : "<locked>";
    return `${this.constructor.name} { value: ${value} }`;
  }
}

function takenOut(lock: Lock<unknown>): UsageError {
  return disposed(`this ${lock.constructor.name}`, "intoInner() took its value out; use that one");
}

/** A guard of a lock. */
export abstract class LockGuard<T, L extends Lock<unknown>> extends Guard<L> {
  /** The value behind the lock. */
  abstract get value(): T;

  /**
   * Turns this guard into one that shows a part of the value. The lock stays held, and this guard can't be used any
   * more; disposing it as well does nothing. What `select` throws leaves this guard as it was.
   *
   * The part is looked up once. An object can be changed in place; a number or a string is a copy.
   */
  map<U>(select: (value: T) => U): MappedGuard<U, L> {
    return this._mapped(select(this.value));
  }

  /** As {@link LockGuard.map}, unless `select` gives null or undefined: then null, and this guard stays as it was. */
  tryMap<U>(select: (value: T) => U | null | undefined): MappedGuard<U, L> | null {
    const part = select(this.value);
    return part === null || part === undefined ? null : this._mapped(part);
  }

  /** @internal */
  _mapped<U>(part: U): MappedGuard<U, L> {
    return new MappedGuard(this._consume(), this._count, part)._watched();
  }

  /** @internal */
  override _describe(): string {
    return `the lock for a ${this.constructor.name}`;
  }

  /** @internal */
  override _refusal(): UsageError {
    return takenOut(this._held());
  }
}

/**
 * Holds a lock and shows a part of what it protects. Made by `map` of the other guards.
 * @see Tokio `sync::MappedMutexGuard`, `sync::RwLockMappedWriteGuard`, and the owned ones
 * @public
 */
export class MappedGuard<T, L extends Lock<unknown>> extends LockGuard<T, L> {
  /** @internal */
  readonly _part: T;

  /** @internal */
  constructor(owner: L, count: number, part: T) {
    super(owner, count);
    this._part = part;
  }

  override get value(): T {
    this._held();
    return this._part;
  }

  /** The lock that is held. */
  source(): L {
    return this._held();
  }
}
