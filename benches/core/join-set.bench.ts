import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";

export default [
  bench("join-set/10k", {
    about: "10,000 tasks in a join set, taken out as they end until it is empty",
    per: "task",
    batch: 10_000,
    bars: laneBars("join-set/10k"),
  }),
  bench("join-set/10k-values", {
    about: "the same, against rivals that hand each value out, too",
    per: "task",
    batch: 10_000,
    chart: false,
    bars: laneBars("join-set/10k-values"),
  }),
] satisfies readonly Case[];
