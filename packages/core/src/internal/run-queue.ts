/**
 * A growable ring of tasks, first in, first out.
 *
 * Invariant: `slots.length` is a power of two, and at least one slot is free, so `head === tail` means empty.
 */
import type { Task } from "./task.ts";

/** Tokio's initial capacity for the local queue of a current-thread scheduler. */
const INITIAL = 64;

export class RunQueue {
  #slots: (Task<unknown> | null)[] = new Array<Task<unknown> | null>(INITIAL).fill(null);
  #mask: number = INITIAL - 1;
  #head = 0;
  #tail = 0;

  get length(): number {
    return (this.#tail - this.#head) & this.#mask;
  }

  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  push(task: Task<unknown>): void {
    const tail = this.#tail;
    this.#slots[tail] = task;
    this.#tail = (tail + 1) & this.#mask;
    if (this.#tail === this.#head) this.#grow();
  }

  shift(): Task<unknown> | null {
    const head = this.#head;
    if (head === this.#tail) return null;
    const task = this.#slots[head] as Task<unknown> | null;
    this.#slots[head] = null;
    this.#head = (head + 1) & this.#mask;
    return task;
  }

  #grow(): void {
    const old = this.#slots;
    const capacity = old.length;
    const head = this.#head;
    this.#slots = [...old.slice(head), ...old.slice(0, head), ...new Array<null>(capacity).fill(null)];
    this.#head = 0;
    this.#tail = capacity;
    this.#mask = 2 * capacity - 1;
  }
}
