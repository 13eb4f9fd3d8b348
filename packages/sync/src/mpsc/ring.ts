/**
 * The values in a channel: a ring that grows as it fills and shrinks again as it drains.
 *
 * Invariants:
 *  1. `_slots.length` is a power of two. `_head` and `_tail` count up and wrap at 32 bits; masked, they are slots.
 *  2. A slot that holds no value holds `undefined`, so no value is kept longer than it is in the ring.
 */

/** Slots at first. Arbitrary: little for a channel that is never full, few steps for one that is. */
const INITIAL = 16;
/** A ring of up to this many slots is kept while it is empty: 8 kB. */
const KEPT = 1024;

export class Ring<T> {
  _slots: (T | undefined)[] = emptySlots(INITIAL);
  _mask: number = INITIAL - 1;
  _head = 0;
  _tail = 0;

  get length(): number {
    return (this._tail - this._head) | 0;
  }

  push(value: T): void {
    const tail = this._tail;
    if (((tail - this._head) | 0) > this._mask) this._resize(2 * (this._mask + 1));
    this._slots[tail & this._mask] = value;
    this._tail = (tail + 1) | 0;
  }

  /** Takes out the oldest; `undefined` when there is none. */
  shift(): T | undefined {
    const head = this._head;
    if (head === this._tail) return undefined;
    const slot = head & this._mask;
    const value = this._slots[slot];
    this._slots[slot] = undefined;
    this._head = (head + 1) | 0;
    // Once it is an eighth full: growing again is far off, so the copying is paid for by what was taken out.
    if (this._mask >= KEPT && this.length <= (this._mask + 1) >> 3) this._resize((this._mask + 1) >> 1);
    return value;
  }

  /** Takes out all, the oldest first. */
  drain(): T[] {
    const values: T[] = [];
    for (let value = this.shift(); value !== undefined; value = this.shift()) values.push(value);
    return values;
  }

  _resize(size: number): void {
    const slots = emptySlots<T>(size);
    for (let i = this._head; i !== this._tail; i = (i + 1) | 0)
      slots[i & (size - 1)] = this._slots[i & this._mask];
    this._slots = slots;
    this._mask = size - 1;
  }
}

function emptySlots<T>(size: number): (T | undefined)[] {
  const slots = new Array<T | undefined>(size);
  slots[0] = undefined; // makes it an array of anything at once, so that all rings are alike to the engine
  return slots;
}
