/** Our generator lane: hoisted `function*` tasks on one current-thread runtime. */

import {
  type Async,
  Builder,
  type Context,
  Future,
  type JoinHandle,
  PENDING,
  pending,
  pollFn,
  ready,
  spawn,
  yieldNow,
} from "@rt/core";
import { Instant, interval, type Sleep, sleep, timeout } from "@rt/time";
import type { Contestant, Measurement } from "../../harness/case.ts";
import { assertTotal, batches, sumBelow } from "../../shared/batches.ts";
import { heapPerTask } from "../../shared/heap.ts";
import { cpuAndWall } from "../cpu.ts";
import { BATCH, delay, HOUR, LONG, SPREAD } from "../sizes.ts";
import { amongOthers, type Timers } from "../timers.ts";

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

function* createPollDrop(ops: number): Async<void> {
  for (let batch = batches(ops, BATCH); batch > 0; batch -= 1) yield* new PollSleeps();
}

function* doze(i: number): Async<number> {
  yield* sleep(1 + (i % SPREAD));
  return i;
}

function* concurrent(ops: number): Async<void> {
  const handles: JoinHandle<number>[] = [];
  for (let i = 0; i < ops; i += 1) handles.push(spawn(doze(i)));
  let sum = 0;
  for (const handle of handles) sum += yield* handle;
  assertTotal(sum, sumBelow(ops));
}

function* timeoutReady(ops: number): Async<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) sum += yield* timeout(LONG, ready(i));
  assertTotal(sum, sumBelow(ops));
}

function* job(i: number): Async<number> {
  yield* yieldNow();
  return i;
}

function* timeoutJob(ops: number): Async<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) sum += yield* timeout(LONG, job(i));
  assertTotal(sum, sumBelow(ops));
}

/** Kept over all samples of the process. */
const others: Sleep[] = [];

function timersOf(cx: Context): Timers<Sleep> {
  const now = Instant.now();
  return {
    add(i) {
      const one = sleep(delay(i));
      if (one.poll(cx) !== PENDING) throw new Error("A sleep of minutes is over at once");
      return one;
    },
    reset(one, i) {
      one.reset(now.add(delay(i)));
    },
    cancel(one) {
      one.drop();
    },
  };
}

function timers(ops: number, count: number): Future<Measurement> {
  return pollFn((cx) => amongOthers(timersOf(cx), others, count, ops));
}

interface Started {
  tasks: number;
}

function* park(started: Started): Async<void> {
  started.tasks += 1;
  yield* pending();
}

function* snooze(started: Started): Async<void> {
  started.tasks += 1;
  yield* sleep(HOUR);
}

function* startAll(tasks: number, wait: (started: Started) => Async<void>): Async<void> {
  const started: Started = { tasks: 0 };
  for (let i = 0; i < tasks; i += 1) spawn(wait(started));
  while (started.tasks < tasks) yield* yieldNow();
}

async function memory(tasks: number, wait: (started: Started) => Async<void>): Promise<Measurement> {
  return { bytes: await heapPerTask(tasks, () => runtime.blockOn(startAll(tasks, wait))) };
}

function* ticks(ops: number): Async<void> {
  const every = interval(10);
  for (let i = 0; i < ops; i += 1) yield* every.tick();
}

const paused = Builder.currentThread().startPaused(true).build();

export default {
  "sleep/create-poll-drop": (ops) => runtime.blockOn(createPollDrop(ops)),
  "sleep/100k-concurrent": (ops) => cpuAndWall(ops, () => runtime.blockOn(concurrent(ops))),
  "timeout/ready": (ops) => runtime.blockOn(timeoutReady(ops)),
  "timeout/job": (ops) => runtime.blockOn(timeoutJob(ops)),
  "timers/1k-pending": (ops) => runtime.blockOn(timers(ops, 1_000)),
  "timers/1m-pending": (ops) => runtime.blockOn(timers(ops, 1_000_000)),
  "memory/tasks": (tasks) => memory(tasks, park),
  "memory/sleeping-tasks": (tasks) => memory(tasks, snooze),
  "interval/paused": (ops) => paused.blockOn(ticks(ops)),
} satisfies Contestant;
