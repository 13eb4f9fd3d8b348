/** Options, and the runtime they make. */
import { startWatchdog } from "#platform";
import type { Driver, DriverKey } from "./driver/driver.ts";
import { EventLoopDriver } from "./driver/event-loop.ts";
import { checkInteger, checkMillis, checkRange, checkType, show, typeError } from "./errors.ts";
import type { HistogramConfiguration } from "./histogram.ts";
import { DEFAULTS, type Config, type UnhandledPanic } from "./internal/config.ts";
import { CurrentThread } from "./internal/current-thread.ts";
import { LocalRuntime, type LocalOptions } from "./local-runtime.ts";
import type { Report } from "./report.ts";
import type { RngSeed } from "./rng-seed.ts";
import { Runtime } from "./runtime.ts";
import type { TaskMeta } from "./task-meta.ts";

const MOST = 2 ** 30;

/**
 * Collects options and builds a runtime. Every setter gives the builder back; one builder may build many runtimes.
 *
 * A setter given a value of the wrong kind throws a `TypeError`, one out of range a `RangeError`, both with a `code`.
 * Hooks keep one function: setting another replaces it. A hook that throws is reported and harms nothing else.
 *
 * @example
 * ```ts
 * await using runtime = Builder.currentThread().name("jobs").eventInterval(31).build();
 * const name = runtime.handle().name();
 * name; // => "jobs"
 * ```
 * @see Tokio `runtime::Builder`
 * @public
 */
export class Builder {
  readonly #config: Config = { ...DEFAULTS };

  protected constructor() {}

  /** Options for a runtime that runs everything on this thread. @see Tokio `Builder::new_current_thread` */
  static currentThread(): Builder {
    return new Builder();
  }

  /** Names the runtime, for reports, dumps and consoles. Not blank. */
  name(name: string): this {
    checkRange(checkType("name", name, "string").trim() !== "", "name", "more than blanks", name);
    return this.#set("name", name);
  }

  /** Names the threads the runtime starts. `rt-worker` by default. */
  threadName(name: string): this {
    checkType("threadName", name, "string");
    return this.threadNameFn(() => name);
  }

  /** Gives each started thread its name; called once a thread. */
  threadNameFn(make: () => string): this {
    return this.#hook("threadNameFn", make);
  }

  /**
   * Polls between two turns of the driver, 1 or more.
   *
   * By default it adapts: the clock is read every 61 polls, and timers and sockets get their turn when 0.25 ms have
   * passed. A number set here is kept exactly; a turn of an event loop costs about 1 µs.
   * @see Tokio `Builder::event_interval`, 61 by default
   */
  eventInterval(polls: number): this {
    checkInteger("eventInterval", polls, 1, MOST);
    return this.#set("eventInterval", polls);
  }

  /**
   * Every how many polls a worker looks for tasks woken from outside, 1 or more. 31 by default. On a single thread
   * they line up behind the ready ones each time the scheduler is activated, so it changes nothing.
   * @see Tokio `Builder::global_queue_interval`
   */
  globalQueueInterval(polls: number): this {
    checkInteger("globalQueueInterval", polls, 1, MOST);
    return this.#set("globalQueueInterval", polls);
  }

  /**
   * Sends every wake-up to the stealable queue of a worker. A current-thread runtime has no LIFO slot to disable.
   * @see Tokio `Builder::disable_lifo_slot`
   */
  disableLifoSlot(): this {
    return this.#set("disableLifoSlot", true);
  }

  /**
   * Starts with the clock of `@rt/time` paused: it stands still while tasks run, and jumps to the next timer when
   * none is ready.
   * @see Tokio `Builder::start_paused`
   */
  startPaused(paused: boolean): this {
    return this.#switch("startPaused", paused);
  }

  /**
   * Makes random scheduling decisions reproducible.
   * @see Tokio `Builder::rng_seed`
   */
  rngSeed(seed: RngSeed): this {
    if (typeof seed?._value !== "number") throw typeError(`rngSeed takes an RngSeed, not ${show(seed)}`);
    return this.#set("rngSeed", seed._value);
  }

  /**
   * What happens when a task fails and nobody waits for it:
   * `report` (the default) tells {@link Builder.onReport}; `ignore` keeps the error in the handle, as Tokio does;
   * `shutdownRuntime` ends the runtime at once: every `blockOn` rejects with an error of code
   * `ERR_RT_UNHANDLED_PANIC`, whose `cause` is the task's.
   * @see Tokio `Builder::unhandled_panic`
   */
  unhandledPanic(policy: UnhandledPanic): this {
    checkRange(
      POLICIES.includes(checkType("unhandledPanic", policy, "string")),
      "unhandledPanic",
      POLICIES.join(" or "),
      policy,
    );
    return this.#set("unhandledPanic", policy);
  }

  /**
   * How long dropped code may wait for a promise that is none of ours, where that is waited for; 100 ms by default,
   * `Infinity` for ever.
   *
   * A drop alone does not wait: the owner of what was dropped goes on, and the code gets its `Cancelled` when the
   * promise settles. A shutdown gives it this time; so does a task whose cleanup has come to such a promise. What has
   * not ended by then is let go of and named in a report (`not-waited-for`).
   * @see no counterpart in Tokio, where a drop ends all at once
   */
  foreignGrace(ms: number): this {
    checkMillis("foreignGrace", ms);
    return this.#set("foreignGrace", ms);
  }

  /**
   * How long the cleanup of anything that was dropped may take before it is ended, as by a second `abort()`, and named
   * in a report (`not-waited-for`). Off by default: cleanup is waited for as long as it takes. By the clock of the
   * runtime.
   */
  cleanupTimeout(ms: number): this {
    checkMillis("cleanupTimeout", ms);
    return this.#set("cleanupTimeout", ms);
  }

  /**
   * Captures the stack at each spawn, for reports, dumps and the stacks of errors. On with `RT_DEBUG=1`; a capture
   * costs more than the spawn itself.
   */
  traceSpawns(on = true): this {
    return this.#switch("traceSpawns", on);
  }

  /**
   * Lets tasks see the `AsyncLocalStorage` values of their spawn, at every poll and in both lanes. Off by default:
   * it makes a spawn 2 (generator lane) to 2.6 times (async lane) as dear, and a poll 1.4 and 1.1 times
   * (`pnpm bench core --filter als`). Without it, tasks see none; an async function passed to `blockOn` always sees
   * those of its caller.
   */
  propagateContext(on = true): this {
    return this.#switch("propagateContext", on);
  }

  /** Reports each poll that takes at least `ms`. Reads the clock twice a poll. 100 ms with `RT_DEBUG=1`, else off. */
  slowPollThreshold(ms: number): this {
    checkMillis("slowPollThreshold", ms);
    return this.#set("slowPollThreshold", ms);
  }

  /**
   * Starts a thread that names the task which is blocking this one, on standard error, once a poll has taken `ms` and
   * while it still goes on. Node only; elsewhere it does nothing.
   */
  watchdog(ms: number): this {
    checkMillis("watchdog", ms);
    checkRange(ms >= 1, "watchdog", "1 ms or more", ms);
    return this.#set("watchdog", () => startWatchdog(ms));
  }

  /** Times every poll, for the busy times of the metrics and dumps. Reads the clock twice a poll. */
  enableMetricsTiming(): this {
    return this.#set("enableMetricsTiming", true);
  }

  /** Counts polls by how long they took. @see Tokio `Builder::enable_metrics_poll_time_histogram` */
  enableMetricsPollTimeHistogram(): this {
    return this.#set("enableMetricsPollTimeHistogram", true);
  }

  /** The buckets of the poll-time histogram; 10 of 0.1 ms by default. */
  metricsPollTimeHistogramConfiguration(configuration: HistogramConfiguration): this {
    return this.#set("metricsPollTimeHistogramConfiguration", endsOf(configuration));
  }

  /** Measures how long each task waits between being woken and being polled. */
  trackTaskScheduleLatency(): this {
    return this.#set("trackTaskScheduleLatency", true);
  }

  /** Counts polls by how long the task had to wait for them. */
  enableMetricsScheduleLatencyHistogram(): this {
    return this.#set("enableMetricsScheduleLatencyHistogram", true);
  }

  /** The buckets of the schedule-latency histogram; 10 of 0.1 ms by default. */
  metricsScheduleLatencyHistogramConfiguration(configuration: HistogramConfiguration): this {
    return this.#set("metricsScheduleLatencyHistogramConfiguration", endsOf(configuration));
  }

  /** Called with each new task before it is queued; not for tasks of a {@link LocalSet}. */
  onTaskSpawn(hook: (meta: TaskMeta) => void): this {
    return this.#hook("onTaskSpawn", hook);
  }

  /** Called once for each task after it has ended, however it did. */
  onTaskTerminate(hook: (meta: TaskMeta) => void): this {
    return this.#hook("onTaskTerminate", hook);
  }

  /** Called before each poll of a task. */
  onBeforeTaskPoll(hook: (meta: TaskMeta) => void): this {
    return this.#hook("onBeforeTaskPoll", hook);
  }

  /** Called after each poll of a task; for an async function, once the code that was let go on has run. */
  onAfterTaskPoll(hook: (meta: TaskMeta) => void): this {
    return this.#hook("onAfterTaskPoll", hook);
  }

  /** Called when no task is ready, before the thread is given back. It may spawn and wake. */
  onThreadPark(hook: () => void): this {
    return this.#hook("onThreadPark", hook);
  }

  /** Called when the scheduler goes on after it was parked. */
  onThreadUnpark(hook: () => void): this {
    return this.#hook("onThreadUnpark", hook);
  }

  /** Takes what the runtime has to report; by default it is printed to standard error. See {@link Report}. */
  onReport(sink: (report: Report) => void): this {
    return this.#hook("onReport", sink);
  }

  /** Replaces the bottom of the driver stack; called once for each runtime. The event loop by default. */
  parkOn(make: () => Driver): this {
    return this.#hook("parkOn", make);
  }

  /** Adds a driver when the runtime is built, instead of on first use. */
  addDriver(key: DriverKey<Driver>): this {
    if (typeof key?.install !== "function") throw typeError(`addDriver takes a DriverKey, not ${show(key)}`);
    return this.#set("addDriver", [...this.#config.addDriver, key]);
  }

  /** Builds the runtime. */
  build(): Runtime {
    return new Runtime(this.#scheduler());
  }

  /** Builds a runtime that has {@link LocalRuntime.spawnLocal} besides. @see Tokio `Builder::build_local` */
  buildLocal(_options?: LocalOptions): LocalRuntime {
    return new LocalRuntime(this.#scheduler());
  }

  /** The option set, as text. */
  toString(): string {
    const { name, eventInterval, globalQueueInterval } = this.#config;
    const hooks = Object.keys(this.#config).filter((key) => key.startsWith("on"));
    return `Builder { name: ${name ?? "none"}, eventInterval: ${eventInterval ?? "adaptive"}, globalQueueInterval: ${globalQueueInterval}, hooks: [${hooks.join(", ")}] }`;
  }

  #scheduler(): CurrentThread {
    const { parkOn } = this.#config;
    return new CurrentThread({ ...this.#config }, parkOn === undefined ? new EventLoopDriver() : parkOn());
  }

  #set<K extends keyof Config>(key: K, value: Config[K]): this {
    this.#config[key] = value;
    return this;
  }

  #hook<K extends keyof Config>(key: K, value: Config[K]): this {
    return this.#set(key, checkType(key, value, "function"));
  }

  #switch<K extends keyof Config>(key: K, value: Config[K]): this {
    return this.#set(key, checkType(key, value, "boolean"));
  }
}

const POLICIES: readonly string[] = ["report", "ignore", "shutdownRuntime"] satisfies UnhandledPanic[];

/** Asks for no class, so that a program without histograms does not carry them. */
function endsOf(configuration: HistogramConfiguration): readonly number[] {
  if (configuration?._ends === undefined)
    throw typeError(
      `Expected a HistogramConfiguration, not ${show(configuration)}; make one with .linear or .log`,
    );
  return configuration._ends;
}
