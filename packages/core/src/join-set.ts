/**
 * A collection of tasks, joined as they end.
 *
 * Invariants:
 *  1. Every member is on the list of the pending or of the finished, never on both.
 *  2. A member of the pending list is a waiter on its task.
 */
import type { AbortHandle } from "./abort-handle.ts";
import { iterate } from "./driver/iterate.ts";
import { Future, PENDING, type Context, type IntoFuture, type Poll, type Waker } from "./future.ts";
import type { Handle } from "./handle.ts";
import { charge, proceed } from "./internal/budget.ts";
import { currentCore, wakeSafely } from "./internal/current.ts";
import { currentLocalScheduler } from "./internal/current-local.ts";
import { Join } from "./internal/join.ts";
import type { Spawner } from "./internal/scheduler.ts";
import { spawnInto } from "./internal/spawn-into.ts";
import { CANCELLED, DONE, FAILED, type Task } from "./internal/task.ts";
import type { LocalSet } from "./local-set.ts";
import type { Id } from "./task-id.ts";
import { checkType } from "./errors.ts";

/**
 * Tasks that belong together: joined in the order in which they end, aborted together, dropped together.
 *
 * `for await (const value of set)` joins until the set is empty.
 *
 * A set counts as waiting for its tasks: their failures come out of {@link JoinSet.joinNext} and are not reported,
 * unless the set lets go of them first.
 *
 * @example
 * ```ts
 * function* square(n: number): Async<number> {
 *   yield* yieldNow();
 *   return n * n;
 * }
 * const set = JoinSet.from([square(2), square(3), square(4)]);
 * const values = yield* set.joinAll();
 * values; // => [4, 9, 16]
 * ```
 * @see Tokio `task::JoinSet`
 * @public
 */
export class JoinSet<T> implements Disposable, AsyncIterable<T> {
  /** @internal */
  readonly _pending = new MemberList<T>();
  /** @internal In the order in which they ended. */
  readonly _finished = new MemberQueue<T>();
  /** @internal Who waits for the next task, each with the waker of its last poll. */
  readonly _waiters: Map<object, Waker> = new Map();

  /** Spawns each body, in order. */
  static from<T>(bodies: Iterable<IntoFuture<T>>): JoinSet<T> {
    const set = new JoinSet<T>();
    set.extend(bodies);
    return set;
  }

  /** Tasks in the set: those still running, and those that ended and were not joined. */
  len(): number {
    return this._pending.length + this._finished.length;
  }

  /** True when the set has no task. */
  isEmpty(): boolean {
    return this.len() === 0;
  }

  /** Starts a task in the set, as {@link spawn} does. */
  spawn(body: IntoFuture<T>): AbortHandle {
    return this._add(currentCore().spawn(body, this.spawn)).abortHandle();
  }

  /** Starts a task in the set, on the runtime of `handle`. */
  spawnOn(body: IntoFuture<T>, handle: Handle): AbortHandle {
    return this._spawn(handle._core, body, this.spawnOn);
  }

  /** Starts a task in the set, as {@link spawnLocal} does. */
  spawnLocal(body: IntoFuture<T>): AbortHandle {
    return this._spawn(currentLocalScheduler(), body, this.spawnLocal);
  }

  /** Starts a task in the set, on `localSet`. */
  spawnLocalOn(body: IntoFuture<T>, localSet: LocalSet): AbortHandle {
    return this._spawn(localSet._scheduler, body, this.spawnLocalOn);
  }

  /** Spawns each body, in order. */
  extend(bodies: Iterable<IntoFuture<T>>): void {
    for (const body of bodies) this._add(currentCore().spawn(body, this.extend));
  }

  /** Spawns tasks with a name. */
  buildTask(): JoinSetBuilder<T> {
    return new JoinSetBuilder(this);
  }

  /**
   * Waits for the next task to end and gives its value; `undefined` when the set is empty. For tasks that give
   * `undefined` themselves, look at {@link JoinSet.isEmpty}.
   *
   * Throws what the task threw, or a {@link JoinError} if it was aborted; either way the task has left the set.
   *
   * Cancel safety: giving up loses no task and no value.
   */
  joinNext(): Future<T | undefined> {
    return new SetFuture(this, next);
  }

  /**
   * As {@link JoinSet.joinNext}, with the task's id. A task without a value always throws a {@link JoinError}, which
   * carries the id; where the task threw, that is the `cause`.
   */
  joinNextWithId(): Future<[Id, T] | undefined> {
    return new SetFuture(this, nextWithId);
  }

  /** As {@link JoinSet.joinNext} when a task has ended, without waiting; `undefined` otherwise. Charges no budget. */
  tryJoinNext(): T | undefined {
    return this._shift()?._take();
  }

  /** As {@link JoinSet.joinNextWithId} when a task has ended, without waiting; `undefined` otherwise. */
  tryJoinNextWithId(): [Id, T] | undefined {
    const task = this._shift();
    return task === null ? undefined : takeWithId(task);
  }

  /** One step of {@link JoinSet.joinNext}, for futures of one's own. Only the last waker given is woken. */
  pollJoinNext(cx: Context): Poll<T | undefined> {
    return next(this, this, cx);
  }

  /** One step of {@link JoinSet.joinNextWithId}. */
  pollJoinNextWithId(cx: Context): Poll<[Id, T] | undefined> {
    return nextWithId(this, this, cx);
  }

  /**
   * Joins all tasks and gives their values, in the order in which they ended. Throws as soon as one has no value;
   * the others are aborted then, and leave the set.
   *
   * Cancel safety: dropping it loses the values it has collected; tasks that it has not joined stay in the set.
   */
  joinAll(): Future<T[]> {
    const values: T[] = [];
    return new SetFuture(this, (set, waiter, cx) => {
      try {
        // Without a value it is PENDING: the set is not empty.
        for (let box; !set.isEmpty(); values.push(box.value))
          if ((box = nextBox(set, waiter, cx) as Box<T> | typeof PENDING) === PENDING) return PENDING;
      } catch (error) {
        set.drop();
        throw error;
      }
      return values;
    });
  }

  /** Aborts every task. They stay in the set until they are joined. */
  abortAll(): void {
    for (const member of this._pending.snapshot()) member._task.abort();
  }

  /** Lets go of every task: they keep running, the set is empty. */
  detachAll(): void {
    for (const member of this._pending.snapshot()) {
      this._pending.remove(member);
      member.drop();
    }
    // Nobody will join them through the set any more: a failure is news then.
    for (let task = this._shift(); task !== null; task = this._shift()) task.drop();
    this.#wake();
  }

  /** Aborts every task and waits until all have ended, whatever they give or throw. */
  shutdown(): Future<void> {
    let isAborted = false;
    return new SetFuture(this, (set, waiter, cx) => {
      if (!isAborted) set.abortAll();
      isAborted = true;
      while (!set.isEmpty()) {
        try {
          if (nextBox(set, waiter, cx) === PENDING) return PENDING;
        } catch {
          // Shutting down: what a task threw is of no interest.
        }
      }
      return undefined;
    });
  }

  /** Aborts every task and lets go of them. */
  drop(): void {
    this.abortAll();
    this.detachAll();
  }

  [Symbol.dispose](): void {
    this.drop();
  }

  /** Joins until the set is empty. Leaving the loop early leaves the rest in the set. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return iterate(this as JoinSet<T>, (set) => new SetFuture(set, nextBox<T>), { item: (box) => box.value });
  }

  /** @internal */
  _spawn(spawner: Spawner, body: IntoFuture<T>, above: unknown, name?: string): AbortHandle {
    return this._add(spawnInto(spawner, body, above, name)).abortHandle();
  }

  /** @internal */
  _add(task: Task<T>): Task<T> {
    const member = new Member(this, task);
    if ((task._state & DONE) !== 0) {
      this._finished.push(member);
      this.#wake();
    } else {
      this._pending.push(member);
      member._waker = member;
      member._link();
    }
    return task;
  }

  /** @internal */
  _ended(member: Member<T>): void {
    this._pending.remove(member);
    this._finished.push(member);
    this.#wake();
  }

  /** Takes out the task that ended first. @internal */
  _shift(): Task<T> | null {
    return this._finished.length === 0 ? null : this._finished.shift()._task;
  }

  #wake(): void {
    if (this._waiters.size === 0) return;
    const wakers = [...this._waiters.values()];
    this._waiters.clear();
    for (const waker of wakers) wakeSafely(waker);
  }

  /** One step of a wait for the next task. @internal */
  _next<R>(waiter: object, cx: Context, give: (task: Task<T>) => R): Poll<R | undefined> {
    if (this._finished.length > 0) {
      if (!proceed(cx)) return PENDING;
      charge();
      if (this._waiters.size > 0) this._waiters.delete(waiter);
      return give(this._finished.shift()._task);
    }
    if (this._pending.length === 0) return undefined;
    this._waiters.set(waiter, cx.waker);
    return PENDING;
  }
}

/** A task's place in a set. It waits on the task as a `Join` does, and is its own waker. */
class Member<T> extends Join<T> implements Waker {
  readonly _set: JoinSet<T>;
  _before: Member<T> | null;
  _after: Member<T> | null;

  constructor(set: JoinSet<T>, task: Task<T>) {
    super(task);
    this._set = set;
    this._before = null;
    this._after = null;
  }

  wake(): void {
    this._set._ended(this);
  }
}

class MemberList<T> {
  #first: Member<T> | null = null;
  #last: Member<T> | null = null;
  length = 0;

  push(member: Member<T>): void {
    const last = this.#last;
    member._before = last;
    if (last === null) this.#first = member;
    else last._after = member;
    this.#last = member;
    this.length += 1;
  }

  remove(member: Member<T>): void {
    const { _before: before, _after: after } = member;
    if (before === null) this.#first = after;
    else before._after = after;
    if (after === null) this.#last = before;
    else after._before = before;
    member._before = null;
    member._after = null;
    this.length -= 1;
  }

  snapshot(): Member<T>[] {
    const members: Member<T>[] = [];
    for (let member = this.#first; member !== null; member = member._after) members.push(member);
    return members;
  }
}

/** First in, first out: nobody leaves it from the middle, so half of the links do. */
class MemberQueue<T> {
  length = 0;
  #first: Member<T> | null = null;
  #last: Member<T> | null = null;

  push(member: Member<T>): void {
    if (this.#last === null) this.#first = member;
    else this.#last._after = member;
    this.#last = member;
    this.length += 1;
  }

  /** Only while it is not empty. */
  shift(): Member<T> {
    const member = this.#first as Member<T>;
    const after = member._after;
    this.#first = after;
    if (after === null) this.#last = null;
    else member._after = null; // what is old would keep what follows alive
    this.length -= 1;
    return member;
  }
}

function takeWithId<T>(task: Task<T>): [Id, T] {
  if ((task._state & (FAILED | CANCELLED)) !== 0) throw task._joinError();
  return [task.id(), task._take()];
}

/** A value in a box: so that a value of `undefined` is not taken for the end. */
interface Box<T> {
  readonly value: T;
}

type Step<T, R> = (set: JoinSet<T>, waiter: object, cx: Context) => Poll<R>;

function next<T>(set: JoinSet<T>, waiter: object, cx: Context): Poll<T | undefined> {
  return set._next(waiter, cx, takeValue);
}

function takeValue<T>(task: Task<T>): T {
  return task._take();
}

function nextWithId<T>(set: JoinSet<T>, waiter: object, cx: Context): Poll<[Id, T] | undefined> {
  return set._next<[Id, T]>(waiter, cx, takeWithId);
}

function nextBox<T>(set: JoinSet<T>, waiter: object, cx: Context): Poll<Box<T> | undefined> {
  return set._next(waiter, cx, (task) => ({ value: task._take() }));
}

class SetFuture<T, R> extends Future<R> {
  declare readonly _set: JoinSet<T>;
  declare readonly _step: Step<T, R>;
  constructor(set: JoinSet<T>, step: Step<T, R>) {
    super();
    this._set = set;
    this._step = step;
  }
  override poll(cx: Context): Poll<R> {
    return (0, this._step)(this._set, this, cx);
  }
  override drop(): void {
    this._set._waiters.delete(this);
  }
  override describe(): string {
    return `the next of ${this._set.len()} tasks in a JoinSet`;
  }
}

/** Spawns named tasks into a set. @see Tokio `task::join_set::Builder` @public */
export class JoinSetBuilder<T> {
  readonly #set: JoinSet<T>;
  #name: string | undefined = undefined;

  /** @internal */
  constructor(set: JoinSet<T>) {
    this.#set = set;
  }

  /** Sets the name of the tasks spawned from here on. */
  name(name: string): this {
    this.#name = checkType("name", name, "string");
    return this;
  }

  /** As {@link JoinSet.spawn}. */
  spawn(body: IntoFuture<T>): AbortHandle {
    return this.#set._spawn(currentCore(), body, this.spawn, this.#name);
  }

  /** As {@link JoinSet.spawnOn}. */
  spawnOn(body: IntoFuture<T>, handle: Handle): AbortHandle {
    return this.#set._spawn(handle._core, body, this.spawnOn, this.#name);
  }

  /** As {@link JoinSet.spawnLocal}. */
  spawnLocal(body: IntoFuture<T>): AbortHandle {
    return this.#set._spawn(currentLocalScheduler(), body, this.spawnLocal, this.#name);
  }

  /** As {@link JoinSet.spawnLocalOn}. */
  spawnLocalOn(body: IntoFuture<T>, localSet: LocalSet): AbortHandle {
    return this.#set._spawn(localSet._scheduler, body, this.spawnLocalOn, this.#name);
  }
}
