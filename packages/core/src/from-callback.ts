/** Callbacks as futures. */
import { checkType } from "./errors.ts";
import { Future, PENDING, polledAfterCompletion, type Context, type Poll, type Waker } from "./future.ts";
import { charge, proceed } from "./internal/budget.ts";

/** Starts the operation; gives the function that stops it, if it can be stopped. @public */
export type Register<T> = (
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
) => (() => void) | void;

// Bits of `_state`, which exclude each other.
const WAITING = 0x1;
const FULFILLED = 0x2;
const REJECTED = 0x4;
const DONE = 0x8;
const ANY = WAITING | FULFILLED | REJECTED | DONE;

/** @internal */
class FromCallback<T> extends Future<T> {
  /** What starts the operation, later what stops it, at last its result. */
  #content: unknown;
  #waker: Waker | null = null;
  #dropped = false;

  constructor(register: Register<T>) {
    super();
    this.#content = register;
  }

  override poll(cx: Context): Poll<T> {
    if ((this._state & ANY) === 0) this.#start();
    const state = this._state;
    if ((state & WAITING) !== 0) {
      this.#waker = cx.waker;
      return PENDING;
    }
    if ((state & DONE) !== 0) throw polledAfterCompletion(this);
    if (!proceed(cx)) return PENDING;
    charge();
    const result = this.#content;
    this.#to(DONE, null);
    if ((state & REJECTED) !== 0) throw result;
    return result as T;
  }

  override drop(): void {
    const stop = this.#content;
    const waiting = (this._state & WAITING) !== 0;
    this.#dropped = waiting;
    this.#to(DONE, null);
    if (waiting && typeof stop === "function") stop();
  }

  override describe(): string {
    return "a callback";
  }

  #start(): void {
    const register = this.#content as Register<T>;
    this.#to(WAITING, null);
    try {
      const stop = register(
        (value) => this.#settle(FULFILLED, value),
        (error) => this.#settle(REJECTED, error),
      );
      if ((this._state & WAITING) !== 0) this.#content = stop;
      else if (this.#dropped && typeof stop === "function") stop(); // dropped by the very function that started it
    } catch (error) {
      this.#to(DONE, null);
      throw error;
    }
  }

  #settle(state: number, result: unknown): void {
    if ((this._state & WAITING) === 0) return;
    const waker = this.#waker;
    this.#to(state, result);
    waker?.wake();
  }

  #to(state: number, content: unknown): void {
    this._state = (this._state & ~ANY) | state;
    this.#content = content;
    this.#waker = null;
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
  return new FromCallback(checkType("fromCallback", register, "function"));
}
