/** async-mutex: `runExclusive`, for one at a time and for ten. */

import { Mutex, Semaphore } from "async-mutex";
import type { Contestant } from "../../harness/case.ts";
import { batches } from "../../shared/batches.ts";
import { assertJobs, INDICES, job } from "../job.ts";
import { CONCURRENCY, JOBS } from "../sizes.ts";

async function exclusive(ops: number): Promise<void> {
  for (let batch = batches(ops, JOBS); batch > 0; batch -= 1) {
    const mutex = new Mutex();
    assertJobs(await Promise.all(INDICES.map((i) => mutex.runExclusive(() => job(i, 1)))));
  }
}

async function tenAtATime(ops: number): Promise<void> {
  for (let batch = batches(ops, JOBS); batch > 0; batch -= 1) {
    const semaphore = new Semaphore(CONCURRENCY);
    assertJobs(await Promise.all(INDICES.map((i) => semaphore.runExclusive(() => job(i, CONCURRENCY)))));
  }
}

export default {
  "jobs/exclusive": exclusive,
  "jobs/10-at-a-time": tenAtATime,
} satisfies Contestant;
