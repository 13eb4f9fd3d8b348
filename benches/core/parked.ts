/** `memory/parked`, as far as it is the same for all JavaScript contestants. */

export interface Parked {
  readonly tasks: number;
  started: number;
  finalized: number;
}

export function parkedTasks(tasks: number): Parked {
  return { tasks, started: 0, finalized: 0 };
}

/** Heap bytes per task that `start` adds and something still holds. */
export async function heapPerTask(tasks: number, start: () => PromiseLike<void>): Promise<number> {
  const before = liveHeap();
  await start();
  return (liveHeap() - before) / tasks;
}

function liveHeap(): number {
  if (globalThis.gc === undefined) throw new Error("Cannot measure the heap without --expose-gc");
  globalThis.gc();
  globalThis.gc(); // what the first one only made unreachable
  return process.memoryUsage().heapUsed;
}

/** @throws Error when a dropped task did not run its `finally`. */
export function assertFinalized({ tasks, finalized }: Parked): void {
  if (finalized !== tasks) throw new Error(`${finalized} of ${tasks} parked tasks ran their finally`);
}
