/**
 * A million rounds of `select` against one long-lived channel, notify and token. Prints by how much the live heap grew
 * between the first tenth and the end: what a round leaves behind on any of the three shows as megabytes.
 *
 * Argument: `generator` or `async`.
 */
import { Builder, spawn, yieldNow, type Async } from "@rt/core";
import { select } from "@rt/macros";
import { mpsc, Notify, SetOnce } from "@rt/sync";

const ROUNDS = Number(process.argv[3] ?? 1_000_000);
const WARM_UP = ROUNDS / 10;

const { tx, rx } = mpsc.channel<number>(64);
const notify = new Notify();
const token = new SetOnce<string>();

const counts = { message: 0, notified: 0 };
let atStart = 0;

function liveBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function note(round: number): void {
  if (round === WARM_UP) atStart = liveBytes();
}

/** Two of three rounds are won by a message, the third by a notification; the token is waited for in all of them. */
function* produce(): Async<void> {
  for (let i = 0; i < ROUNDS; i += 1) {
    if (i % 3 < 2) yield* tx.send(i);
    else {
      notify.notifyOne();
      yield* yieldNow();
    }
  }
  token.set("stop");
}

function* consume(): Async<void> {
  for (let round = 0; ; round += 1) {
    note(round);
    const event = yield* select({ message: rx.recv(), notified: notify.notified(), stop: token.wait() });
    if (event.branch === "stop") return;
    counts[event.branch] += 1;
  }
}

async function consumeAsync(): Promise<void> {
  for (let round = 0; ; round += 1) {
    note(round);
    const event = await select({ message: rx.recv(), notified: notify.notified(), stop: token.wait() });
    if (event.branch === "stop") return;
    counts[event.branch] += 1;
  }
}

function* main(): Async<void> {
  const consumer = process.argv[2] === "async" ? spawn(consumeAsync) : spawn(consume());
  spawn(produce());
  yield* consumer;
}

const runtime = Builder.currentThread().build();
await runtime.blockOn(main());
console.log(JSON.stringify({ ...counts, grownBytes: liveBytes() - atStart }));
runtime.shutdownBackground(); // not by `await using`: Node 22 does not know it yet
