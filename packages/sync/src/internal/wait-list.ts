/**
 * Who waits for a primitive, oldest first: a doubly linked list through the waiting futures themselves, so that
 * waiting allocates nothing and leaving costs the same wherever one stands.
 *
 * Invariant: a waiter is linked exactly while its `_isQueued` is true, and in one list at most.
 */
import type { Waker } from "@rt/core";
import { wakeSafely } from "@rt/core/driver";

/** What a future must have to stand in a {@link WaitList}. */
export interface Waiter<W> {
  /** Woken when the waiter's turn has come; that of the last poll. */
  _waker: Waker | null;
  _previous: W | null;
  _next: W | null;
  _isQueued: boolean;
}

export class WaitList<W extends Waiter<W>> {
  first: W | null = null;
  last: W | null = null;
  /** The last one that a running `wakeAll` is to wake. */
  _upTo: W | null = null;

  pushBack(waiter: W): void {
    const { last } = this;
    waiter._isQueued = true;
    waiter._previous = last;
    if (last === null) this.first = waiter;
    else last._next = waiter;
    this.last = waiter;
  }

  remove(waiter: W): void {
    const { _previous: previous, _next: next } = waiter;
    if (previous === null) this.first = next;
    else previous._next = next;
    if (next === null) this.last = previous;
    else next._previous = previous;
    if (this._upTo === waiter) this._upTo = previous;
    waiter._isQueued = false;
    waiter._previous = null;
    waiter._next = null;
  }

  /** Takes out the oldest. */
  shift(): W | null {
    const { first } = this;
    if (first !== null) this.remove(first);
    return first;
  }

  /**
   * Takes out and wakes all that are here now. Whoever joins meanwhile stays; whoever is dropped by a waker is not
   * woken any more; a waker that throws is reported and keeps nobody else from being woken.
   *
   * @param leave - called with each before it is woken, when it is out of the list.
   */
  wakeAll(leave?: (waiter: W) => void): void {
    this._upTo = this.last;
    // A waker may drop or add others, and may even come here again: then nobody is left for this call.
    while (this._upTo !== null) {
      const waiter = this.shift() as W; // `_upTo` is in the list, so there is a first
      leave?.(waiter);
      wakeWaiter(waiter);
    }
  }
}

/** Wakes a waiter that has left its list. */
export function wakeWaiter<W extends Waiter<W>>(waiter: W): void {
  const waker = waiter._waker;
  waiter._waker = null;
  if (waker !== null) wakeSafely(waker);
}
