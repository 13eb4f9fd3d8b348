/* oxlint-disable require-yield -- a round need not wait for anything */
/**
 * Many rounds that each wait for one promise, or listen to one signal, that lives as long as the program. Prints by how
 * many bytes a round the live heap has grown, for each way of waiting.
 *
 * Argument: `generator` or `async`.
 */
import { runInNewContext } from "node:vm";
import {
  Builder,
  fromCallback,
  fromPromise,
  signal,
  spawn,
  withSignal,
  yieldNow,
  type Async,
  type Future,
} from "@rt/core";
import { join, select, tryJoin } from "@rt/macros";
import { timeout } from "@rt/time";

const ROUNDS = 10_000;
const WARM_UP = 1_000;

class OwnPromise<T> extends Promise<T> {}

const never = <T>(): Promise<T> => new Promise<T>(() => {});
const stop: Promise<void> = never();
const own: Promise<void> = new OwnPromise(() => {});
const foreign = runInNewContext("new Promise(() => {})") as Promise<void>;
const program: AbortSignal = new AbortController().signal;

function* work(): Async<void> {
  yield* yieldNow();
}

async function workAsync(): Promise<void> {
  await yieldNow();
}

function* fail(): Async<never> {
  yield* yieldNow();
  throw new Error("failed");
}

async function failAsync(): Promise<never> {
  await yieldNow();
  throw new Error("failed");
}

function* forEver(promise: Promise<void>): Async<void> {
  yield* fromPromise(promise);
}

const onProgram = () =>
  fromCallback<void>((resolve) => {
    const listener = (): void => resolve();
    program.addEventListener("abort", listener);
    return () => program.removeEventListener("abort", listener);
  });

function* askSignal(): Async<void> {
  signal();
  yield* fromPromise(stop);
}

function* settled(future: Future<unknown>): Async<void> {
  try {
    yield* future;
  } catch {
    // As it is to be: elapsed, aborted, failed.
  }
}

async function settledAsync(promise: PromiseLike<unknown>): Promise<void> {
  try {
    await promise;
  } catch {
    // As it is to be: elapsed, aborted, failed.
  }
}

/** One round of each, in the generator lane. */
const rounds: Record<string, () => Async<unknown>> = {
  *select() {
    yield* select({ work: work(), stop });
  },
  *selectOwn() {
    yield* select({ work: work(), own });
  },
  *selectForeign() {
    yield* select({ work: work(), foreign });
  },
  *selectFunction() {
    yield* select({ work: work(), stop: () => stop });
  },
  *fromPromise() {
    yield* select({ work: work(), stop: fromPromise(stop) });
  },
  *fromFunction() {
    yield* select({ work: work(), stop: fromPromise(() => stop) });
  },
  *byHand() {
    const wait = fromPromise(stop);
    wait.poll({ waker: { wake() {} } });
    wait.drop();
  },
  *neverPolled() {
    fromPromise(stop);
  },
  *timeout() {
    yield* settled(timeout(1, stop));
  },
  *join() {
    yield* settled(timeout(1, join([stop, stop])));
  },
  *tryJoin() {
    yield* settled(tryJoin([stop, fail()]));
  },
  *spawn() {
    const handle = spawn(stop);
    yield* yieldNow();
    handle.abort();
    yield* settled(handle);
  },
  *task() {
    const handle = spawn(forEver(stop));
    yield* yieldNow();
    handle.abort();
    yield* settled(handle);
  },
  *withSignal() {
    yield* withSignal(program, work());
  },
  *withSignalDropped() {
    yield* select({ work: work(), forEver: withSignal(program, forEver(stop)) });
  },
  *fromCallback() {
    yield* select({ work: work(), program: onProgram() });
  },
  *signal() {
    yield* select({ work: work(), asked: askSignal() });
  },
};

/** The same in the async lane. */
const roundsAsync: Record<string, () => Promise<unknown>> = {
  async select() {
    await select({ work: workAsync, stop });
  },
  async selectOwn() {
    await select({ work: workAsync, own });
  },
  async selectForeign() {
    await select({ work: workAsync, foreign });
  },
  async selectFunction() {
    await select({ work: workAsync, stop: () => stop });
  },
  async fromPromise() {
    await select({ work: workAsync, stop: fromPromise(stop) });
  },
  async fromFunction() {
    await select({ work: workAsync, stop: fromPromise(() => stop) });
  },
  async timeout() {
    await settledAsync(timeout(1, stop));
  },
  async join() {
    await settledAsync(timeout(1, join([stop, stop])));
  },
  async tryJoin() {
    await settledAsync(tryJoin([stop, failAsync]));
  },
  async spawn() {
    const handle = spawn(stop);
    await yieldNow();
    handle.abort();
    await settledAsync(handle);
  },
  async task() {
    const handle = spawn(async () => {
      await fromPromise(stop);
    });
    await yieldNow();
    handle.abort();
    await settledAsync(handle);
  },
  async withSignal() {
    await withSignal(program, workAsync);
  },
  async withSignalDropped() {
    await select({ work: workAsync, forEver: withSignal(program, async () => await fromPromise(stop)) });
  },
  async fromCallback() {
    await select({ work: workAsync, program: onProgram() });
  },
  async signal() {
    await select({
      work: workAsync,
      asked: async () => {
        signal();
        await fromPromise(stop);
      },
    });
  },
};

/** What is alive once the collector has had its turns: what is waited for through weak references takes several. */
async function liveBytes(): Promise<number> {
  for (let i = 0; i < 4; i += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return process.memoryUsage().heapUsed;
}

const runtime = Builder.currentThread().startPaused(true).build();

async function repeat(name: string, times: number): Promise<void> {
  if (process.argv[2] === "async") {
    const round = roundsAsync[name] as () => Promise<unknown>;
    await runtime.blockOn(async () => {
      for (let i = 0; i < times; i += 1) await round();
    });
  } else {
    const round = rounds[name] as () => Async<unknown>;
    await runtime.blockOn(function* () {
      for (let i = 0; i < times; i += 1) yield* round();
    });
  }
}

const grown: Record<string, number> = {};
for (const name of Object.keys(process.argv[2] === "async" ? roundsAsync : rounds)) {
  await repeat(name, WARM_UP);
  const before = await liveBytes();
  await repeat(name, ROUNDS);
  grown[name] = ((await liveBytes()) - before) / ROUNDS;
}
console.log(JSON.stringify(grown));
runtime.shutdownBackground(); // not by `await using`: Node 22 does not know it yet
