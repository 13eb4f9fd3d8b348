/** What the tests of this package share. */
import { Builder, type Async, type Context, type Report, type Runtime, type Waker } from "@rt/core";
import { type TimeDriver, timeKey } from "@rt/time";
import { onTestFinished } from "vitest";

/** A context of one's own, to poll by hand. */
export class TestWaker implements Waker, Context {
  wakes = 0;
  get waker(): Waker {
    return this;
  }
  wake(): void {
    this.wakes += 1;
  }
}

export interface QuietRuntime {
  readonly runtime: Runtime;
  readonly driver: TimeDriver;
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
  return { runtime, driver: runtime.handle().driver(timeKey), reports };
}

/** A runtime whose clock is paused from the start. */
export function pausedRuntime(): QuietRuntime {
  return quietRuntime((builder) => builder.startPaused(true));
}

/** Runs `body` on a paused clock. */
export function paused<T>(body: (() => Async<T>) | (() => PromiseLike<T>)): Promise<T> {
  return pausedRuntime().runtime.blockOn(body);
}

/** Makes a paused runtime current for the rest of the test, to poll by hand: nothing moves its clock but the test. */
export function enterPaused(): TimeDriver {
  const { runtime, driver } = pausedRuntime();
  const guard = runtime.enter();
  onTestFinished(() => guard.dispose());
  return driver;
}

/** One turn of the host's event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** A turn that no fake clock has a say in. */
export function realTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
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

/** Keeps the thread for `ms`. */
export function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    // That is the point.
  }
}
