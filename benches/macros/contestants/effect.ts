/**
 * effect 4: `raceFirst` and `raceAllFirst`, which end with the first to end as `select` does; `all` with unbounded
 * concurrency as `join`. Loops are `whileLoop` over effects built once, one `runPromise` around the whole sample.
 */

import { Deferred, Effect, Fiber, Queue } from "effect";
import type { Contestant } from "../../harness/case.ts";
import { assertTotal, batches, sumBelow } from "../../shared/batches.ts";
import { LONG, ROUNDS } from "../sizes.ts";

/** What `each` gives for 0 to `count` - 1, added up. */
function sumOf(count: number, each: (i: number) => Effect.Effect<number>): Effect.Effect<number> {
  return Effect.suspend(() => {
    let i = 0;
    let sum = 0;
    const all = Effect.whileLoop({
      while: () => i < count,
      body: () => each(i),
      step: (value) => {
        sum += value;
        i += 1;
      },
    });
    return Effect.map(all, () => sum);
  });
}

const queues = (count: number) => Effect.all(Array.from({ length: count }, () => Queue.unbounded<number>()));

const select = Effect.fnUntraced(function* (ops: number, count: number) {
  const all = yield* queues(count);
  const takes = all.map((queue) => Queue.take(queue));
  const [first, second] = takes;
  const race = count === 2 ? Effect.raceFirst(first!, second!) : Effect.raceAllFirst(takes);
  const sum = yield* sumOf(ops, (i) => {
    Queue.offerUnsafe(all[i % count]!, i);
    return race;
  });
  assertTotal(sum, sumBelow(ops));
});

const woken = Effect.gen(function* () {
  const a = yield* Queue.bounded<number>(1);
  const b = yield* Queue.bounded<number>(1);
  const send = sumOf(ROUNDS, (i) => Effect.as(Queue.offer(i % 2 === 0 ? a : b, i), 0));
  yield* Effect.forkDetach(send);
  const race = Effect.raceFirst(Queue.take(a), Queue.take(b));
  const receiver = yield* Effect.forkDetach(sumOf(ROUNDS, () => race));
  assertTotal(yield* Fiber.join(receiver), sumBelow(ROUNDS));
});

function selectWoken(ops: number): Promise<void> {
  return Effect.runPromise(Effect.asVoid(sumOf(batches(ops, ROUNDS), () => Effect.as(woken, 0))));
}

const orSleep = Effect.fnUntraced(function* (ops: number) {
  const queue = yield* Queue.unbounded<number>();
  const race = Effect.raceFirst(Queue.take(queue), Effect.as(Effect.sleep(LONG), Number.NaN));
  const sum = yield* sumOf(ops, (i) => {
    Queue.offerUnsafe(queue, i);
    return race;
  });
  assertTotal(sum, sumBelow(ops));
});

function sent(value: number): Effect.Effect<number> {
  const deferred = Deferred.makeUnsafe<number>();
  Deferred.doneUnsafe(deferred, Effect.succeed(value));
  return Deferred.await(deferred);
}

function join(ops: number, count: number): Promise<void> {
  const all = sumOf(ops, (i) => {
    const futures = Array.from({ length: count }, (_, at) => sent(at === 0 ? i : 1));
    return Effect.map(Effect.all(futures, { concurrency: "unbounded" }), total);
  });
  return Effect.runPromise(Effect.map(all, (sum) => assertTotal(sum, sumBelow(ops) + (count - 1) * ops)));
}

function total(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

export default {
  "select/2-branches": (ops) => Effect.runPromise(select(ops, 2)),
  "select/8-branches": (ops) => Effect.runPromise(select(ops, 8)),
  "select/2-branches-woken": selectWoken,
  "select/or-sleep": (ops) => Effect.runPromise(orSleep(ops)),
  "join/2-ready": (ops) => join(ops, 2),
  "join/8-ready": (ops) => join(ops, 8),
} satisfies Contestant;
