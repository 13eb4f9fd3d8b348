/** What the random programs of these tests are made of. */
import { readdirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import {
  type Async,
  Builder,
  Cancelled,
  type Context,
  fromPromise,
  Future,
  Handle,
  type IntoFuture,
  JoinError,
  type JoinHandle,
  PENDING,
  type Poll,
  spawn,
  type Waker,
} from "@rt/core";
import { ioKey } from "@rt/net";
import fc from "fast-check";
import type { Lane } from "./net.ts";

export const DROPPED: unique symbol = Symbol("dropped");

/** Polls a future a number of times at most, then drops it; {@link ON_WAKE}: as soon as it is woken, unpolled. */
export class Probe<T> extends Future<T | typeof DROPPED> implements Context, Waker {
  readonly #inner: Future<T>;
  readonly #limit: number;
  readonly #look: (() => boolean) | null;
  #waker: Waker | null = null;
  #isWoken = false;
  polls = 0;
  /** `look` has held at one of the polls. */
  isStarted = false;
  constructor(inner: Future<T>, limit: number, look: (() => boolean) | null = null) {
    super();
    this.#inner = inner;
    this.#limit = limit;
    this.#look = look;
  }
  get waker(): Waker {
    return this;
  }
  wake(): void {
    this.#isWoken = true;
    this.#waker?.wake();
  }
  override poll(cx: Context): Poll<T | typeof DROPPED> {
    this.#waker = cx.waker;
    if (this.#limit === ON_WAKE ? !this.#isWoken : this.polls < this.#limit) {
      this.polls += 1;
      this.isStarted ||= this.#look === null || this.#look();
      const value = this.#inner.poll(this);
      if (value !== PENDING || this.polls !== this.#limit) return value;
    }
    this.#inner.drop();
    return DROPPED;
  }
  override drop(): void {
    this.#inner.drop();
  }
  override describe(): string {
    return this.#inner.describe();
  }
}

/** See {@link Probe}. */
const ON_WAKE = -1;
/** How often a future is polled before it is dropped. */
export const polls: fc.Arbitrary<number> = fc.integer({ min: ON_WAKE, max: 3 });

/** A future of a `poll` function. */
export class Polled<T> extends Future<T> {
  readonly #poll: (cx: Context) => Poll<T>;
  constructor(poll: (cx: Context) => Poll<T>) {
    super();
    this.#poll = poll;
  }
  override poll(cx: Context): Poll<T> {
    return this.#poll(cx);
  }
}

/** A body for both lanes: it yields what is to be waited for. */
export type Body = Generator<Future<unknown>, void, unknown>;

export function* on<T>(future: Future<T>): Generator<Future<unknown>, T, unknown> {
  return (yield future) as T; // what the lanes below put in
}

function* generatorLane(body: Body): Async<void> {
  for (let step = body.next(); !step.done; ) {
    let value: unknown;
    try {
      value = yield* step.value;
    } catch (error) {
      step = body.throw(error);
      continue;
    }
    step = body.next(value);
  }
}

async function asyncLane(body: Body): Promise<void> {
  for (let step = body.next(); !step.done; ) {
    let value: unknown;
    try {
      value = await step.value;
    } catch (error) {
      step = body.throw(error);
      continue;
    }
    step = body.next(value);
  }
}

export function* someTurns(count: number): Body {
  for (let i = 0; i < count; i += 1) yield fromPromise(setImmediate());
}

/** Runs an operation in a task of its own, which is aborted after a while. */
export function* aborted<T>(
  { turns: count, lane: lane_ }: { turns: number; lane: Lane },
  start: () => Future<T>,
): Generator<Future<unknown>, T | typeof DROPPED, unknown> {
  const result: { value: T | typeof DROPPED; failure: unknown } = { value: DROPPED, failure: undefined };
  const handle = spawn(
    lane_ === "async"
      ? async () => {
          try {
            result.value = await start();
          } catch (error) {
            result.failure = error;
          }
        }
      : function* () {
          try {
            result.value = yield* start();
          } catch (error) {
            result.failure = error;
          }
        },
  );
  yield* someTurns(count);
  handle.abort();
  try {
    yield* on(handle);
  } catch (error) {
    if (!(error instanceof JoinError)) throw error;
  }
  // oxlint-disable-next-line typescript/only-throw-error -- it was thrown before
  if (result.failure !== undefined && !(result.failure instanceof Cancelled)) throw result.failure;
  return result.value;
}

/** Starts a body as a task of the lane. */
export function spawnIn(lane: Lane, body: Body): JoinHandle<void> {
  return spawn(lane === "async" ? () => asyncLane(body) : generatorLane(body));
}

/** Sockets that the runtime of the current task has open. */
export function openSockets(): number {
  return Handle.current().driver(ioKey).openSockets();
}

export function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Far above what a program takes on a busy machine. */
const TOO_LONG = Number(process.env["RT_MODEL_HANG"] ?? 10_000);

/** Runs `body` on a runtime of its own. If it never ends, tells what waits for what, and what `report` says then. */
export async function watched(body: IntoFuture<unknown>, report: () => unknown): Promise<void> {
  const runtime = Builder.currentThread().build();
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      runtime.blockOn(body),
      new Promise((_, reject) => {
        timer = setTimeout(() => {
          const seen = [JSON.stringify(report()), String(runtime.handle().dump())];
          reject(new Error(`${HANGS}: ${seen.join("\n")}\n${process.getActiveResourcesInfo().join(" ")}`));
        }, TOO_LONG);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    runtime.shutdownBackground();
  }
}

const HANGS = "It hangs";
const MOST_HANGS = 5;
/** For longer runs by hand. */
const RUNS = Number(process.env["RT_MODEL_RUNS"] ?? 500);
const ENOUGH = Number(process.env["RT_MODEL_MS"] ?? 1_500);

/** Plays random programs, as many as there is time for. */
export async function checkPrograms<T>(
  programs: fc.Arbitrary<T>,
  run: (program: T) => Promise<void>,
): Promise<void> {
  // Not fast-check's own limit, which passes over a program that hangs.
  let end = Date.now() + ENOUGH;
  let failures = 0;
  await fc.assert(
    fc.asyncProperty(programs, async (one) => {
      // Those that hang take so long that only a few smaller ones can be looked for.
      if (Date.now() > end || failures >= MOST_HANGS) return;
      try {
        await run(one);
      } catch (error) {
        end = Infinity; // a smaller one is looked for
        if (String(error).includes(HANGS)) failures += 1;
        throw error;
      }
    }),
    { numRuns: RUNS },
  );
}
