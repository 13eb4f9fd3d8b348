import { type Bar, atMost } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ASYNC, GENERATOR } from "../harness/contestants.ts";

const CASE = "fairness/two-always-ready";

function bars(contestant: string): Bar[] {
  const at = (metric: string) => ({ case: CASE, contestant, metric });
  return [atMost(at("timer p99"), 2, "ms"), atMost(at("socket p99"), 2, "ms"), atMost(at("loss"), 10, "%")];
}

export default [
  bench(CASE, {
    about: "two tasks that always yield, beside a 1 ms timer and a loopback echo",
    per: "run",
    batch: 1,
    metrics: [
      { name: "timer p50", unit: "ms" },
      { name: "timer p99", unit: "ms" },
      { name: "timer max", unit: "ms" },
      { name: "socket p50", unit: "ms" },
      { name: "socket p99", unit: "ms" },
      { name: "socket max", unit: "ms" },
      { name: "yield", unit: "ns" },
      { name: "loss", unit: "%" },
    ],
    fresh: true,
    rounds: 5,
    bars: [...bars(GENERATOR), ...bars(ASYNC)],
  }),
] satisfies readonly Case[];
