import { atMost } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { EFFECT, EFFECTION, GENERATOR, PROMISES } from "../harness/contestants.ts";

const CASE = "memory/parked";

export default [
  bench(CASE, {
    about: "tasks that wait for ever inside try/finally; each `finally` must run when the runtime is dropped",
    per: "task",
    batch: 1,
    metrics: [
      { name: "bytes", unit: "B" },
      { name: "drop", unit: "ns" },
    ],
    ops: { default: 1_000_000, [EFFECT]: 100_000, [EFFECTION]: 10_000, [PROMISES]: 1_000_000 },
    fresh: true,
    rounds: 3,
    bars: [atMost({ case: CASE, contestant: GENERATOR, metric: "bytes" }, 450, "B")],
  }),
] satisfies readonly Case[];
