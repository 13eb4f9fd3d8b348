/** effect 4: `forkDetach`, loops as `whileLoop`, one `runPromise` around the whole sample. */

import { Deferred, Effect, Fiber } from "effect";
import type { Contestant } from "../../harness/case.ts";
import { assertTotal, sumBelow } from "../../shared/batches.ts";
import { heapPerTask } from "../../shared/heap.ts";
import { cpuAndWall } from "../cpu.ts";
import { HOUR, LONG, SPREAD } from "../sizes.ts";

function doze(i: number): Effect.Effect<number> {
  return Effect.as(Effect.sleep(1 + (i % SPREAD)), i);
}

const concurrent = Effect.fnUntraced(function* (ops: number) {
  const fibers: Fiber.Fiber<number>[] = [];
  for (let i = 0; i < ops; i += 1) fibers.push(yield* Effect.forkDetach(doze(i)));
  let sum = 0;
  for (const value of yield* Fiber.joinAll(fibers)) sum += value;
  assertTotal(sum, sumBelow(ops));
});

/** The sum of what `each` gives for 0 to `ops` - 1. */
function sumUp(ops: number, each: (i: number) => Effect.Effect<number, unknown>): Promise<void> {
  let i = 0;
  let sum = 0;
  const all = Effect.whileLoop({
    while: () => i < ops,
    body: () => each(i),
    step: (value) => {
      sum += value;
      i += 1;
    },
  });
  return Effect.runPromise(Effect.map(all, () => assertTotal(sum, sumBelow(ops))));
}

const park = Effect.fnUntraced(function* (tasks: number, wait: Effect.Effect<void>) {
  const started = { tasks: 0 };
  const task = Effect.suspend(() => {
    started.tasks += 1;
    return wait;
  });
  for (let i = 0; i < tasks; i += 1) yield* Effect.forkChild(task);
  while (started.tasks < tasks) yield* Effect.yieldNow;
});

/** What nobody refers to would be collected. */
const roots: Fiber.Fiber<never>[] = [];

async function memory(tasks: number, wait: Effect.Effect<void>) {
  const parked = Deferred.makeUnsafe<void>();
  const bytes = await heapPerTask(tasks, () => {
    const all = park(tasks, wait).pipe(
      Effect.andThen(Deferred.succeed(parked, undefined)),
      Effect.andThen(Effect.never),
    );
    roots.push(Effect.runFork(all));
    return Effect.runPromise(Deferred.await(parked));
  });
  return { bytes };
}

export default {
  "sleep/100k-concurrent": (ops) => cpuAndWall(ops, () => Effect.runPromise(concurrent(ops))),
  "timeout/ready": (ops) => sumUp(ops, (i) => Effect.timeout(Effect.succeed(i), LONG)),
  "timeout/job": (ops) => sumUp(ops, (i) => Effect.timeout(Effect.as(Effect.yieldNow, i), LONG)),
  "memory/tasks": (tasks) => memory(tasks, Effect.never),
  "memory/sleeping-tasks": (tasks) => memory(tasks, Effect.sleep(HOUR)),
} satisfies Contestant;
