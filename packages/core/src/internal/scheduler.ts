/** What a task asks of the scheduler it belongs to. */
import type { RuntimeCore } from "./runtime-core.ts";
import type { Task } from "./task.ts";

export interface Scheduler {
  /** The runtime whose hooks, reports and metrics this scheduler's tasks go to. */
  readonly core: RuntimeCore;
  /** Queues a task whose SCHEDULED bit was just set. */
  schedule(task: Task<unknown>): void;
  /** Remembers a task that waits for the first time: nothing else may refer to it now. */
  list(task: Task<unknown>): void;
  /** Lets go of a task that has ended. */
  release(task: Task<unknown>): void;
  /** Takes note of a task that threw while nobody was waiting for it. */
  failed(task: Task<unknown>): void;
}

/** A scheduler that new tasks can be given to: a runtime's own, or a local set's. */
export interface Spawner extends Scheduler {
  /** Takes charge of a new task and queues it. */
  start(task: Task<unknown>): void;
}
