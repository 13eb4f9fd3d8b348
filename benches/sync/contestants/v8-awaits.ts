/**
 * What V8 takes to await something that is there: an object whose `then` calls back at once. No task, no budget, nothing
 * that could be dropped.
 */

import type { Contestant } from "../../harness/case.ts";
import { assertTotal, batches, sumBelow } from "../../shared/batches.ts";
import { Queue } from "../../shared/bare.ts";
import { MESSAGES } from "../sizes.ts";

class Ready<T> {
  readonly value: T;
  constructor(value: T) {
    this.value = value;
  }
  // oxlint-disable-next-line unicorn/no-thenable -- that is what is measured
  then(resolve: (value: T) => void): void {
    resolve(this.value);
  }
}

class Next {
  readonly queue: Queue;
  constructor(queue: Queue) {
    this.queue = queue;
  }
  // oxlint-disable-next-line unicorn/no-thenable -- that is what is measured
  then(resolve: (value: number | undefined) => void): void {
    resolve(this.queue.shift());
  }
}

async function unbounded(ops: number): Promise<void> {
  for (let batch = batches(ops, MESSAGES); batch > 0; batch -= 1) {
    const queue = new Queue();
    for (let i = 0; i < MESSAGES; i += 1) queue.push(i);
    let sum = 0;
    for (let value: number | undefined; (value = await new Next(queue)) !== undefined; ) sum += value;
    assertTotal(sum, sumBelow(MESSAGES));
  }
}

async function readyOnes(ops: number): Promise<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) sum += await new Ready(i);
  assertTotal(sum, sumBelow(ops));
}

export default {
  "mpsc/unbounded": unbounded,
  "oneshot/same-task": readyOnes,
  "semaphore/uncontended": readyOnes,
} satisfies Contestant;
