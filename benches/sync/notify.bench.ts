import { tokioBar } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ROUNDS, WAITERS, WAKES } from "./sizes.ts";

export default [
  bench("notify/one", {
    about: "two tasks notify each other by turns",
    per: "notification",
    batch: 2 * ROUNDS,
    bars: [tokioBar("notify/one")],
  }),
  bench("notify/many", {
    about: `a task wakes ${WAITERS} at once when all of them wait; the last to wait notifies it`,
    per: "woken task",
    batch: WAITERS * WAKES,
    bars: [tokioBar("notify/many")],
  }),
] satisfies readonly Case[];
