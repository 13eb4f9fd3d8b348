import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";

export default [
  bench("yield/yield-now", {
    about: "200 tasks that yield 1,000 times each",
    per: "yield",
    batch: 200_000,
    bars: laneBars("yield/yield-now"),
  }),
  bench("yield/one-task", {
    about: "one task that yields 100,000 times, with nobody to go first",
    per: "yield",
    batch: 100_000,
    chart: false,
    bars: laneBars("yield/one-task"),
  }),
] satisfies readonly Case[];
