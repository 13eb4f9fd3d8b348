/** What a lock or a semaphore gives: permits that are held until it is released. */
import type { Future, UsageError } from "@rt/core";
import { closedProperly, debug, watchForgotten } from "@rt/core/driver";
import { disposed } from "./disposed.ts";
import { Acquire, type Permits } from "./permits.ts";

/** What guards belong to. */
export interface Guarded {
  /** @internal */
  readonly _permits: Permits;
}

/** @public */
export abstract class Guard<L extends Guarded> implements Disposable {
  /** Null once released, or turned into another guard. @internal */
  declare _owner: L | null;
  /** How many permits it holds. @internal */
  declare _count: number;

  /** @internal */
  constructor(owner: L, count: number) {
    this._owner = owner;
    this._count = count;
  }

  /** Gives back what this holds; the longest waiting are next. `using` does it by itself. Once only. */
  release(): void {
    const owner = this._owner;
    if (owner === null) throw released(this);
    if (debug) closedProperly(this);
    this._owner = null;
    owner._permits.release(this._count);
  }

  /** As {@link Guard.release}, any number of times. */
  [Symbol.dispose](): void {
    if (this._owner !== null) this.release();
  }

  /** The owner, while this is not released. @internal */
  _held(): L {
    if (this._owner === null) throw released(this);
    return this._owner;
  }

  /** Takes the permits out, to be given back or to go into another guard. @internal */
  _consume(): L {
    const owner = this._held();
    if (debug) closedProperly(this);
    this._owner = null;
    return owner;
  }

  /** It is in somebody's hands from here on: in debug mode, says so when it is lost. @internal */
  _watched(): this {
    if (debug) {
      const { _owner: owner, _count: count } = this;
      watchForgotten(this, `a ${this.constructor.name}`, () => owner?._permits.release(count), this._watched);
    }
    return this;
  }

  /** What somebody waits for who waits for this, in words. @internal */
  abstract _describe(): string;

  /** The error for who waits for this when there will be none. @internal */
  abstract _refusal(): Error;
}

function released(guard: Guard<Guarded>): UsageError {
  return disposed(
    `this ${guard.constructor.name}`,
    "it was released, or turned into another guard; acquire anew",
  );
}

/**
 * A wait for a guard. The guard is made beforehand, so that one class does for all locks: what is waited for millions
 * of times a second should be of one shape.
 */
class Request<G extends Guard<Guarded>> extends Acquire<G> {
  declare readonly _guard: G;

  constructor(permits: Permits, guard: G) {
    super(permits, guard._count);
    this._guard = guard;
  }

  protected override _granted(): G {
    return debug ? this._guard._watched() : this._guard;
  }

  protected override _closed(): Error {
    return this._guard._refusal();
  }

  override describe(): string {
    return this._guard._describe();
  }
}

/** Waits for what `guard` needs. `owner` is its owner. */
export function request<G extends Guard<Guarded>>(owner: Guarded, guard: G): Future<G> {
  return new Request(owner._permits, guard);
}

/** The guard, if what it needs is there now. */
export function tryRequest<G extends Guard<Guarded>>(owner: Guarded, guard: G): G | null {
  const permits = owner._permits;
  if (permits.tryTake(guard._count)) return guard._watched();
  if (permits.closed) throw guard._refusal();
  return null;
}
