/**
 * Async iterators over futures.
 *
 * An async generator queues `return()` behind a `next()` that waits, so whoever stops from outside waits as well, for an
 * item that is lost then. This iterator knows the future that it waits for, and drops it.
 *
 * Invariants:
 *  1. `#state` is FREE while nobody waits, DIRECT while a `next()` waits that has found nobody waiting, TURNS while none
 *     does and there are turns. Once OVER it stays so; then nothing is asked for, and nobody waits.
 *  2. Of the futures that `later` has made, one is not ready at most: that of the `next()` of DIRECT, or of the first
 *     turn in TURNS.
 */
import type { Await } from "../internal/await.ts";
import { Future, PENDING, type Context, type Poll, type Waker } from "../future.ts";

const FREE = 0;
const DIRECT = 1;
const TURNS = 2;
const OVER = 3;

type Item<T> = IteratorResult<T, undefined>;
type Resolve<T> = (item: Item<T>) => void;
type Reject = (error: unknown) => void;

/** What else {@link iterate} may be told. @public */
export interface IterateOptions<S, R, T> {
  /** The item in a result; the result itself unless given. */
  readonly item?: (result: R) => T;
  /**
   * The next result if it is there already, else `undefined`. It is given without a wait, and without charging the
   * budget: only for as many in a row as arrive together.
   */
  readonly now?: (source: S) => R | undefined;
  /** Called once, when the iteration is over for whatever reason: what a generator has in its `finally`. */
  readonly end?: (source: S) => void;
}

/**
 * Makes the async iterator of a type whose items are waited for with a future. It does what an async generator with the
 * same loop would do, but `return()` and `throw()` don't wait: they drop the future that waits, and each `next()` that
 * waits gives `{ done: true }`.
 *
 * Waits belong to the code that calls `next()`: when its task is dropped, they throw `Cancelled`. A `next()` that is
 * called while another waits has its turn behind it. An error ends the iteration.
 *
 * Cancel safety: `return()` loses nothing if dropping the future loses nothing.
 *
 * @param source - what the functions are given, so that they can be the same for all iterators.
 * @param later - makes the future of the next result, which is `undefined` at the end.
 * @example
 * ```ts
 * import { ready } from "@rt/core";
 * import { iterate } from "@rt/core/driver";
 * class Countdown implements AsyncIterable<number> {
 *   left = 3;
 *   next(): Future<number | undefined> {
 *     return ready(this.left === 0 ? undefined : this.left--);
 *   }
 *   [Symbol.asyncIterator](): AsyncGenerator<number, void, undefined> {
 *     return iterate(this, (countdown) => countdown.next());
 *   }
 * }
 * const seen: number[] = [];
 * for await (const n of new Countdown()) seen.push(n);
 * seen; // => [3, 2, 1]
 * ```
 * @public
 */
export function iterate<S, R, T = R>(
  source: S,
  later: (source: S) => Future<R | undefined>,
  options: IterateOptions<S, R, T> = {},
): AsyncGenerator<T, undefined, undefined> {
  return new Iteration(source, later, options);
}

class Iteration<S, R, T> implements AsyncGenerator<T, undefined, undefined> {
  readonly #source: S;
  readonly #later: (source: S) => Future<R | undefined>;
  readonly #item: ((result: R) => T) | undefined;
  readonly #now: ((source: S) => R | undefined) | undefined;
  readonly #end: ((source: S) => void) | undefined;
  #state: number = FREE;
  /** What the `next()` of DIRECT waits with, and how the promise that it has returned is settled. */
  #await: Await | null = null;
  #resolve: Resolve<T> | null = null;
  #reject: Reject | null = null;
  /** What it returns when its future is ready at once. */
  #early: Promise<Item<T>> | null = null;
  /** Each `next()` that was called while another waited, oldest first. */
  #turns: Turn<S, R, T>[] = [];

  // Three functions for all calls of `next()`: one at a time needs them.
  readonly #keep = (resolve: Resolve<T>, reject: Reject): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };
  readonly #onResult = (result: R | undefined): void => {
    const resolve = this.#resolve;
    let item: Item<T>;
    try {
      item = this._settle(result);
    } catch (error) {
      return this.#onError(error);
    }
    this.#forget();
    if (resolve === null) this.#early = Promise.resolve(item);
    else resolve(item);
  };
  readonly #onError = (error: unknown): void => {
    const reject = this.#reject;
    this.#forget();
    const failure = this._fail(error);
    // oxlint-disable-next-line promise/no-promise-in-callback -- the callback of a wait, which is what `next()` returns
    if (reject === null) this.#early = Promise.reject(failure);
    else reject(failure);
  };

  constructor(
    source: S,
    later: (source: S) => Future<R | undefined>,
    { item, now, end }: IterateOptions<S, R, T>,
  ) {
    this.#source = source;
    this.#later = later;
    this.#item = item;
    this.#now = now;
    this.#end = end;
  }

  next(): Promise<Item<T>> {
    if (this.#state !== FREE) return this.#state === OVER ? Promise.resolve(over()) : this.#lineUp();
    if (this.#now !== undefined) {
      try {
        const result = (0, this.#now)(this.#source);
        if (result !== undefined) return Promise.resolve(this.#give(result));
      } catch (error) {
        return Promise.reject(this._fail(error));
      }
    }
    return this.#first();
  }

  return(value?: PromiseLike<undefined>): Promise<Item<T>> {
    try {
      this.#finish();
    } catch (error) {
      return Promise.reject(error);
    }
    if (value === undefined) return Promise.resolve(over());
    return Promise.resolve(value).then((last) => ({ done: true, value: last }));
  }

  throw(error: unknown): Promise<Item<T>> {
    return Promise.reject(this._fail(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** The future of the next result. */
  _ask(): Future<R | undefined> {
    return (0, this.#later)(this.#source);
  }

  _isTurnOf(turn: Turn<S, R, T>): boolean {
    return this.#state === TURNS && this.#turns[0] === turn;
  }

  /** `turn` waits no more. */
  _leave(turn: Turn<S, R, T>): void {
    const at = this.#turns.indexOf(turn);
    if (at >= 0) this.#turns.splice(at, 1);
  }

  /** The item of a result that has come. The next one may wait for its own then. */
  _settle(result: R | undefined): Item<T> {
    if (result === undefined) {
      this.#finish();
      return over();
    }
    if (this.#turns.length > 0) this.#pass();
    else if (this.#state !== OVER) this.#state = FREE; // whoever was woken by the poll may have ended it
    return this.#give(result);
  }

  /** Ends the iteration with an error. Gives the one to throw. */
  _fail(error: unknown): unknown {
    try {
      this.#finish();
    } catch (failure) {
      return failure; // as from a `finally`
    }
    return error;
  }

  #pass(): void {
    this.#state = TURNS;
    this.#turns[0]?._begin();
  }

  #give(value: R): Item<T> {
    // Without a function, results are the items.
    return { done: false, value: this.#item === undefined ? (value as unknown as T) : this.#item(value) };
  }

  #forget(): void {
    this.#await = null;
    this.#resolve = null;
    this.#reject = null;
  }

  /** A `next()` that finds nobody waiting. */
  #first(): Promise<Item<T>> {
    this.#state = DIRECT;
    try {
      // A future that is pending gives the node of the await.
      const node = this._ask().then(this.#onResult, this.#onError) as unknown as Await;
      if (this.#early === null) return this.#wait(node);
    } catch (error) {
      this.#onError(error);
    }
    const early = this.#early as Promise<Item<T>>; // there was a result, or an error
    this.#early = null;
    return early;
  }

  #wait(node: Await): Promise<Item<T>> {
    // As well as before the result.
    if (this.#state === OVER) {
      node._giveUp();
      return Promise.resolve(over());
    }
    this.#await = node;
    return new Promise(this.#keep);
  }

  #lineUp(): Promise<Item<T>> {
    const turn = new Turn(this);
    this.#turns.push(turn);
    return new Promise((resolve, reject) => turn._start(resolve, reject));
  }

  #finish(): void {
    if (this.#state === OVER) return;
    this.#state = OVER;
    const node = this.#await;
    const turns = this.#turns;
    this.#turns = [];
    this.#resolve?.(over());
    if (node !== null) this.#forget();
    for (const turn of turns) turn._resolve(over());
    try {
      node?._giveUp();
      for (const turn of turns) turn._await?._giveUp();
    } finally {
      this.#end?.(this.#source);
    }
  }
}

/** A `next()` that was called while another waited. It waits for its turn, then for its result. */
class Turn<S, R, T> extends Future<R | undefined> {
  readonly #iteration: Iteration<S, R, T>;
  #result: Future<R | undefined> | null = null;
  #waker: Waker | null = null;
  _await: Await | null = null;
  _resolve: Resolve<T> = nothing;

  constructor(iteration: Iteration<S, R, T>) {
    super();
    this.#iteration = iteration;
  }

  _start(resolve: Resolve<T>, reject: Reject): void {
    const iteration = this.#iteration;
    this._resolve = resolve;
    const node = this.then(
      (result) => {
        iteration._leave(this);
        try {
          resolve(iteration._settle(result));
        } catch (error) {
          reject(iteration._fail(error));
        }
      },
      (error: unknown) => {
        // Another task may go on, when the one that has called this `next()` is dropped before its turn.
        const isTurn = iteration._isTurnOf(this);
        iteration._leave(this);
        reject(isTurn ? iteration._fail(error) : error);
      },
    );
    // It is never ready at once.
    this._await = node as unknown as Await;
  }

  _begin(): void {
    this.#waker?.wake();
  }

  override poll(cx: Context): Poll<R | undefined> {
    if (!this.#iteration._isTurnOf(this)) {
      this.#waker = cx.waker;
      return PENDING;
    }
    this.#result ??= this.#iteration._ask();
    return this.#result.poll(cx);
  }

  override drop(): void {
    this.#iteration._leave(this);
    this.#result?.drop();
  }

  override describe(): string {
    return this.#result === null ? "its turn in an iteration" : this.#result.describe();
  }
}

function over(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}

function nothing(): void {}
