/** Our async lane: `async` functions on one current-thread runtime, the driving body too. */

import { Builder, spawn } from "@rt/core";
import { join, select, tryJoin } from "@rt/macros";
import { mpsc, oneshot } from "@rt/sync";
import { sleep } from "@rt/time";
import type { Contestant } from "../../harness/case.ts";
import { assertTotal, batches, sumBelow } from "../../shared/batches.ts";
import { LONG, ROUNDS } from "../sizes.ts";

const runtime = Builder.currentThread().build();

type Rx = mpsc.UnboundedReceiver<number>;

const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;

function channels(count: number) {
  return Array.from({ length: count }, () => mpsc.unboundedChannel<number>());
}

async function select2(ops: number): Promise<void> {
  const ends = channels(2);
  const [a, b] = ends.map(({ rx }) => rx) as [Rx, Rx];
  let sum = 0;
  let branches = 0;
  for (let i = 0; i < ops; i += 1) {
    ends[i % 2]!.tx.send(i);
    const event = await select({ a: a.recv(), b: b.recv() });
    if (event.branch === NAMES[i % 2]) branches += 1;
    sum += event.value ?? Number.NaN;
  }
  assertTotal(sum, sumBelow(ops));
  assertTotal(branches, ops);
}

async function select8(ops: number): Promise<void> {
  const ends = channels(8);
  const [a, b, c, d, e, f, g, h] = ends.map(({ rx }) => rx) as [Rx, Rx, Rx, Rx, Rx, Rx, Rx, Rx];
  let sum = 0;
  let branches = 0;
  for (let i = 0; i < ops; i += 1) {
    ends[i % 8]!.tx.send(i);
    const event = await select({
      a: a.recv(),
      b: b.recv(),
      c: c.recv(),
      d: d.recv(),
      e: e.recv(),
      f: f.recv(),
      g: g.recv(),
      h: h.recv(),
    });
    if (event.branch === NAMES[i % 8]) branches += 1;
    sum += event.value ?? Number.NaN;
  }
  assertTotal(sum, sumBelow(ops));
  assertTotal(branches, ops);
}

async function sendByTurns(txs: readonly mpsc.Sender<number>[]): Promise<void> {
  for (let i = 0; i < ROUNDS; i += 1) await txs[i % 2]!.send(i);
}

async function receiveEither(a: mpsc.Receiver<number>, b: mpsc.Receiver<number>): Promise<number> {
  let sum = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    const event = await select({ a: a.recv(), b: b.recv() });
    sum += event.value ?? Number.NaN;
  }
  return sum;
}

async function selectWoken(ops: number): Promise<void> {
  for (let batch = batches(ops, ROUNDS); batch > 0; batch -= 1) {
    const a = mpsc.channel<number>(1);
    const b = mpsc.channel<number>(1);
    const sender = spawn(() => sendByTurns([a.tx, b.tx]));
    assertTotal(await spawn(() => receiveEither(a.rx, b.rx)), sumBelow(ROUNDS));
    await sender;
  }
}

async function selectOrSleep(ops: number): Promise<void> {
  const { tx, rx } = mpsc.unboundedChannel<number>();
  let sum = 0;
  for (let i = 0; i < ops; i += 1) {
    tx.send(i);
    const event = await select({ message: rx.recv(), late: sleep(LONG) });
    sum += event.branch === "message" ? (event.value ?? Number.NaN) : Number.NaN;
  }
  assertTotal(sum, sumBelow(ops));
}

/** Something to wait for that every contestant has. */
function sent(value: number): oneshot.Receiver<number> {
  const { tx, rx } = oneshot.channel<number>();
  tx.send(value);
  return rx;
}

async function join2(ops: number): Promise<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) {
    const [a, b] = await join(sent(i), sent(1));
    sum += a + b;
  }
  assertTotal(sum, sumBelow(ops) + ops);
}

async function join8(ops: number): Promise<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) {
    const [a, b, c, d, e, f, g, h] = await join(
      sent(i),
      sent(1),
      sent(1),
      sent(1),
      sent(1),
      sent(1),
      sent(1),
      sent(1),
    );
    sum += a + b + c + d + e + f + g + h;
  }
  assertTotal(sum, sumBelow(ops) + 7 * ops);
}

async function tryJoin2(ops: number): Promise<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) {
    const [a, b] = await tryJoin(sent(i), sent(1));
    sum += a + b;
  }
  assertTotal(sum, sumBelow(ops) + ops);
}

export default {
  "select/2-branches": (ops) => runtime.blockOn(() => select2(ops)),
  "select/8-branches": (ops) => runtime.blockOn(() => select8(ops)),
  "select/2-branches-woken": (ops) => runtime.blockOn(() => selectWoken(ops)),
  "select/or-sleep": (ops) => runtime.blockOn(() => selectOrSleep(ops)),
  "join/2-ready": (ops) => runtime.blockOn(() => join2(ops)),
  "join/8-ready": (ops) => runtime.blockOn(() => join8(ops)),
  "try-join/2-ready": (ops) => runtime.blockOn(() => tryJoin2(ops)),
} satisfies Contestant;
