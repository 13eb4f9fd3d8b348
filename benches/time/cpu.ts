/** Time as the process sees it, for cases that mostly wait. */

import type { Measurement } from "../harness/case.ts";

/** What `ops` operations take of the processor, on all threads of the process, and by the clock. */
export async function cpuAndWall(ops: number, work: () => PromiseLike<void>): Promise<Measurement> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: ((user + system) * 1e3) / ops, wall: (wall * 1e6) / ops };
}
