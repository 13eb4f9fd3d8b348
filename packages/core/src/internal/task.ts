/**
 * A spawned computation: its own context, waker, queue entry and join handle in one object, because a spawn should
 * cost one allocation beside the computation itself.
 *
 * Invariants:
 *  1. A task is in a run queue exactly while SCHEDULED is set.
 *  2. A task is on its scheduler's list while LISTED is set and DONE is not: from its first suspension to its end.
 *     Before that it is in a run queue, or running.
 *  3. `_body` is null exactly when the body has ended; DONE follows once every adopted cleanup has ended.
 *  4. Once DONE is set, `_value` holds the value, or the error where FAILED or CANCELLED is set.
 */
import { AbortHandle } from "../abort-handle.ts";
import type { TimerEntry } from "../driver/environment.ts";
import { UsageError } from "../errors.ts";
import {
  type Future,
  notPolled,
  PENDING,
  type Async,
  type Context,
  type Poll,
  type Waker,
} from "../future.ts";
import { JoinHandle } from "../join-handle.ts";
import { JoinError } from "../join-error.ts";
import type { CapturedContext } from "../platform/platform.ts";
import type { ReportedTask } from "../report.ts";
import { messageOf, waitOf } from "../shown.ts";
import type { Id } from "../task-id.ts";
import type { Closable } from "./cleanup.ts";
import {
  abortSignal,
  closeGenerator,
  describeLeaf,
  killGenerator,
  rejectYield,
  resumeGenerator,
  type GeneratorScope,
} from "./generator-future.ts";
import { charge, proceed } from "./budget.ts";
import { wakeSafely } from "./current.ts";
import { DIRECT, Join, WOKEN } from "./join.ts";
import { isOwnCancellation } from "./cancellation.ts";
import { aside, BUDGET, currentContext, currentTask, isSuspension, realm } from "./realm.ts";
import type { Scheduler } from "./scheduler.ts";
import { isScope } from "./scope.ts";
import { siteFrames } from "./spawn-site.ts";

/** In a run queue. Set by `wake`, cleared when a poll starts. */
export const SCHEDULED = 0x1;
/** Ended, with a result. Set once, by `_end`. */
export const DONE = 0x2;
/** The result is an error that the task threw. Comes with DONE or before it. */
export const FAILED = 0x4;
/** The result is a `JoinError`. Excludes FAILED. */
export const CANCELLED = 0x8;
/** `abort` was called and not yet carried out. */
const ABORTING = 0x10;
/** The body was dropped and its cleanup goes on. */
export const CLOSING = 0x20;
/** The body is a future, else a generator. */
export const FUTURE = 0x40;
/** Somebody has been given the result, or its failure was reported. */
export const OBSERVED = 0x80;
/** The body of a `blockOn`: has no id and is not counted. */
export const ROOT = 0x100;
/** Drives awaits outside any task: neither counted nor listed. */
export const AMBIENT = 0x200;
/** Drives a dropped computation's cleanup for another task. */
export const CLEANUP = 0x400;
/** `_extra.context` is set: the task is polled and closed inside it. */
export const IN_CONTEXT = 0x800;
/** On its scheduler's list, until DONE. Set at the first suspension: a task that never waits needs no list. */
export const LISTED = 0x1000;
/** Being polled, up to its next suspension. */
const RUNNING = 0x2000;
/** Spawned on a runtime that had shut down: was never counted. */
export const STILLBORN = 0x4000;
/** Aborted by its own code, which goes on until it next suspends: if it ends before that, it keeps its value. */
const ABORTED_SELF = 0x8000;
/** Its timers don't keep the process alive. */
const BACKGROUND = 0x10000;
/** The tasks that users spawned have none of these. */
export const UNCOUNTED: number = ROOT | AMBIENT | CLEANUP;
/** The state a cleanup starts with: its body is closing already, so an abort kills it. */
export const CLEANUP_STATE: number = CLEANUP | CLOSING | FUTURE;

const ABORTED = "was cancelled";
export const SHUTDOWN = "was cancelled because its runtime shut down";
export const CLOSED = "was not started: its runtime has shut down; use another one";

/** A poll has more to do than to resume a generator: these take the long way. */
const NOT_PLAIN: number = ABORTING | DONE | FUTURE | IN_CONTEXT | UNCOUNTED;

/** What few tasks need, so that the others don't pay for it. */
export interface TaskExtra {
  name: string | null;
  /** Where the task was spawned: an error whose stack is read only when somebody asks. */
  site: Error | null;
  context: CapturedContext | null;
  controller: AbortController | null;
  /** Cleanups that this task waits for before it ends. */
  cleanups: Set<Task<unknown>> | null;
  /** The task that waits for this cleanup. */
  owner: Task<unknown> | null;
  /** Ends its cleanup when that takes too long. */
  limit: TimerEntry | null;
  /** Why it was dropped, for the message. */
  reason: string;
  busyMs: number;
  scheduledAt: number;
}

type Body<T> = Async<T> | Future<T>;

export class Task<T> extends JoinHandle<T> implements Context, Waker, GeneratorScope {
  /** Changes once at most: a local set that is dropped hands tasks that clean up to the runtime. */
  _scheduler: Scheduler;
  readonly _id: number;
  _body: Body<T> | null;
  _value: unknown = undefined;
  _joins: Join<T> | null = null;
  _previous: Task<unknown> | null = null;
  _next: Task<unknown> | null = null;
  _extra: TaskExtra | null = null;
  _polls = 0;

  constructor(scheduler: Scheduler, body: Body<T>, state: number) {
    super();
    this._state = state;
    this._scheduler = scheduler;
    this._id = realm.lastTaskId = realm.lastTaskId + 1;
    this._body = body;
  }

  get waker(): Waker {
    return this;
  }

  get _controller(): AbortController | null {
    return this._extra?.controller ?? null;
  }

  set _controller(controller: AbortController | null) {
    this._extend().controller = controller;
  }

  // --- the join handle ---

  override poll(cx: Context): Poll<T> {
    if ((this._state & DONE) === 0) return this._direct().poll(cx);
    if (!proceed(cx)) return PENDING;
    charge();
    return this._take();
  }

  override next(): IteratorResult<Future<unknown>, T> {
    const cx = currentContext();
    if (cx === null) return notPolled(this);
    const value = this.poll(cx);
    return value === PENDING ? realm.suspension : { done: true, value };
  }

  override [Symbol.iterator](): Iterator<Future<unknown>, T, void> {
    return (this._state & DONE) === 0 ? new Join(this) : this;
  }

  override "rt:wait"(): Future<T> {
    return new Join(this);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a handle is awaitable, any number of times
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return realm.bridge.awaitTask(this, onFulfilled, onRejected);
  }

  /** Detaches: nobody will ask for the result through this handle. */
  override drop(): void {
    for (let join = this._joins; join !== null; join = join._nextJoin) {
      if ((join._state & DIRECT) === 0) continue;
      join._unlink();
      break;
    }
    if ((this._state & (DONE | FAILED | OBSERVED)) === (DONE | FAILED))
      this._scheduler.core.reportFailure(this);
  }

  override describe(): string {
    return this._label();
  }

  override abort(): void {
    if ((this._state & DONE) !== 0) return;
    this._state |= currentTask() === this ? ABORTING | ABORTED_SELF : ABORTING;
    this.wake();
  }

  override isFinished(): boolean {
    return (this._state & DONE) !== 0;
  }

  override id(): Id {
    return this._id as Id;
  }

  override name(): string | undefined {
    return this._extra?.name ?? undefined;
  }

  override abortHandle(): AbortHandle {
    return new AbortHandle(this);
  }

  override unref(): this {
    realm.hasBackground = true;
    return this._setBackground(BACKGROUND);
  }

  override ref(): this {
    return this._setBackground(0);
  }

  override hasRef(): boolean {
    return (this._state & BACKGROUND) === 0;
  }

  _setBackground(background: number): this {
    if ((this._state & BACKGROUND) === background) return this;
    this._state = (this._state & ~BACKGROUND) | background;
    // Before its first poll it waits for nothing.
    if (this._polls > 0) this._scheduler.core.timers?.recheck();
    return this;
  }

  /** Asked by drivers, also those of another copy of this package. Cleanup is as its owner. */
  "rt:background"(): boolean {
    const owner = (this._state & CLEANUP) === 0 ? null : this._extra?.owner;
    return ((owner ?? this)._state & BACKGROUND) !== 0;
  }

  // --- waking and polling ---

  wake(): void {
    const state = this._state;
    if ((state & (SCHEDULED | DONE)) !== 0) return;
    this._state = state | SCHEDULED;
    this._scheduler.schedule(this);
  }

  /** Polls once. Called by the scheduler that took this task from its queue. */
  _run(): void {
    const state = this._state;
    if ((state & NOT_PLAIN) !== 0) {
      this._runOther();
      return;
    }
    this._state = (state & ~SCHEDULED) | RUNNING;
    realm.now.task = this;
    realm.budget = BUDGET;
    this._polls = (this._polls + 1) | 0;
    try {
      const result = resumeGenerator.call(this._body as Async<T>);
      if (result === realm.suspension) this._suspended();
      else this._resumed(result);
    } catch (error) {
      this._fail(error);
    }
  }

  _runOther(): void {
    this._state &= ~SCHEDULED;
    const state = this._state;
    if ((state & DONE) !== 0) return;
    if ((state & ABORTING) !== 0) {
      this._cancel(ABORTED);
      return;
    }
    if (this._body === null) return; // only cleanups are left
    this._state |= RUNNING;
    realm.now.task = this;
    realm.budget = BUDGET;
    this._polls = (this._polls + 1) | 0;
    if ((state & UNCOUNTED) !== 0) this._scheduler.core.counters.polls -= 1;
    this._stepInContext(stepTask);
  }

  /** Calls `step` where the task's `AsyncLocalStorage` values are seen, if it keeps them. */
  _stepInContext(step: (task: Task<unknown>) => void): void {
    const context = this._extra === null ? null : this._extra.context;
    if (context === null) step(this);
    else context.runInAsyncScope(step, undefined, this);
  }

  _poll(): void {
    try {
      if ((this._state & FUTURE) === 0) {
        const result = resumeGenerator.call(this._body as Async<T>);
        if (result === realm.suspension) this._suspended();
        else this._resumed(result);
      } else {
        const value = (this._body as Future<T>).poll(this);
        if (value === PENDING) this._suspended();
        else this._finish(0, value);
      }
    } catch (error) {
      this._fail(error);
    }
  }

  /** The task waits. */
  _suspended(): void {
    const state = this._state & ~RUNNING;
    this._state = state;
    if ((state & (LISTED | ABORTING)) === LISTED) return;
    if ((state & LISTED) === 0) {
      this._state |= LISTED;
      this._scheduler.list(this);
    }
    // An abort from inside the poll takes effect where the task suspends.
    if ((this._state & ABORTING) !== 0) this._cancel(ABORTED);
  }

  /** Takes a result that is not our suspension itself: the generator's last, a copy of it, or a mistake. */
  _resumed(result: IteratorResult<Future<unknown>, unknown>): void {
    const isGood = result.done === true || isSuspension(result);
    const last = isGood ? result : rejectYield(this._body as Async<T>, result.value);
    if (last.done === true) this._finish(0, last.value);
    else this._suspended();
  }

  // --- ending ---

  /** Carries out an abort: the first runs the cleanup, a second gives up on it. */
  _cancel(reason: string): void {
    if (reason !== ABORTED) this._extend().reason = reason;
    if ((this._state & RUNNING) !== 0) {
      // A generator can't be closed from inside itself: as soon as it suspends.
      this._state |= ABORTING;
      return;
    }
    aside(cancel, this as Task<unknown>);
  }

  _cancelNow(): void {
    const first = (this._state & CLOSING) === 0;
    this._state = (this._state & ~ABORTING) | CLOSING;
    realm.now.task = this;
    realm.budget = BUDGET;
    try {
      if (first) {
        this._stepInContext(closeTask);
        this._scheduler.core.limitCleanup(this);
      } else this._killBody(this._body);
    } catch (error) {
      this._fail(error);
    }
  }

  _close(): void {
    const body = this._body;
    if (body === null) return; // only cleanups are left
    abortSignal(this);
    if ((this._state & FUTURE) === 0) {
      const result = closeGenerator.call(body as Async<T>);
      if (result === realm.suspension) this._suspended();
      else this._resumed(result);
    } else if (isScope(body)) {
      if (body._close()) this._suspended();
      else this._finish(0, undefined);
    } else {
      (body as Future<T>).drop();
      this._finish(0, undefined);
    }
  }

  _killBody(body: Body<T> | null): void {
    const cleanups = this._extra?.cleanups;
    if (cleanups != null) {
      this._extend().cleanups = null;
      for (const cleanup of cleanups) cleanup._cancel(ABORTED);
    }
    if ((this._state & CLEANUP) !== 0) (body as Closable | null)?._kill();
    else if ((this._state & FUTURE) === 0) {
      if (body !== null) killGenerator(body as Async<T>);
    } else if (isScope(body)) body._kill();
    if (body === null) this._end();
    else this._finish(0, undefined);
  }

  /**
   * The async function that is this task's body has settled, outside of any poll.
   *
   * @param unaware - it was aborted, and ended before one of its awaits could tell it.
   */
  _settled(failed: boolean, result: unknown, unaware: boolean): void {
    if (unaware && !failed && (this._state & ABORTED_SELF) !== 0) this._state &= ~CLOSING;
    if (failed) this._fail(result);
    else this._finish(0, result);
  }

  _fail(error: unknown): void {
    this._finish(FAILED, error);
    this._scheduler.core.noteFailure(this);
  }

  /** The body has ended. The task ends as soon as its cleanups have. */
  _finish(outcome: number, value: unknown): void {
    if ((this._state & DONE) !== 0) return;
    this._body = null;
    if (this._extra === null && (this._state & CLOSING) === 0) {
      this._state |= outcome;
      this._value = value;
      this._end();
      return;
    }
    if ((this._state & CLOSING) !== 0 && (outcome === 0 || isOwnCancellation(this, value))) {
      outcome = CANCELLED;
      value = undefined; // made into a JoinError when somebody asks
    }
    this._state |= outcome;
    this._value = value;
    const cleanups = this._extra?.cleanups;
    if (cleanups == null || cleanups.size === 0) this._end();
    else {
      this._state |= FUTURE; // keeps a wake-up from resuming what is no more
      this._suspended();
    }
  }

  _end(): void {
    this._state |= DONE;
    this._scheduler.release(this);
    if (this._joins !== null) this._wakeJoins();
    else if ((this._state & FAILED) !== 0) this._scheduler.failed(this);
    if (this._extra !== null) this._endExtra(this._extra);
  }

  _endExtra({ owner, limit }: TaskExtra): void {
    limit?.cancel();
    owner?._disown(this);
  }

  _wakeJoins(): void {
    // Always the first that is left: a waker may drop any of the others.
    for (let join = this._joins; join !== null; join = this._joins) {
      const waker = join._waker;
      join._unlink();
      join._state |= WOKEN;
      // On the list is who waits, with a waker.
      wakeSafely(waker as Waker);
    }
  }

  // --- cleanups ---

  _adopt(cleanup: Task<unknown>): void {
    const extra = this._extend();
    extra.cleanups ??= new Set();
    extra.cleanups.add(cleanup);
    cleanup._extend().owner = this;
    // A cleanup is over as soon as it has ended, whatever it threw: that is reported, not passed on.
  }

  _disown(cleanup: Task<unknown>): void {
    const cleanups = this._extra?.cleanups;
    if (cleanups == null || !cleanups.delete(cleanup)) return;
    if (cleanups.size === 0 && this._body === null && (this._state & DONE) === 0) this._end();
  }

  // --- the result ---

  /** The value; or throws. Only once DONE is set. */
  _take(): T {
    const state = (this._state |= OBSERVED);
    if ((state & (FAILED | CANCELLED)) === 0) return this._value as T;
    throw this._error();
  }

  /** Marks the result as seen. True when it is an error, to be had from `_error`. */
  _failed(): boolean {
    this._state |= OBSERVED;
    return (this._state & (FAILED | CANCELLED)) !== 0;
  }

  /** What `await handle` throws. */
  _error(): unknown {
    if ((this._state & FAILED) !== 0) return this._value;
    this._value ??= JoinError._of(this.id(), false, `${this._label()} ${this._extra?.reason ?? ABORTED}`);
    return this._value;
  }

  /** The same as one class, for those who need the id with it. */
  _joinError(): JoinError {
    if ((this._state & FAILED) === 0) return this._error() as JoinError;
    const cause = this._value;
    const text = messageOf(cause);
    return JoinError._of(this.id(), true, `${this._label()} failed${text && `: ${text}`}`, { cause });
  }

  /** The node behind `poll` calls on the handle itself. */
  _direct(): Join<T> {
    for (let node = this._joins; node !== null; node = node._nextJoin)
      if ((node._state & DIRECT) !== 0) return node;
    const node = new Join(this);
    node._state |= DIRECT;
    return node;
  }

  // --- what it is called ---

  _publicId(): Id | undefined {
    if ((this._state & CLEANUP) !== 0) return this._extra?.owner?._publicId();
    return (this._state & UNCOUNTED) === 0 ? (this._id as Id) : undefined;
  }

  _label(): string {
    if ((this._state & ROOT) !== 0) return "the body of blockOn";
    if ((this._state & CLEANUP) !== 0)
      return `the cleanup of ${this._extra?.owner?._label() ?? "a dropped future"}`;
    const name = this._extra?.name;
    return name == null ? `task #${this._id}` : `task #${this._id} (${name})`;
  }

  _reported(): ReportedTask {
    const site = this._extra?.site;
    return {
      id: this._publicId(),
      name: this.name(),
      spawnedAt: site == null ? undefined : siteFrames(site),
    };
  }

  /** What becomes of those that shut down when a task fails. */
  _panic(where: string): UsageError {
    return new UsageError(
      "ERR_RT_UNHANDLED_PANIC",
      `${this._label()} failed: its ${where} shuts down (unhandledPanic)`,
      {
        cause: this._value,
      },
    );
  }

  /** Polls and closes inside `context`. */
  _keepContext(context: CapturedContext): void {
    this._extend().context = context;
    this._state |= IN_CONTEXT;
  }

  /** What the task waits for, in words. */
  _waitsFor(): string {
    const cleanups = this._extra?.cleanups;
    if (this._body === null && cleanups != null) {
      return [...cleanups].map((cleanup) => `cleanup: ${cleanup._waitsFor()}`).join(", ");
    }
    if ((this._state & FUTURE) === 0)
      return this._polls === 0 ? "its first poll" : describeLeaf(this._body as Async<T>);
    return this._body === null ? "nothing" : waitOf(this._body as Future<T>);
  }

  _extend(): TaskExtra {
    return (this._extra ??= {
      name: null,
      site: null,
      context: null,
      controller: null,
      cleanups: null,
      owner: null,
      limit: null,
      reason: ABORTED,
      busyMs: 0,
      scheduledAt: 0,
    });
  }
}

function stepTask(task: Task<unknown>): void {
  task._poll();
}

function cancel(task: Task<unknown>): void {
  task._cancelNow();
}

function closeTask(task: Task<unknown>): void {
  task._close();
}
