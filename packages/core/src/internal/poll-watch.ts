/**
 * What is done around a poll when somebody wants to know about it. A poll of an async function lasts until the code
 * that it let go on has run.
 */
import { debug, now } from "#platform";
import type { Task } from "./task.ts";
import { channels, type RuntimeCore } from "./runtime-core.ts";

/** In debug mode, polls from this length on are reported without being asked to. */
const DEBUG_SLOW_MS = 100;

export class PollWatch {
  readonly #core: RuntimeCore;
  readonly #times: boolean;
  readonly #slowMs: number;
  #task: Task<unknown> | null = null;
  #start = 0;
  #latency: number | undefined = undefined;

  constructor(core: RuntimeCore) {
    const { config, counters } = core;
    this.#core = core;
    this.#slowMs = config.slowPollThreshold || (debug ? DEBUG_SLOW_MS : Infinity);
    this.#times = counters.timed || counters.tracksLatency || this.#slowMs !== Infinity;
  }

  begin(task: Task<unknown>): void {
    const core = this.#core;
    const { counters } = core;
    this.#task = task;
    this.#latency = undefined;
    if (this.#times || channels.poll.hasSubscribers) this.#start = now();
    if (counters.tracksLatency) {
      this.#latency = this.#start - task._extend().scheduledAt;
      counters.latencies?.add(this.#latency);
    }
    core.hook("onBeforeTaskPoll", task, this.#latency);
    core.watchdog?.enter(task._id, task._label());
  }

  end(): void {
    const core = this.#core;
    const task = this.#task;
    if (task === null) return;
    this.#task = null;
    core.watchdog?.leave();
    if (this.#times || channels.poll.hasSubscribers) this.#measured(task, now() - this.#start);
    core.hook("onAfterTaskPoll", task, this.#latency);
  }

  #measured(task: Task<unknown>, elapsedMs: number): void {
    const core = this.#core;
    const { counters } = core;
    if (counters.timed) {
      counters.busyMs += elapsedMs;
      counters.pollTimes?.add(elapsedMs);
      task._extend().busyMs += elapsedMs;
    }
    core.tell(channels.poll, task, { elapsedMs });
    if (elapsedMs >= this.#slowMs) core.reportSlowPoll(task, elapsedMs);
  }
}
