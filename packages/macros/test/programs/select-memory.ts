// A million rounds of select against one long-lived mailbox and one long-lived signal; prints the growth in bytes.
import { Builder, type Async } from "@rt/core";
import { select } from "@rt/macros";
import { Mailbox } from "../support/mailbox.ts";

const ROUNDS = 1_000_000;
declare const gc: () => void;

const box = new Mailbox();
const stop = new Mailbox();

function heap(): number {
  gc();
  return process.memoryUsage().heapUsed;
}

function* rounds(count: number): Async<void> {
  for (let i = 0; i < count; i += 1) {
    if (i % 2 === 0) box.put();
    // Every other round one of the two is woken only once both have waited.
    else queueMicrotask(() => box.put());
    const event = yield* select({ message: box.take(), stop: stop.take() });
    if (event.branch === "stop") throw new Error("nobody stops it");
  }
}

const runtime = Builder.currentThread().build();
await runtime.blockOn(rounds(20_000));
const before = heap();
await runtime.blockOn(rounds(ROUNDS));
console.log(JSON.stringify({ grown: heap() - before, waiting: box.waiting.size + stop.waiting.size }));
