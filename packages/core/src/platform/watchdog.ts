/**
 * The watchdog's half on the watched thread. It writes who is being polled into shared memory before each poll;
 * the worker (`watchdog-worker.ts`) reads it and speaks up while the poll is still going on.
 */
import { Worker } from "node:worker_threads";
import { ID, LENGTH, SEQ, WORDS } from "./watchdog-layout.ts";
import type { WatchdogThread } from "./platform.ts";

/** Longer labels are cut: a report needs a name, not a novel. */
const LABEL_BYTES = 256;

class SharedWatchdog implements WatchdogThread {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #encoder = new TextEncoder();
  readonly #worker: Worker;

  constructor(thresholdMs: number) {
    const shared = new SharedArrayBuffer(WORDS * 4 + LABEL_BYTES);
    this.#words = new Int32Array(shared, 0, WORDS);
    this.#bytes = new Uint8Array(shared, WORDS * 4);
    const workerData = { shared, thresholdMs };
    // Two literals, because bundlers look for exactly this shape; the first serves sources run as they are.
    this.#worker = import.meta.url.endsWith(".ts")
      ? new Worker(new URL("./watchdog-worker.ts", import.meta.url), { workerData })
      : new Worker(new URL("./watchdog-worker.js", import.meta.url), { workerData });
    this.#worker.unref();
  }

  enter(id: number, label: string): void {
    this.#words[ID] = id | 0;
    this.#words[LENGTH] = this.#encoder.encodeInto(label, this.#bytes).written;
    // Publishes the plain writes above. Pairs with the load of SEQ in the worker, which looks at them only
    // while SEQ stays odd and unchanged.
    Atomics.add(this.#words, SEQ, 1);
  }

  leave(): void {
    Atomics.add(this.#words, SEQ, 1);
  }

  stop(): void {
    void this.#worker.terminate();
  }
}

export function startWatchdogThread(thresholdMs: number): WatchdogThread {
  return new SharedWatchdog(thresholdMs);
}
