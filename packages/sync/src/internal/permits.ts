/**
 * The counting behind `Semaphore`, `Mutex`, `RwLock` and the bounded channel: permits that are taken in the order they
 * were asked for.
 *
 * Invariants:
 *  1. While somebody waits, no permit is free: all that comes back goes to the head of the line, which keeps what it
 *     has of a larger request until the rest is there. So nobody is overtaken.
 *  2. Only the head of the line has a part of what it asked for.
 *  3. Once closed, nobody gets permits, and nobody stays in line.
 */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import {
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
} from "@rt/core/driver";
import { WaitList, type Place, type Waiter } from "./wait-list.ts";

/** The most permits there can be: counts stay small integers for the engine. */
export const MAX_PERMITS: number = 2 ** 30 - 1;

/** Who may stand in line for permits. */
export interface Request extends Waiter<Request> {
  /** How many it still waits for. */
  _missing: number;
}

/** What permits are good for. */
export interface Right<T> {
  /** The permits are there. Called once. */
  _granted(): T;
  /** The error where there will be none. */
  _refusal(): Error;
  /** What somebody waits for who waits for this, in words. */
  _describe(): string;
}

export class Permits {
  free: number;
  closed = false;
  readonly line: WaitList<Request> = new WaitList();

  constructor(free: number) {
    this.free = free;
  }

  /** Takes `count` at once, or nothing. Never overtakes who waits. */
  tryTake(count: number): boolean {
    if (this.free < count || this.closed) return false;
    this.free -= count;
    return true;
  }

  /** Brings `count` back: to the line first. */
  release(count: number): void {
    if (this.line.first === null) this.free += count;
    else this._serve(count);
  }

  /** Hands `rest` to the line. Until its turn has come nobody sees it as free: a waker might take it. */
  _serve(rest: number): void {
    // Anew each time: a waker may take, release or drop.
    for (let head = this.line.first; head !== null; head = this.line.first) {
      const { waiter } = head;
      if (waiter._missing > rest) {
        waiter._missing -= rest;
        return;
      }
      rest -= waiter._missing;
      waiter._missing = 0;
      this.line.unlink(head);
      if (this.line.first === null) {
        this.free += rest;
        rest = 0;
      }
      head.wake();
      if (rest === 0) return;
    }
    this.free += rest;
  }

  /** Takes up to `count` free ones out for good. Gives how many. */
  forget(count: number): number {
    const gone = Math.min(count, this.free);
    this.free -= gone;
    return gone;
  }

  /** Nobody gets any more. Who waits is told, and brings back what it has when it looks, or is dropped. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.line.wakeAll();
  }
}

/**
 * One request for permits. Of one class for all locks: what is waited for millions of times a second should be of one
 * shape, and near to the root of its class tree, which makes it a tenth cheaper (mutex/uncontended).
 *
 * In line it waits for `_missing` more. Out of line, `_missing` is 0 when all were granted and no poll has asked since;
 * else it is `_count`, and the request has nothing. Only a close leaves a part to one that is out of line, until it is
 * polled or dropped.
 *
 * Dropped before it is ready, it gives up its place and gives back what it has.
 */
export class Acquire<T> extends Future<T> implements Request {
  // Declared, not defined: the fields of a base class make whatever extends it three times as dear to construct.
  declare readonly _permits: Permits;
  declare readonly _count: number;
  declare readonly _right: Right<T>;
  declare _missing: number;
  declare _place: Place<Request> | null;

  constructor(permits: Permits, count: number, right: Right<T>) {
    super();
    this._permits = permits;
    this._count = count;
    this._right = right;
    this._missing = count;
    this._place = null;
  }

  poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return PENDING;
    const permits = this._permits;
    const missing = this._missing;
    if (permits.closed) this._refuse();
    // Not `tryTake`: a call less where it counts. While somebody waits, nothing is free.
    if (missing > 0 && permits.free >= missing) permits.free -= missing;
    else if (missing > 0) return this._enqueue(cx);
    else this._missing = this._count; // they are the result's from here on
    madeProgress();
    return this._right._granted();
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

  override drop(): void {
    const permits = this._permits;
    const had = this._count - this._missing;
    permits.line.remove(this);
    this._missing = this._count;
    if (had > 0) permits.release(had);
  }

  _enqueue(cx: Context): Poll<T> {
    const permits = this._permits;
    // The head takes what is free, even if it is not enough.
    if (permits.line.first === null) {
      this._missing -= permits.free;
      permits.free = 0;
    }
    permits.line.join(this, cx.waker);
    return PENDING;
  }

  _refuse(): never {
    this.drop();
    madeProgress();
    throw this._right._refusal();
  }

  override describe(): string {
    return this._right._describe();
  }
}
