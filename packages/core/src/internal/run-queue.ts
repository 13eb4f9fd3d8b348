/**
 * A queue of tasks, first in, first out, in chunks.
 *
 * A chunk is young when tasks are put into it. One ring for all time would be old, and the collector's write barrier
 * costs 4 ns for each young task that is stored in an old object.
 *
 * Invariants:
 *  1. `#head` and `#tail` count up and wrap at 32 bits; masked, they are slots of `#out` and `#in`. So `#tail` also
 *     counts the pushes.
 *  2. `#in` has a free slot: the push that fills a chunk appends the next one.
 */
import type { Task } from "./task.ts";

const CHUNK = 64;
const MASK: number = CHUNK - 1;

type Slots = (Task<unknown> | null)[];

/** A copy of this takes 29 ns, a new array that is filled 127. */
const EMPTY: Slots = Array.from({ length: CHUNK }, () => null);

interface Chunk {
  readonly slots: Slots;
  next: Chunk | null;
}

function chunk(): Chunk {
  return { slots: EMPTY.slice(), next: null };
}

export class RunQueue {
  #first: Chunk = chunk();
  #last: Chunk = this.#first;
  /** The slots of the first chunk and of the last. */
  #out: Slots = this.#first.slots;
  #in: Slots = this.#out;
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
    const slot = tail & MASK;
    this.#in[slot] = task;
    this.#tail = (tail + 1) | 0;
    if (slot === MASK) this.#append();
  }

  shift(): Task<unknown> | null {
    const head = this.#head;
    if (head === this.#tail) return null;
    const slot = head & MASK;
    const task = this.#out[slot] as Task<unknown> | null;
    this.#out[slot] = null;
    this.#head = (head + 1) | 0;
    if (slot === MASK) this.#advance();
    return task;
  }

  /** What is in the queue, the next one first. */
  toArray(): Task<unknown>[] {
    const tasks: Task<unknown>[] = [];
    for (let at: Chunk | null = this.#first; at !== null; at = at.next)
      for (const task of at.slots) if (task !== null) tasks.push(task);
    return tasks;
  }

  #append(): void {
    const next = chunk();
    this.#last.next = next;
    this.#last = next;
    this.#in = next.slots;
  }

  #advance(): void {
    const drained = this.#first;
    const next = drained.next as Chunk; // it was full, so one was appended
    // Or a drained chunk that has become old would keep all that follow alive, until they are old as well.
    drained.next = null;
    this.#first = next;
    this.#out = next.slots;
  }
}
