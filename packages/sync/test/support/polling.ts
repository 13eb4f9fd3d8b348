/** What the tests of locks share: futures polled by hand, wakers with a mind of their own, and both lanes. */
import {
  Builder,
  PENDING,
  type Async,
  type Context,
  type Future,
  type Poll,
  type Report,
  type Runtime,
  type Waker,
} from "@rt/core";
import { expect, onTestFinished } from "vitest";

/** A context that counts how often it was woken, and may do something else then. */
export class TestWaker implements Waker, Context {
  wakes = 0;
  readonly onWake: (() => void) | undefined;
  constructor(onWake?: () => void) {
    this.onWake = onWake;
  }
  get waker(): Waker {
    return this;
  }
  get isWoken(): boolean {
    return this.wakes > 0;
  }
  wake(): void {
    this.wakes += 1;
    this.onWake?.();
  }
}

/** A future that is polled by hand, with a waker of its own. */
export class Polled<T> {
  readonly future: Future<T>;
  readonly cx: TestWaker;
  constructor(future: Future<T>, onWake?: () => void) {
    this.future = future;
    this.cx = new TestWaker(onWake);
  }
  get isWoken(): boolean {
    return this.cx.isWoken;
  }
  poll(): Poll<T> {
    return this.future.poll(this.cx);
  }
  /** Polls it, expecting it to be ready. */
  ready(): T {
    const value = this.poll();
    if (value === PENDING) throw new Error("expected the future to be ready");
    return value;
  }
  drop(): void {
    this.future.drop();
  }
}

/** A future that has been polled once and waits. */
export function waiting<T>(future: Future<T>, onWake?: () => void): Polled<T> {
  const polled = new Polled(future, onWake);
  expect(polled.poll()).toBe(PENDING);
  return polled;
}

/** What a future gives that is ready at its first poll. */
export function now<T>(future: Future<T>): T {
  return new Polled(future).ready();
}

export const LANES = ["generator", "async"] as const;
export type Lane = (typeof LANES)[number];

function* generatorBody<T, R>(make: () => Future<T>, use: (value: T) => R): Async<R> {
  return use(yield* make());
}

async function asyncBody<T, R>(make: () => Future<T>, use: (value: T) => R): Promise<R> {
  return use(await make());
}

/** A body of the lane that waits for a future and hands what it gave to `use`. */
export function body<T, R>(
  lane: Lane,
  make: () => Future<T>,
  use: (value: T) => R,
): Async<R> | (() => Promise<R>) {
  return lane === "generator" ? generatorBody(make, use) : () => asyncBody(make, use);
}

/** A runtime that ends with the test and keeps its reports. */
export function quietRuntime(): { readonly runtime: Runtime; readonly reports: Report[] } {
  const reports: Report[] = [];
  const runtime = Builder.currentThread()
    .onReport((report) => reports.push(report))
    .build();
  onTestFinished(() => runtime.shutdownBackground());
  return { runtime, reports };
}

/** One turn of the host's event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** What `fn` throws. */
export function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error("expected an error, but nothing was thrown");
}

/** What `promise` is rejected with. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected a rejection, but the promise was fulfilled");
}

/** Wakers that throw are reported; without a runtime, by the default one, to the console. */
export function throwing(): never {
  throw new Error("this waker throws");
}

/** Whether async code keeps its context over awaits: browsers have no `AsyncLocalStorage`. */
export const keepsContext: boolean =
  typeof (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node === "string";
