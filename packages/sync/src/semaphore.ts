/** A number of permits that tasks take and give back. */
import type { Future } from "@rt/core";
import { checkInteger, rangeError, typeError } from "@rt/core/driver";
import { AcquireError } from "./errors.ts";
import { blocking } from "./internal/blocking.ts";
import { Guard, request, tryRequest } from "./internal/guard.ts";
import { MAX_PERMITS, Permits } from "./internal/permits.ts";

/**
 * Hands out a limited number of permits: how many may do something at a time.
 *
 * Fairness: permits go out in the order they were asked for. While a large request waits for the rest of its permits,
 * small ones behind it wait as well, so that it is not starved.
 *
 * @example At most two at a time
 * ```ts
 * import { type Async, JoinSet, yieldNow } from "@rt/core";
 * const semaphore = new Semaphore(2);
 * let running = 0;
 * let most = 0;
 * function* job(): Async<void> {
 *   using permit = yield* semaphore.acquire();
 *   most = Math.max(most, ++running);
 *   yield* yieldNow();
 *   running -= 1;
 * }
 * yield* JoinSet.from([job(), job(), job(), job()]).joinAll();
 * most; // => 2
 * ```
 * @see Tokio `sync::Semaphore`
 * @public
 */
export class Semaphore {
  /** The most permits that can be free at a time, and be asked for: 2³⁰ − 1. Tokio has 2⁶¹ − 1. */
  static readonly MAX_PERMITS: number = MAX_PERMITS;
  /** @internal */
  readonly _permits: Permits;

  /** @param permits - how many are free at the start: 0 to {@link Semaphore.MAX_PERMITS}. */
  constructor(permits: number) {
    checkInteger("permits", permits, 0, MAX_PERMITS);
    this._permits = new Permits(permits);
  }

  /** How many permits are free now. While somebody waits it is 0: a large request holds on to what it has. */
  availablePermits(): number {
    return this._permits.free;
  }

  /** Whether {@link Semaphore.close} was called. */
  isClosed(): boolean {
    return this._permits.closed;
  }

  /**
   * Waits for one permit.
   *
   * Fairness: first come, first served.
   * Cancel safety: dropping it gives up the place in line. No permit is lost.
   *
   * @throws {@link AcquireError} when the semaphore is closed, before or during the wait.
   * @see Tokio `Semaphore::acquire`, `Semaphore::acquire_owned`
   */
  acquire(): Future<SemaphorePermit> {
    return request(this, new SemaphorePermit(this, 1));
  }

  /**
   * Waits for `count` permits and takes them together.
   *
   * Fairness: first come, first served; a large request is not overtaken by small ones behind it. At the head of the
   * line it collects what comes back.
   * Cancel safety: dropping it gives up the place in line, and what was collected goes to those behind.
   *
   * @param count - 0 to {@link Semaphore.MAX_PERMITS}; 0 are there at once. The one permit returned gives all of them
   * back when disposed.
   * @throws {@link AcquireError} when the semaphore is closed, before or during the wait.
   * @throws RangeError when `count` is out of range; checked before waiting.
   * @see Tokio `Semaphore::acquire_many`, `Semaphore::acquire_many_owned`
   */
  acquireMany(count: number): Future<SemaphorePermit> {
    return request(this, this._permit(count));
  }

  /** The same as {@link Semaphore.acquire}: every permit keeps its semaphore alive. */
  acquireOwned(): Future<SemaphorePermit> {
    return this.acquire();
  }

  /** The same as {@link Semaphore.acquireMany}. */
  acquireManyOwned(count: number): Future<SemaphorePermit> {
    return this.acquireMany(count);
  }

  /**
   * Takes a permit if one is free and nobody waits; else gives null.
   *
   * @throws {@link AcquireError} when the semaphore is closed.
   */
  tryAcquire(): SemaphorePermit | null {
    return tryRequest(this, new SemaphorePermit(this, 1));
  }

  /** As {@link Semaphore.tryAcquire}, for `count` permits together. */
  tryAcquireMany(count: number): SemaphorePermit | null {
    return tryRequest(this, this._permit(count));
  }

  /** The same as {@link Semaphore.tryAcquire}. */
  tryAcquireOwned(): SemaphorePermit | null {
    return this.tryAcquire();
  }

  /** The same as {@link Semaphore.tryAcquireMany}. */
  tryAcquireManyOwned(count: number): SemaphorePermit | null {
    return this.tryAcquireMany(count);
  }

  /** As {@link Semaphore.acquire}, outside of tasks and where no wait is needed; see {@link Mutex.blockingLock}. */
  blockingAcquire(): SemaphorePermit {
    return blocking(this.acquire());
  }

  /** As {@link Semaphore.acquireMany}, outside of tasks and where no wait is needed. */
  blockingAcquireMany(count: number): SemaphorePermit {
    return blocking(this.acquireMany(count));
  }

  /**
   * Adds permits: to those who wait, in order, the rest for later. Allowed on a closed semaphore, too.
   *
   * @throws RangeError when more than {@link Semaphore.MAX_PERMITS} would be free; then none are added.
   */
  addPermits(count: number): void {
    checkInteger("count", count, 0, MAX_PERMITS);
    if (count > MAX_PERMITS - this._permits.free)
      throw rangeError(`Cannot add ${count} permits: more than Semaphore.MAX_PERMITS would be free`);
    this._permits.release(count);
  }

  /** Takes up to `count` free permits out for good. Gives how many those were. */
  forgetPermits(count: number): number {
    checkInteger("count", count, 0, MAX_PERMITS);
    return this._permits.forget(count);
  }

  /** No permits are handed out any more: who waits, and who asks later, gets an {@link AcquireError}. */
  close(): void {
    this._permits.close();
  }

  /** A permit that has not been granted. @internal */
  _permit(count: number): SemaphorePermit {
    checkInteger("count", count, 0, MAX_PERMITS);
    return new SemaphorePermit(this, count);
  }
}

/**
 * Permits of a {@link Semaphore}, held until disposed: `using permit = yield* semaphore.acquire()`.
 * @see Tokio `sync::SemaphorePermit`, `sync::OwnedSemaphorePermit`
 * @public
 */
export class SemaphorePermit extends Guard<Semaphore> {
  /** How many permits this holds. */
  numPermits(): number {
    this._held();
    return this._count;
  }

  /** The semaphore that the permits are of. */
  semaphore(): Semaphore {
    return this._held();
  }

  /** Lets go of the permits without giving them back: the semaphore has fewer from here on. */
  forget(): void {
    this._consume();
  }

  /**
   * Takes over the permits of `other`, which can't be used any more.
   *
   * @throws TypeError when it is of another semaphore, or is this one.
   */
  merge(other: SemaphorePermit): void {
    if (other === this || other._held() !== this._held())
      throw typeError("Cannot merge these permits: they must be two of one semaphore");
    other._consume();
    this._change(this._count + other._count);
  }

  /** Splits off `count` permits, to be released separately; null when this holds fewer. */
  split(count: number): SemaphorePermit | null {
    const part = this._held()._permit(count);
    if (count > this._count) return null;
    this._change(this._count - count);
    return part._watched();
  }

  /** @internal */
  _change(count: number): void {
    // Watched anew: what is to be given back has changed.
    const owner = this._consume();
    this._owner = owner;
    this._count = count;
    this._watched();
  }

  /** @internal */
  override _describe(): string {
    return `${this._count} of the permits of a Semaphore`;
  }

  /** @internal */
  override _refusal(): AcquireError {
    return new AcquireError();
  }
}
