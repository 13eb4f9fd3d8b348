/** Next to nothing around V8: `shared/bare.ts`. */

import type { Contestant } from "../../harness/case.ts";
import { assertTotal, sumBelow } from "../../shared/batches.ts";
import { Both, Either, Next, Queue, run, Shot, start, type Steps } from "../../shared/bare.ts";

let sum = 0;

function* select2(ops: number): Steps<void> {
  const a = new Queue();
  const b = new Queue();
  let branches = 0;
  for (let i = 0; i < ops; i += 1) {
    (i % 2 === 0 ? a : b).push(i);
    const event = yield* new Either(new Next(a), new Next(b));
    if (event.branch === (i % 2 === 0 ? "a" : "b")) branches += 1;
    sum += event.value;
  }
  assertTotal(branches, ops);
}

function sent(value: number): Shot {
  const shot = new Shot();
  shot.send(value);
  return shot;
}

function* join2(ops: number): Steps<void> {
  for (let i = 0; i < ops; i += 1) {
    const [a, b] = yield* new Both(sent(i), sent(1));
    sum += a + b;
  }
}

function running(body: (ops: number) => Steps<void>, extra: number): (ops: number) => Promise<void> {
  return async (ops) => {
    sum = 0;
    start(body(ops));
    run();
    assertTotal(sum, sumBelow(ops) + extra * ops);
  };
}

export default {
  "select/2-branches": running(select2, 0),
  "join/2-ready": running(join2, 1),
  "try-join/2-ready": running(join2, 1),
} satisfies Contestant;
