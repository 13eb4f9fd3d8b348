import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ROUNDS, SUBSCRIBERS } from "./sizes.ts";

export default [
  bench("broadcast/1-to-4", {
    about: `a task sends ${ROUNDS} values in one go, ${SUBSCRIBERS} tasks receive them all`,
    per: "value",
    batch: ROUNDS,
    bars: laneBars("broadcast/1-to-4", 2),
  }),
  bench("broadcast/1-to-4-one-by-one", {
    about: `the same, but the sender yields after each value: every one wakes ${SUBSCRIBERS} tasks`,
    per: "value",
    batch: ROUNDS,
    bars: laneBars("broadcast/1-to-4-one-by-one", 2),
  }),
] satisfies readonly Case[];
