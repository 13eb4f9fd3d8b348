/**
 * The watchdog thread: names the task that is blocking the watched thread, while it blocks.
 *
 * It writes straight to descriptor 2, because a worker's own `process.stderr` is passed on by the very thread that
 * is blocked.
 */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { LENGTH, SEQ, WORDS } from "./watchdog-layout.ts";

const { shared, thresholdMs } = workerData as { shared: SharedArrayBuffer; thresholdMs: number };
const words = new Int32Array(shared, 0, WORDS);
const bytes = new Uint8Array(shared, WORDS * 4);
/** Looking four times per threshold names a task at most a quarter late. */
const LOOK_MS = Math.max(1, thresholdMs / 4);

let seen = 0;
let since = performance.now();
let reported = false;

function look(): void {
  // Pairs with the add in `SharedWatchdog.enter`: an odd value publishes the words behind it.
  const seq = Atomics.load(words, SEQ);
  if (seq !== seen) {
    seen = seq;
    since = performance.now();
    reported = false;
    return;
  }
  if ((seq & 1) === 0 || reported) return;
  const elapsed = performance.now() - since;
  if (elapsed < thresholdMs) return;
  reported = true;
  const label = new TextDecoder().decode(bytes.slice(0, words[LENGTH]));
  try {
    writeSync(2, `rt: ${label} has been blocking its thread for ${Math.round(elapsed)} ms\n`);
  } catch {
    // Nobody reads there any more.
  }
}

setInterval(look, LOOK_MS);
