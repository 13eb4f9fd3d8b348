/** What `mpsc` and `oneshot` hold on to, as the garbage collector sees it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PENDING, type Context, type Future } from "@rt/core";
import { mpsc, oneshot } from "@rt/sync";
import { describe, expect, it } from "vitest";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

const NOBODY: Context = { waker: { wake() {} } };

/** How many of `refs` are still held. What was looked at in this turn of the loop is held through it. */
async function held(refs: readonly WeakRef<object>[]): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  gc();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

function sendObjects(tx: mpsc.UnboundedSender<object>, count: number): WeakRef<object>[] {
  return Array.from({ length: count }, () => {
    const value = {};
    tx.send(value);
    return new WeakRef(value);
  });
}

/** Waits that were begun and dropped. Fails when one of them is ready. */
function dropWaits(make: () => Future<unknown>): WeakRef<object>[] {
  return Array.from({ length: 1000 }, () => {
    const wait = make();
    if (wait.poll(NOBODY) !== PENDING) throw new Error("expected to wait");
    wait.drop();
    return new WeakRef(wait);
  });
}

describe("an mpsc channel", () => {
  it("holds a value until it is received", async () => {
    const { tx, rx } = mpsc.unboundedChannel<object>();
    const values = sendObjects(tx, 100);
    for (let i = 0; i < 60; i += 1) rx.tryRecv();
    expect([await held(values), rx.len()]).toEqual([40, 40]);
  });

  it("lets go of everything with its receiver", async () => {
    const { tx, rx } = mpsc.unboundedChannel<object>();
    const values = sendObjects(tx, 100);
    rx[Symbol.dispose]();
    expect([await held(values), tx.isClosed()]).toEqual([0, true]);
  });

  it("holds no wait of an mpsc channel that was dropped", async () => {
    const { tx, rx } = mpsc.channel<object>(1);
    const waits = [
      ...dropWaits(() => rx.recv()),
      ...dropWaits(() => rx.recvMany([], 2)),
      ...dropWaits(() => tx.closed()),
    ];
    tx.trySend({});
    waits.push(...dropWaits(() => tx.send({})), ...dropWaits(() => tx.reserve()));
    expect([await held(waits), rx.len()]).toEqual([0, 1]);
  });
});

describe("a oneshot channel", () => {
  it("holds no wait of a oneshot channel that was dropped", async () => {
    const { tx, rx } = oneshot.channel<object>();
    const waits = [...dropWaits(() => rx.recv()), ...dropWaits(() => tx.closed())];
    expect([await held(waits), rx.isEmpty()]).toEqual([0, true]);
  });
});

describe("RT_DEBUG=1", () => {
  it("closes and reports ends of mpsc and oneshot channels that were left to garbage collection", async () => {
    const { out, err } = await run("forgotten-mpsc.ts");
    expect(JSON.parse(out)).toEqual({
      isSenderClosed: true,
      isUnboundedSenderClosed: true,
      isReceiverClosed: true,
      isReplyRefused: true,
      freePlaces: 1,
      waited: 7,
    });
    const reported = [...err.matchAll(/rt: (an? .+?) was collected/g)].map(([, what]) => what);
    expect(new Set(reported)).toEqual(
      new Set(["an mpsc Sender", "an mpsc Receiver", "an mpsc Permit", "a oneshot Sender"]),
    );
    // A permit is made when its place becomes free, so its site tells nothing.
    expect(err.match(/made at forget\w+ /g)).toHaveLength(4);
  });
});

function run(program: string): Promise<{ out: string; err: string }> {
  const file = join(import.meta.dirname, "programs", program);
  const { NODE_OPTIONS: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ["--conditions=@rt/source", "--expose-gc", file],
      { env: { ...env, RT_DEBUG: "1" }, timeout: 30_000 },
      (error, out, err) => (error === null ? resolve({ out, err }) : reject(error)),
    );
  });
}
