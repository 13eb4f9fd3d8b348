/**
 * A growable ring of tasks, first in, first out.
 *
 * Invariants:
 *  1. `#slots.length` is a power of two, and at least one slot is free, so `#head === #tail` means empty.
 *  2. `#head` and `#tail` count up and wrap at 32 bits; masked, they are slots. So `#tail` also counts the pushes.
 */
import type { Task } from "./task.ts";

/** Tokio's initial capacity for the local queue of a current-thread scheduler. */
const INITIAL = 64;

export class RunQueue {
  #slots: (Task<unknown> | null)[] = new Array<Task<unknown> | null>(INITIAL).fill(null);
  #mask: number = INITIAL - 1;
  #head = 0;
  #tail = 0;
  #pushes = 0;
  #counted = 0;

  get length(): number {
    return (this.#tail - this.#head) | 0;
  }

  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  /** Pushes so far. Exact as long as it is asked for once in 4 billion of them. */
  get pushes(): number {
    this.#pushes += (this.#tail - this.#counted) >>> 0;
    this.#counted = this.#tail;
    return this.#pushes;
  }

  push(task: Task<unknown>): void {
    const tail = this.#tail;
    this.#slots[tail & this.#mask] = task;
    this.#tail = (tail + 1) | 0;
    if (((tail + 1 - this.#head) & this.#mask) === 0) this.#grow();
  }

  shift(): Task<unknown> | null {
    const head = this.#head;
    if (head === this.#tail) return null;
    const slot = head & this.#mask;
    const task = this.#slots[slot] as Task<unknown> | null;
    this.#slots[slot] = null;
    this.#head = (head + 1) | 0;
    return task;
  }

  /** What is in the queue, the next one first. */
  toArray(): Task<unknown>[] {
    const tasks: Task<unknown>[] = [];
    for (let i = this.#head; i !== this.#tail; i = (i + 1) | 0)
      tasks.push(this.#slots[i & this.#mask] as Task<unknown>);
    return tasks;
  }

  #grow(): void {
    const old = this.#slots;
    const capacity = old.length;
    const larger = new Array<Task<unknown> | null>(2 * capacity).fill(null);
    // The ring is full: every slot moves, to the place its number has under the wider mask.
    this.#mask = 2 * capacity - 1;
    for (let i = this.#head; i !== this.#tail; i = (i + 1) | 0) {
      larger[i & this.#mask] = old[i & (capacity - 1)] as Task<unknown> | null;
    }
    this.#slots = larger;
  }
}
