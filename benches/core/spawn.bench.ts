import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";

export default [
  bench("spawn/10k-then-join", {
    about: "spawn 10,000 tasks that return their index, then join all of them in order",
    per: "task",
    batch: 10_000,
    bars: laneBars("spawn/10k-then-join"),
  }),
  bench("spawn/join-one-by-one", {
    about: "spawn a task that returns its index and join it at once",
    per: "task",
    batch: 1_000,
    bars: laneBars("spawn/join-one-by-one"),
  }),
  bench("spawn/chained", {
    about: "each task spawns the next and ends; the last of 1,000 signals",
    per: "task",
    batch: 1_000,
    bars: laneBars("spawn/chained"),
  }),
] satisfies readonly Case[];
