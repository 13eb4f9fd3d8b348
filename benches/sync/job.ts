/** `jobs/…`: what has to be done, the same for all. */

import { assertTotal, sumBelow } from "../shared/batches.ts";
import { JOBS } from "./sizes.ts";

const NOW = Promise.resolve();

let running = 0;

/** Waits once, and sees that no more than `limit` do at a time. */
export async function job(i: number, limit: number): Promise<number> {
  running += 1;
  if (running > limit) throw new Error(`${running} jobs run at once, ${limit} may`);
  await NOW;
  running -= 1;
  return i;
}

export const INDICES: readonly number[] = Array.from({ length: JOBS }, (_, i) => i);

/** That each job ran once. */
export function assertJobs(results: readonly number[]): void {
  let sum = 0;
  for (const result of results) sum += result;
  assertTotal(sum, sumBelow(JOBS));
}
