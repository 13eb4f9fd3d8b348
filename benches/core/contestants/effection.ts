/**
 * effection 4: `spawn` ties a task to its parent, as structured concurrency wants it; where a case needs a task to
 * outlive the one that starts it, it is started in the outer scope.
 *
 * There is no yield between ready tasks, so no yield and no fairness case.
 */
/* oxlint-disable require-yield -- some cases are about tasks that end at once */

import {
  type Operation,
  run,
  type Scope,
  sleep,
  spawn,
  suspend,
  type Task,
  useScope,
  withResolvers,
  type WithResolvers,
} from "effection";
import type { Contestant } from "../../harness/case.ts";
import { heapPerTask } from "../../shared/heap.ts";
import { assertFinalized, type Parked, parkedTasks } from "../parked.ts";
import { assertSum, batches, CHAIN, PAIRS, SPAWN_BATCH } from "../sizes.ts";

function* index(i: number): Operation<number> {
  return i;
}

function* spawnThenJoin(ops: number): Operation<void> {
  for (let batch = batches(ops, SPAWN_BATCH); batch > 0; batch -= 1) {
    const tasks: Task<number>[] = [];
    for (let i = 0; i < SPAWN_BATCH; i += 1) tasks.push(yield* spawn(() => index(i)));
    let sum = 0;
    for (const task of tasks) sum += yield* task;
    assertSum(sum);
  }
}

function* spawnJoinOneByOne(ops: number): Operation<void> {
  for (let i = 0; i < ops; i += 1) yield* yield* spawn(() => index(i));
}

function* chain(scope: Scope, rest: number, done: WithResolvers<void>): Operation<void> {
  if (rest === 0) done.resolve();
  else void (yield* scope.spawn(() => chain(scope, rest - 1, done)));
}

function* spawnChained(ops: number): Operation<void> {
  const scope = yield* useScope();
  for (let batch = batches(ops, CHAIN); batch > 0; batch -= 1) {
    const done = withResolvers<void>();
    void (yield* spawn(() => chain(scope, CHAIN - 1, done)));
    yield* done.operation;
  }
}

interface Last {
  rest: number;
  readonly done: WithResolvers<void>;
}

function* answer(ping: WithResolvers<void>, pong: WithResolvers<void>): Operation<void> {
  yield* ping.operation;
  pong.resolve();
}

function* ask(last: Last): Operation<void> {
  const ping = withResolvers<void>();
  const pong = withResolvers<void>();
  void (yield* spawn(() => answer(ping, pong)));
  ping.resolve();
  yield* pong.operation;
  last.rest -= 1;
  if (last.rest === 0) last.done.resolve();
}

function* pingPong(ops: number): Operation<void> {
  for (let batch = batches(ops, PAIRS); batch > 0; batch -= 1) {
    const last: Last = { rest: PAIRS, done: withResolvers() };
    for (let i = 0; i < PAIRS; i += 1) void (yield* spawn(() => ask(last)));
    yield* last.done.operation;
  }
}

function* park(parked: Parked): Operation<void> {
  parked.started += 1;
  try {
    yield* suspend();
  } finally {
    parked.finalized += 1;
  }
}

function* parkAll(parked: Parked, started: PromiseWithResolvers<void>): Operation<void> {
  for (let i = 0; i < parked.tasks; i += 1) void (yield* spawn(() => park(parked)));
  while (parked.started < parked.tasks) yield* sleep(0);
  started.resolve();
  yield* suspend();
}

async function memory(tasks: number) {
  const parked = parkedTasks(tasks);
  const started = Promise.withResolvers<void>();
  let root: Task<void> | undefined;
  const bytes = await heapPerTask(tasks, () => {
    root = run(() => parkAll(parked, started));
    return started.promise;
  });
  const start = performance.now();
  await root?.halt();
  assertFinalized(parked);
  return { bytes, drop: ((performance.now() - start) * 1e6) / tasks };
}

export default {
  "spawn/10k-then-join": (ops) => run(() => spawnThenJoin(ops)),
  "spawn/join-one-by-one": (ops) => run(() => spawnJoinOneByOne(ops)),
  "spawn/chained": (ops) => run(() => spawnChained(ops)),
  "ping-pong/spawned": (ops) => run(() => pingPong(ops)),
  "memory/parked": memory,
} satisfies Contestant;
