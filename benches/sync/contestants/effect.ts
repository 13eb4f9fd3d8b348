/**
 * effect 4, the idiomatic fastest way each time: `forkDetach`, loops as `whileLoop` over effects built once, the
 * `Unsafe` forms where the operation is synchronous, one `runPromise` around the whole sample.
 */

import { Deferred, Effect, Fiber, PubSub, Queue, Semaphore } from "effect";
import type { Contestant } from "../../harness/case.ts";
import { assertTotal, batches, sumBelow } from "../../shared/batches.ts";
import {
  BROADCAST_CAPACITY,
  CONTENDERS,
  HOLDS,
  MESSAGES,
  PERMITS,
  PRODUCERS,
  ROUNDS,
  SUBSCRIBERS,
} from "../sizes.ts";

/** `body` `count` times; `step` sees each result. */
function times<A>(
  count: number,
  body: () => Effect.Effect<A>,
  step: (value: A) => void,
): Effect.Effect<void> {
  return Effect.suspend(() => {
    let i = 0;
    return Effect.whileLoop({
      while: () => i < count,
      body,
      step: (value) => {
        i += 1;
        step(value);
      },
    });
  });
}

function nothing(): void {}

function sample(ops: number, batch: number, effect: Effect.Effect<void>): Promise<void> {
  return Effect.runPromise(times(batches(ops, batch), () => effect, nothing));
}

/** The sum of `count` results. */
function sumOf(count: number, take: Effect.Effect<number>): Effect.Effect<number> {
  return Effect.suspend(() => {
    let sum = 0;
    const all = times(
      count,
      () => take,
      (value) => {
        sum += value;
      },
    );
    return Effect.map(all, () => sum);
  });
}

function offerAll(queue: Queue.Queue<number>, count: number): Effect.Effect<void> {
  return Effect.suspend(() => {
    let i = 0;
    return times(count, () => Queue.offer(queue, i++), nothing);
  });
}

function offerAtOnce(queue: Queue.Queue<number>, count: number): Effect.Effect<void> {
  return Effect.sync(() => {
    for (let i = 0; i < count; i += 1) Queue.offerUnsafe(queue, i);
  });
}

const mpsc = Effect.fnUntraced(function* (capacity: number, producers: number) {
  const isBounded = Number.isFinite(capacity);
  const queue = yield* isBounded ? Queue.bounded<number>(capacity) : Queue.unbounded<number>();
  const each = MESSAGES / producers;
  const produce = isBounded ? offerAll(queue, each) : offerAtOnce(queue, each);
  for (let i = 0; i < producers; i += 1) yield* Effect.forkDetach(produce);
  const consumer = yield* Effect.forkDetach(sumOf(MESSAGES, Queue.take(queue)));
  assertTotal(yield* Fiber.join(consumer), producers * sumBelow(each));
});

const sendAndReceive = Effect.suspend(() => {
  const deferred = Deferred.makeUnsafe<number>();
  Deferred.doneUnsafe(deferred, Effect.succeed(1));
  return Deferred.await(deferred);
});

const oneshotSameTask = Effect.map(sumOf(ROUNDS, sendAndReceive), (sum) => assertTotal(sum, ROUNDS));

type Deferreds = readonly Deferred.Deferred<number>[];

function deferreds(): Deferreds {
  return Array.from({ length: ROUNDS }, () => Deferred.makeUnsafe<number>());
}

const ask = Effect.fnUntraced(function* (pings: Deferreds, pongs: Deferreds) {
  let sum = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    Deferred.doneUnsafe(pings[i]!, Effect.succeed(i));
    sum += yield* Deferred.await(pongs[i]!);
  }
  return sum;
});

const answer = Effect.fnUntraced(function* (pings: Deferreds, pongs: Deferreds) {
  for (let i = 0; i < ROUNDS; i += 1) {
    Deferred.doneUnsafe(pongs[i]!, Effect.succeed(yield* Deferred.await(pings[i]!)));
  }
});

const oneshotAcrossTasks = Effect.gen(function* () {
  const pings = deferreds();
  const pongs = deferreds();
  yield* Effect.forkDetach(answer(pings, pongs));
  const asking = yield* Effect.forkDetach(ask(pings, pongs));
  assertTotal(yield* Fiber.join(asking), sumBelow(ROUNDS));
});

interface Request {
  readonly value: number;
  readonly reply: Deferred.Deferred<number>;
}

const requestReply = Effect.gen(function* () {
  const queue = yield* Queue.bounded<Request>(128);
  const server = times(
    ROUNDS,
    () => Queue.take(queue),
    ({ value, reply }) => {
      Deferred.doneUnsafe(reply, Effect.succeed(value));
    },
  );
  yield* Effect.forkDetach(server);
  let i = 0;
  const call = Effect.suspend(() => {
    const reply = Deferred.makeUnsafe<number>();
    return Effect.andThen(Queue.offer(queue, { value: i++, reply }), Deferred.await(reply));
  });
  const client = yield* Effect.forkDetach(sumOf(ROUNDS, call));
  assertTotal(yield* Fiber.join(client), sumBelow(ROUNDS));
});

const broadcast = Effect.fnUntraced(function* (oneByOne: boolean) {
  const channel = yield* PubSub.bounded<number>(BROADCAST_CAPACITY);
  const fibers: Fiber.Fiber<number>[] = [];
  for (let i = 0; i < SUBSCRIBERS; i += 1) {
    const subscription = yield* PubSub.subscribe(channel);
    fibers.push(yield* Effect.forkDetach(sumOf(ROUNDS, PubSub.take(subscription))));
  }
  let next = 0;
  const publish = () => PubSub.publishUnsafe(channel, next++);
  const publishAll = oneByOne
    ? times(ROUNDS, () => Effect.yieldNow, publish)
    : Effect.sync(() => {
        for (let i = 0; i < ROUNDS; i += 1) publish();
      });
  yield* Fiber.join(yield* Effect.forkDetach(publishAll));
  for (const fiber of fibers) assertTotal(yield* Fiber.join(fiber), sumBelow(ROUNDS));
}, Effect.scoped);

const semaphoreUncontended = Effect.suspend(() => {
  const semaphore = Semaphore.makeUnsafe(10);
  const hold = Effect.andThen(semaphore.take(1), semaphore.release(1));
  return times(ROUNDS, () => hold, nothing);
});

const semaphoreContended = Effect.gen(function* () {
  const semaphore = Semaphore.makeUnsafe(PERMITS);
  const hold = semaphore.take(1).pipe(Effect.andThen(Effect.yieldNow), Effect.andThen(semaphore.release(1)));
  const contender = times(HOLDS, () => hold, nothing);
  const fibers: Fiber.Fiber<void>[] = [];
  for (let i = 0; i < CONTENDERS; i += 1) fibers.push(yield* Effect.forkDetach(contender));
  yield* Fiber.joinAll(fibers);
  assertTotal(yield* semaphore.releaseAll, PERMITS);
});

export default {
  "mpsc/bounded-1": (ops) => sample(ops, MESSAGES, mpsc(1, 1)),
  "mpsc/bounded-1-8-producers": (ops) => sample(ops, MESSAGES, mpsc(1, PRODUCERS)),
  "mpsc/bounded-128": (ops) => sample(ops, MESSAGES, mpsc(128, 1)),
  "mpsc/bounded-128-8-producers": (ops) => sample(ops, MESSAGES, mpsc(128, PRODUCERS)),
  "mpsc/unbounded": (ops) => sample(ops, MESSAGES, mpsc(Infinity, 1)),
  "mpsc/unbounded-8-producers": (ops) => sample(ops, MESSAGES, mpsc(Infinity, PRODUCERS)),
  "oneshot/same-task": (ops) => sample(ops, ROUNDS, oneshotSameTask),
  "oneshot/across-tasks": (ops) => sample(ops, 2 * ROUNDS, oneshotAcrossTasks),
  "request/reply": (ops) => sample(ops, ROUNDS, requestReply),
  "broadcast/1-to-4": (ops) => sample(ops, ROUNDS, broadcast(false)),
  "broadcast/1-to-4-one-by-one": (ops) => sample(ops, ROUNDS, broadcast(true)),
  "semaphore/uncontended": (ops) => sample(ops, ROUNDS, semaphoreUncontended),
  "semaphore/10-contenders": (ops) => sample(ops, CONTENDERS * HOLDS, semaphoreContended),
} satisfies Contestant;
