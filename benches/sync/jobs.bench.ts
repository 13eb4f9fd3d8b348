/** What the locks of other libraries are used for: to run async functions one at a time, or ten. */

import { rivalBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ASYNC_MUTEX, P_LIMIT, P_QUEUE } from "../harness/contestants.ts";
import { CONCURRENCY, JOBS } from "./sizes.ts";

export default [
  bench("jobs/exclusive", {
    about: `${JOBS} async functions that await once, started together, one at a time`,
    per: "job",
    batch: JOBS,
    bars: rivalBars("jobs/exclusive", [ASYNC_MUTEX]),
  }),
  bench("jobs/10-at-a-time", {
    about: `the same, ${CONCURRENCY} at a time`,
    per: "job",
    batch: JOBS,
    bars: rivalBars("jobs/10-at-a-time", [ASYNC_MUTEX, P_LIMIT, P_QUEUE]),
  }),
] satisfies readonly Case[];
