/**
 * What ordinary async programs do that is hard on a runtime: they leave code behind, are dropped in the middle of promises
 * of others, are cancelled through signals, stop iterating from outside, and wait for the same promise a million times.
 */
import { EventEmitter, once } from "node:events";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import {
  Builder,
  fromPromise,
  JoinError,
  JoinSet,
  pending,
  signal,
  spawn,
  TaskLocal,
  tryId,
  withSignal,
  yieldNow,
  type Async,
} from "@rt/core";
import { join, select, tryJoin } from "@rt/macros";
import { broadcast, mpsc, watch } from "@rt/sync";
import { Elapsed, interval, sleep, timeout } from "@rt/time";
import type { Random } from "../soak/random.ts";

/** What all rounds share. */
export interface World {
  /** Settles when the program ends: waited for in every round. */
  readonly stop: Promise<void>;
  /** Fires then. */
  readonly stopSignal: AbortSignal;
  /** Chains of dropped code that have been told, and their cleanups that have ended. */
  told: number;
  cleaned: number;
  /** Code left behind that has come to its end. */
  left: number;
}

/** One round. What it throws is a problem. */
export type Scenario = (world: World, random: Random) => Promise<void>;

class Problem extends Error {
  override readonly name = "Problem";
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Problem(what);
}

const never = (): Promise<never> => new Promise(() => {});

/** Ends within some ms, in one way or another. */
async function someWork(random: Random): Promise<void> {
  switch (random.between(0, 3)) {
    case 0:
      await yieldNow();
      break;
    case 1:
      await sleep(random.between(0, 3));
      break;
    case 2:
      await delay(random.between(0, 3));
      break;
    default:
      await Promise.all([yieldNow(), delay(1), sleep(1)]);
  }
}

const place = new TaskLocal<string>("place");

/** Begins code that nobody waits for. It belongs to no task once `ended`, if that is known. */
function leaveBehind(world: World, random: Random, ended: Promise<void> | null): void {
  const own = random.fork();
  void (async () => {
    for (let i = own.between(1, 4); i > 0; i -= 1) await someWork(own);
    await ended;
    await sleep(1);
    check(ended === null || tryId() === undefined, "code left behind belongs to a task");
    world.left += 1;
  })();
  setTimeout(() => void (async () => await yieldNow())(), own.between(0, 5));
  void sleep(own.between(0, 5)).then(() => yieldNow());
}

/** Runs `body` to its end as a part of something. */
function asPart(body: () => Promise<void>, random: Random): Async<unknown> {
  const parts: [() => Async<unknown>, ...(() => Async<unknown>)[]] = [
    function* (): Async<unknown> {
      return yield* spawn(body);
    },
    function* (): Async<unknown> {
      return yield* select({ body, stop: pending() });
    },
    function* (): Async<unknown> {
      return yield* join(body, yieldNow());
    },
    function* (): Async<unknown> {
      return yield* tryJoin(body, yieldNow());
    },
    function* (): Async<unknown> {
      return yield* timeout(10_000, body);
    },
    function* (): Async<unknown> {
      return yield* place.scope("here", body);
    },
  ];
  return random.pick(parts)();
}

/** Drops `body` some ms after it has begun. */
function* dropped(body: () => Promise<unknown>, random: Random): Async<void> {
  const ms = random.between(0, 4);
  switch (random.between(0, 4)) {
    case 0:
      try {
        yield* timeout(ms, body);
      } catch (error) {
        if (!(error instanceof Elapsed)) throw error;
      }
      break;
    case 1:
      yield* select({ body, late: sleep(ms) });
      break;
    case 2:
      try {
        yield* tryJoin(body, async () => {
          await sleep(ms);
          throw new RangeError("enough");
        });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      break;
    case 3: {
      const task = spawn(body);
      yield* sleep(ms);
      task.abort();
      try {
        yield* task;
      } catch (error) {
        if (!(error instanceof JoinError && error.isCancelled())) throw error;
      }
      break;
    }
    default: {
      const set = new JoinSet<unknown>();
      set.spawn(body);
      set.spawn(body);
      yield* sleep(ms);
      yield* set.shutdown();
    }
  }
}

/** A chain that works for ever, and cleans up when it is told. */
async function chain(world: World, random: Random): Promise<void> {
  try {
    for (;;) {
      await delay(random.between(0, 1));
      await (random.between(0, 1) === 0 ? yieldNow() : sleep(1));
    }
  } finally {
    world.told += 1;
    await yieldNow();
    await sleep(1);
    world.cleaned += 1;
  }
}

/** A source whose messages are counted: what is taken out comes to `seen`, the rest is in `rest()`. */
async function stoppedFromOutside(
  messages: AsyncIterable<number>,
  send: (value: number) => void,
  rest: () => number[],
  random: Random,
): Promise<void> {
  const seen: number[] = [];
  const count = random.between(0, 20);
  let next = 0;
  const stops = new AbortController();
  const sending = (async () => {
    for (; next < count; next += 1) {
      send(next);
      if (random.between(0, 2) === 0) await delay(0);
    }
    await delay(random.between(0, 2));
    stops.abort();
  })();
  switch (random.between(0, 2)) {
    case 0: {
      const stream = Readable.from(messages, { highWaterMark: 1 });
      stream.on("data", (value: number) => seen.push(value)).on("error", () => {});
      await sending;
      stream.destroy();
      if (!stream.closed) await once(stream, "close");
      // What the stream has taken and not handed on is in its buffer.
      break;
    }
    case 1: {
      const reader = ReadableStream.from(messages).getReader();
      const reading = (async () => {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          seen.push(value);
        }
      })();
      await sending;
      await reader.cancel();
      await reading;
      break;
    }
    default:
      try {
        await Promise.all([
          sending,
          // As it is, nobody would tell the iterator: Node's own pipeline waits for an iterable for ever.
          pipeline(
            Readable.from(messages),
            new Writable({
              objectMode: true,
              write(value: number, _encoding, done) {
                seen.push(value);
                done();
              },
            }),
            { signal: stops.signal },
          ),
        ]);
      } catch (error) {
        if ((error as Error).name !== "AbortError") throw error;
        await sending;
      }
  }
  // A stream may hold a message that it has taken: at most the last one that was taken is missing.
  const all = [...seen, ...rest()];
  check(all.length >= count - 1, `${count - all.length} of ${count} messages were lost`);
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  async "tasks that end and leave code behind"(world, random) {
    const ended = Promise.withResolvers<void>();
    const body = async (): Promise<void> => {
      leaveBehind(world, random, ended.promise);
      await someWork(random);
      leaveBehind(world, random, ended.promise);
    };
    await spawn(asPart(body, random));
    await spawn(body);
    ended.resolve();
  },

  async "functions with several chains, dropped"(world, random) {
    await spawn(
      dropped(
        async () => await Promise.all([chain(world, random), chain(world, random), sleep(5000)]),
        random,
      ),
    );
  },

  async "promises of others that never settle, or late"(_world, random) {
    const late = Promise.withResolvers<void>();
    let isTold = true;
    await spawn(
      dropped(async () => {
        if (random.between(0, 1) === 0) await never();
        isTold = false;
        try {
          await late.promise;
          await sleep(60_000);
        } finally {
          isTold = true;
        }
      }, random),
    );
    late.resolve();
    await delay(2);
    check(isTold, "code behind a late promise was not told");
  },

  async "runtimes that shut down with all of that under way"(world, random) {
    let reports = 0;
    const runtime = Builder.currentThread()
      .foreignGrace(1)
      .onReport(({ kind }) => (reports += kind === "not-waited-for" ? 0 : 1))
      .build();
    for (let i = 0; i < 5; i += 1) {
      runtime.spawn(async () => {
        leaveBehind(world, random, null);
        await someWork(random);
      });
      runtime.spawn(async () => await Promise.all([chain(world, random), sleep(60_000)]));
      runtime.spawn(async () => await never());
    }
    await delay(random.between(0, 3));
    await runtime[Symbol.asyncDispose]();
    check(reports === 0, "a shutdown had something to report");
  },

  async "functions of Node that are given the signal"(_world, random) {
    await spawn(
      dropped(async () => {
        void once(new EventEmitter(), "x", { signal: signal() });
        if (random.between(0, 1) === 0) await delay(60_000, undefined, { signal: signal() });
        else await once(new EventEmitter(), "x", { signal: signal() });
      }, random),
    );
  },

  async "iterators that are stopped from outside"(_world, random) {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const rest = (): number[] => {
      const left: number[] = [];
      for (let value = rx.tryRecv(); typeof value === "number"; value = rx.tryRecv()) left.push(value);
      return left;
    };
    await stoppedFromOutside(rx, (value) => tx.send(value), rest, random);
    const topic = broadcast.channel<number>(64);
    const stops = topic.tx.subscribe()[Symbol.asyncIterator]();
    const waiting = stops.next();
    await stops.return?.(undefined);
    check((await waiting).done === true, "a pending next() of a broadcast did not end");
    const state = watch.channel(0);
    const changes = state.rx[Symbol.asyncIterator]();
    const change = changes.next();
    await changes.return?.(undefined);
    check((await change).done === true, "a pending next() of a watch did not end");
  },

  async "one promise and one signal that live as long as the program"({ stop, stopSignal }, random) {
    await spawn(async () => {
      for (let i = 0; i < 500; i += 1) {
        await select({ work: yieldNow(), stop });
        await select({ work: yieldNow(), late: timeout(1000, stop) });
        await withSignal(stopSignal, yieldNow());
      }
    });
    await spawn(function* (): Async<void> {
      for (let i = 0; i < 500; i += 1) {
        yield* select({ work: yieldNow(), stop: fromPromise(stop) });
        yield* withSignal(stopSignal, yieldNow());
      }
    });
    if (random.between(0, 3) === 0)
      await spawn(async () => {
        using every = interval(1);
        for (let i = 0; i < 3; i += 1) await select({ tick: every.tick(), stop });
      });
  },
};
