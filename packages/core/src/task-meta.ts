/** What hooks are told about a task. */
import type { Id } from "./task-id.ts";

/** Given to the task hooks of the {@link Builder}. Don't keep it. @see Tokio `runtime::TaskMeta` @public */
export interface TaskMeta {
  readonly id: Id;
  readonly name: string | undefined;
  /** The stack at the spawn, one frame a line; only in debug mode or with {@link Builder.traceSpawns}. */
  readonly spawnedAt: string | undefined;
  /**
   * Milliseconds from when the task became ready to just before this poll. `undefined` outside the poll hooks and
   * without {@link Builder.trackTaskScheduleLatency}.
   */
  readonly scheduleLatency: number | undefined;
}
