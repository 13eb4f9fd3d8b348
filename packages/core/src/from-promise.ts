/** Promises as futures. */
import { Cancelled, show, typeError } from "./errors.ts";
import { Future, PENDING, polledAfterCompletion, type Context, type Poll, type Waker } from "./future.ts";
import { charge, proceed } from "./internal/budget.ts";
import { isPromiseLike } from "./internal/kinds.ts";

const NEW = 0;
const WAITING = 1;
const FULFILLED = 2;
const REJECTED = 3;
const DONE = 4;

/** @internal */
export class FromPromise<T> extends Future<T> {
  #source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>) | null;
  #controller: AbortController | null = null;
  #waker: Waker | null = null;
  #status = NEW;
  #result: unknown = undefined;

  constructor(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>)) {
    super();
    this.#source = source;
  }

  override poll(cx: Context): Poll<T> {
    const status = this.#status;
    if (status === DONE) throw polledAfterCompletion(this);
    if (status < FULFILLED) {
      this.#waker = cx.waker;
      if (status === NEW) this.#start();
      return PENDING;
    }
    if (!proceed(cx)) return PENDING;
    charge();
    this.#status = DONE;
    if (status === REJECTED) throw this.#result;
    return this.#result as T;
  }

  override drop(): void {
    this.#waker = null;
    this.#source = null;
    if (this.#status >= FULFILLED) return;
    this.#status = DONE;
    this.#controller?.abort(new Cancelled());
  }

  override describe(): string {
    return "a promise";
  }

  #start(): void {
    const source = this.#source;
    this.#source = null;
    this.#status = WAITING;
    const promise = typeof source === "function" ? this.#call(source) : (source as PromiseLike<T>);
    promise.then(
      (value) => this.#settle(FULFILLED, value),
      (error: unknown) => this.#settle(REJECTED, error),
    );
  }

  #call(source: (signal: AbortSignal) => PromiseLike<T>): PromiseLike<T> {
    this.#controller = new AbortController();
    try {
      const promise = source(this.#controller.signal);
      if (isPromiseLike(promise)) return promise;
      throw typeError(`fromPromise expected its function to give a promise, not ${show(promise)}`);
    } catch (error) {
      this.#status = DONE;
      throw error;
    }
  }

  #settle(status: number, result: unknown): void {
    if (this.#status !== WAITING) return;
    this.#status = status;
    this.#result = result;
    this.#waker?.wake();
    this.#waker = null;
  }
}

/**
 * Waits for a promise in a generator task.
 *
 * Given a function, it is called when first polled, with a signal that fires when the future is dropped: the way to
 * make `fetch` and friends stop. Given a promise, dropping only stops the waiting.
 *
 * Cancel safety: the result of a promise that is dropped is lost, and so is its error.
 *
 * @example
 * ```ts
 * const text = yield* fromPromise(Promise.resolve("hello"));
 * text; // => "hello"
 * ```
 * @throws TypeError when `source` is neither a promise nor a function, or the function gives no promise.
 * @public
 */
export function fromPromise<T>(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>)): Future<T> {
  if (typeof source !== "function" && !isPromiseLike(source)) {
    throw typeError(`fromPromise takes a promise or a function that makes one, not ${show(source)}`);
  }
  return new FromPromise(source);
}
