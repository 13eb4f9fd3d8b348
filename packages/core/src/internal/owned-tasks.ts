/**
 * An intrusive list of the tasks somebody is in charge of, so that they can be dropped and listed.
 *
 * Invariants:
 *  1. `_previous` of the first task is null; it is `#head.first`.
 */
import type { Task } from "./task.ts";

interface Head {
  first: Task<unknown> | null;
}

/** Adds until the head is made anew: to put a young task into an old object costs more, see `run-queue.ts`. */
const ADDS = 64;

export class OwnedTasks {
  #head: Head = { first: null };
  #length = 0;
  #adds = 0;

  get length(): number {
    return this.#length;
  }

  add(task: Task<unknown>): void {
    const adds = (this.#adds + 1) & (ADDS - 1);
    this.#adds = adds;
    if (adds === 0) this.#head = { first: this.#head.first };
    const head = this.#head;
    const { first } = head;
    task._next = first;
    if (first !== null) first._previous = task;
    head.first = task;
    this.#length += 1;
  }

  /** False when the task was not on the list. */
  remove(task: Task<unknown>): boolean {
    const { _previous: previous, _next: next } = task;
    if (previous !== null) previous._next = next;
    else if (this.#head.first === task) this.#head.first = next;
    else return false;
    if (next !== null) next._previous = previous;
    task._previous = null;
    task._next = null;
    this.#length -= 1;
    return true;
  }

  /** The youngest first. A copy, because what is done to a task may end others. */
  snapshot(): Task<unknown>[] {
    const tasks: Task<unknown>[] = [];
    for (let task = this.#head.first; task !== null; task = task._next) tasks.push(task);
    return tasks;
  }
}
