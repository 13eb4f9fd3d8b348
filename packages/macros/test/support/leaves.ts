/** Leaves and wakers worked by hand, and what runs a future in either lane. */
import {
  Builder,
  Future,
  PENDING,
  RngSeed,
  type Async,
  type Context,
  type Poll,
  type Report,
  type Runtime,
  type Waker,
} from "@rt/core";
import { madeProgress, pollProceed } from "@rt/core/driver";
import { onTestFinished } from "vitest";

/** The two syntaxes of a task, for `it.each`. */
export const LANES = ["generator", "async"] as const;
export type Lane = (typeof LANES)[number];

/** A context that counts how often it was woken. */
export class TestWaker implements Waker, Context {
  count = 0;
  get waker(): Waker {
    return this;
  }
  wake(): void {
    this.count += 1;
  }
}

/** A leaf that is pending until it is opened or fails, and remembers what was done to it. */
export class Gate<T = void> extends Future<T> {
  polls = 0;
  drops = 0;
  /** Called by `drop`, to throw, to re-enter or to note the order. */
  onDrop: (() => void) | null = null;
  onPoll: (() => void) | null = null;
  readonly label: string;
  #waker: Waker | null = null;
  #outcome: { readonly value: T } | { readonly error: unknown } | null = null;
  #isDone = false;

  constructor(label = "a gate") {
    super();
    this.label = label;
  }

  open(value: T): this {
    this.#outcome = { value };
    this.#waker?.wake();
    return this;
  }

  fail(error: unknown): this {
    this.#outcome = { error };
    this.#waker?.wake();
    return this;
  }

  /** Wakes whoever waits, without being ready. */
  wake(): void {
    this.#waker?.wake();
  }

  override poll(cx: Context): Poll<T> {
    if (this.#isDone) throw new Error(`${this.label} was polled after it had completed`);
    this.polls += 1;
    this.#waker = cx.waker;
    this.onPoll?.();
    const outcome = this.#outcome;
    if (outcome === null) return PENDING;
    this.#isDone = true;
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  override drop(): void {
    this.drops += 1;
    this.#waker = null;
    this.onDrop?.();
  }

  override describe(): string {
    return this.label;
  }
}

export function opened<T>(value: T): Gate<T> {
  return new Gate<T>().open(value);
}

export function failed(error: unknown): Gate<never> {
  return new Gate<never>().fail(error);
}

/** Pending for a number of polls, each of which asks for the next; then completes, at the price of one unit. */
export class Countdown<T> extends Future<T> {
  left: number;
  readonly #value: T;
  constructor(left: number, value: T) {
    super();
    this.left = left;
    this.#value = value;
  }
  override poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return PENDING;
    if (this.left === 0) {
      madeProgress();
      return this.#value;
    }
    this.left -= 1;
    cx.waker.wake();
    return PENDING;
  }
}

export interface Watched {
  readonly runtime: Runtime;
  readonly reports: Report[];
}

/** A runtime that ends with the test, keeps its reports, and takes the same random decisions each time. */
export function watched(seed = 1): Watched {
  const reports: Report[] = [];
  const runtime = Builder.currentThread()
    .rngSeed(RngSeed.fromNumber(seed))
    .onReport((report) => reports.push(report))
    .build();
  onTestFinished(() => runtime.shutdownBackground());
  return { runtime, reports };
}

function* waitIn<T>(make: () => Future<T>): Async<T> {
  return yield* make();
}

/** A body of the lane that makes a future and waits for it. */
function body<T>(lane: Lane, make: () => Future<T>): Async<T> | (() => Promise<T>) {
  return lane === "generator" ? waitIn(make) : async () => await make();
}

/** Makes a future in a task of the lane, and waits for it. */
export async function inLane<T>(lane: Lane, make: () => Future<T>, seed = 1): Promise<T> {
  const { runtime } = watched(seed);
  return await runtime.blockOn<T>(body(lane, make));
}

/** Lets every runtime go on until it has nothing left to do. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 0);
    });
  }
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
