/** Polls outside of any task, for streams of other kinds: what they ask for belongs to no task of ours. */
import { PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { writeZero } from "../errors.ts";
import type { AsyncWrite } from "../traits.ts";

export class Drive<T> implements Context, Waker {
  readonly #poll: (cx: Context) => Poll<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  #queued = false;
  #over = false;

  /** Polls at once, and again whenever it is woken, until there is a value. */
  constructor(poll: (cx: Context) => Poll<T>, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.#poll = poll;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#step();
  }

  get waker(): Waker {
    return this;
  }

  wake(): void {
    if (this.#queued || this.#over) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.#step();
    });
  }

  /** Polls no more. */
  stop(): void {
    this.#over = true;
  }

  #step(): void {
    if (this.#over) return;
    let value: Poll<T>;
    try {
      value = this.#poll(this);
    } catch (error) {
      this.#over = true;
      this.#reject(error);
      return;
    }
    if (value === PENDING) return;
    this.#over = true;
    this.#resolve(value);
  }
}

/** The same as a promise. */
export function drive<T>(poll: (cx: Context) => Poll<T>): Promise<T> {
  return new Promise((resolve, reject) => void new Drive(poll, resolve, reject));
}

/** Disposes of what can be disposed of: the stream of the other kind was given up. */
export function dispose(io: object): void {
  (io as Partial<Disposable>)[Symbol.dispose]?.();
}

/** Writes all of the front of `rest`, and flushes if `last` says that nothing comes behind it. */
export class Pour {
  #rest: Uint8Array;
  constructor(rest: Uint8Array) {
    this.#rest = rest;
  }
  poll(cx: Context, io: AsyncWrite, last: boolean): Poll<void> {
    while (this.#rest.length > 0) {
      const count = io.pollWrite(cx, this.#rest);
      if (count === PENDING) return PENDING;
      if (count === 0) throw writeZero();
      this.#rest = this.#rest.subarray(count);
    }
    if (last) return io.pollFlush(cx);
  }
}
