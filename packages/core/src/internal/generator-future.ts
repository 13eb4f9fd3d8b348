/** A generator seen as a future: what `intoFuture` makes of one, so that it can be raced, awaited or wrapped. */
import { Cancelled, show, UsageError } from "../errors.ts";
import { Future, PENDING, polledAfterCompletion, type Async, type Context, type Poll } from "../future.ts";
import { adoptCleanup } from "./cleanup.ts";
import { messageOf, waitOf } from "../shown.ts";
import { isOwnCancellation } from "./cancellation.ts";
import { isFuture } from "./kinds.ts";
import { isError } from "./other-realm.ts";
import { aside, currentContext, currentTask, isCancellation, isSuspension, realm } from "./realm.ts";

/** What has a signal of its own: the generator of a task, and each one wrapped inside it. */
export interface GeneratorScope {
  _controller: AbortController | null;
}

type Step = IteratorResult<Future<unknown>, unknown>;

const prototype = Object.getPrototypeOf(function* () {}).prototype as Generator;
/**
 * Every `function*` has a prototype object of its own, so `generator.next()` would look up a different shape each
 * time. Calling the shared method directly keeps the call site monomorphic.
 */
export const resumeGenerator: (this: Async<unknown>) => Step = prototype.next as never;
const throwInto: (this: Async<unknown>, error: unknown) => Step = prototype.throw as never;

const ENDED: Step = { done: true, value: undefined };

/**
 * Closes a generator: throws `Cancelled` at the place it waits at, which drops what it waits for.
 *
 * `return()` would not do: where a `finally` of a nested generator waits, the language forgets the return as soon as
 * that wait is over, and the outer generator goes on behind its `yield*` as if nothing had happened.
 */
function close(this: Async<unknown>): Step {
  try {
    return throwInto.call(this, realm.cancelled);
  } catch (error) {
    if (isCancellation(error)) return ENDED;
    throw error;
  }
}

export const closeGenerator: (this: Async<unknown>) => Step = close;

/** The context of a generator that is dropped outside any task. Its cleanup is polled anew right after. */
const NOBODY: Context = { waker: { wake() {} } };

const NEW = 0;
const RUNNING = 1;
const CLOSING = 2;
const DONE = 3;

export class GeneratorFuture<T> extends Future<T> implements GeneratorScope {
  declare readonly _generator: Async<T>;
  _controller: AbortController | null = null;
  _status: number = NEW;
  _stepping = false;
  /** Was dropped by something that it called itself. */
  _dropped = false;

  constructor(generator: Async<T>) {
    super();
    this._generator = generator;
  }

  poll(cx: Context): Poll<T> {
    if (this._status === DONE) throw polledAfterCompletion(this);
    if (this._status === NEW) this._status = RUNNING;
    return this._step(cx, resumeGenerator);
  }

  /** Runs the generator's `finally` blocks. Where they wait, the current task goes on driving them. */
  override drop(): void {
    if (this._stepping) {
      this._dropped = true; // a generator can't be closed from inside itself: as soon as it suspends
    } else if (this._status === NEW) {
      this._status = DONE;
      this._generator.return(undefined as never);
    } else if (this._status === RUNNING) {
      this._status = CLOSING;
      abortSignal(this);
      if (this._step(currentContext() ?? NOBODY, closeGenerator) === PENDING) adoptCleanup(this);
    }
  }

  /** Ends a cleanup that is not to be waited for. */
  _kill(): void {
    if (this._status === DONE) return;
    this._status = DONE;
    if (this._stepping) this._dropped = true;
    else killGenerator(this._generator);
  }

  override describe(): string {
    return this._status === NEW || this._status === DONE ? "a generator" : describeLeaf(this._generator);
  }

  _step(cx: Context, method: (this: Async<unknown>) => Step): Poll<T> {
    const { now } = realm;
    const { cx: outerCx, generator: outerGenerator } = now;
    now.cx = cx;
    now.generator = this;
    this._stepping = true;
    try {
      let result = method.call(this._generator);
      if (!result.done && !isSuspension(result)) result = rejectYield(this._generator, result.value);
      if (!result.done) return PENDING;
      this._status = DONE;
      return result.value as T;
    } catch (error) {
      // What it throws while it is closed is the end that was asked for.
      const closed =
        this._status === CLOSING &&
        isOwnCancellation({ _controller: this._controller, _task: currentTask() }, error);
      this._status = DONE;
      if (closed) return undefined as T;
      throw error;
    } finally {
      this._stepping = false;
      now.cx = outerCx;
      now.generator = outerGenerator;
      if (this._dropped) this._dropLate();
    }
  }

  _dropLate(): void {
    this._dropped = false;
    if (this._status === DONE) killGenerator(this._generator);
    else this.drop();
  }
}

/** A generator that makes the mistake over and over fails with it in the end. */
const MOST_MISTAKES = 100;

/**
 * Throws the mistake into the generator, at the very `yield` that made it. Gives what the generator does next, which
 * is to fail, unless it catches the error.
 */
export function rejectYield(generator: Async<unknown>, value: unknown): Step {
  for (let left = MOST_MISTAKES; ; left -= 1) {
    const error = new UsageError(
      "ERR_RT_INVALID_YIELD",
      `The task yielded ${show(value)}; ${remedyFor(value)}`,
    );
    if (left === 0) throw error;
    const result = throwMistake(generator, error);
    if (isSuspension(result) || result.done) return result;
    value = result.value;
  }
}

function throwMistake(generator: Async<unknown>, error: UsageError): Step {
  try {
    return generator.throw(error);
  } catch (thrown) {
    // A `yield*` over something that has no `throw` method makes the engine complain about that instead.
    const isComplaint =
      messageOf(thrown).includes("'throw'") && isError(thrown) && thrown.name === "TypeError";
    throw isComplaint ? error : thrown;
  }
}

function remedyFor(value: unknown): string {
  try {
    if (isFuture(value)) return "write yield* instead of yield";
  } catch {
    // It can't even be asked that.
  }
  return "yield* takes futures: wrap promises in fromPromise";
}

/** Closing again and again ends every `finally` but one that starts over on purpose. */
const MOST_CLOSES = 100;

/** Runs what is left of a generator's `finally` blocks as far as they go without waiting. */
export function killGenerator(generator: Async<unknown>): void {
  // Each close drops the leaf that the last one ran into.
  for (let i = 0; i < MOST_CLOSES; i += 1) if (!isSuspension(closeGenerator.call(generator))) return;
}

/**
 * Finds out what a suspended generator waits for: resumed outside of any poll, its leaf says who it is and suspends
 * again. So nothing need be noted at each suspension.
 */
function traceLeaf(generator: Async<unknown>): void {
  realm.now.task = null;
  realm.tracing = true;
  realm.trace = null;
  try {
    resumeGenerator.call(generator);
  } catch {
    // It is running right now.
  } finally {
    realm.tracing = false;
  }
}

/** What a generator that has been polled waits for, in words. */
export function describeLeaf(generator: Async<unknown>): string {
  aside(traceLeaf, generator);
  const leaf = realm.trace;
  realm.trace = null;
  return leaf === null ? "nothing" : waitOf(leaf);
}

/** Tells the holders of the scope's signal that it was dropped. */
export function abortSignal(scope: GeneratorScope): void {
  scope._controller?.abort(new Cancelled());
}
