/**
 * The counting behind `Semaphore`, `Mutex`, `RwLock` and the bounded channel: permits that are taken in the order they
 * were asked for.
 *
 * Invariants:
 *  1. While somebody waits, no permit is free: all that comes back goes to the head of the line, which keeps what it
 *     has of a larger request until the rest is there. So nobody is overtaken.
 *  2. A request is in the line exactly while its `_missing` is above 0 and it was polled.
 *  3. Once closed, nobody waits.
 */
import { Future, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import {
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
} from "@rt/core/driver";
import { WaitList, wakeWaiter, type Waiter } from "./wait-list.ts";

/** The most permits there can be: counts stay small integers for the engine. */
export const MAX_PERMITS: number = 2 ** 30 - 1;

export class Permits {
  free: number;
  closed = false;
  readonly line: WaitList<Acquire<unknown>> = new WaitList();

  constructor(free: number) {
    this.free = free;
  }

  /** Takes `count` at once, or nothing. Never overtakes who waits. */
  tryTake(count: number): boolean {
    if (this.free < count || this.closed || this.line.first !== null) return false;
    this.free -= count;
    return true;
  }

  /** Brings `count` back: to the line first. */
  release(count: number): void {
    this.free += count;
    if (this.line.first !== null) this._serve();
  }

  _serve(): void {
    // Anew each time: a waker may take, release or drop.
    for (let head = this.line.first; head !== null && this.free > 0; head = this.line.first) {
      const given = Math.min(this.free, head._missing);
      this.free -= given;
      head._missing -= given;
      if (head._missing > 0) return;
      this.line.remove(head);
      wakeWaiter(head);
    }
  }

  /** Takes up to `count` free ones out for good. Gives how many. */
  forget(count: number): number {
    const gone = Math.min(count, this.free);
    this.free -= gone;
    return gone;
  }

  /** Nobody gets any more; who waits is told. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.line.wakeAll(giveBack);
  }
}

/** A part that was granted before the close is free again. */
function giveBack(request: Acquire<unknown>): void {
  request._permits.free += request._count - request._missing;
  request._missing = request._count;
}

/**
 * One request for permits. A subclass says what the permits are good for.
 *
 * Dropped before it is ready, it gives up its place and gives back what it had.
 */
export abstract class Acquire<T> extends Future<T> implements Waiter<Acquire<unknown>> {
  readonly _permits: Permits;
  readonly _count: number;
  /** How many it still needs. 0 once it has them all: then they are held by this request until it is ready. */
  _missing: number;
  _waker: Waker | null = null;
  _previous: Acquire<unknown> | null = null;
  _next: Acquire<unknown> | null = null;
  _isQueued = false;

  constructor(permits: Permits, count: number) {
    super();
    this._permits = permits;
    this._count = count;
    this._missing = count;
  }

  poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return PENDING;
    const permits = this._permits;
    if (!this._isQueued) {
      // Granted while it waited, or to be had at once. Not `tryTake`: a call less where it counts.
      if (this._missing > 0 || this._count === 0) {
        if (permits.closed) throw this._closed();
        if (permits.free < this._missing || (permits.line.first !== null && this._count > 0)) return this._enqueue(cx);
        permits.free -= this._missing;
        this._missing = 0;
      }
      this._state |= GRANTED;
      madeProgress();
      return this._granted();
    }
    this._waker = cx.waker;
    return PENDING;
  }

  override next(): IteratorResult<Future<unknown>, T> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== PENDING) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }

  _enqueue(cx: Context): Poll<T> {
    const permits = this._permits;
    // The head takes what is free, even if it is not enough.
    if (permits.line.first === null) {
      this._missing -= permits.free;
      permits.free = 0;
    }
    permits.line.pushBack(this);
    this._waker = cx.waker;
    return PENDING;
  }

  override drop(): void {
    const permits = this._permits;
    if (this._isQueued) {
      const wasHead = permits.line.first === this;
      permits.line.remove(this);
      this._waker = null;
      const had = this._count - this._missing;
      this._missing = this._count;
      if (wasHead) permits.release(had);
    } else if (this._missing === 0 && (this._state & GRANTED) === 0) {
      // Granted, and given up before it was looked at.
      this._missing = this._count;
      permits.release(this._count);
    }
  }

  /** What the permits are good for; called once, with the permits taken. */
  protected abstract _granted(): T;

  /** The error for a closed semaphore. */
  protected abstract _closed(): Error;
}

/** `_state` bit: the permits were handed out. */
const GRANTED = 1;
