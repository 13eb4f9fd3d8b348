/** A look at every live task. */
import type { Id } from "./task-id.ts";
import type { RuntimeCore } from "./internal/runtime-core.ts";
import { CLEANUP, CLOSING, ROOT, SCHEDULED, type Task } from "./internal/task.ts";
import { currentTask } from "./internal/realm.ts";

/** What a task in a {@link Dump} is doing. @public */
export type TaskState = "running" | "ready" | "waiting" | "closing";

/** One task of a {@link Dump}. @see Tokio `runtime::dump::Task` @public */
export class DumpTask {
  /** `undefined` for the body of `blockOn`. */
  readonly id: Id | undefined;
  readonly name: string | undefined;
  /** `closing`: it was dropped, and its cleanup waits. */
  readonly state: TaskState;
  /** What it waits for, as {@link Future.describe} puts it. */
  readonly waitsFor: string;
  /** The stack at the spawn, one frame a line; only in debug mode or with {@link Builder.traceSpawns}. */
  readonly spawnedAt: string | undefined;
  readonly polls: number;
  /** Milliseconds spent in polls; `undefined` without {@link Builder.enableMetricsTiming}. */
  readonly busyMs: number | undefined;
  readonly #label: string;

  /** @internal */
  constructor(task: Task<unknown>, timed: boolean) {
    const { id, name, spawnedAt } = task._reported();
    this.id = id;
    this.name = name;
    this.state = stateOf(task);
    this.waitsFor = task._waitsFor();
    this.spawnedAt = spawnedAt;
    this.polls = task._polls;
    this.busyMs = timed ? (task._extra?.busyMs ?? 0) : undefined;
    this.#label = task._label();
  }

  /** One line: `task #3 (reader) waits for task #4 (writer)`. */
  toString(): string {
    const doing =
      this.state === "running" || this.state === "ready" ? `is ${this.state}` : `waits for ${this.waitsFor}`;
    const site = this.spawnedAt === undefined ? "" : `, spawned ${this.spawnedAt.split("\n", 1)[0]}`;
    return `${this.#label} ${doing}${this.state === "closing" ? " while it cleans up" : ""}${site}`;
  }
}

/**
 * A snapshot of every live task. Taking it polls nothing and loses no wake-up.
 * @see Tokio `runtime::Dump`. JavaScript gives no stack of a suspended function; the operation it waits for is named
 * instead.
 * @public
 */
export class Dump {
  readonly tasks: readonly DumpTask[];

  /** @internal */
  constructor(core: RuntimeCore) {
    const tasks = [...core.tasks()].filter(
      (task) => (task._state & CLEANUP) === 0 || task._extra?.owner == null,
    );
    this.tasks = tasks.map((task) => new DumpTask(task, core.counters.timed));
  }

  /** One line a task. */
  toString(): string {
    return this.tasks.join("\n");
  }
}

function stateOf(task: Task<unknown>): TaskState {
  if (currentTask() === task) return "running";
  if ((task._state & SCHEDULED) !== 0) return "ready";
  return (task._state & (CLOSING | ROOT)) === CLOSING ? "closing" : "waiting";
}
