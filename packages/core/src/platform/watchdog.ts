/**
 * The watchdog's half on the watched thread. It writes who is being polled into shared memory before each poll;
 * the worker (`watchdog-worker.ts`) reads it and speaks up while the poll is still going on.
 */
import { Worker } from "node:worker_threads";
import { ID, LENGTH, SEQ, WORDS } from "./watchdog-layout.ts";
import type { WatchdogThread } from "./platform.ts";

/** Longer labels are cut: a report needs a name, not a novel. */
const LABEL_BYTES = 256;

export function startWatchdog(thresholdMs: number): WatchdogThread {
  const shared = new SharedArrayBuffer(WORDS * 4 + LABEL_BYTES);
  const words = new Int32Array(shared, 0, WORDS);
  const bytes = new Uint8Array(shared, WORDS * 4);
  const encoder = new TextEncoder();
  const workerData = { shared, thresholdMs };
  // Written so for the build, which puts the worker's code in the place of its address (`tooling/build/workers.ts`).
  const worker = new Worker(new URL("./watchdog-worker.ts", import.meta.url), { workerData });
  worker.unref();
  return {
    enter(id, label) {
      words[ID] = id | 0;
      words[LENGTH] = encoder.encodeInto(label, bytes).written;
      // Publishes the plain writes above. Pairs with the load of SEQ in the worker, which looks at them only
      // while SEQ stays odd and unchanged.
      Atomics.add(words, SEQ, 1);
    },
    leave: () => void Atomics.add(words, SEQ, 1),
    stop: () => void worker.terminate(),
  };
}
