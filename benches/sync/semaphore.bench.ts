import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { CONTENDERS, HOLDS, PERMITS } from "./sizes.ts";

export default [
  bench("semaphore/uncontended", {
    about: "a task takes a permit and releases it",
    per: "permit",
    batch: 1_000,
    bars: laneBars("semaphore/uncontended", 2),
  }),
  bench("semaphore/10-contenders", {
    about: `${CONTENDERS} tasks want ${PERMITS} permits, and hold theirs while they yield once`,
    per: "permit",
    batch: CONTENDERS * HOLDS,
    bars: laneBars("semaphore/10-contenders", 2),
  }),
] satisfies readonly Case[];
