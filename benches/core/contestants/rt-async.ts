/** Our async lane: `async` functions on one current-thread runtime, the driving body too. */

import { AsyncLocalStorage } from "node:async_hooks";
import { Builder, type JoinHandle, JoinSet, pending, type Runtime, spawn, yieldNow } from "@rt/core";
import type { Contestant } from "../../harness/case.ts";
import { latency } from "../fairness/latency.ts";
import type { Slice } from "../fairness/slice.ts";
import { Oneshot } from "../oneshot.ts";
import { assertSum, batches, CHAIN, PAIRS, SPAWN_BATCH, YIELDERS, YIELDS, YIELDS_ALONE } from "../sizes.ts";
import { heapPerTask } from "../../shared/heap.ts";
import { assertFinalized, type Parked, parkedTasks } from "../parked.ts";

const runtime = Builder.currentThread().build();

async function index(i: number): Promise<number> {
  return i;
}

async function spawnThenJoin(ops: number): Promise<void> {
  for (let batch = batches(ops, SPAWN_BATCH); batch > 0; batch -= 1) {
    const handles: JoinHandle<number>[] = [];
    for (let i = 0; i < SPAWN_BATCH; i += 1) handles.push(spawn(() => index(i)));
    let sum = 0;
    for (const handle of handles) sum += await handle;
    assertSum(sum);
  }
}

async function spawnJoinOneByOne(ops: number): Promise<void> {
  for (let i = 0; i < ops; i += 1) await spawn(() => index(i));
}

async function chain(rest: number, done: Oneshot<boolean>): Promise<void> {
  if (rest === 0) done.send(true);
  else spawn(() => chain(rest - 1, done));
}

async function spawnChained(ops: number): Promise<void> {
  for (let batch = batches(ops, CHAIN); batch > 0; batch -= 1) {
    const done = new Oneshot<boolean>();
    spawn(() => chain(CHAIN - 1, done));
    await done;
  }
}

interface Last {
  rest: number;
  readonly done: Oneshot<boolean>;
}

async function answer(ping: Oneshot<boolean>, pong: Oneshot<boolean>): Promise<void> {
  await ping;
  pong.send(true);
}

async function ask(last: Last): Promise<void> {
  const ping = new Oneshot<boolean>();
  const pong = new Oneshot<boolean>();
  spawn(() => answer(ping, pong));
  ping.send(true);
  await pong;
  last.rest -= 1;
  if (last.rest === 0) last.done.send(true);
}

async function pingPong(ops: number): Promise<void> {
  for (let batch = batches(ops, PAIRS); batch > 0; batch -= 1) {
    const last: Last = { rest: PAIRS, done: new Oneshot() };
    for (let i = 0; i < PAIRS; i += 1) spawn(() => ask(last));
    await last.done;
  }
}

async function yielder(yields: number): Promise<void> {
  for (let i = 0; i < yields; i += 1) await yieldNow();
}

async function yieldMany(ops: number): Promise<void> {
  for (let batch = batches(ops, YIELDERS * YIELDS); batch > 0; batch -= 1) {
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < YIELDERS; i += 1) handles.push(spawn(() => yielder(YIELDS)));
    for (const handle of handles) await handle;
  }
}

async function yieldAlone(ops: number): Promise<void> {
  for (let batch = batches(ops, YIELDS_ALONE); batch > 0; batch -= 1)
    await spawn(() => yielder(YIELDS_ALONE));
}

async function joinSet(ops: number): Promise<void> {
  for (let batch = batches(ops, SPAWN_BATCH); batch > 0; batch -= 1) {
    const set = new JoinSet<number>();
    for (let i = 0; i < SPAWN_BATCH; i += 1) set.spawn(() => index(i));
    let sum = 0;
    for (let value: number | undefined; (value = await set.joinNext()) !== undefined; ) sum += value;
    assertSum(sum);
  }
}

async function park(parked: Parked): Promise<void> {
  parked.started += 1;
  try {
    await pending();
  } finally {
    parked.finalized += 1;
  }
}

async function parkAll(parked: Parked): Promise<void> {
  for (let i = 0; i < parked.tasks; i += 1) spawn(() => park(parked));
  while (parked.started < parked.tasks) await yieldNow();
}

async function memory(tasks: number) {
  const parked = parkedTasks(tasks);
  const own = Builder.currentThread().build();
  const bytes = await heapPerTask(tasks, () => own.blockOn(() => parkAll(parked)));
  const start = performance.now();
  await own.shutdownTimeout(60_000);
  assertFinalized(parked);
  return { bytes, drop: ((performance.now() - start) * 1e6) / tasks };
}

async function spin(slice: Slice): Promise<void> {
  while (slice.goesOn()) await yieldNow();
}

async function spinTwo(slice: Slice): Promise<void> {
  const other = spawn(() => spin(slice));
  await spawn(() => spin(slice));
  await other;
}

const store = new AsyncLocalStorage<number>();

/** Which store the task was spawned in; only a runtime that propagates the context knows. */
async function readStore(): Promise<number> {
  return store.getStore() ?? 0;
}

async function spawnInStores(ops: number, expected: number): Promise<void> {
  for (let batch = batches(ops, SPAWN_BATCH); batch > 0; batch -= 1) {
    const handles: JoinHandle<number>[] = [];
    for (const value of [1, 2]) {
      store.run(value, () => {
        for (let i = 0; i < SPAWN_BATCH / 2; i += 1) handles.push(spawn(readStore));
      });
    }
    let sum = 0;
    for (const handle of handles) sum += await handle;
    assertSum(sum, (SPAWN_BATCH / 2) * expected);
  }
}

async function yieldInStore(yields: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < yields; i += 1) {
    await yieldNow();
    sum += store.getStore() ?? 0;
  }
  return sum;
}

async function yieldInStores(ops: number, expected: number): Promise<void> {
  for (let batch = batches(ops, YIELDERS * YIELDS); batch > 0; batch -= 1) {
    const handles: JoinHandle<number>[] = [];
    for (const value of [1, 2]) {
      store.run(value, () => {
        for (let i = 0; i < YIELDERS / 2; i += 1) handles.push(spawn(() => yieldInStore(YIELDS)));
      });
    }
    let sum = 0;
    for (const handle of handles) sum += await handle;
    assertSum(sum, ((YIELDERS * YIELDS) / 2) * expected);
  }
}

/** With propagation the tasks must see their own store; without it nothing is promised. */
const PROPAGATED = 1 + 2;
const UNKNOWN = Number.NaN;

let shared: Runtime | undefined;

/** Built on first use: the other cases' processes have no such runtime. */
function propagating(): Runtime {
  shared ??= Builder.currentThread().propagateContext(true).build();
  return shared;
}

export default {
  "spawn/10k-then-join": (ops) => runtime.blockOn(() => spawnThenJoin(ops)),
  "spawn/join-one-by-one": (ops) => runtime.blockOn(() => spawnJoinOneByOne(ops)),
  "spawn/chained": (ops) => runtime.blockOn(() => spawnChained(ops)),
  "ping-pong/spawned": (ops) => runtime.blockOn(() => pingPong(ops)),
  "yield/yield-now": (ops) => runtime.blockOn(() => yieldMany(ops)),
  "yield/one-task": (ops) => runtime.blockOn(() => yieldAlone(ops)),
  "join-set/10k": (ops) => runtime.blockOn(() => joinSet(ops)),
  "join-set/10k-values": (ops) => runtime.blockOn(() => joinSet(ops)),
  "memory/parked": memory,
  "fairness/two-always-ready": () => latency((slice) => runtime.blockOn(() => spinTwo(slice))),
  "als/spawn-off": (ops) => runtime.blockOn(() => spawnInStores(ops, UNKNOWN)),
  "als/spawn-on": (ops) => propagating().blockOn(() => spawnInStores(ops, PROPAGATED)),
  "als/yield-off": (ops) => runtime.blockOn(() => yieldInStores(ops, UNKNOWN)),
  "als/yield-on": (ops) => propagating().blockOn(() => yieldInStores(ops, PROPAGATED)),
} satisfies Contestant;
