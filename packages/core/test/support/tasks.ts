/** What the tests of tasks share: leaves and wakers worked by hand, and a runtime that keeps its reports. */
import {
  Builder,
  Future,
  PENDING,
  type Async,
  type Context,
  type Poll,
  type Report,
  type Runtime,
  type Waker,
} from "@rt/core";

/** The two syntaxes of a task, for `it.each`. */
export const LANES = ["generator", "async"] as const;
export type Lane = (typeof LANES)[number];

/** A context that counts how often it was woken. */
export class TestWaker implements Waker, Context {
  count = 0;
  get waker(): Waker {
    return this;
  }
  get isWoken(): boolean {
    return this.count > 0;
  }
  wake(): void {
    this.count += 1;
  }
}

/** A waker that fails. */
export class ThrowingWaker extends TestWaker {
  override wake(): void {
    super.wake();
    throw new Error("this waker throws");
  }
}

/** A leaf that is pending until it is opened, and remembers what was done to it. */
export class Gate<T = void> extends Future<T> {
  polls = 0;
  drops = 0;
  #waker: Waker | null = null;
  #opened: { readonly value: T } | null = null;

  open(value: T): void {
    this.#opened = { value };
    this.wake();
  }

  /** Wakes whoever waits, without being ready. */
  wake(): void {
    this.#waker?.wake();
  }

  override poll(cx: Context): Poll<T> {
    this.polls += 1;
    this.#waker = cx.waker;
    return this.#opened === null ? PENDING : this.#opened.value;
  }

  override drop(): void {
    this.drops += 1;
    this.#waker = null;
  }
}

/** A leaf that is never ready, and whose drop throws. */
export class BadDrop extends Future<never> {
  drops = 0;
  override poll(): Poll<never> {
    return PENDING;
  }
  override drop(): void {
    this.drops += 1;
    throw new Error("this drop throws");
  }
}

/** A runtime whose reports are kept instead of being printed. */
export interface Watched {
  readonly runtime: Runtime;
  readonly reports: Report[];
}

export function watched(options: (builder: Builder) => Builder = (builder) => builder): Watched {
  const reports: Report[] = [];
  const builder = options(Builder.currentThread().onReport((report) => reports.push(report)));
  return { runtime: builder.build(), reports };
}

/** One turn of the host's event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** Lets every runtime go on until it has nothing left to do. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await turn();
}

/** What `promise` is rejected with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${String(value)}`);
}

/** What `fn` throws. */
export function thrownBy(fn: () => unknown): unknown {
  let value: unknown;
  try {
    value = fn();
  } catch (error) {
    return error;
  }
  throw new Error(`expected a throw, got ${String(value)}`);
}

/** Waits for `future` and gives its value, in a generator. */
export function* through<T>(future: Future<T>): Async<T> {
  return yield* future;
}

/** A body of the lane that waits for `future` and calls `onCleanup` when it ends, however it does. */
export function waiting<T>(
  lane: Lane,
  future: Future<T>,
  onCleanup: () => void = () => {},
): Async<T> | (() => Promise<T>) {
  return lane === "generator" ? waitingGenerator(future, onCleanup) : () => waitingAsync(future, onCleanup);
}

function* waitingGenerator<T>(future: Future<T>, onCleanup: () => void): Async<T> {
  try {
    return yield* future;
  } finally {
    onCleanup();
  }
}

async function waitingAsync<T>(future: Future<T>, onCleanup: () => void): Promise<T> {
  try {
    return await future;
  } finally {
    onCleanup();
  }
}

/** A body of the lane that waits for `future`, and for `cleanup` when it ends. */
export function waitingTwice<T>(
  lane: Lane,
  future: Future<T>,
  cleanup: Future<unknown>,
  onDone: () => void = () => {},
): Async<T> | (() => Promise<T>) {
  return lane === "generator"
    ? waitingTwiceGenerator(future, cleanup, onDone)
    : () => waitingTwiceAsync(future, cleanup, onDone);
}

function* waitingTwiceGenerator<T>(
  future: Future<T>,
  cleanup: Future<unknown>,
  onDone: () => void,
): Async<T> {
  try {
    return yield* future;
  } finally {
    yield* cleanup;
    onDone();
  }
}

async function waitingTwiceAsync<T>(
  future: Future<T>,
  cleanup: Future<unknown>,
  onDone: () => void,
): Promise<T> {
  try {
    return await future;
  } finally {
    await cleanup;
    onDone();
  }
}

/** A body of the lane that suspends once and then throws `error`. */
export function failing(lane: Lane, error: unknown): Async<never> | (() => Promise<never>) {
  return lane === "generator" ? failingGenerator(error) : () => failingAsync(error);
}

// oxlint-disable-next-line require-yield -- fails at once
function* failingGenerator(error: unknown): Async<never> {
  throw error;
}

async function failingAsync(error: unknown): Promise<never> {
  throw error;
}
