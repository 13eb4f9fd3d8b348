/** Between streams of other kinds and ours: waiting for theirs, and polling ours outside of any task. */
import { PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { wakeSafely } from "@rt/core/driver";
import { writeZero } from "../errors.ts";
import type { AsyncWrite } from "../traits.ts";

/** The one who waits for a stream of another kind. */
export class Waiting {
  #waker: Waker | null = null;
  wait(cx: Context): typeof PENDING {
    this.#waker = cx.waker;
    return PENDING;
  }
  wake(): void {
    const waker = this.#waker;
    this.#waker = null;
    if (waker !== null) wakeSafely(waker);
  }
}

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

/** The same as promises, one at a time, of which the last one can be given up. */
export class Polls {
  #stop: ((reason: unknown) => void) | null = null;

  start<T>(poll: (cx: Context) => Poll<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const drive = new Drive(poll, resolve, reject);
      this.#stop = (reason) => {
        drive.stop();
        reject(reason);
      };
    });
  }

  stop(reason: unknown): void {
    this.#stop?.(reason);
  }
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
