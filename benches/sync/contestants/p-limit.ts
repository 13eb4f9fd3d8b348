/** p-limit: the limiter called with function and argument, which saves a closure per job. */

import pLimit from "p-limit";
import type { Contestant } from "../../harness/case.ts";
import { batches } from "../../shared/batches.ts";
import { assertJobs, INDICES, job } from "../job.ts";
import { CONCURRENCY, JOBS } from "../sizes.ts";

async function tenAtATime(ops: number): Promise<void> {
  for (let batch = batches(ops, JOBS); batch > 0; batch -= 1) {
    const limit = pLimit(CONCURRENCY);
    assertJobs(await Promise.all(INDICES.map((i) => limit(job, i, CONCURRENCY))));
  }
}

export default { "jobs/10-at-a-time": tenAtATime } satisfies Contestant;
