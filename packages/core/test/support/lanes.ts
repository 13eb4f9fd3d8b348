/** What the tests of futures and of the two lanes share. */
import {
  Builder,
  Future,
  PENDING,
  type Context,
  type Poll,
  type Report,
  type Runtime,
  type Waker,
} from "@rt/core";
import { onTestFinished } from "vitest";

/** A context of one's own, to poll by hand. */
export class TestWaker implements Waker, Context {
  wakes = 0;
  get waker(): Waker {
    return this;
  }
  get isWoken(): boolean {
    return this.wakes > 0;
  }
  wake(): void {
    this.wakes += 1;
  }
}

/** A leaf that the test completes by hand, and that notes what is done to it. */
export class Gate<T = void> extends Future<T> {
  polls = 0;
  drops = 0;
  /** Called by `drop`, to throw or to re-enter. */
  onDrop: (() => void) | null = null;
  #waker: Waker | null = null;
  #outcome: { readonly value: T } | { readonly error: unknown } | null = null;

  /** True while somebody is to be woken. */
  get isWaiting(): boolean {
    return this.#waker !== null;
  }

  poll(cx: Context): Poll<T> {
    this.polls += 1;
    const outcome = this.#outcome;
    if (outcome === null) {
      this.#waker = cx.waker;
      return PENDING;
    }
    this.#waker = null;
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  override drop(): void {
    this.drops += 1;
    this.#waker = null;
    this.onDrop?.();
  }

  override describe(): string {
    return "a gate";
  }

  open(value: T): void {
    this.#outcome = { value };
    this.#waker?.wake();
  }

  fail(error: unknown): void {
    this.#outcome = { error };
    this.#waker?.wake();
  }
}

/** Lets the event loop turn once; every microtask before it has run then. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

export interface QuietRuntime {
  readonly runtime: Runtime;
  /** What the runtime had to report, instead of printing it. */
  readonly reports: Report[];
}

/** A runtime that ends with the test and collects its reports. */
export function quietRuntime(options: (builder: Builder) => Builder = (builder) => builder): QuietRuntime {
  const reports: Report[] = [];
  const runtime = options(Builder.currentThread())
    .onReport((report) => reports.push(report))
    .build();
  onTestFinished(() => runtime.shutdownBackground());
  return { runtime, reports };
}

/** What `fn` throws; fails when it throws nothing. */
export function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error("expected an error, but nothing was thrown");
}

/** What `promise` is rejected with; fails when it is fulfilled. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected a rejection, but the promise was fulfilled");
}

/** True where the platform keeps the async lane's context over awaits of promises that are not ours. */
export const keepsContext: boolean =
  typeof (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node === "string";
