/** The run queue of a `LocalSet`: its tasks are polled while the set is, inside whatever task drives it. */
import type { Waker } from "../future.ts";
import { wakeSafely } from "./current.ts";
import { OwnedTasks } from "./owned-tasks.ts";
import { aside, realm } from "./realm.ts";
import { RunQueue } from "./run-queue.ts";
import type { RuntimeCore } from "./runtime-core.ts";
import type { Spawner } from "./scheduler.ts";
import type { Task } from "./task.ts";
import { CLOSED, CLOSING, DONE, LISTED, OBSERVED, SHUTDOWN, STILLBORN } from "./task.ts";

/** Tasks polled each time the set is. Tokio's number. */
const PER_POLL = 61;
/** Every how many polls tasks woken from outside come first. Tokio's number. */
const REMOTE_INTERVAL = 31;

export class LocalScheduler implements Spawner {
  core: RuntimeCore;
  /** Who drives the set now, each with the waker of its last poll. */
  readonly wakers: Map<object, Waker> = new Map();
  closed = false;
  shutdownOnPanic = false;
  /** Why the set was shut down by a failing task. */
  panic: Error | null = null;
  readonly #local = new RunQueue();
  readonly #remote = new RunQueue();
  readonly #waiting = new OwnedTasks();
  #alive = 0;
  #running = false;
  #untilRemote = REMOTE_INTERVAL;

  constructor(core: RuntimeCore) {
    this.core = core;
  }

  get isEmpty(): boolean {
    return this.#alive === 0;
  }

  tasks(): Task<unknown>[] {
    return [...new Set([...this.#waiting.snapshot(), ...this.#local.toArray(), ...this.#remote.toArray()])];
  }

  start(task: Task<unknown>): void {
    if (this.closed) {
      task._state |= STILLBORN;
      task._cancel(CLOSED);
      return;
    }
    this.#alive += 1;
    task.wake();
  }

  list(task: Task<unknown>): void {
    this.#waiting.add(task);
    if (!this.closed) return;
    if ((task._state & CLOSING) === 0) task._cancel(SHUTDOWN);
    else this.#handOver(task);
  }

  schedule(task: Task<unknown>): void {
    if (this.#running) {
      this.#local.push(task);
      return;
    }
    this.#remote.push(task);
    this.#wake();
  }

  release(task: Task<unknown>): void {
    if ((task._state & LISTED) !== 0) this.#waiting.remove(task);
    if ((task._state & STILLBORN) !== 0) return;
    this.#alive -= 1;
    if (this.#alive > 0) return;
    this.core.localSets.delete(this);
    this.#wake();
  }

  #wake(): void {
    for (const waker of this.wakers.values()) wakeSafely(waker);
  }

  failed(task: Task<unknown>): void {
    if (!this.shutdownOnPanic) {
      this.core.failed(task);
      return;
    }
    task._state |= OBSERVED;
    this.panic = task._panic("LocalSet");
    this.close();
  }

  /** Polls ready tasks, up to a limit. True when some are left. */
  run(core: RuntimeCore): boolean {
    // One of the set's own tasks drives it: that is under way already.
    if (this.#running) return false;
    this.core = core;
    if (!this.isEmpty) core.localSets.add(this);
    this.#running = true;
    aside(poll, this as LocalScheduler);
    return !this.#local.isEmpty || !this.#remote.isEmpty;
  }

  _poll(): void {
    try {
      for (let left = PER_POLL; left > 0; left -= 1) {
        const next = this.#take();
        if (next === null) return;
        next._run();
        // Without a scope store only one async function at a time can be let go on.
        if (realm.scopes === null && realm.resumed) return;
      }
    } finally {
      this.#running = false;
    }
  }

  /** Drops every task. Nobody will drive the set any more: the runtime waits for cleanup that waits. */
  close(): void {
    this.closed = true;
    for (const task of this.tasks()) {
      if ((task._state & (DONE | CLOSING)) === 0) task._cancel(SHUTDOWN);
      if (!task.isFinished()) this.#handOver(task);
    }
  }

  #handOver(task: Task<unknown>): void {
    if ((task._state & LISTED) !== 0) this.#waiting.remove(task);
    this.#alive -= 1;
    this.core.takeOver(task);
  }

  #take(): Task<unknown> | null {
    this.#untilRemote -= 1;
    if (this.#untilRemote > 0) return this.#local.shift() ?? this.#remote.shift();
    this.#untilRemote = REMOTE_INTERVAL;
    return this.#remote.shift() ?? this.#local.shift();
  }
}

function poll(scheduler: LocalScheduler): void {
  scheduler._poll();
}
