/** An intrusive list of the tasks somebody is in charge of, so that they can be dropped and listed. */
import type { Task } from "./task.ts";

export class OwnedTasks {
  #first: Task<unknown> | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(task: Task<unknown>): void {
    const first = this.#first;
    task._next = first;
    if (first !== null) first._previous = task;
    this.#first = task;
    this.#length += 1;
  }

  /** False when the task was not on the list. */
  remove(task: Task<unknown>): boolean {
    const { _previous: previous, _next: next } = task;
    if (previous !== null) previous._next = next;
    else if (this.#first === task) this.#first = next;
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
    for (let task = this.#first; task !== null; task = task._next) tasks.push(task);
    return tasks;
  }
}
