/**
 * effect 4, the idiomatic fastest way each time: `forkDetach` (as `spawn`, not tied to its parent), primitives instead
 * of generators where a task does one thing, one `runPromise` around the whole sample.
 */

import { Deferred, Effect, Fiber, FiberSet, Queue } from "effect";
import type { Contestant } from "../../harness/case.ts";
import { latency } from "../fairness/latency.ts";
import type { Slice } from "../fairness/slice.ts";
import { heapPerTask } from "../../shared/heap.ts";
import { assertFinalized, type Parked, parkedTasks } from "../parked.ts";
import { assertSum, batches, CHAIN, PAIRS, SPAWN_BATCH, YIELDERS, YIELDS, YIELDS_ALONE } from "../sizes.ts";

const INDICES = Array.from({ length: SPAWN_BATCH }, (_, i) => i);

function repeat(ops: number, batch: number, effect: Effect.Effect<void>): Promise<void> {
  let rest = batches(ops, batch);
  return Effect.runPromise(
    Effect.whileLoop({
      while: () => rest > 0,
      body: () => effect,
      step: () => {
        rest -= 1;
      },
    }),
  );
}

function sumUp(values: readonly number[]): void {
  let sum = 0;
  for (const value of values) sum += value;
  assertSum(sum);
}

const spawnThenJoin = Effect.forEach(INDICES, (i) => Effect.forkDetach(Effect.succeed(i))).pipe(
  Effect.flatMap(Fiber.joinAll),
  Effect.map(sumUp),
);

const spawnJoin = Effect.flatMap(Effect.forkDetach(Effect.succeed(1)), Fiber.join);

function chain(rest: number, done: Deferred.Deferred<void>): Effect.Effect<unknown> {
  return Effect.suspend<unknown, never, never>(() =>
    rest === 0 ? Deferred.succeed(done, undefined) : Effect.forkDetach(chain(rest - 1, done)),
  );
}

const spawnChained = Effect.suspend(() => {
  const done = Deferred.makeUnsafe<void>();
  return Effect.andThen(Effect.forkDetach(chain(CHAIN - 1, done)), Deferred.await(done));
});

interface Last {
  rest: number;
  readonly done: Deferred.Deferred<void>;
}

const ask = Effect.fnUntraced(function* (last: Last) {
  const ping = Deferred.makeUnsafe<void>();
  const pong = Deferred.makeUnsafe<void>();
  yield* Effect.forkDetach(Effect.andThen(Deferred.await(ping), Deferred.succeed(pong, undefined)));
  yield* Deferred.succeed(ping, undefined);
  yield* Deferred.await(pong);
  last.rest -= 1;
  if (last.rest === 0) yield* Deferred.succeed(last.done, undefined);
});

const PAIR_NUMBERS = Array.from({ length: PAIRS }, (_, i) => i);

const pingPong = Effect.suspend(() => {
  const last: Last = { rest: PAIRS, done: Deferred.makeUnsafe() };
  const pairs = Effect.forEach(PAIR_NUMBERS, () => Effect.forkDetach(ask(last)), { discard: true });
  return Effect.andThen(pairs, Deferred.await(last.done));
});

const yieldTimes = (times: number) =>
  Effect.gen(function* () {
    for (let i = 0; i < times; i += 1) yield* Effect.yieldNow;
  });

const yielder = yieldTimes(YIELDS);

const yieldMany = Effect.forEach(Array.from({ length: YIELDERS }), () => Effect.forkDetach(yielder)).pipe(
  Effect.flatMap(Fiber.joinAll),
  Effect.asVoid,
);

const yieldAlone = Effect.flatMap(Effect.forkDetach(yieldTimes(YIELDS_ALONE)), Fiber.join);

/** The nearest to a join set: it hands no results out, so each task adds its own. */
const fiberSet = Effect.gen(function* () {
  let sum = 0;
  const add = (i: number) =>
    Effect.sync(() => {
      sum += i;
    });
  const set = yield* FiberSet.make<void>();
  yield* Effect.forEach(INDICES, (i) => FiberSet.run(set, add(i)), { discard: true });
  yield* FiberSet.awaitEmpty(set);
  assertSum(sum);
}).pipe(Effect.scoped);

/** The same, with a queue to hand the results out in the order in which they come. */
const fiberSetValues = Effect.gen(function* () {
  const values = yield* Queue.unbounded<number>();
  const set = yield* FiberSet.make<void>();
  const add = (i: number) => Effect.sync(() => void Queue.offerUnsafe(values, i));
  yield* Effect.forEach(INDICES, (i) => FiberSet.run(set, add(i)), { discard: true });
  let sum = 0;
  for (let i = 0; i < SPAWN_BATCH; i += 1) sum += yield* Queue.take(values);
  assertSum(sum);
}).pipe(Effect.scoped);

function park(parked: Parked): Effect.Effect<never> {
  const finalizer = Effect.sync(() => {
    parked.finalized += 1;
  });
  const wait = Effect.suspend(() => {
    parked.started += 1;
    return Effect.never;
  });
  return Effect.ensuring(wait, finalizer);
}

const parkAll = Effect.fnUntraced(function* (parked: Parked, started: Deferred.Deferred<void>) {
  const parkOne = park(parked);
  for (let i = 0; i < parked.tasks; i += 1) yield* Effect.forkChild(parkOne);
  while (parked.started < parked.tasks) yield* Effect.yieldNow;
  yield* Deferred.succeed(started, undefined);
  return yield* Effect.never;
});

async function memory(tasks: number) {
  const parked = parkedTasks(tasks);
  const started = Deferred.makeUnsafe<void>();
  let root: Fiber.Fiber<never> | undefined;
  const bytes = await heapPerTask(tasks, () => {
    root = Effect.runFork(parkAll(parked, started));
    return Effect.runPromise(Deferred.await(started));
  });
  if (root === undefined) throw new Error("The root fiber was not started");
  const start = performance.now();
  await Effect.runPromise(Fiber.interrupt(root)); // and with it its children
  assertFinalized(parked);
  return { bytes, drop: ((performance.now() - start) * 1e6) / tasks };
}

const spin = Effect.fnUntraced(function* (slice: Slice) {
  while (slice.goesOn()) yield* Effect.yieldNow;
});

function spinTwo(slice: Slice): Promise<void> {
  return Effect.runPromise(Effect.asVoid(Effect.all([spin(slice), spin(slice)], { concurrency: 2 })));
}

export default {
  "spawn/10k-then-join": (ops) => repeat(ops, SPAWN_BATCH, spawnThenJoin),
  "spawn/join-one-by-one": (ops) => repeat(ops, 1, Effect.asVoid(spawnJoin)),
  "spawn/chained": (ops) => repeat(ops, CHAIN, spawnChained),
  "ping-pong/spawned": (ops) => repeat(ops, PAIRS, pingPong),
  "yield/yield-now": (ops) => repeat(ops, YIELDERS * YIELDS, yieldMany),
  "yield/one-task": (ops) => repeat(ops, YIELDS_ALONE, yieldAlone),
  "join-set/10k": (ops) => repeat(ops, SPAWN_BATCH, fiberSet),
  "join-set/10k-values": (ops) => repeat(ops, SPAWN_BATCH, fiberSetValues),
  "memory/parked": memory,
  "fairness/two-always-ready": () => latency(spinTwo),
} satisfies Contestant;
