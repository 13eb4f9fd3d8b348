/**
 * Bare promises, where the comparison is fair enough to be of use: what the platform's own scheduling costs.
 *
 * They do less: an async function starts at once instead of being queued, cannot be stopped, and yields only to other
 * promise jobs, never to timers or sockets (which is why there is no fairness case).
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { Contestant } from "../../harness/case.ts";
import { heapPerTask } from "../../shared/heap.ts";
import { assertFinalized, type Parked, parkedTasks } from "../parked.ts";
import { assertSum, batches, CHAIN, PAIRS, SPAWN_BATCH, YIELDERS, YIELDS, YIELDS_ALONE } from "../sizes.ts";

/** Awaiting it goes behind the promise jobs that are queued already. */
const NOW = Promise.resolve();

async function index(i: number): Promise<number> {
  return i;
}

async function spawnThenJoin(ops: number): Promise<void> {
  for (let batch = batches(ops, SPAWN_BATCH); batch > 0; batch -= 1) {
    const handles: Promise<number>[] = [];
    for (let i = 0; i < SPAWN_BATCH; i += 1) handles.push(index(i));
    let sum = 0;
    for (const handle of handles) sum += await handle;
    assertSum(sum);
  }
}

async function spawnJoinOneByOne(ops: number): Promise<void> {
  for (let i = 0; i < ops; i += 1) await index(i);
}

/** Each link runs in a promise job of its own; called directly they would be a thousand stack frames deep. */
async function chain(rest: number, done: PromiseWithResolvers<void>): Promise<void> {
  await NOW;
  if (rest === 0) done.resolve();
  else void chain(rest - 1, done);
}

async function spawnChained(ops: number): Promise<void> {
  for (let batch = batches(ops, CHAIN); batch > 0; batch -= 1) {
    const done = Promise.withResolvers<void>();
    void chain(CHAIN - 1, done);
    await done.promise;
  }
}

interface Last {
  rest: number;
  readonly done: PromiseWithResolvers<void>;
}

async function answer(ping: Promise<void>, pong: PromiseWithResolvers<void>): Promise<void> {
  await ping;
  pong.resolve();
}

async function ask(last: Last): Promise<void> {
  const ping = Promise.withResolvers<void>();
  const pong = Promise.withResolvers<void>();
  void answer(ping.promise, pong);
  ping.resolve();
  await pong.promise;
  last.rest -= 1;
  if (last.rest === 0) last.done.resolve();
}

async function pingPong(ops: number): Promise<void> {
  for (let batch = batches(ops, PAIRS); batch > 0; batch -= 1) {
    const last: Last = { rest: PAIRS, done: Promise.withResolvers() };
    for (let i = 0; i < PAIRS; i += 1) void ask(last);
    await last.done.promise;
  }
}

async function yielder(yields: number): Promise<void> {
  for (let i = 0; i < yields; i += 1) await NOW;
}

async function yieldMany(ops: number): Promise<void> {
  for (let batch = batches(ops, YIELDERS * YIELDS); batch > 0; batch -= 1) {
    const tasks: Promise<void>[] = [];
    for (let i = 0; i < YIELDERS; i += 1) tasks.push(yielder(YIELDS));
    await Promise.all(tasks);
  }
}

async function yieldAlone(ops: number): Promise<void> {
  for (let batch = batches(ops, YIELDS_ALONE); batch > 0; batch -= 1) await yielder(YIELDS_ALONE);
}

/** Nothing can be dropped here: the gate opens, and all end by themselves. */
async function park(parked: Parked, gate: Promise<void>): Promise<void> {
  parked.started += 1;
  try {
    await gate;
  } finally {
    parked.finalized += 1;
  }
}

async function memory(tasks: number) {
  const parked = parkedTasks(tasks);
  const gates: PromiseWithResolvers<void>[] = [];
  const bytes = await heapPerTask(tasks, async () => {
    for (let i = 0; i < tasks; i += 1) {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      void park(parked, gate.promise);
    }
  });
  const start = performance.now();
  for (const gate of gates) gate.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  assertFinalized(parked);
  return { bytes, drop: ((performance.now() - start) * 1e6) / tasks };
}

const store = new AsyncLocalStorage<number>();

async function readStore(): Promise<number> {
  return store.getStore() ?? 0;
}

async function spawnInStores(ops: number): Promise<void> {
  for (let batch = batches(ops, SPAWN_BATCH); batch > 0; batch -= 1) {
    const handles: Promise<number>[] = [];
    for (const value of [1, 2]) {
      store.run(value, () => {
        for (let i = 0; i < SPAWN_BATCH / 2; i += 1) handles.push(readStore());
      });
    }
    let sum = 0;
    for (const handle of handles) sum += await handle;
    assertSum(sum, (SPAWN_BATCH / 2) * 3);
  }
}

async function yieldInStore(yields: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < yields; i += 1) {
    await NOW;
    sum += store.getStore() ?? 0;
  }
  return sum;
}

async function yieldInStores(ops: number): Promise<void> {
  for (let batch = batches(ops, YIELDERS * YIELDS); batch > 0; batch -= 1) {
    const tasks: Promise<number>[] = [];
    for (const value of [1, 2]) {
      store.run(value, () => {
        for (let i = 0; i < YIELDERS / 2; i += 1) tasks.push(yieldInStore(YIELDS));
      });
    }
    let sum = 0;
    for (const result of await Promise.all(tasks)) sum += result;
    assertSum(sum, ((YIELDERS * YIELDS) / 2) * 3);
  }
}

export default {
  "spawn/10k-then-join": spawnThenJoin,
  "spawn/join-one-by-one": spawnJoinOneByOne,
  "spawn/chained": spawnChained,
  "ping-pong/spawned": pingPong,
  "yield/yield-now": yieldMany,
  "yield/one-task": yieldAlone,
  "memory/parked": memory,
  // The platform carries stores through promises always; there is no `off`.
  "als/spawn-on": spawnInStores,
  "als/yield-on": yieldInStores,
} satisfies Contestant;
