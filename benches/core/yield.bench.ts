import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";

export default [
  bench("yield/yield-now", {
    about: "200 tasks that yield 1,000 times each",
    per: "yield",
    batch: 200_000,
    bars: laneBars("yield/yield-now"),
  }),
] satisfies readonly Case[];
