/**
 * One call of `node:fs` as a future: it goes on in Node's thread pool while a task waits for it.
 *
 * A call in the pool can't be stopped. Dropping the future stops the waiting; what comes then, or has come and was not
 * fetched, is discarded, which closes what it opened.
 */
import { Future, Handle, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { holdClock, madeProgress, pollProceed, show } from "@rt/core/driver";
import { IoError } from "@rt/io";
import type { PathLike } from "node:fs";
import { callPool } from "./busy-pool.ts";

/** How a call answers. */
export type Done<R> = (error: unknown, result?: R) => void;

/** What is told to a task that waits, and what is done with the result. */
export interface Call<R, T> {
  /** As in "a stat of x". */
  readonly verb: string;
  readonly path?: PathLike | undefined;
  start(done: Done<R>): void;
  /** Gives up what is under way, if that is possible. One that has this tells by itself what it asks of the pool. */
  stop?(): void;
  /** Makes the value of the result, once the task fetches it. */
  finish(result: R): T;
  /** Gives up a result that nobody fetches. */
  discard?(result: R): void;
}

/** Before the first poll none is set. */
const UNDER_WAY = 1;
const SUCCEEDED = 2;
const FAILED = 4;
const OVER = 8;
const ANY: number = UNDER_WAY | SUCCEEDED | FAILED | OVER;

export class PoolCall<R, T> extends Future<T> {
  readonly #call: Call<R, T>;
  #waker: Waker | null = null;
  /** Lets a paused clock go on. */
  #release: (() => void) | null = null;
  /** What the call gave or failed with. */
  #result: unknown = null;

  constructor(what: Call<R, T>) {
    super();
    this.#call = what;
  }

  override poll(cx: Context): Poll<T> {
    if ((this._state & ANY) === 0) this.#start();
    if ((this._state & UNDER_WAY) !== 0) {
      this.#waker = cx.waker;
      return PENDING;
    }
    if (!pollProceed(cx)) return PENDING;
    madeProgress();
    const state = this._state;
    const result = this.#result;
    this.#to(OVER, null);
    // Made here and not in the callback, so that its stack is that of the task.
    if ((state & SUCCEEDED) === 0) throw ioError(result);
    return this.#call.finish(result as R); // as `#settle` has put it there
  }

  override drop(): void {
    const state = this._state;
    const result = this.#result;
    this.#to(OVER, null);
    this.#waker = null;
    this.#release?.();
    this.#release = null;
    if ((state & SUCCEEDED) !== 0) this.#call.discard?.(result as R);
    else if ((state & UNDER_WAY) !== 0) this.#call.stop?.();
  }

  override describe(): string {
    const { verb, path } = this.#call;
    return path === undefined ? verb : `${verb} of ${pathText(path)}`;
  }

  #start(): void {
    this.#to(UNDER_WAY, null);
    this.#release = holdClock(Handle.current());
    const what = this.#call;
    const done: Done<R> = (error, result) => {
      if (error) this.#settle(FAILED, error);
      else this.#settle(SUCCEEDED, result);
    };
    try {
      if (what.stop !== undefined) what.start(done);
      else callPool(what.verb, what.path, (told: Done<R>) => what.start(told), done);
    } catch (error) {
      // Node refuses the arguments before it starts anything.
      this.#settle(FAILED, error);
    }
  }

  #settle(state: number, result: unknown): void {
    if ((this._state & UNDER_WAY) === 0) {
      if (state === SUCCEEDED) this.#call.discard?.(result as R);
      return;
    }
    const waker = this.#waker;
    this.#to(state, result);
    this.#waker = null;
    this.#release?.();
    this.#release = null;
    waker?.wake();
  }

  #to(state: number, result: unknown): void {
    this._state = (this._state & ~ANY) | state;
    this.#result = result;
  }
}

/** A call whose result is the value. */
export function call<T>(verb: string, path: PathLike | undefined, start: (done: Done<T>) => void): Future<T> {
  return new PoolCall<T, T>({ verb, path, start, finish: (value) => value });
}

/** As {@link call}, for those that give nothing. */
export function action(verb: string, path: PathLike, start: (done: Done<void>) => void): Future<void> {
  return call(verb, path, start);
}

/** A path in a message. It may be anything: Node is yet to refuse it, or has done so. */
export function pathText(path: PathLike): string {
  try {
    return String(path);
  } catch {
    return show(path);
  }
}

/** The error of `node:fs` as ours; `path` is added where Node does not know it, as for a call on a descriptor. */
export function ioError(error: unknown, path?: PathLike): IoError {
  if (error instanceof IoError) return error;
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  if (path === undefined || (error as NodeJS.ErrnoException).path !== undefined) return IoError.from(error);
  const bare = IoError.from(error);
  return new IoError(bare.kind, `${bare.message} '${pathText(path)}'`, {
    code,
    errno,
    syscall,
    path: pathText(path),
    cause: error,
  });
}
