/** Readers and writers that follow a script, and what else the tests of this package share. */
import {
  Builder,
  type Future,
  type IntoFuture,
  PENDING,
  type Context,
  type Poll,
  type Waker,
} from "@rt/core";
import { Reader, Writer } from "@rt/io";

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

export const cx = (): TestWaker => new TestWaker();

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const utf8 = (text: string): Uint8Array => encoder.encode(text);
export const text = (data: Uint8Array | undefined): string | undefined =>
  data === undefined ? undefined : decoder.decode(data);

/** Runs `body` to its end on a runtime of its own. */
export async function run<T>(body: IntoFuture<T>): Promise<T> {
  const runtime = Builder.currentThread().build();
  try {
    return await runtime.blockOn(body);
  } finally {
    runtime.shutdownBackground();
  }
}

/** Waits for the futures that `make` makes, one after the other, in a task of the lane. */
export function inLane<T>(lane: Lane, ...make: (() => Future<T>)[]): Promise<T[]> {
  if (lane === "async") {
    return run(async () => {
      const values: T[] = [];
      for (const each of make) values.push(await each());
      return values;
    });
  }
  return run(function* () {
    const values: T[] = [];
    for (const each of make) values.push(yield* each());
    return values;
  });
}

/** Polls to the end with wakers that nobody heeds; fails when it takes too long. */
export function finish<T>(future: Future<T>, polls = 10_000): T {
  for (let i = 0; i < polls; i += 1) {
    const value = future.poll(cx());
    if (value !== PENDING) return value;
  }
  throw new Error("It is still pending");
}

/** What `fn` throws. */
export function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
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

/** A turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** What a scripted reader does next: gives bytes, says "not yet" once, fails, or gives nothing. */
export type Step = Uint8Array | "pending" | Error;

/** Reads by a script; a step whose bytes don't fit goes on in the next read. After it comes the end. */
export class Script extends Reader {
  readonly steps: Step[];
  reads = 0;
  /** Lengths of the buffers it was given. */
  readonly asked: number[] = [];
  // oxlint-disable-next-line no-redundant-type-constituents -- says which words mean something
  constructor(...steps: (Step | string)[]) {
    super();
    this.steps = steps.map((step) =>
      typeof step === "string" && step !== "pending" ? utf8(step) : step,
    ) as Step[];
  }
  override pollRead(context: Context, buf: Uint8Array): Poll<number> {
    this.reads += 1;
    this.asked.push(buf.length);
    const chunk = this.step(context, buf.length);
    if (chunk === PENDING) return PENDING;
    buf.set(chunk);
    return chunk.length;
  }
  protected step(context: Context, max: number): Poll<Uint8Array> {
    const step = this.steps[0];
    if (step === undefined) return bytes();
    if (step instanceof Uint8Array && step.length > max) {
      this.steps[0] = step.subarray(max);
      return step.subarray(0, max);
    }
    this.steps.shift();
    if (step === "pending") {
      context.waker.wake();
      return PENDING;
    }
    if (step instanceof Error) throw step;
    return step;
  }
}

/** The same as a source that gives its arrays away. */
export class ChunkScript extends Script {
  chunks = 0;
  override pollRead(context: Context, buf: Uint8Array): Poll<number> {
    // An empty array is no end.
    while (this.steps[0] instanceof Uint8Array && this.steps[0].length === 0) this.steps.shift();
    return super.pollRead(context, buf);
  }
  override pollReadChunk(context: Context, max: number): Poll<Uint8Array | undefined> {
    this.chunks += 1;
    const chunk = this.step(context, max);
    if (chunk === PENDING) return PENDING;
    return chunk.length === 0 && this.steps.length === 0 ? undefined : chunk;
  }
}

/** Takes at most so many bytes at a time, and does what the script says before each write. */
export class Taker extends Writer {
  readonly taken: number[] = [];
  /** Lengths of what it took, write by write. */
  readonly writes: number[] = [];
  readonly steps: ("pending" | "ok" | "zero" | Error)[];
  most: number;
  flushes = 0;
  shutdowns = 0;
  vectored = false;
  /** Pending answers of `pollFlush` before it is done. */
  flushPending = 0;
  constructor(most: number = Infinity, ...steps: ("pending" | "ok" | "zero" | Error)[]) {
    super();
    this.most = most;
    this.steps = steps;
  }
  get text(): string {
    return decoder.decode(Uint8Array.from(this.taken));
  }
  override pollWrite(context: Context, buf: Uint8Array): Poll<number> {
    const step = this.steps.shift();
    if (step instanceof Error) throw step;
    if (step === "zero") return 0;
    if (step === "pending") {
      context.waker.wake();
      return PENDING;
    }
    const count = Math.min(this.most, buf.length);
    this.taken.push(...buf.subarray(0, count));
    this.writes.push(count);
    return count;
  }
  override pollFlush(context: Context): Poll<void> {
    if (this.flushPending > 0) {
      this.flushPending -= 1;
      context.waker.wake();
      return PENDING;
    }
    this.flushes += 1;
  }
  override pollShutdown(): Poll<void> {
    this.shutdowns += 1;
  }
  override isWriteVectored(): boolean {
    return this.vectored;
  }
  override pollWriteVectored(context: Context, bufs: readonly Uint8Array[]): Poll<number> {
    if (!this.vectored) return super.pollWriteVectored(context, bufs);
    const all = bufs.flatMap((buf) => [...buf]);
    return this.pollWrite(context, Uint8Array.from(all));
  }
}
