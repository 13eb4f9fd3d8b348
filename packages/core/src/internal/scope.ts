/**
 * An async function as one future, and the home of its awaits.
 *
 * The function's code runs in microtasks of the engine; what we hold is the list of futures it is awaiting right
 * now. Its task wakes when one of them does, polls the woken ones, and lets the function go on by settling their
 * awaits. Dropping the scope drops those futures and rejects their awaits with `Cancelled`, once.
 *
 * A scope without a function (`root`) is the home of awaits outside any task.
 *
 * Invariants:
 *  1. An await is on the list exactly while its `leaf` is set.
 *  2. An await is in the ready queue exactly while its `queued` is true.
 */
import { Cancelled } from "../errors.ts";
import { Future, PENDING, polledAfterCompletion, type Async, type Context, type Poll, type Waker } from "../future.ts";
import type { LocalSet } from "../local-set.ts";
import type { CapturedContext } from "../platform/platform.ts";
import { adoptCleanup } from "./cleanup.ts";
import { abortSignal, GeneratorFuture, type GeneratorScope } from "./generator-future.ts";
import { isGenerator } from "./kinds.ts";
import type { LocalsNode } from "./locals.ts";
import { BUDGET, realm } from "./realm.ts";
import type { Task } from "./task.ts";

type Body<T> = () => PromiseLike<T> | Async<T>;

const NEW = 0;
const RUNNING = 1;
const FULFILLED = 2;
const REJECTED = 3;
const DONE = 4;

/** No cancellation is outstanding. */
const NOT_CANCELLED = 0;
/** Dropped while it awaited none of our futures: the next such await throws, and later ones wait as cleanup. */
const CANCEL_NEXT = 1;
/** Killed: every await throws. */
const CANCEL_ALL = 2;

/** One `await` on a future of ours: context and waker for it in one object. */
export class Await implements Context, Waker {
  readonly scope: Scope;
  leaf: Future<unknown> | null = null;
  resolve: ((value: never) => unknown) | null = null;
  reject: ((reason: unknown) => unknown) | null = null;
  queued = false;
  previous: Await | null = null;
  next: Await | null = null;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  get waker(): Waker {
    return this;
  }

  wake(): void {
    if (this.queued || this.leaf === null) return;
    this.queued = true;
    this.scope._ready.push(this);
    this.scope._waker?.wake();
  }
}

export class Scope<T = unknown> extends Future<T> implements GeneratorScope {
  _controller: AbortController | null = null;
  _task: Task<unknown> | null = null;
  _waker: Waker | null = null;
  _locals: LocalsNode | null = null;
  /** The local set that `spawnLocal` goes to. */
  _localSet: LocalSet | null = null;
  _ready: Await[] = [];
  /** The oldest pending await; its `previous` is the youngest. */
  _awaits: Await | null = null;
  #body: Body<T> | null;
  readonly #context: CapturedContext | null;
  /** The body turned out to make a generator. */
  #generator: GeneratorFuture<T> | null = null;
  #status = NEW;
  #result: unknown = undefined;
  #cancel = NOT_CANCELLED;
  #closing = false;
  #budget = BUDGET;
  /** An await that was ready at once leaves its object here for the next one. */
  #spare: Await | null = null;

  constructor(body: Body<T> | null, context: CapturedContext | null) {
    super();
    this.#body = body;
    this.#context = context;
  }

  poll(cx: Context): Poll<T> {
    this._waker = cx.waker;
    if (this.#generator !== null) return this.#generator.poll(cx);
    if (this.#status === NEW) return this.#start(cx);
    this.#budget = BUDGET;
    if (this._ready.length > 0) this.#pollReady();
    if (this.#status === RUNNING) return PENDING;
    if (this.#status === DONE) throw polledAfterCompletion(this);
    const failed = this.#status === REJECTED;
    this.#status = DONE;
    if (failed) throw this.#result;
    return this.#result as T;
  }

  override drop(): void {
    if (this._close()) adoptCleanup(this);
  }

  /** Drops the function. True while its cleanup goes on: then poll until it is ready, and ignore the result. */
  _close(): boolean {
    if (this.#generator !== null) this.#generator.drop();
    else if (this.#status === NEW) {
      this.#status = DONE;
      this.#body = null;
    } else if (this.#status === RUNNING && !this.#closing) {
      this.#closing = true;
      abortSignal(this);
      if (this._awaits === null) this.#cancel = CANCEL_NEXT;
      else this.#rejectAwaits();
      return true;
    }
    return this.#status === RUNNING && this.#generator === null;
  }

  /** Ends a cleanup that is not to be waited for: each of its awaits throws. */
  _kill(): void {
    this.#generator?._kill();
    this.#cancel = CANCEL_ALL;
    this.#rejectAwaits();
    if (this.#status === RUNNING) this.#status = DONE;
  }

  override describe(): string {
    if (this._awaits === null) return this.#generator?.describe() ?? "a promise";
    const leaves: string[] = [];
    for (let node: Await | null = this._awaits; node !== null; node = node.next) {
      if (node.leaf !== null) leaves.push(node.leaf.describe());
    }
    return leaves.join(", ");
  }

  /** Makes this the home of awaits outside any task. `cx` is the task that drives them. */
  _startRoot(task: Task<unknown>): void {
    this.#status = RUNNING;
    this._task = task;
    this._waker = task;
  }

  /** Polls `leaf` for an `await`, and keeps it where it is pending. */
  _await<U>(leaf: Future<U>, resolve: (value: U) => unknown, reject: (reason: unknown) => unknown): void {
    if (this.#cancel !== NOT_CANCELLED) {
      if (this.#cancel === CANCEL_NEXT) this.#cancel = NOT_CANCELLED;
      leaf.drop();
      reject(new Cancelled());
      return;
    }
    const node = this.#spare ?? new Await(this);
    this.#spare = null;
    node.leaf = leaf;
    const outer = realm.budget;
    realm.budget = this.#budget;
    let value: Poll<U>;
    try {
      value = this.#pollLeaf(leaf, node);
    } catch (error) {
      node.leaf = null;
      reject(error);
      return;
    } finally {
      this.#budget = realm.budget;
      realm.budget = outer;
    }
    if (value === PENDING) {
      node.resolve = resolve;
      node.reject = reject;
      this.#link(node);
      return;
    }
    node.leaf = null;
    if (!node.queued) this.#spare = node;
    resolve(value);
  }

  #start(cx: Context): Poll<T> {
    this.#status = RUNNING;
    this._task = realm.task;
    this._locals = realm.locals;
    this._localSet = realm.enteredSets.at(-1) ?? null;
    realm.resumed = this;
    const outer = realm.generator;
    realm.generator = this;
    try {
      if (this.#context === null) startBody(this as Scope);
      else this.#context.run(startBody, this as Scope);
    } finally {
      realm.generator = outer;
    }
    return this.#generator === null ? PENDING : this.#generator.poll(cx);
  }

  /** Calls the function inside its own scope. */
  _call(): void {
    const body = this.#body as Body<T>;
    this.#body = null;
    if (realm.scopes === null) realm.asyncScope = this as Scope;
    else realm.scopes.enter(this);
    let running: PromiseLike<T> | Async<T>;
    try {
      running = body();
    } catch (error) {
      this.#status = DONE;
      throw error;
    }
    if (isGenerator(running)) {
      this.#generator = new GeneratorFuture(running as Async<T>);
      return;
    }
    running.then(
      (value) => this.#settle(FULFILLED, value),
      (error: unknown) => this.#settle(REJECTED, error),
    );
  }

  #settle(status: number, result: unknown): void {
    if (this.#status !== RUNNING) return;
    const task = this._task;
    if (task !== null && task._body === (this as Future<unknown>)) {
      // The task itself is this function: it ends here and now, without another trip through the run queue.
      this.#status = DONE;
      task._settled(status === REJECTED, result);
      return;
    }
    this.#status = status;
    this.#result = result;
    this._waker?.wake();
  }

  #pollReady(): void {
    const ready = this._ready;
    this._ready = [];
    for (const node of ready) {
      node.queued = false;
      const leaf = node.leaf;
      if (leaf === null) continue;
      let value: unknown;
      try {
        value = this.#pollLeaf(leaf, node);
        if (value === PENDING) continue;
      } catch (error) {
        this.#unlink(node);
        realm.resumed = this;
        (node.reject as (reason: unknown) => unknown)(error);
        continue;
      }
      this.#unlink(node);
      realm.resumed = this;
      (node.resolve as (value: unknown) => unknown)(value);
    }
  }

  #pollLeaf<U>(leaf: Future<U>, node: Await): Poll<U> {
    const { task, cx, locals, generator } = realm;
    realm.task = this._task;
    realm.cx = node;
    realm.locals = this._locals;
    realm.generator = this;
    try {
      return leaf.poll(node);
    } finally {
      realm.task = task;
      realm.cx = cx;
      realm.locals = locals;
      realm.generator = generator;
    }
  }

  #rejectAwaits(): void {
    for (let node = this._awaits; node !== null; node = this._awaits) {
      const leaf = node.leaf as Future<unknown>;
      this.#unlink(node);
      // The await is settled whatever the leaf's own drop does, and before it: nothing may hang on its error.
      (node.reject as (reason: unknown) => unknown)(new Cancelled());
      leaf.drop();
    }
  }

  #link(node: Await): void {
    const oldest = this._awaits;
    if (oldest === null) {
      this._awaits = node;
      node.previous = node;
      return;
    }
    const youngest = oldest.previous as Await;
    youngest.next = node;
    node.previous = youngest;
    oldest.previous = node;
  }

  #unlink(node: Await): void {
    const oldest = this._awaits as Await;
    const { previous, next } = node;
    if (node === oldest) {
      this._awaits = next;
      if (next !== null) next.previous = previous;
    } else {
      (previous as Await).next = next;
      if (next === null) oldest.previous = previous;
      else next.previous = previous;
    }
    node.leaf = null;
    node.previous = null;
    node.next = null;
  }
}

function startBody(scope: Scope): void {
  scope._call();
}
