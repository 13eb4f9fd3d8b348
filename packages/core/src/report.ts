/** What the runtime has to say when nobody asked. */
import type { Id } from "./task-id.ts";

/** Who a {@link Report} is about. @public */
export interface ReportedTask {
  /** `undefined` for the body of `blockOn` and for awaits outside tasks. */
  readonly id: Id | undefined;
  readonly name: string | undefined;
  /** Where it was spawned, one frame a line; only in debug mode or with {@link Builder.traceSpawns}. */
  readonly spawnedAt: string | undefined;
}

/**
 * Something that would otherwise go unnoticed:
 *
 * - `task-failed`: a task threw, and a turn of the event loop later nobody had waited for it;
 * - `slow-poll`: one poll kept the thread for longer than {@link Builder.slowPollThreshold};
 * - `hook-failed`: a function given to the {@link Builder} threw;
 * - `waker-failed`: a waker threw while it was woken;
 * - `left-behind`: in debug mode, a task has ended and code that it started goes on without it;
 * - `not-waited-for`: dropped code hung in a promise that is none of ours until a shutdown had waited for it long
 *   enough, or its cleanup took longer than it may ({@link Builder.foreignGrace}, {@link Builder.cleanupTimeout});
 * - `forgotten`: in debug mode, something was left to garbage collection that should have been closed;
 * - `pool-busy`: in debug mode, work with files has kept all threads of Node's pool busy for a second.
 *
 * @public
 */
export interface Report {
  readonly kind:
    | "task-failed"
    | "slow-poll"
    | "hook-failed"
    | "waker-failed"
    | "left-behind"
    | "not-waited-for"
    | "forgotten"
    | "pool-busy";
  /** One line, ready to be printed. */
  readonly message: string;
  readonly task?: ReportedTask;
  /** What was thrown. */
  readonly error?: unknown;
  /** How long the poll took, for `slow-poll`. */
  readonly elapsedMs?: number;
}
