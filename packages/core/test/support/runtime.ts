/** What the tests of runtimes, schedulers and drivers share. */
import { Builder, Future, PENDING, type Context, type Poll, type Report, type Waker } from "@rt/core";

/** Waits until it is opened by hand. Counts its polls. */
export class Gate extends Future<void> {
  isOpen = false;
  polls = 0;
  drops = 0;
  waker: Waker | null = null;
  readonly label: string;

  constructor(label = "a gate") {
    super();
    this.label = label;
  }

  override poll(cx: Context): Poll<void> {
    this.polls += 1;
    this.waker = cx.waker;
    return this.isOpen ? undefined : PENDING;
  }

  open(): void {
    this.isOpen = true;
    this.waker?.wake();
  }

  override drop(): void {
    this.drops += 1;
  }

  override describe(): string {
    return this.label;
  }
}

/** One turn of the host's event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** Turns of the host's event loop until `condition` holds; fails the test through vitest's own time-out. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** Keeps the thread for `ms`. */
export function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    // That is the point.
  }
}

/** Options for a runtime whose reports go to an array. */
export function reporting(): { readonly builder: Builder; readonly reports: Report[] } {
  const reports: Report[] = [];
  return { builder: Builder.currentThread().onReport((report) => reports.push(report)), reports };
}

/** What `body` throws. */
export function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

/** What `promise` rejects with. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}
