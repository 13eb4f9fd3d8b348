/** Next to nothing around V8: `shared/bare.ts`. */

import type { Contestant } from "../../harness/case.ts";
import { assertTotal, sumBelow } from "../../shared/batches.ts";
import { Limited, run, start, type Steps, Turn } from "../../shared/bare.ts";
import { LONG } from "../sizes.ts";

let sum = 0;

function* job(i: number): Steps<number> {
  yield* new Turn();
  return i;
}

function* timeoutJob(ops: number): Steps<void> {
  for (let i = 0; i < ops; i += 1) sum += yield* new Limited(job(i), LONG);
}

export default {
  "timeout/job": async (ops) => {
    sum = 0;
    start(timeoutJob(ops));
    run();
    assertTotal(sum, sumBelow(ops));
  },
} satisfies Contestant;
