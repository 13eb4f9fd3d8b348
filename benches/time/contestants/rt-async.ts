/** Our async lane: `async` functions on one current-thread runtime, the driving body too. */

import {
  Builder,
  type Context,
  Future,
  type JoinHandle,
  PENDING,
  pending,
  ready,
  spawn,
  yieldNow,
} from "@rt/core";
import { interval, sleep, timeout } from "@rt/time";
import type { Contestant, Measurement } from "../../harness/case.ts";
import { assertTotal, batches, sumBelow } from "../../shared/batches.ts";
import { heapPerTask } from "../../shared/heap.ts";
import { cpuAndWall } from "../cpu.ts";
import { BATCH, HOUR, LONG, SPREAD } from "../sizes.ts";

const runtime = Builder.currentThread().build();

class PollSleeps extends Future<void> {
  override poll(cx: Context): void {
    for (let i = 0; i < BATCH; i += 1) {
      const one = sleep(LONG);
      if (one.poll(cx) !== PENDING) throw new Error("A sleep of 10 s is over at once");
      one.drop();
    }
  }
}

async function createPollDrop(ops: number): Promise<void> {
  for (let batch = batches(ops, BATCH); batch > 0; batch -= 1) await new PollSleeps();
}

async function doze(i: number): Promise<number> {
  await sleep(1 + (i % SPREAD));
  return i;
}

async function concurrent(ops: number): Promise<void> {
  const handles: JoinHandle<number>[] = [];
  for (let i = 0; i < ops; i += 1) handles.push(spawn(() => doze(i)));
  let sum = 0;
  for (const handle of handles) sum += await handle;
  assertTotal(sum, sumBelow(ops));
}

/** Async functions that are no tasks of their own: what `setTimeout` does. */
async function awaited(ops: number): Promise<void> {
  const dozing: Promise<number>[] = [];
  for (let i = 0; i < ops; i += 1) dozing.push(doze(i));
  let sum = 0;
  for (const one of dozing) sum += await one;
  assertTotal(sum, sumBelow(ops));
}

async function timeoutReady(ops: number): Promise<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) sum += await timeout(LONG, ready(i));
  assertTotal(sum, sumBelow(ops));
}

const NOW = Promise.resolve();

async function job(i: number): Promise<number> {
  await NOW;
  return i;
}

/** Around the promise, which goes on when the time is over: as much as a `setTimeout` can do. */
async function timeoutJob(ops: number): Promise<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) sum += await timeout(LONG, job(i));
  assertTotal(sum, sumBelow(ops));
}

interface Started {
  tasks: number;
}

async function park(started: Started): Promise<void> {
  started.tasks += 1;
  await pending();
}

async function snooze(started: Started): Promise<void> {
  started.tasks += 1;
  await sleep(HOUR);
}

async function startAll(tasks: number, wait: (started: Started) => Promise<void>): Promise<void> {
  const started: Started = { tasks: 0 };
  for (let i = 0; i < tasks; i += 1) spawn(() => wait(started));
  while (started.tasks < tasks) await yieldNow();
}

async function memory(tasks: number, wait: (started: Started) => Promise<void>): Promise<Measurement> {
  return { bytes: await heapPerTask(tasks, () => runtime.blockOn(() => startAll(tasks, wait))) };
}

async function ticks(ops: number): Promise<void> {
  const every = interval(10);
  for (let i = 0; i < ops; i += 1) await every.tick();
}

const paused = Builder.currentThread().startPaused(true).build();

export default {
  "sleep/create-poll-drop": (ops) => runtime.blockOn(() => createPollDrop(ops)),
  "sleep/100k-concurrent": (ops) => cpuAndWall(ops, () => runtime.blockOn(() => concurrent(ops))),
  "sleep/100k-awaited": (ops) => cpuAndWall(ops, () => runtime.blockOn(() => awaited(ops))),
  "timeout/ready": (ops) => runtime.blockOn(() => timeoutReady(ops)),
  "timeout/job": (ops) => runtime.blockOn(() => timeoutJob(ops)),
  "memory/tasks": (tasks) => memory(tasks, park),
  "memory/sleeping-tasks": (tasks) => memory(tasks, snooze),
  "interval/paused": (ops) => paused.blockOn(() => ticks(ops)),
} satisfies Contestant;
