/**
 * Futures that wait for the same thing. A future is its own node, so waiting allocates nothing more.
 *
 * Invariants:
 *  1. A waiter is on a list exactly while its `_list` is set.
 *  2. A waiter that was woken has left the list; if it is dropped then, the next one is woken in its place.
 */
import { Future, type Context, type Waker } from "@rt/core";
import { wakeSafely } from "@rt/core/driver";

export class WaitList {
  #first: Waiter<unknown> | null = null;
  #last: Waiter<unknown> | null = null;

  get isEmpty(): boolean {
    return this.#first === null;
  }

  add(waiter: Waiter<unknown>): void {
    waiter._list = this;
    waiter._before = this.#last;
    if (this.#last === null) this.#first = waiter;
    else this.#last._after = waiter;
    this.#last = waiter;
  }

  remove(waiter: Waiter<unknown>): void {
    const { _before, _after } = waiter;
    if (_before === null) this.#first = _after;
    else _before._after = _after;
    if (_after === null) this.#last = _before;
    else _after._before = _before;
    waiter._before = null;
    waiter._after = null;
    waiter._list = null;
  }

  /** Wakes the one that has waited longest. */
  wakeFirst(): void {
    const waiter = this.#first;
    if (waiter !== null) wakeWaiter(this, waiter);
  }

  /** Wakes everybody who waits now for something that `bits` tell of. */
  wakeAll(bits: number): void {
    if (this.#first === null) return;
    // Apart first: a waker may make others wait, or give up waiting.
    const due = new WaitList();
    for (let waiter: Waiter<unknown> | null = this.#first; waiter !== null; ) {
      const next: Waiter<unknown> | null = waiter._after;
      if ((waiter._interest & bits) !== 0) {
        this.remove(waiter);
        due.add(waiter);
      }
      waiter = next;
    }
    while (due.#first !== null) due.wakeFirst();
  }
}

function wakeWaiter(list: WaitList, waiter: Waiter<unknown>): void {
  const waker = waiter._waker as Waker; // set before it was added
  list.remove(waiter);
  waiter._waker = null;
  waiter._woken = true;
  wakeSafely(waker);
}

/** A future that can be on a {@link WaitList}. */
export abstract class Waiter<T> extends Future<T> {
  _list: WaitList | null = null;
  _before: Waiter<unknown> | null = null;
  _after: Waiter<unknown> | null = null;
  _waker: Waker | null = null;
  /** What it waits for, as bits that mean something to the owner of the list. */
  _interest = -1;
  /** It was woken and has not been polled since. */
  _woken = false;

  /** To be called by each poll that is not ready. */
  _enlist(list: WaitList, cx: Context): void {
    this._woken = false;
    this._waker = cx.waker;
    if (this._list === null) list.add(this);
  }

  /** To be called by each poll that is ready, and by `drop`. Gives true when a wake has been wasted on it. */
  _leave(): boolean {
    const wasted = this._woken;
    this._woken = false;
    this._waker = null;
    this._list?.remove(this);
    return wasted;
  }
}
