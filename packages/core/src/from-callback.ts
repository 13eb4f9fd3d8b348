/** Callbacks as futures. */
import { show, typeError } from "./errors.ts";
import { Future, PENDING, polledAfterCompletion, type Context, type Poll, type Waker } from "./future.ts";
import { charge, proceed } from "./internal/budget.ts";

/** Starts the operation; gives the function that stops it, if it can be stopped. @public */
export type Register<T> = (resolve: (value: T) => void, reject: (error: unknown) => void) => (() => void) | void;

const NEW = 0;
const WAITING = 1;
const FULFILLED = 2;
const REJECTED = 3;
const DONE = 4;

class FromCallback<T> extends Future<T> {
  #register: Register<T> | null;
  #stop: (() => void) | null = null;
  #waker: Waker | null = null;
  #status = NEW;
  #result: unknown = undefined;

  constructor(register: Register<T>) {
    super();
    this.#register = register;
  }

  override poll(cx: Context): Poll<T> {
    this.#waker = cx.waker;
    if (this.#status === NEW) this.#start();
    const status = this.#status;
    if (status === WAITING) return PENDING;
    if (status === DONE) throw polledAfterCompletion(this);
    if (!proceed(cx)) return PENDING;
    charge();
    this.#status = DONE;
    this.#waker = null;
    if (status === REJECTED) throw this.#result;
    return this.#result as T;
  }

  override drop(): void {
    const stop = this.#stop;
    const waiting = this.#status === WAITING;
    if (this.#status < FULFILLED) this.#status = DONE;
    this.#stop = null;
    this.#waker = null;
    this.#register = null;
    if (waiting) stop?.();
  }

  override describe(): string {
    return "a callback";
  }

  #start(): void {
    const register = this.#register as Register<T>;
    this.#register = null;
    this.#status = WAITING;
    try {
      this.#stop =
        register(
          (value) => this.#settle(FULFILLED, value),
          (error) => this.#settle(REJECTED, error),
        ) ?? null;
    } catch (error) {
      this.#status = DONE;
      throw error;
    }
  }

  #settle(status: number, result: unknown): void {
    if (this.#status !== WAITING) return;
    this.#status = status;
    this.#result = result;
    this.#stop = null;
    this.#waker?.wake();
  }
}

/**
 * Waits for a callback. `register` is called when first polled; the first call of `resolve` or `reject` counts. What
 * it gives back is called once if the future is dropped before that.
 *
 * Cancel safety: a result that comes after the drop is lost.
 *
 * @example
 * ```ts
 * const seconds = yield* fromCallback<number>((resolve) => {
 *   const timer = setTimeout(() => resolve(1), 1);
 *   return () => clearTimeout(timer);
 * });
 * seconds; // => 1
 * ```
 * @public
 */
export function fromCallback<T>(register: Register<T>): Future<T> {
  if (typeof register !== "function") throw typeError(`fromCallback takes a function, not ${show(register)}`);
  return new FromCallback(register);
}
