/** Next to nothing around V8: `shared/bare.ts`. */

import type { Contestant } from "../../harness/case.ts";
import { run, start, type Steps, Turn } from "../../shared/bare.ts";
import { batches, YIELDERS, YIELDS } from "../sizes.ts";

function* yielder(): Steps<void> {
  for (let i = 0; i < YIELDS; i += 1) yield* new Turn();
}

export default {
  "yield/yield-now": async (ops) => {
    for (let batch = batches(ops, YIELDERS * YIELDS); batch > 0; batch -= 1) {
      for (let i = 0; i < YIELDERS; i += 1) start(yielder());
      run();
    }
  },
} satisfies Contestant;
