/** What live objects take, as far as V8 knows: its heap, and the buffers outside of it. */

/** Bytes per task that `start` adds and something still holds. */
export async function heapPerTask(tasks: number, start: () => PromiseLike<void>): Promise<number> {
  const before = liveHeap();
  await start();
  return (liveHeap() - before) / tasks;
}

function liveHeap(): number {
  if (globalThis.gc === undefined) throw new Error("Cannot measure the heap without --expose-gc");
  globalThis.gc();
  globalThis.gc(); // what the first one only made unreachable
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
