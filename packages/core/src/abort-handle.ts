/** The handle that can only abort. */
import type { Task } from "./internal/task.ts";
import type { Id } from "./task-id.ts";

/**
 * Aborts a task from elsewhere, without a way to wait for it. Letting go of it changes nothing.
 * @see Tokio `task::AbortHandle`
 * @public
 */
export class AbortHandle {
  /** @internal */
  readonly _task: Task<unknown>;

  /** @internal */
  constructor(task: Task<unknown>) {
    this._task = task;
  }

  /** Stops the task, as {@link JoinHandle.abort} does. */
  abort(): void {
    this._task.abort();
  }

  /** True once the task and its cleanup have ended. */
  isFinished(): boolean {
    return this._task.isFinished();
  }

  /** The task's id. It stays valid after the end. */
  id(): Id {
    return this._task.id();
  }
}
