import { tokioBar } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { CONTENDERS, HOLDS } from "./sizes.ts";

export default [
  bench("mutex/uncontended", {
    about: "a task locks, counts, and unlocks",
    per: "lock",
    batch: 1_000,
    bars: [tokioBar("mutex/uncontended")],
  }),
  bench("mutex/10-contenders", {
    about: `${CONTENDERS} tasks lock, count, and yield once before they unlock`,
    per: "lock",
    batch: CONTENDERS * HOLDS,
    bars: [tokioBar("mutex/10-contenders")],
  }),
] satisfies readonly Case[];
