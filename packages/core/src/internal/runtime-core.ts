/**
 * What every scheduler of a runtime shares: its tasks, drivers, hooks, counters and reports.
 *
 * Invariants:
 *  1. Every live task is in `#waiting`, in a run queue, or running.
 *  2. Once `closed` is set, no task is polled but those whose cleanup still goes on.
 */
import { captureContext, channel, debug, hostTimer, nextTurn, printReport } from "#platform";
import { DeadlockError } from "../deadlock-error.ts";
import { DriverSetupError } from "../driver-setup-error.ts";
import type { Timers } from "../driver/environment.ts";
import type { Driver, DriverKey } from "../driver/driver.ts";
import type { Async, Future, IntoFuture } from "../future.ts";
import type { Handle } from "../handle.ts";
import type { CapturedContext, Channel, HostTimer, WatchdogThread } from "../platform/platform.ts";
import type { Report } from "../report.ts";
import type { TaskMeta } from "../task-meta.ts";
import type { Config } from "./config.ts";
import type { Ending } from "./ending.ts";
import { FastRand } from "./fast-rand.ts";
import { fromPromise } from "../from-promise.ts";
import { Join } from "./join.ts";
import {
  cannotRun,
  isFuture,
  isGenerator,
  isGeneratorFunction,
  isGeneratorLike,
  isPromiseLike,
  throughGenerator,
} from "./kinds.ts";
import type { LocalsNode } from "./locals.ts";
import { currentScope, realm } from "./realm.ts";
import { OwnedTasks } from "./owned-tasks.ts";
import type { Spawner } from "./scheduler.ts";
import { Scope } from "./scope.ts";
import { appendSite, captureSite } from "./spawn-site.ts";
import {
  AMBIENT,
  CLEANUP,
  CLOSED,
  CLOSING,
  DONE,
  FAILED,
  FUTURE,
  LISTED,
  OBSERVED,
  ROOT,
  SCHEDULED,
  SHUTDOWN,
  STILLBORN,
  Task,
  UNCOUNTED,
} from "./task.ts";
import { Counters } from "./counters.ts";

export interface Channels {
  readonly spawn: Channel;
  readonly poll: Channel;
  readonly end: Channel;
  readonly wake: Channel;
  readonly park: Channel;
  readonly unpark: Channel;
  readonly start: Channel;
  readonly shutdown: Channel;
}

/** Documented in `docs/diagnostics.md`, payloads included. */
export const channels: Channels = {
  spawn: channel("rt:task:spawn"),
  poll: channel("rt:task:poll"),
  end: channel("rt:task:end"),
  wake: channel("rt:waker:wake"),
  park: channel("rt:worker:park"),
  unpark: channel("rt:worker:unpark"),
  start: channel("rt:runtime:start"),
  shutdown: channel("rt:runtime:shutdown"),
};

export type TaskHook = "onTaskSpawn" | "onTaskTerminate" | "onBeforeTaskPoll" | "onAfterTaskPoll";
export type ThreadHook = "onThreadPark" | "onThreadUnpark";

/** How many of those that hang are named in one report. Arbitrary. */
const NAMED = 10;

/** How many failed tasks are kept in mind, and named in a deadlock. Arbitrary. */
const NOTED = 32;

/** How many functions that were let go of are noted before those are forgotten that are no more. Doubles with them. */
const FIRST_SWEEP = 64;

/** The longest delay a host timer takes: 24 days, and nobody waits for longer than that. */
export const LONGEST_TIMER: number = 2 ** 31 - 1;

/** What a runtime knows of a local set. */
export interface LocalTasks {
  tasks(): Task<unknown>[];
}

export abstract class RuntimeCore implements Spawner {
  readonly id: number;
  readonly config: Config;
  readonly counters: Counters;
  readonly random: FastRand;
  readonly watchdog: WatchdogThread | null;
  /** Set by the `Handle` made for this core. */
  handle: Handle = null as never;
  driver: Driver;
  closed = false;
  /** Shut down for good: no cleanup is waited for any more. */
  killed = false;
  /** Local sets that are being driven on this runtime and have tasks. */
  readonly localSets: Set<LocalTasks> = new Set();
  /** Polls of async functions that had used up a whole budget in microtasks before; not counted yet. */
  heavyPolls = 0;
  /** Set when a driver that knows the time is installed. */
  timers: Timers | null = null;
  /** Work outside of the runtime that tasks wait for, see `holdClock`. */
  outsideWork = 0;
  /** Code at the root that was told to end and has cleanup of ours to wait for. */
  cleanings = 0;
  /** Set for the core of a `LocalRuntime`. */
  local = false;
  /** Polls are watched one by one: for hooks, times, the watchdog or subscribers. */
  readonly watched: boolean;
  readonly #drivers = new Map<DriverKey<Driver>, Driver>();
  /** Spawns need more than a task and a place in the queue. */
  readonly #decorates: boolean;
  readonly #traces: boolean;
  /** Live tasks that users did not spawn. */
  #uncounted = 0;
  #finished = false;
  /** Tasks that have suspended at least once. */
  readonly #waiting = new OwnedTasks();
  #failures: Task<unknown>[] = [];
  /** The last tasks that failed, for a deadlock that may come of it: a set they end in is known to nobody else. */
  #noted: WeakRef<Task<unknown>>[] = [];
  #root: Scope | null = null;
  /** The other homes at which awaits are pending. */
  readonly #homes = new Set<Scope>();
  /** Dropped functions that wait for a promise of somebody else's. Held by that promise alone: it may never settle. */
  readonly #letGo = new Set<WeakRef<Ending>>();
  #sweepAt = FIRST_SWEEP;
  /** While a shutdown waits for those, and for nothing else. */
  #grace: HostTimer | null = null;
  #isGraceOver = false;
  /** Each `blockOn` that waits, as the function that makes it fail. */
  readonly #blocked = new Set<(error: unknown) => void>();
  #forgetExit: (() => void) | null = null;
  readonly #onceEmpty: (() => void)[] = [];
  readonly #self: WeakRef<RuntimeCore> = new WeakRef<RuntimeCore>(this);

  constructor(config: Config, driver: Driver) {
    this.id = realm.lastRuntimeId += 1;
    this.config = config;
    this.driver = driver;
    this.counters = new Counters(config);
    this.random = new FastRand(config.rngSeed);
    this.watchdog = config.watchdog?.() ?? null;
    this.#traces = config.traceSpawns === true || debug;
    this.#decorates = this.#traces || config.propagateContext === true || config.onTaskSpawn !== undefined;
    const { timed, tracksLatency } = this.counters;
    const { slowPollThreshold = 0, onBeforeTaskPoll, onAfterTaskPoll } = config;
    this.watched =
      this.watchdog !== null ||
      timed ||
      tracksLatency ||
      slowPollThreshold > 0 ||
      (onBeforeTaskPoll ?? onAfterTaskPoll) !== undefined;
  }

  /** Tasks that users spawned and that have not ended. */
  get alive(): number {
    return this.counters.spawned - this.counters.ended;
  }

  /** All that have not ended. */
  get #owned(): number {
    return this.alive + this.#uncounted;
  }

  get core(): RuntimeCore {
    return this;
  }

  /** Tasks whose failure nobody was given or told, the oldest first. */
  get #unseen(): Task<unknown>[] {
    // The filter has just found them.
    return this.#noted.filter(isUnseen).map((noted) => noted.deref() as Task<unknown>);
  }

  abstract schedule(task: Task<unknown>): void;

  /** Tasks that are ready, in both queues. */
  abstract get ready(): number;

  /** Those of them that were woken from outside. */
  abstract get injected(): number;

  /** Wake-ups from tasks, and from outside. */
  abstract get localSchedules(): number;
  abstract get remoteSchedules(): number;

  // --- drivers ---

  /** Finds the driver, or puts it on top of the stack. */
  driverOf<D extends Driver>(key: DriverKey<D>): D {
    const found = this.#drivers.get(key);
    // What is stored under a key was made by that key.
    if (found !== undefined) return found as D;
    // Until the very end: cleanups may sleep for the first time.
    if (this.#finished) throw new DriverSetupError(key.name);
    const below = this.driver;
    const made = key.install(below, this.handle);
    this.#drivers.set(key, made);
    // Another layer was asked for meanwhile: go on top of that.
    if (this.driver !== below && "inner" in made) Object.assign(made, { inner: this.driver });
    if (realm.blockOns > 0) {
      made.ref();
      this.driver.unref();
    }
    this.driver = made;
    return made;
  }

  // --- spawning ---

  spawn<T>(into: IntoFuture<T>, above: unknown): Task<T> {
    const plain = !this.#decorates && isGenerator(into);
    const task = plain ? new Task<T>(this, into, 0) : this.makeTask(this, into);
    if (this.#decorates || channels.spawn.hasSubscribers) this.decorate(task, above);
    this.start(task);
    return task;
  }

  /** A task for anything that can be run, not started yet. */
  makeTask<T>(scheduler: Spawner, into: IntoFuture<T>, state = 0): Task<T> {
    const body = toBody(into, (state & ROOT) !== 0);
    const task = new Task<T>(scheduler, body as never, isFuture(body) ? state | FUTURE : state);
    if (this.config.propagateContext) this.#bindContext(task);
    return task;
  }

  /**
   * Name, spawn site, hooks and diagnostics of a new task.
   *
   * @param above - the public function that was called: frames from there inwards are left out of the spawn site.
   * @param silent - local sets call no hooks, as in Tokio.
   */
  decorate(task: Task<never> | Task<unknown>, above: unknown, name?: string, silent = false): void {
    const it = task as Task<unknown>;
    if (name !== undefined) it._extend().name = name;
    if (this.#traces) it._extend().site = captureSite(above);
    if (silent || this.closed) return;
    this.hook("onTaskSpawn", it);
    this.tell(channels.spawn, it);
  }

  #bindContext(task: Task<unknown>): void {
    const context = captureWithoutScope();
    if (context !== null) task._keepContext(context);
  }

  /** Takes charge of a new task and queues it. */
  start(task: Task<unknown>): void {
    // A cleanup that begins with the shutdown is a part of it.
    if (this.closed && (task._state & CLEANUP) === 0) {
      task._state |= STILLBORN;
      task._cancel(CLOSED);
      return;
    }
    if ((task._state & UNCOUNTED) === 0) this.counters.spawned += 1;
    else this.#uncounted += 1;
    task.wake();
  }

  /** Takes charge of a task that cleans up, from a local set that was dropped. */
  takeOver(task: Task<unknown>): void {
    task._scheduler = this;
    this.counters.spawned += 1;
    if ((task._state & LISTED) !== 0) this.#waiting.add(task);
    if ((task._state & SCHEDULED) !== 0) this.schedule(task);
    if (this.killed) task._cancel(SHUTDOWN);
  }

  list(task: Task<unknown>): void {
    // A home is found by those who wait there; it would stay on the list for good.
    if ((task._state & AMBIENT) !== 0 && task._body !== (this.#root as unknown)) return;
    this.#waiting.add(task);
    if (this.closed && (task._state & CLOSING) === 0) task._cancel(SHUTDOWN);
  }

  release(task: Task<unknown>): void {
    const state = task._state;
    if ((state & LISTED) !== 0) this.#waiting.remove(task);
    if ((state & STILLBORN) !== 0) return;
    if ((state & UNCOUNTED) !== 0) this.#uncounted -= 1;
    else {
      this.counters.ended += 1;
      if (this.config.onTaskTerminate !== undefined || channels.end.hasSubscribers) this.#announceEnd(task);
    }
    if (this.#onceEmpty.length > 0) this.checkOver();
  }

  #announceEnd(task: Task<unknown>): void {
    this.hook("onTaskTerminate", task);
    this.tell(channels.end, task, { failed: (task._state & FAILED) !== 0, polls: task._polls });
  }

  /** Every live task, those of local sets included, the oldest first. */
  tasks(): Task<unknown>[] {
    return [...this.localSets].flatMap((set) => set.tasks()).concat(this.#snapshot());
  }

  #snapshot(): Task<unknown>[] {
    const tasks = new Set(this.queued());
    for (const task of this.#waiting.snapshot()) tasks.add(task);
    if (realm.now.task !== null && realm.now.task._scheduler === this) tasks.add(realm.now.task);
    return [...tasks].toSorted((a, b) => a._id - b._id);
  }

  /** Everything in the run queues. */
  protected abstract queued(): Task<unknown>[];

  // --- cleanup ---

  /** Ends the cleanup of `task` when it takes longer than it may. */
  limitCleanup(task: Task<unknown>): void {
    const ms = this.config.cleanupTimeout;
    if (ms === undefined || (task._state & DONE) !== 0) return;
    const wake = (): void => {
      if ((task._state & DONE) !== 0) return;
      this.reportSlowCleanup(task, task._waitsFor(), ms);
      task.abort();
    };
    task._extend().limit =
      this.timers === null
        ? hostTimer(wake, Math.min(ms, LONGEST_TIMER))
        : this.timers.wakeAfter(ms, { wake });
  }

  // --- awaits outside tasks ---

  /** The scope that awaits outside any task belong to. */
  get root(): Scope {
    if (this.#root === null) {
      this.#root = this.#makeHome(null);
      if (this.#finished) this.#root._kill();
      else if (this.closed) this.#root._close();
    }
    return this.#root;
  }

  /** The home of awaits of code that has outlived its function and sees `locals`. */
  homeFor(locals: LocalsNode | null): Scope {
    if (locals === null || this.closed) return this.root;
    return this.#makeHome(locals);
  }

  /** The home of what is left of a function that was dropped. */
  closingHome(locals: LocalsNode | null, ending: Ending): Scope {
    const home = this.#makeHome(locals);
    home._startClosing(ending);
    return home;
  }

  #makeHome(locals: LocalsNode | null): Scope {
    const home = new Scope<unknown>(null, null);
    home._startRoot(new Task<unknown>(this, home, AMBIENT | FUTURE), locals);
    return home;
  }

  /** Awaits outside tasks are pending: they keep the process alive. */
  homeIsWaiting(home: Scope): void {
    refAll(1);
    if (home !== this.#root) this.#homes.add(home);
  }

  homeIsIdle(home: Scope): void {
    refAll(-1);
    if (home !== this.#root) this.#homes.delete(home);
  }

  /** A dropped function waits for a promise of somebody else's, and nobody waits for the function. */
  letGo(ending: Ending): void {
    this.#letGo.add(new WeakRef(ending));
    if (this.#letGo.size < this.#sweepAt) return;
    for (const ref of this.#letGo) if (ref.deref()?.hasSettled !== false) this.#letGo.delete(ref);
    this.#sweepAt = Math.max(FIRST_SWEEP, this.#letGo.size * 2);
  }

  /** Shut down for good. */
  get isFinished(): boolean {
    return this.#finished;
  }

  /** Those whose promise has not settled yet. */
  get #hanging(): Ending[] {
    return [...this.#letGo].flatMap((ref) => {
      const ending = ref.deref();
      return ending === undefined || ending.hasSettled ? [] : [ending];
    });
  }

  // --- blockOn ---

  /** The driver has started: from here on a `blockOn`, wherever it is called, keeps alive what tasks of this wait for. */
  protected enlist(): void {
    realm.runtimes.add(this.#self);
    if (realm.blockOns > 0) this.driver.ref();
  }

  blockOn<T>(into: IntoFuture<T>): Promise<T> {
    const task = this.makeTask(this, into, ROOT);
    return new Promise<T>((resolve, reject) => {
      const fail = (error: unknown): void => {
        if (!this.#unblock(fail)) return;
        reject(error);
        task.abort();
      };
      const wake = (): void => {
        if (!this.#unblock(fail)) return;
        if (task._failed()) reject(task._error());
        else resolve(task._take());
      };
      this.#blocked.add(fail);
      refAll(1);
      this.#forgetExit ??= this.watchExit(() => {
        if (this.#blocked.size > 0) this.#failBlocked(new DeadlockError(this.handle.dump(), this.#unseen));
      });
      new Join(task).poll({ waker: { wake } });
      this.start(task);
      if (task.isFinished()) wake();
    });
  }

  #failBlocked(error: unknown): void {
    for (const fail of this.#blocked) fail(error);
  }

  #unblock(wait: (error: unknown) => void): boolean {
    if (!this.#blocked.delete(wait)) return false;
    refAll(-1);
    if (this.#blocked.size === 0) {
      this.#forgetExit?.();
      this.#forgetExit = null;
    }
    return true;
  }

  protected abstract watchExit(onNothingLeft: () => void): () => void;

  // --- shutdown ---

  /** Drops every task. Gives true when all have ended, false while cleanups go on. */
  close(): boolean {
    if (!this.closed) {
      this.closed = true;
      this.tell(channels.shutdown, null, { name: this.config.name });
      this.#cancelAll(CLOSING);
      this.#root?._close();
      for (const home of this.#homes) home._close();
    }
    if (this.#owned > 0 || this.cleanings > 0 || this.#hanging.length > 0) return false;
    this.#finishClosing();
    return true;
  }

  /** Ends every task that `close` left, without waiting for its cleanup. */
  kill(): void {
    this.killed = true;
    if (this.#onceEmpty.length > 0 && !this.#isGraceOver) this.#reportHanging();
    if (this.#owned > 0) this.#cancelAll(0);
    this.#finishClosing();
  }

  /** Calls `fn` once the last task has ended, and what hangs in promises of others has had its time. */
  whenEmpty(fn: () => void): void {
    this.#onceEmpty.push(fn);
    this.checkOver();
  }

  checkOver(): void {
    if (this.#onceEmpty.length === 0 || this.#owned > 0 || this.cleanings > 0) return;
    if (!this.#isGraceOver && this.#hanging.length > 0) {
      this.#beginGrace();
      return;
    }
    this.#grace?.cancel();
    for (const fn of this.#onceEmpty.splice(0)) fn();
  }

  #beginGrace(): void {
    const ms = this.config.foreignGrace;
    if (this.#grace !== null || ms === Infinity) return;
    this.#grace = hostTimer(
      () => {
        this.#isGraceOver = true;
        this.#reportHanging();
        this.checkOver();
      },
      Math.min(ms, LONGEST_TIMER),
    );
  }

  #reportHanging(): void {
    const hanging = this.#hanging;
    if (hanging.length === 0) return;
    const names = [...new Set(hanging.map((ending) => ending._label()))];
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
    this.report({
      kind: "not-waited-for",
      message: `rt: the shutdown does not wait for ${names.slice(0, NAMED).join(", ")}${more}: dropped, but a promise that is none of ours has not settled; give what makes it signal()`,
    });
  }

  /** @param spared - tasks with this state bit are left alone. */
  #cancelAll(spared: number): void {
    const leave = this.handle._enter();
    // Cancelling ends tasks and may hand cleanups over: walk a copy.
    for (const task of this.#snapshot()) if ((task._state & (DONE | spared)) === 0) task._cancel(SHUTDOWN);
    leave();
  }

  #finishClosing(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#grace?.cancel();
    this.#root?._kill();
    for (const home of this.#homes) home._kill();
    realm.runtimes.delete(this.#self);
    this.driver.shutdown();
    this.watchdog?.stop();
  }

  // --- reports ---

  /** A task has failed, whoever waits for it. */
  noteFailure(task: Task<unknown>): void {
    if (this.#noted.push(new WeakRef(task)) > NOTED)
      this.#noted = this.#noted.filter(isUnseen).slice(-NOTED / 2);
  }

  /** A task has failed and nobody is waiting for it yet. */
  failed(task: Task<unknown>): void {
    const site = task._extra?.site;
    if (site != null) appendSite(task._value, site, task._label());
    // A turn of the loop later, whoever wants to wait for the task has had the chance to: an `await` right behind the
    // spawn comes after the microtask that ran it.
    if (this.#failures.length === 0) nextTurn(() => this.#reportFailures());
    this.#failures.push(task);
  }

  #reportFailures(): void {
    const failures = this.#failures;
    this.#failures = [];
    for (const task of failures) this.reportFailure(task);
  }

  reportFailure(task: Task<unknown>): void {
    if ((task._state & OBSERVED) !== 0 || this.config.unhandledPanic === "ignore") return;
    task._state |= OBSERVED;
    if (this.config.unhandledPanic === "shutdownRuntime") {
      this.#failBlocked(task._panic("runtime"));
      this.close();
      return;
    }
    this.#reportOf(task, "task-failed", `${task._label()} failed and nobody is waiting for it`, {
      error: task._value,
    });
  }

  reportSlowPoll(task: Task<unknown>, elapsedMs: number): void {
    const message = `one poll of ${task._label()} kept the thread for ${Math.round(elapsedMs)} ms`;
    this.#reportOf(task, "slow-poll", message, { elapsedMs });
  }

  /** Code that a task has left behind goes on. */
  reportLeft(task: Task<unknown>, what: string | null): void {
    const waiting = what === null ? "goes on" : `waits for ${what}`;
    const message = `${task._label()} has left code behind that ${waiting}; await it, or spawn it`;
    this.#reportOf(task, "left-behind", message, {});
  }

  /** A cleanup has taken longer than it may. */
  reportSlowCleanup(task: Task<unknown> | null, what: string, ms: number): void {
    const message = `the cleanup of ${labelOf(task)} is not waited for any longer: after ${ms} ms it waits for ${what}`;
    this.#reportOf(task, "not-waited-for", message, {});
  }

  /** A cleanup that nobody waits for any more has failed. */
  reportLate(task: Task<unknown> | null, error: unknown): void {
    if (this.config.unhandledPanic === "ignore") return;
    this.#reportOf(
      task,
      "task-failed",
      `the cleanup of ${labelOf(task)} failed, when nobody was waiting for it`,
      {
        error,
      },
    );
  }

  #reportOf(task: Task<unknown> | null, kind: Report["kind"], message: string, more: Partial<Report>): void {
    const who = task === null ? {} : { task: task._reported() };
    this.report({ kind, message: `rt: ${message}`, ...who, ...more });
  }

  report(report: Report): void {
    const sink = this.config.onReport;
    // Taken before the sink has it, which might write on it.
    const { message, error } = report;
    const site = report.task?.spawnedAt;
    try {
      if (sink !== undefined) {
        sink(report);
        return;
      }
    } catch (thrown) {
      printReport("rt: the onReport hook threw", thrown);
    }
    const where = site === undefined ? "" : `\n  spawned ${site.replaceAll("\n", "\n          ")}`;
    printReport(message + where, error);
  }

  /** Calls a hook, if there is one. It is told of the users' tasks only. */
  hook(name: TaskHook, task: Task<unknown>, scheduleLatency?: number): void {
    const hook = this.config[name];
    if (hook === undefined || (task._state & UNCOUNTED) !== 0) return;
    // What is counted has an id.
    const meta = { ...task._reported(), scheduleLatency } as TaskMeta;
    this.#call(name, () => hook(meta));
  }

  /** Calls a hook that is there. */
  threadHook(name: ThreadHook): void {
    const leave = this.handle._enter();
    this.#call(name, this.config[name] as () => void);
    leave();
  }

  #call(name: string, hook: () => void): void {
    try {
      hook();
    } catch (error) {
      this.report({ kind: "hook-failed", message: `rt: the ${name} hook threw`, error });
    }
  }

  /** Publishes, if anybody listens. */
  tell(to: Channel, task: Task<unknown> | null, more?: object): void {
    if (!to.hasSubscribers) return;
    const who = task === null ? null : { id: task._id, name: task.name() };
    to.publish({ runtime: this.id, ...who, ...more });
  }
}

/** What a computation belongs to, in words. */
export function labelOf(task: Task<unknown> | null): string {
  return task?._label() ?? "a dropped future";
}

function isUnseen(noted: WeakRef<Task<unknown>>): boolean {
  return ((noted.deref()?._state ?? 0) & (FAILED | OBSERVED)) === FAILED;
}

/** One more, or less, waits for the end of something: all runtimes need to know of the first and the last. */
export function refAll(change: 1 | -1): void {
  realm.blockOns += change;
  if (realm.blockOns !== (change + 1) / 2) return;
  for (const self of realm.runtimes) {
    const core = self.deref();
    if (core === undefined) realm.runtimes.delete(self);
    else if (change === 1) core.driver.ref();
    else core.driver.unref();
  }
}

/** The user's values of this moment, without the async function whose code is running: the task is not a part of it. */
function captureWithoutScope(): CapturedContext | null {
  const context = captureContext();
  return context === null || currentScope() === null ? context : context.runInAsyncScope(leaveScope);
}

function leaveScope(): CapturedContext | null {
  realm.scopes?.enterWith(undefined);
  return captureContext();
}

/**
 * What a task polls: a generator as it is, everything else as a future.
 *
 * @param keepContext - an async function runs in the asynchronous context of this moment.
 */
export function toBody<T>(into: IntoFuture<T>, keepContext: boolean): Future<T> | IntoFuture<T> {
  if (isFuture(into)) return into["rt:wait"]();
  if (isGenerator(into)) return into;
  if (typeof into === "function") {
    if (isGeneratorFunction(into)) return (into as () => IntoFuture<T>)();
    return new Scope<T>(into, keepContext ? captureContext() : null);
  }
  if (isGeneratorLike(into)) return throughGenerator(into as Async<T>);
  if (isPromiseLike(into)) return fromPromise(into);
  throw cannotRun(into);
}
