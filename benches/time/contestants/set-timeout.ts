/** The platform's own timers, with bare promises where somebody waits. */

import type { Contestant } from "../../harness/case.ts";
import { assertTotal, sumBelow } from "../../shared/batches.ts";
import { cpuAndWall } from "../cpu.ts";
import { delay, LONG, SPREAD } from "../sizes.ts";
import { amongOthers, type Timers } from "../timers.ts";

function never(): void {
  throw new Error("A timeout that was cleared came");
}

async function createPollDrop(ops: number): Promise<void> {
  for (let i = 0; i < ops; i += 1) clearTimeout(setTimeout(never, LONG));
}

async function doze(i: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1 + (i % SPREAD)));
  return i;
}

async function awaited(ops: number): Promise<void> {
  const dozing: Promise<number>[] = [];
  for (let i = 0; i < ops; i += 1) dozing.push(doze(i));
  let sum = 0;
  for (const one of dozing) sum += await one;
  assertTotal(sum, sumBelow(ops));
}

const NOW = Promise.resolve();

async function job(i: number): Promise<number> {
  await NOW;
  return i;
}

/** What one writes by hand, in its quickest form. */
function withTimeout(ms: number, work: Promise<number>): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The time is over")), ms);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

async function timeoutJob(ops: number): Promise<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) sum += await withTimeout(LONG, job(i));
  assertTotal(sum, sumBelow(ops));
}

const timers: Timers<NodeJS.Timeout> = {
  add: (i) => setTimeout(never, delay(i)),
  reset: (timer) => {
    timer.refresh();
  },
  cancel: (timer) => clearTimeout(timer),
};

const others: NodeJS.Timeout[] = [];

export default {
  "sleep/create-poll-drop": createPollDrop,
  "sleep/100k-awaited": (ops) => cpuAndWall(ops, () => awaited(ops)),
  "timeout/job": timeoutJob,
  "timers/1k-pending": async (ops) => amongOthers(timers, others, 1_000, ops),
  "timers/1m-pending": async (ops) => amongOthers(timers, others, 1_000_000, ops),
} satisfies Contestant;
