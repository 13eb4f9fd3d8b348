/**
 * The narrow waist of the project: one lazy, droppable object with two syntaxes.
 *
 * A future is its own iterator, so that `yield* future` allocates nothing: `next()` polls, and a ready operation
 * never suspends the generator.
 */
import { UsageError } from "./errors.ts";
import { waitOf } from "./shown.ts";
import { currentContext, realm, type Suspension } from "./internal/realm.ts";

/** What {@link Future.poll} returns for "not yet". @see Tokio `Poll::Pending` @public */
export const PENDING: unique symbol = Symbol.for("@rt/core/PENDING") as never;

/** The result of a poll: the value, or {@link PENDING}. @see Tokio `Poll` @public */
export type Poll<T> = T | typeof PENDING;

/**
 * Makes whoever waits run again.
 *
 * `wake()` may be called any number of times, from anywhere on the thread, also when the task has ended or its
 * runtime is gone: then it does nothing. It never runs the task itself.
 * @see Tokio `Waker`
 * @public
 */
export interface Waker {
  wake(): void;
}

/** What a poll is given. A task is its own context and waker. @see Tokio `Context` @public */
export interface Context {
  readonly waker: Waker;
}

/** What a `function*` task returns. Write `function* f(): Async<number>`. @public */
export type Async<T> = Generator<Future<unknown>, T, void>;

/**
 * Everything that can be run: a future, a generator, a function that makes one, an async function, or a promise.
 * Functions are called when first polled; a promise is already running and can be waited for, but not dropped.
 * @see Tokio `IntoFuture`
 * @public
 */
export type IntoFuture<T> = Future<T> | Async<T> | (() => Async<T>) | (() => PromiseLike<T>) | PromiseLike<T>;

/** `_state` bit: the future was handed to an `await`. Clear once the poll that comes with it has failed. */
export const AWAITED = 0x40000000;
/** `_state` bit: a `yield*` has had the result. */
export const FINISHED = 0x20000000;

/**
 * An operation that does nothing until polled and can be given up at any time before it is ready.
 *
 * In a generator task write `yield* future`, in an async function `await future`. Either may be done once, unless the
 * class says otherwise ({@link JoinHandle} does). A class of your own implements {@link Future.poll}, and
 * {@link Future.drop} where something has to be given back.
 *
 * Since a future is thenable, `await` and `return` in an async function flatten it: to pass a future through a
 * promise or out of an async function, wrap it in an object.
 *
 * @example A future of one's own
 * ```ts
 * class Countdown extends Future<string> {
 *   left = 3;
 *   poll(cx: Context): Poll<string> {
 *     if (this.left === 0) return "lift-off";
 *     this.left -= 1;
 *     cx.waker.wake(); // ask to be polled again
 *     return PENDING;
 *   }
 * }
 * const said = yield* new Countdown();
 * said; // => "lift-off"
 * ```
 * @see Tokio `Future`
 * @public
 */
export abstract class Future<T> implements PromiseLike<T>, Disposable {
  /** For those who write leaf futures: bits, of which the lowest 24 are free for the subclass. */
  declare _state: number;

  constructor() {
    // Neither declared nor initialized as a class field: that would make constructing any subclass three times as dear.
    this._state = 0;
  }

  /**
   * Asks once for progress.
   *
   * Gives the value, or {@link PENDING} after making sure that `cx.waker` will be woken; only the waker of the last
   * poll counts. Throws to fail. Not called again after it gave a value or threw.
   */
  abstract poll(cx: Context): Poll<T>;

  /** Gives up: leaves the wait list, returns the permit. May be called more than once, also after completion. */
  drop(): void {}

  /** What a task that waits for this is waiting for, in a few words, for dumps and deadlock reports. */
  describe(): string {
    return this.constructor.name;
  }

  /**
   * Gives a class what it would inherit from `base`, but for the constructor; the build turns `extends` into this.
   * @internal
   */
  static "rt:leaf"<T extends { readonly prototype: object }>(
    type: T,
    base: { readonly prototype: object } = Future,
  ): T {
    const own = Object.setPrototypeOf(type.prototype, base.prototype) as Partial<Future<unknown>>;
    // Each await looks it up in the slow way: 4 ns less where it is found one prototype earlier.
    const { then } = own;
    if (then !== undefined) own.then = then;
    return type;
  }

  /**
   * The future that stands for one wait for this: itself, unless it may be waited for many times. No method of a user's
   * class takes such a name by accident; a symbol would keep bundlers from leaving out the classes that have it.
   * @internal
   */
  "rt:wait"(): Future<T> {
    return this;
  }

  [Symbol.dispose](): void {
    this.drop();
  }

  /**
   * Lets `await` work, inside tasks and outside of them.
   *
   * The future is polled at once. Two functions as the engine passes them are called right when the result is there;
   * in every other form a real promise stands in between.
   */
  // oxlint-disable-next-line unicorn/no-thenable -- being awaitable is the point
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if ((this._state & (AWAITED | FINISHED)) !== 0)
      return Promise.reject(awaitedTwice(this)).then(onFulfilled, onRejected);
    this._state |= AWAITED;
    return realm.bridge.awaitFuture(this, onFulfilled, onRejected);
  }

  [Symbol.iterator](): Iterator<Future<unknown>, T, void> {
    return this;
  }

  /** Polls on behalf of `yield*`. Not meant to be called by hand. */
  next(): IteratorResult<Future<unknown>, T> {
    const cx = currentContext();
    const state = this._state;
    if (cx === null || (state & (FINISHED | AWAITED)) !== 0) return notPolled(this);
    // Set before the poll, so that a future that fails counts as finished as well.
    this._state = state | FINISHED;
    const value = this.poll(cx);
    if (value !== PENDING) return { done: true, value };
    this._state &= ~FINISHED;
    return realm.suspension;
  }

  /** Drops the future on behalf of a generator that is closed while it waits. */
  return(value: T): IteratorResult<never, T> {
    this.drop();
    return { done: true, value };
  }

  /** Drops the future on behalf of a generator that an error is thrown into while it waits. */
  throw(error: unknown): never {
    this.drop();
    throw error;
  }
}

/**
 * What a `next()` of one's own does where it can't poll: tells who it is to a trace, else throws.
 * @public
 */
export function notPolled(future: Future<unknown>): Suspension {
  if (realm.tracing) {
    realm.trace = future;
    return realm.suspension;
  }
  if (currentContext() !== null) throw awaitedTwice(future);
  throw new UsageError(
    "ERR_RT_OUTSIDE_TASK",
    `${waitOf(future)} needs a task: spawn the generator, or pass it to blockOn`,
  );
}

function awaitedTwice(future: Future<unknown>): UsageError {
  return new UsageError(
    "ERR_RT_AWAITED_TWICE",
    `${waitOf(future)} gives its result once; call the operation anew`,
  );
}

/** The error for a future whose `poll` is called after it gave its result. @internal */
export function polledAfterCompletion(future: Future<unknown>): UsageError {
  return new UsageError(
    "ERR_RT_POLLED_AFTER_COMPLETION",
    `${waitOf(future)} has given its result; stop polling it then`,
  );
}
