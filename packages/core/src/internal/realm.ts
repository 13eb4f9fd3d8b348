/**
 * The state that every copy of this package in one realm shares.
 *
 * "The current task" must be the same for all of them, or a channel of one copy would not find the task of another.
 * Copies of one version meet at `globalThis[Symbol.for("@rt/core")]`; copies of two versions fail at once.
 *
 * Invariants:
 *  1. While a task is polled, `now.task` is set. Its `cx` and `generator` stay null until something polls with another
 *     context; writing fewer fields is what keeps a poll cheap.
 *  2. Who changes one of these fields during a poll puts the old value back before returning.
 */
import { createScopeStore } from "#platform";
import { Cancelled, VersionConflictError } from "../errors.ts";
import type { Context, Future } from "../future.ts";
import type { Handle } from "../handle.ts";
import type { LocalSet } from "../local-set.ts";
import type { Runtime } from "../runtime.ts";
import type { ScopeStore } from "../platform/platform.ts";
import type { Trail } from "./ending.ts";
import type { GeneratorScope } from "./generator-future.ts";
import type { LocalsNode } from "./locals.ts";
import type { RuntimeCore } from "./runtime-core.ts";
import type { Scope } from "./scope.ts";
import type { Task } from "./task.ts";

/** The version of `package.json`; a test holds the two together. */
const VERSION = "0.1.0";

/**
 * What a pending `yield*` hands to whoever called `next()`. One object for the realm: a suspension allocates nothing.
 * Which leaf is waited for is found out when somebody asks, see `traceLeaf`.
 */
export interface Suspension {
  readonly done: false;
  readonly value: Future<unknown>;
}

/**
 * What `Future` needs of the modules that are built on it. A late binding, because a class can't be evaluated before
 * the one it extends.
 */
export interface Bridge {
  awaitFuture<T, A, B>(
    future: Future<T>,
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B>;
  awaitTask<T, A, B>(
    task: Task<T>,
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B>;
  /** The default runtime, made on first use. */
  ambient(): Runtime;
}

/** A runtime that was made current. */
export interface Entered {
  readonly handle: Handle;
  /** The task that did so: over its own runtime the guard takes precedence, over another task's it does not. */
  readonly by: Task<unknown> | null;
}

/** The budget of one poll. Tokio's number. */
export const BUDGET = 128;
/** A budget that no poll can use up; still a small integer. */
export const UNCONSTRAINED = 0x3fffffff;

/**
 * Who is being polled. Made anew for each batch of polls: each poll notes its task here, and the collector's write barrier
 * costs 2 ns more where a young task is noted in an old object.
 */
export class Polling {
  /** The task that is being polled. */
  task: Task<unknown> | null = null;
  /** The context that a `yield*` polls its leaf with, where it is not the task: a branch of a combinator inside it. */
  cx: Context | null = null;
  /** The innermost computation that is being polled, where it is not the task's own generator. */
  generator: GeneratorScope | null = null;
}

export class Realm {
  readonly version: string = VERSION;
  readonly suspension: Suspension = { done: false, value: Symbol("suspended") as never };
  /** Never null: outside any poll its parts are. */
  now: Polling = new Polling();
  /** Set while a suspended generator is asked for its leaf: the leaf answers here instead of being polled. */
  trace: Future<unknown> | null = null;
  tracing = false;
  /** What is left of the current poll's budget. */
  budget: number = BUDGET;
  /** The task-local values that can be seen now. */
  locals: LocalsNode | null = null;
  /** Set when an async function was let go on: its code runs in microtasks after the current poll. */
  resumed = false;
  /** Goes up when code of an async function that is a part of something else is on its way, see `steps.ts`. */
  steps = 0;
  /** The part that made it go up last. */
  stepping: Scope | null = null;
  /** What dropped code has just been told leads to the microtask that runs now, see `ending.ts`. */
  trail: Trail | null = null;
  /** Set by the first task that is not to keep the process alive. */
  hasBackground = false;
  /** The current async scope where the platform keeps none for us. */
  asyncScope: Scope | null = null;
  /** Runtimes made current by `enter()`, the innermost last. */
  readonly entered: Entered[] = [];
  /** Local sets made current by `LocalSet.enter()`. */
  readonly enteredSets: LocalSet[] = [];
  /** The default runtime, made on first use. */
  ambient: Runtime | null = null;
  /** What every dropped computation is told: one for all, since where it is made means nothing. */
  readonly cancelled: Cancelled = withoutFrames(new Cancelled());
  /** Calls of `blockOn` and shutdowns that wait, of any runtime: they keep alive what all runtimes wait for. */
  blockOns = 0;
  /** Every runtime that has not shut down, as long as anything holds it. */
  readonly runtimes: Set<WeakRef<RuntimeCore>> = new Set();
  lastTaskId = 0;
  lastRuntimeId = 0;
  readonly scopes: ScopeStore | null = createScopeStore();
  /** Set once by `bridge.ts`. */
  bridge: Bridge = null as never;
}

/** Not frozen: what gets hold of an error may write on it, as `fetch` does. */
function withoutFrames(error: Cancelled): Cancelled {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

const CANCELLED: Cancelled["code"] = "ERR_RT_CANCELLED";

/** What tells a dropped computation so, or a signal of it, or another copy of this package. */
export function isCancellation(error: unknown): boolean {
  try {
    return error === realm.cancelled || error instanceof Cancelled || isCancelledElsewhere(error);
  } catch {
    return false; // one that can't be looked at is none of ours
  }
}

/** A `Cancelled` of another copy of this package. A `JoinError` has the same code. */
function isCancelledElsewhere(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { name, code } = error as Partial<Cancelled>;
  return name === "Cancelled" && code === CANCELLED;
}

/**
 * Whether a generator that is no further than this waits for a future. Not every engine hands on what `next()` gave
 * through a `yield*`: some make a copy of it. So where it is not the object itself, its value tells.
 */
export function isSuspension(result: IteratorResult<Future<unknown>, unknown>): boolean {
  return result === realm.suspension || (result.done !== true && result.value === realm.suspension.value);
}

const KEY: unique symbol = Symbol.for("@rt/core") as never;

function join(): Realm {
  const place = globalThis as { [KEY]?: Realm };
  const found = place[KEY];
  if (found === undefined) {
    const made = new Realm();
    Object.defineProperty(place, KEY, { value: made });
    return made;
  }
  if (found.version !== VERSION) throw new VersionConflictError(found.version, VERSION);
  return found;
}

export const realm: Realm = join();

/**
 * How many microtasks the code of an async function is given, after it was let go on, to come to its next await of a
 * future, where the platform does not keep its scope. Enough for a few promises of its own in between.
 */
export const GUESS_HOPS = 8;
let hops = 0;

/** Takes `scope` for the one whose code runs in the next microtasks. */
export function guessScope(scope: Scope | null): void {
  realm.asyncScope = scope;
  if (hops === 0) void Promise.resolve().then(forgetScope);
  hops = GUESS_HOPS;
}

function forgetScope(): void {
  hops -= 1;
  if (hops === 0) realm.asyncScope = null;
  else void Promise.resolve().then(forgetScope);
}

/** Runs `fn` apart from whatever is being polled now. */
export function aside<A>(fn: (arg: A) => void, arg: A): void {
  const { now, locals, budget } = realm;
  const { task, cx, generator } = now;
  now.cx = null;
  now.generator = null;
  realm.locals = null;
  try {
    fn(arg);
  } finally {
    now.task = task;
    now.cx = cx;
    now.generator = generator;
    realm.locals = locals;
    realm.budget = budget;
  }
}

/** The async function whose code is running now, if any. */
export function currentScope(): Scope | null {
  if (realm.scopes === null) return realm.asyncScope;
  // The store holds nothing but the scopes that `Scope` itself enters.
  return (realm.scopes.getStore() as Scope | undefined) ?? null;
}

/** The task whose code is running now: the one being polled, else the owner of the running async function. */
export function currentTask(): Task<unknown> | null {
  const { task } = realm.now;
  if (task !== null) return task;
  const scope = currentScope();
  return scope !== null && scope._isHome ? scope._task : null;
}

/** The context that a `yield*` polls with; null outside any poll. @public */
export function currentContext(): Context | null {
  const { now } = realm;
  return now.cx ?? now.task;
}
