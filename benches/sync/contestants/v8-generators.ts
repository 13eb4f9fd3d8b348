/** Next to nothing around V8: `shared/bare.ts`. */

import type { Contestant } from "../../harness/case.ts";
import { assertTotal, batches, sumBelow } from "../../shared/batches.ts";
import { Claim, Next, Permits, Queue, run, Shot, start, type Steps, Turn } from "../../shared/bare.ts";
import { CONTENDERS, HOLDS, MESSAGES, PERMITS, ROUNDS, WRITERS } from "../sizes.ts";

let sum = 0;

/* oxlint-disable-next-line require-yield -- a task like the others */
function* produce(queue: Queue): Steps<void> {
  for (let i = 0; i < MESSAGES; i += 1) queue.push(i);
}

function* consume(queue: Queue): Steps<void> {
  for (let i = 0; i < MESSAGES; i += 1) sum += yield* new Next(queue);
}

function shots(): Shot[] {
  return Array.from({ length: ROUNDS }, () => new Shot());
}

function* ask(pings: readonly Shot[], pongs: readonly Shot[]): Steps<void> {
  for (let i = 0; i < ROUNDS; i += 1) {
    pings[i]!.send(i);
    sum += yield* pongs[i]!;
  }
}

function* answer(pings: readonly Shot[], pongs: readonly Shot[]): Steps<void> {
  for (let i = 0; i < ROUNDS; i += 1) pongs[i]!.send(yield* pings[i]!);
}

function* hold(permits: Permits, count: number): Steps<void> {
  for (let i = 0; i < HOLDS; i += 1) {
    yield* new Claim(permits, count);
    sum += 1;
    yield* new Turn();
    permits.release(count);
  }
}

function holding(size: number, counts: readonly number[]): (ops: number) => Promise<void> {
  return async (ops) => {
    for (let batch = batches(ops, counts.length * HOLDS); batch > 0; batch -= 1) {
      sum = 0;
      const permits = new Permits(size);
      for (const count of counts) start(hold(permits, count));
      run();
      assertTotal(sum, counts.length * HOLDS);
    }
  };
}

function times(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value);
}

export default {
  "mpsc/unbounded": async (ops) => {
    for (let batch = batches(ops, MESSAGES); batch > 0; batch -= 1) {
      sum = 0;
      const queue = new Queue();
      start(produce(queue));
      start(consume(queue));
      run();
      assertTotal(sum, sumBelow(MESSAGES));
    }
  },
  "oneshot/across-tasks": async (ops) => {
    for (let batch = batches(ops, 2 * ROUNDS); batch > 0; batch -= 1) {
      sum = 0;
      const pings = shots();
      const pongs = shots();
      start(answer(pings, pongs));
      start(ask(pings, pongs));
      run();
      assertTotal(sum, sumBelow(ROUNDS));
    }
  },
  "semaphore/10-contenders": holding(PERMITS, times(CONTENDERS, 1)),
  "mutex/10-contenders": holding(1, times(CONTENDERS, 1)),
  "rwlock/10-readers-2-writers": holding(64, [...times(CONTENDERS, 1), ...times(WRITERS, 64)]),
} satisfies Contestant;
