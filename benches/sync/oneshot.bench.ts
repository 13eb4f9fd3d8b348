import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ROUNDS } from "./sizes.ts";

export default [
  bench("oneshot/same-task", {
    about: "a task makes a oneshot, sends, and receives",
    per: "oneshot",
    batch: ROUNDS,
    bars: laneBars("oneshot/same-task", 2),
  }),
  bench("oneshot/across-tasks", {
    about: `two tasks answer each other over ${ROUNDS} pairs of oneshots made before`,
    per: "oneshot",
    batch: 2 * ROUNDS,
    bars: laneBars("oneshot/across-tasks", 2),
  }),
] satisfies readonly Case[];
