/**
 * An async function as one future, and the home of its awaits.
 *
 * The function's code runs in microtasks of the engine; what we hold is the list of futures it is awaiting right
 * now. Its task wakes when one of them does, polls the woken ones, and lets the function go on by settling their
 * awaits. Dropping the scope drops those futures and rejects their awaits with `Cancelled`; `ending.ts` says what
 * becomes of its code then. What the function leaves behind when it ends by itself goes on at the root.
 *
 * A scope without a function is a home at the root: of awaits outside any task, and of code that has outlived its own.
 *
 * Invariants:
 *  1. An await is on the scope's list exactly while its `leaf` is set and pending.
 *  2. An await is in the scope's ready queue exactly while its `_queued` is true. While that is not empty, the task
 *     was woken.
 */
import { debug, hideCancellations, runNeutral } from "#platform";
import {
  Future,
  PENDING,
  polledAfterCompletion,
  type Async,
  type Context,
  type IntoFuture,
  type Poll,
  type Waker,
} from "../future.ts";
import type { LocalSet } from "../local-set.ts";
import type { CapturedContext } from "../platform/platform.ts";
import { adoptCleanup } from "./cleanup.ts";
import { intoFuture } from "../into-future.ts";
import { abortSignal, type GeneratorScope } from "./generator-future.ts";
import { cannotRun, isFuture, isGenerator, isGeneratorLike, isPromiseLike } from "./kinds.ts";
import { type Await } from "./await.ts";
import { isCausedByCancel, isOwnCancellation } from "./cancellation.ts";
import { Ending } from "./ending.ts";
import { proceed } from "./budget.ts";
import { promiseFuture } from "./promise-future.ts";
import { waitOf } from "../shown.ts";
import { isMarked, leaveMark } from "./subscription.ts";
import type { LocalsNode } from "./locals.ts";
import { BUDGET, currentScope, guessScope, realm } from "./realm.ts";
import type { RuntimeCore } from "./runtime-core.ts";
import { IN_CONTEXT, SCHEDULED, type Task } from "./task.ts";

type Body<T> = () => PromiseLike<T> | Async<T>;

// Bits of `_state`; the first five exclude each other.
/** The function has been called and has not settled. */
const RUNNING = 0x1;
/** It has settled, and its task does not know yet. */
const FULFILLED = 0x2;
const REJECTED = 0x4;
/** It has settled or was dropped before it started. */
const DONE = 0x8;
/** The body turned out to make a future or a generator, which runs in its place. */
const DELEGATED = 0x10;
/** Was dropped; its cleanup goes on. */
const CLOSING = 0x20;
/** Killed: every await throws. */
const CANCEL_ALL = 0x80;
/** A home of awaits outside any task, or of those that have outlived theirs. */
const IS_ROOT = 0x100;
/** It is a part of something else: a branch, or what a time-out is around. Set when it starts. */
const NESTED = 0x200;
/** Nested, and its code was let go on and has come neither to an await of a future of ours nor to its end. */
const STEPPING = 0x400;
/** How many polls in a row have let it go on. After the most of them it gives way once. */
const TURN = 0x1000;
const TURNS = 0xf000;
/** It was seen to await several things at once. */
const PARALLEL = 0x20000;
/** It has ended and left code behind, which was reported. */
const REPORTED = 0x10000;

export class Scope<T = unknown> extends Future<T> implements GeneratorScope {
  _controller: AbortController | null = null;
  _task: Task<unknown> | null = null;
  _waker: Waker | null = null;
  _locals: LocalsNode | null = null;
  /** The local set that `spawnLocal` goes to. */
  _localSet: LocalSet | null = null;
  /** The oldest pending await; its `_previous` is the youngest. */
  _awaits: Await | null = null;
  /** Those of them that were woken, in that order. */
  _ready: Await | null = null;
  _lastReady: Await | null = null;
  /** The function; then its promise, or the generator it made; at last what it gave. */
  declare _content: unknown;
  declare readonly _context: CapturedContext | null;
  _budget: number = BUDGET;
  /** What the drop of an awaited future threw. */
  _dropError: { readonly error: unknown } | null = null;
  /** Set once it was dropped while its code was under way. */
  _ending: Ending | null = null;

  constructor(body: Body<T> | null, context: CapturedContext | null) {
    super();
    this._content = body;
    this._context = context;
  }

  poll(cx: Context): Poll<T> {
    this._waker = cx.waker;
    const state = this._state;
    if ((state & DELEGATED) !== 0) return this._delegate().poll(cx);
    if ((state & (RUNNING | FULFILLED | REJECTED | DONE)) === 0) return this._start(cx);
    const isSpent = this._budget <= 0;
    // A whole budget of awaits went by since the last poll: the loop's turn must come sooner.
    if (isSpent && this._task !== null) this._task._scheduler.core.heavyPolls += 1;
    this._budget = BUDGET;
    if (this._ready !== null) {
      if ((state & NESTED) !== 0 && (isSpent || (state & TURNS) === TURNS)) {
        // It goes on and on: now the others, if they wait for its code.
        this._state &= ~TURNS;
        cx.waker.wake();
        return PENDING;
      }
      this._pollReady(cx);
    }
    if ((this._state & RUNNING) === 0) return this._take();
    if ((this._state & NESTED) !== 0) this._turn(state);
    return PENDING;
  }

  /** At the end of a poll as a part of something else. */
  _turn(before: number): void {
    if ((this._state & STEPPING) === 0) this._state &= ~TURNS;
    else {
      if ((before & STEPPING) === 0) this._state += TURN;
      this._steps();
    }
  }

  override drop(): void {
    if ((this._state & CLOSING) === 0 && this._close()) adoptCleanup(this);
  }

  /** Drops the function. True while its cleanup goes on: then poll until it is ready, and ignore the result. */
  _close(): boolean {
    const state = this._state;
    if ((state & DELEGATED) !== 0) {
      this._delegate().drop();
      return false;
    }
    if ((state & RUNNING) === 0) {
      this._state = state | DONE;
      this._content = null;
      return false;
    }
    if ((state & CLOSING) === 0) {
      this._state = state | CLOSING;
      const ending = (this._ending = new Ending(this));
      abortSignal(this);
      if (this._awaits !== null) this._rejectAwaits();
      else if ((state & IS_ROOT) === 0) ending._probe();
    }
    return true;
  }

  /** Ends a cleanup that is not to be waited for: each of its awaits throws. */
  _kill(): void {
    if ((this._state & DELEGATED) !== 0) this._delegate().drop();
    this._state = (this._state & ~RUNNING) | DONE | CANCEL_ALL;
    this._ending?._stop();
    this._rejectAwaits();
  }

  /** Its code is not waited for any longer. */
  _giveUp(): void {
    if (this._content instanceof Promise) leaveMark(this._content);
    this._complete(FULFILLED, undefined);
  }

  override describe(): string {
    if ((this._state & DELEGATED) !== 0) return waitOf(this._delegate());
    const leaves: string[] = [];
    for (let node = this._awaits; node !== null; node = node._next)
      if (node._leaf !== null) leaves.push(waitOf(node._leaf));
    return leaves.length === 0 ? "a promise" : leaves.join(", ");
  }

  /** Makes this a home of awaits outside any task, which see `locals`. `task` drives them. */
  _startRoot(task: Task<unknown>, locals: LocalsNode | null): void {
    this._state = RUNNING | IS_ROOT;
    this._task = task;
    this._waker = task;
    this._locals = locals;
  }

  /** Makes a home of what is left of a dropped function, or of a runtime that shuts down. */
  _startClosing(ending: Ending): void {
    this._state |= CLOSING;
    this._ending = ending;
  }

  /** Awaits belong here: the function is running, or was killed, so that they are to throw. */
  get _isHome(): boolean {
    return (this._state & (RUNNING | CANCEL_ALL)) !== 0;
  }

  get _isParallel(): boolean {
    return (this._state & PARALLEL) !== 0;
  }

  get _isAtRoot(): boolean {
    return (this._state & IS_ROOT) !== 0;
  }

  /** The runtime it belongs to. Polled by hand outside any task, it is the default one. */
  get _core(): RuntimeCore {
    return this._task?._scheduler.core ?? realm.bridge.ambient().handle()._core;
  }

  /** Where awaits belong that its code makes once the function has ended: at the root of its runtime. */
  _home(): Scope {
    const ending = this._ending;
    if (ending === null) {
      if (debug) this._reportLeft(null);
      return this._core.homeFor(this._locals);
    }
    if (ending._scope === (this as Scope)) ending._moveTo(this._core.closingHome(this._locals, ending));
    const home = ending._scope;
    if (this._core.isFinished && (home._state & CANCEL_ALL) === 0) home._kill();
    return home;
  }

  /** What another copy of this package knows it by. */
  get "rt:isScope"(): boolean {
    return true;
  }

  /** Notes that the function's code is about to go on in a microtask. */
  _letGo(): void {
    realm.resumed = true;
    if ((this._state & NESTED) !== 0) this._steps();
    if (realm.scopes === null) guessScope((this._state & IS_ROOT) === 0 ? this : null);
  }

  /** Tells whoever polls this as a part of something else that its code is on its way. */
  _steps(): void {
    this._state |= STEPPING;
    realm.steps = (realm.steps + 1) | 0;
    realm.stepping = this;
  }

  get _isStepping(): boolean {
    return (this._state & STEPPING) !== 0;
  }

  /** What it waits for is none of ours: its code may not come back for long. */
  _rest(): void {
    this._state &= ~STEPPING;
  }

  /** Polls the leaf of a new await, and keeps it where it is pending. Gives what `then` gives. */
  _await(node: Await, leaf: Future<unknown>): Promise<unknown> {
    const state = this._state;
    if ((state & (CLOSING | CANCEL_ALL)) !== 0 && !this._admits()) return this._refuse(node, leaf);
    if ((state & (NESTED | STEPPING)) === NESTED) return this._defer(node, leaf);
    const outer = realm.budget;
    realm.budget = this._budget;
    node._leaf = leaf;
    let value: unknown;
    let failed = false;
    try {
      value = this._pollLeaf(leaf, node);
    } catch (error) {
      value = error;
      failed = true;
    }
    this._budget = realm.budget;
    realm.budget = outer;
    if (value !== PENDING || failed) {
      node._leaf = null;
      this._letGo();
      // Dropped by this very leaf, it has not been told yet.
      if (this._ending === null || (state & CLOSING) === 0) return node._atOnce(failed, value);
      let outcome: Promise<unknown> = node;
      this._ending._lead(() => {
        outcome = node._atOnce(failed, value);
      });
      return outcome;
    }
    // The leaf may have dropped this very function while it was polled.
    if ((this._state & ~state & (CLOSING | CANCEL_ALL)) !== 0) return this._refuse(node, leaf);
    this._state &= ~STEPPING;
    this._link(node);
    return node;
  }

  /**
   * Leaves the first poll to that of whatever this is a part of. Nobody waits for this code, which somebody else's promise
   * has let go on: if it took something now, another branch might win before it has used it.
   */
  _defer(node: Await, leaf: Future<unknown>): Promise<unknown> {
    node._leaf = leaf;
    this._link(node);
    node.wake();
    return node;
  }

  /** Whether an await that comes now may wait, though the function was dropped. */
  _admits(): boolean {
    return (this._state & CANCEL_ALL) === 0 && this._ending !== null && this._ending._admits();
  }

  _refuse(node: Await, leaf: Future<unknown>): Promise<unknown> {
    node._leaf = null;
    this._tell(node);
    leaf.drop();
    return node;
  }

  /** Tells whose await this is that the function was dropped. */
  _tell(node: Await): void {
    hideCancellations(isCausedByCancel);
    this._letGo();
    if (this._ending === null || this._ending._isOver) node._reject(realm.cancelled);
    else this._ending._lead(() => node._reject(realm.cancelled));
  }

  /** Whether an await whose result is known already may be settled at once. Then its code goes on. */
  _mayGoOn(): boolean {
    const state = this._state;
    if ((state & (CLOSING | CANCEL_ALL)) !== 0 || this._budget <= 0) return false;
    if ((state & (NESTED | STEPPING)) === NESTED) return false;
    this._budget -= 1;
    this._letGo();
    return true;
  }

  /** Polls one await outside of its task's turn, where nobody is before it and nobody watches. False where not. */
  _goesOn(node: Await, leaf: Future<unknown>): boolean {
    const task = this._task;
    if (realm.scopes === null || realm.now.task !== null || task === null || this._ready !== null)
      return false;
    if ((this._state & (RUNNING | CLOSING | CANCEL_ALL | NESTED)) !== RUNNING) return false;
    if ((task._state & SCHEDULED) !== 0 || task._scheduler.core.watched) return false;
    const outer = realm.budget;
    realm.budget = this._budget;
    this._pollAwait(node, leaf);
    this._budget = realm.budget;
    realm.budget = outer;
    return true;
  }

  /** A pending await of this scope was woken. */
  _woken(node: Await): void {
    if (this._lastReady === null) this._ready = node;
    else this._lastReady._nextReady = node;
    this._lastReady = node;
    this._waker?.wake();
  }

  _start(cx: Context): Poll<T> {
    this._task = realm.now.task;
    const { resumed } = realm;
    this._state |=
      this._task !== null && this._task._body === (this as Future<unknown>) ? RUNNING : RUNNING | NESTED;
    this._locals = realm.locals;
    this._budget = realm.budget;
    if (realm.enteredSets.length > 0) this._localSet = realm.enteredSets.at(-1) ?? null;
    this._letGo();
    const { now } = realm;
    const outer = now.generator;
    now.generator = this;
    try {
      if (this._context !== null) this._context.runInAsyncScope(startBody, undefined, this);
      // A task that keeps its context is polled inside it, and leaves it at the end of the poll.
      else if (this._task !== null && (this._task._state & IN_CONTEXT) !== 0) this._call();
      else runNeutral(startBody, this as Scope);
    } finally {
      now.generator = outer;
    }
    if ((this._state & DELEGATED) === 0) return PENDING;
    realm.resumed = resumed; // it has no code that runs in microtasks
    return this._delegate().poll(cx);
  }

  /** Calls the function inside its own scope. */
  _call(): void {
    const body = this._content as Body<T>;
    this._content = null;
    realm.scopes?.enterWith(this);
    let running: PromiseLike<T> | Async<T>;
    try {
      running = body();
    } catch (error) {
      this._state = DONE;
      throw error;
    }
    const isCommon = running instanceof Promise;
    if (!isCommon && (isFuture(running) || isGenerator(running) || isGeneratorLike(running))) {
      this._content = intoFuture(running as IntoFuture<T>);
      this._state = DELEGATED;
    } else if (!isPromiseLike(running)) {
      this._state = DONE;
      throw cannotRun(running);
    } else if (isMarked(running)) {
      // No function's own: it was waited for and given up before.
      this._content = promiseFuture(running);
      this._state = DELEGATED;
    } else if (realm.scopes === null) {
      this._content = running;
      const settle = (status: number, result: unknown): void => {
        this._settle(status, result);
        // What runs in the next microtasks is somebody else's code.
        if (realm.asyncScope === this) realm.asyncScope = null;
      };
      running.then(
        (value) => settle(FULFILLED, value),
        (error: unknown) => settle(REJECTED, error),
      );
    } else {
      this._content = running;
      // These two find the scope in the context they run in, so each task does without closures of its own.
      running.then(onFulfilled, onRejected);
    }
  }

  /** The engine has settled the function's promise. */
  _settle(status: number, result: unknown): void {
    const ending = this._ending;
    if ((this._state & RUNNING) === 0) ending?._settleLate(status === REJECTED, result);
    else if (ending === null) {
      if (this._awaits !== null) this._leave();
      this._complete(status, result);
    } else if (status === REJECTED && isOwnCancellation(this, result)) ending._settle(FULFILLED, undefined);
    else ending._settle(status, result);
  }

  /** What the function has left behind, such as the loser of a race, goes on at the root. */
  _leave(): void {
    if (debug) this._reportLeft(this.describe());
    const home = this._home();
    if ((home._state & (CLOSING | CANCEL_ALL)) !== 0) {
      // The runtime shuts down.
      this._ending = home._ending;
      this._rejectAwaits();
      return;
    }
    let ready = this._ready;
    this._ready = null;
    this._lastReady = null;
    for (let node = this._awaits; node !== null; node = this._awaits) {
      const leaf = node._leaf;
      this._unlink(node);
      node._leaf = leaf;
      node._scope = home;
      home._link(node);
    }
    while (ready !== null) {
      const next: Await | null = ready._nextReady;
      ready._nextReady = null;
      home._woken(ready);
      ready = next;
    }
  }

  _reportLeft(what: string | null): void {
    if ((this._state & (REPORTED | DELEGATED)) !== 0 || this._task === null) return;
    this._state |= REPORTED;
    this._core.reportLeft(this._task, what);
  }

  /** The function has ended, and with it what this stands for. */
  _complete(status: number, result: unknown): void {
    const state = this._state;
    if (this._dropError !== null) {
      status = REJECTED;
      result = this._dropError.error;
    }
    const task = this._task;
    if (task !== null && task._body === (this as Future<unknown>)) {
      // The task itself is this function: it ends here and now, without another trip through the run queue.
      this._state = (state & ~RUNNING) | DONE;
      this._content = null;
      const ending = this._ending;
      task._settled(status === REJECTED, result, ending !== null && !ending.hasTold && !ending.isLetGo);
      return;
    }
    this._state = (state & ~(RUNNING | STEPPING)) | status;
    if (realm.stepping === (this as Scope)) realm.stepping = null; // or it would hold the result for long
    this._content = result;
    this._waker?.wake();
  }

  _take(): T {
    const state = this._state;
    if ((state & DONE) !== 0) throw polledAfterCompletion(this);
    this._state = DONE;
    if ((state & REJECTED) !== 0) throw this._content;
    return this._content as T;
  }

  _delegate(): Future<T> {
    // What DELEGATED says.
    return this._content as Future<T>;
  }

  _pollReady(cx: Context): void {
    // What is woken from here on waits for the next poll.
    const last = this._lastReady;
    for (let node = this._ready; node !== null; node = node === last ? null : this._ready) {
      // To ask each of many that may not go on would cost the square of their number.
      if (realm.budget <= 0 && !proceed(cx)) break;
      this._ready = node._nextReady;
      if (this._ready === null) this._lastReady = null;
      node._nextReady = null;
      node._queued = false;
      if (node._leaf !== null) this._pollAwait(node, node._leaf);
    }
    this._budget = realm.budget;
  }

  _pollAwait(node: Await, leaf: Future<unknown>): void {
    let value: unknown;
    try {
      value = this._pollLeaf(leaf, node);
    } catch (error) {
      this._settleAwait(node, leaf, true, error);
      return;
    }
    if (value !== PENDING) this._settleAwait(node, leaf, false, value);
  }

  _settleAwait(node: Await, leaf: Future<unknown>, failed: boolean, result: unknown): void {
    // The leaf may have dropped this very function while it was polled: then the await is settled already.
    if (node._leaf !== leaf) return;
    this._unlink(node);
    this._letGo();
    if (this._ending !== null) this._ending._lead(() => node._settle(failed, result));
    else if (failed) node._reject(result);
    else node._resolve(result);
  }

  _pollLeaf<U>(leaf: Future<U>, node: Await): Poll<U> {
    const { locals, now } = realm;
    const { task } = now;
    now.task = this._task;
    realm.locals = this._locals;
    try {
      return leaf.poll(node);
    } finally {
      now.task = task;
      realm.locals = locals;
    }
  }

  _rejectAwaits(): void {
    for (let node = this._awaits; node !== null; node = this._awaits) {
      const leaf = node._leaf as Future<unknown>;
      this._unlink(node);
      this._tell(node);
      try {
        leaf.drop();
      } catch (error) {
        // The others are dropped all the same, and the cleanup runs; then the function fails with this.
        this._dropError ??= { error };
      }
    }
  }

  _link(node: Await): void {
    const oldest = this._awaits;
    if (oldest === null) {
      this._awaits = node;
      node._previous = node;
      if ((this._state & (IS_ROOT | CLOSING)) !== 0) this._begin();
      return;
    }
    this._state |= PARALLEL;
    const youngest = oldest._previous as Await;
    youngest._next = node;
    node._previous = youngest;
    oldest._previous = node;
  }

  _unlink(node: Await): void {
    const oldest = this._awaits as Await;
    const { _previous: previous, _next: next } = node;
    if (node === oldest) {
      this._awaits = next;
      if (next !== null) next._previous = previous;
      else if ((this._state & IS_ROOT) !== 0) this._core.homeIsIdle(this);
    } else {
      (previous as Await)._next = next;
      if (next === null) oldest._previous = previous;
      else next._previous = previous;
    }
    node._leaf = null;
    node._previous = null;
    node._next = null;
  }

  /** An await is pending, where none was. */
  _begin(): void {
    this._ending?._waits();
    if ((this._state & IS_ROOT) !== 0) this._core.homeIsWaiting(this);
  }
}

/** Asks for no class: it may be that of another copy. */
export function isScope(value: object | null): value is Scope {
  return value !== null && "rt:isScope" in value;
}

function startBody(scope: Scope): void {
  scope._call();
}

// Both are called in the context that the function was started in.
function onFulfilled(value: unknown): void {
  currentScope()?._settle(FULFILLED, value);
}

function onRejected(error: unknown): void {
  currentScope()?._settle(REJECTED, error);
}
