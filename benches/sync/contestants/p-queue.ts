/** p-queue: one `add` per job. */

import PQueue from "p-queue";
import type { Contestant } from "../../harness/case.ts";
import { batches } from "../../shared/batches.ts";
import { assertJobs, INDICES, job } from "../job.ts";
import { CONCURRENCY, JOBS } from "../sizes.ts";

async function tenAtATime(ops: number): Promise<void> {
  for (let batch = batches(ops, JOBS); batch > 0; batch -= 1) {
    const queue = new PQueue({ concurrency: CONCURRENCY });
    assertJobs(await Promise.all(INDICES.map((i) => queue.add(() => job(i, CONCURRENCY)))));
  }
}

export default { "jobs/10-at-a-time": tenAtATime } satisfies Contestant;
