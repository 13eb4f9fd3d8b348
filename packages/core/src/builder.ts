/** Options, and the runtime they make. */
import type { Driver, DriverKey } from "./driver/driver.ts";
import { EventLoopDriver } from "./driver/event-loop.ts";
import { checkInteger, checkMillis, rangeError, show, typeError } from "./errors.ts";
import type { HistogramConfiguration } from "./histogram.ts";
import { HistogramConfiguration as Histogram } from "./histogram.ts";
import type { Config, UnhandledPanic } from "./internal/config.ts";
import { CurrentThread } from "./internal/current-thread.ts";
import { LocalRuntime, type LocalOptions } from "./local-runtime.ts";
import type { Report } from "./report.ts";
import { RngSeed } from "./rng-seed.ts";
import { Runtime } from "./runtime.ts";
import type { TaskMeta } from "./task-meta.ts";

const MOST = 2 ** 30;
/** Tokio's buckets. */
const DEFAULT_HISTOGRAM: HistogramConfiguration = Histogram.linear(0.1, 10);

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
  /** @internal */
  readonly _config: Config = {
    name: undefined,
    threadName: () => "rt-worker",
    eventInterval: null,
    globalQueueInterval: 31,
    disableLifoSlot: false,
    startPaused: false,
    rngSeed: null,
    unhandledPanic: "report",
    traceSpawns: false,
    propagateContext: false,
    trackTiming: false,
    trackScheduleLatency: false,
    slowPollMs: 0,
    watchdogMs: 0,
    pollTimes: false,
    pollTimeHistogram: DEFAULT_HISTOGRAM,
    latencies: false,
    scheduleLatencyHistogram: DEFAULT_HISTOGRAM,
    makeDriver: null,
    drivers: [],
    onReport: null,
    onTaskSpawn: null,
    onTaskTerminate: null,
    onBeforeTaskPoll: null,
    onAfterTaskPoll: null,
    onThreadPark: null,
    onThreadUnpark: null,
  };

  protected constructor() {}

  /** Options for a runtime that runs everything on this thread. @see Tokio `Builder::new_current_thread` */
  static currentThread(): Builder {
    return new Builder();
  }

  /** Names the runtime, for reports, dumps and consoles. Not blank. */
  name(name: string): this {
    if (typeof name !== "string") throw typeError(`name must be a string, not ${show(name)}`);
    if (name.trim() === "") throw rangeError("name must not be blank");
    this._config.name = name;
    return this;
  }

  /** Names the threads the runtime starts. `rt-worker` by default. */
  threadName(name: string): this {
    if (typeof name !== "string") throw typeError(`threadName must be a string, not ${show(name)}`);
    return this.threadNameFn(() => name);
  }

  /** Gives each started thread its name; called once a thread. */
  threadNameFn(make: () => string): this {
    this._config.threadName = checkFunction("threadNameFn", make);
    return this;
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
    this._config.eventInterval = polls;
    return this;
  }

  /**
   * Every how many polls a worker looks for tasks woken from outside, 1 or more. 31 by default. On a single thread
   * they line up behind the ready ones each time the scheduler is activated, so it changes nothing.
   * @see Tokio `Builder::global_queue_interval`
   */
  globalQueueInterval(polls: number): this {
    checkInteger("globalQueueInterval", polls, 1, MOST);
    this._config.globalQueueInterval = polls;
    return this;
  }

  /**
   * Sends every wake-up to the stealable queue of a worker. A current-thread runtime has no LIFO slot to disable.
   * @see Tokio `Builder::disable_lifo_slot`
   */
  disableLifoSlot(): this {
    this._config.disableLifoSlot = true;
    return this;
  }

  /**
   * Starts with the clock of `@rt/time` paused: it stands still while tasks run, and jumps to the next timer when
   * none is ready.
   * @see Tokio `Builder::start_paused`
   */
  startPaused(paused: boolean): this {
    this._config.startPaused = checkBoolean("startPaused", paused);
    return this;
  }

  /**
   * Makes random scheduling decisions reproducible.
   * @see Tokio `Builder::rng_seed`
   */
  rngSeed(seed: RngSeed): this {
    if (!(seed instanceof RngSeed)) {
      throw typeError(
        `rngSeed takes an RngSeed, not ${show(seed)}; use RngSeed.fromBytes or RngSeed.fromNumber`,
      );
    }
    this._config.rngSeed = seed._value;
    return this;
  }

  /**
   * What happens when a task fails and nobody waits for it:
   * `report` (the default) tells {@link Builder.onReport}; `ignore` keeps the error in the handle, as Tokio does;
   * `shutdownRuntime` ends the runtime at once: every `blockOn` rejects with an error of code
   * `ERR_RT_UNHANDLED_PANIC`, whose `cause` is the task's.
   * @see Tokio `Builder::unhandled_panic`
   */
  unhandledPanic(policy: UnhandledPanic): this {
    if (typeof policy !== "string") throw typeError(`unhandledPanic takes a string, not ${show(policy)}`);
    if (policy !== "report" && policy !== "ignore" && policy !== "shutdownRuntime") {
      throw rangeError(`unhandledPanic must be "report", "ignore" or "shutdownRuntime", not ${show(policy)}`);
    }
    this._config.unhandledPanic = policy;
    return this;
  }

  /**
   * Captures the stack at each spawn, for reports, dumps and the stacks of errors. On with `RT_DEBUG=1`; a capture
   * costs more than the spawn itself.
   */
  traceSpawns(on = true): this {
    this._config.traceSpawns = checkBoolean("traceSpawns", on);
    return this;
  }

  /**
   * Lets tasks see the `AsyncLocalStorage` values of their spawn, at every poll and in both lanes. Off by default:
   * it makes a spawn 2 (generator lane) to 2.6 times (async lane) as dear, and a poll 1.4 and 1.1 times
   * (`pnpm bench core --filter als`). Without it, tasks see none; an async function passed to `blockOn` always sees
   * those of its caller.
   */
  propagateContext(on = true): this {
    this._config.propagateContext = checkBoolean("propagateContext", on);
    return this;
  }

  /** Reports each poll that takes at least `ms`. Reads the clock twice a poll. 100 ms with `RT_DEBUG=1`, else off. */
  slowPollThreshold(ms: number): this {
    checkMillis("slowPollThreshold", ms);
    this._config.slowPollMs = ms;
    return this;
  }

  /**
   * Starts a thread that names the task which is blocking this one, on standard error, once a poll has taken `ms` and
   * while it still goes on. Node only; elsewhere it does nothing.
   */
  watchdog(ms: number): this {
    checkMillis("watchdog", ms);
    if (ms < 1) throw rangeError(`watchdog must be 1 ms or more, not ${ms}`);
    this._config.watchdogMs = ms;
    return this;
  }

  /** Times every poll, for the busy times of the metrics and dumps. Reads the clock twice a poll. */
  enableMetricsTiming(): this {
    this._config.trackTiming = true;
    return this;
  }

  /** Counts polls by how long they took. @see Tokio `Builder::enable_metrics_poll_time_histogram` */
  enableMetricsPollTimeHistogram(): this {
    this._config.pollTimes = true;
    return this;
  }

  /** The buckets of the poll-time histogram; 10 of 0.1 ms by default. */
  metricsPollTimeHistogramConfiguration(configuration: HistogramConfiguration): this {
    this._config.pollTimeHistogram = checkHistogram(configuration);
    return this;
  }

  /** Measures how long each task waits between being woken and being polled. */
  trackTaskScheduleLatency(): this {
    this._config.trackScheduleLatency = true;
    return this;
  }

  /** Counts polls by how long the task had to wait for them. */
  enableMetricsScheduleLatencyHistogram(): this {
    this._config.latencies = true;
    return this;
  }

  /** The buckets of the schedule-latency histogram; 10 of 0.1 ms by default. */
  metricsScheduleLatencyHistogramConfiguration(configuration: HistogramConfiguration): this {
    this._config.scheduleLatencyHistogram = checkHistogram(configuration);
    return this;
  }

  /** Called with each new task before it is queued; not for tasks of a {@link LocalSet}. */
  onTaskSpawn(hook: (meta: TaskMeta) => void): this {
    this._config.onTaskSpawn = checkFunction("onTaskSpawn", hook);
    return this;
  }

  /** Called once for each task after it has ended, however it did. */
  onTaskTerminate(hook: (meta: TaskMeta) => void): this {
    this._config.onTaskTerminate = checkFunction("onTaskTerminate", hook);
    return this;
  }

  /** Called before each poll of a task. */
  onBeforeTaskPoll(hook: (meta: TaskMeta) => void): this {
    this._config.onBeforeTaskPoll = checkFunction("onBeforeTaskPoll", hook);
    return this;
  }

  /** Called after each poll of a task; for an async function, once the code that was let go on has run. */
  onAfterTaskPoll(hook: (meta: TaskMeta) => void): this {
    this._config.onAfterTaskPoll = checkFunction("onAfterTaskPoll", hook);
    return this;
  }

  /** Called when no task is ready, before the thread is given back. It may spawn and wake. */
  onThreadPark(hook: () => void): this {
    this._config.onThreadPark = checkFunction("onThreadPark", hook);
    return this;
  }

  /** Called when the scheduler goes on after it was parked. */
  onThreadUnpark(hook: () => void): this {
    this._config.onThreadUnpark = checkFunction("onThreadUnpark", hook);
    return this;
  }

  /** Takes what the runtime has to report; by default it is printed to standard error. See {@link Report}. */
  onReport(sink: (report: Report) => void): this {
    this._config.onReport = checkFunction("onReport", sink);
    return this;
  }

  /** Replaces the bottom of the driver stack; called once for each runtime. The event loop by default. */
  parkOn(make: () => Driver): this {
    this._config.makeDriver = checkFunction("parkOn", make);
    return this;
  }

  /** Adds a driver when the runtime is built, instead of on first use. */
  addDriver(key: DriverKey<Driver>): this {
    if (typeof key?.install !== "function") throw typeError(`addDriver takes a DriverKey, not ${show(key)}`);
    this._config.drivers.push(key);
    return this;
  }

  /** Builds the runtime. */
  build(): Runtime {
    return new Runtime(this._scheduler());
  }

  /** Builds a runtime that has {@link LocalRuntime.spawnLocal} besides. @see Tokio `Builder::build_local` */
  buildLocal(_options?: LocalOptions): LocalRuntime {
    return new LocalRuntime(this._scheduler());
  }

  /** The option set, as text. */
  toString(): string {
    const { name, eventInterval, globalQueueInterval } = this._config;
    const hooks = Object.entries(this._config)
      .filter(([key, value]) => key.startsWith("on") && value !== null)
      .map(([key]) => key);
    return `Builder { name: ${name ?? "none"}, eventInterval: ${eventInterval ?? "adaptive"}, globalQueueInterval: ${globalQueueInterval}, hooks: [${hooks.join(", ")}] }`;
  }

  private _scheduler(): CurrentThread {
    const config = { ...this._config, drivers: [...this._config.drivers] };
    return new CurrentThread(config, config.makeDriver?.() ?? new EventLoopDriver());
  }
}

function checkFunction<F>(name: string, value: F): F {
  if (typeof value !== "function") throw typeError(`${name} takes a function, not ${show(value)}`);
  return value;
}

function checkBoolean(name: string, value: boolean): boolean {
  if (typeof value !== "boolean") throw typeError(`${name} takes true or false, not ${show(value)}`);
  return value;
}

function checkHistogram(value: HistogramConfiguration): HistogramConfiguration {
  if (!(value instanceof Histogram)) {
    throw typeError(
      `Expected a HistogramConfiguration, not ${show(value)}; use HistogramConfiguration.linear or .log`,
    );
  }
  return value;
}
