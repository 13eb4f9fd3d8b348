/** What `broadcast` and `watch` hold on to: values, receivers and waits, as the garbage collector sees it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PENDING, type Context, type Future } from "@rt/core";
import { broadcast, watch } from "@rt/sync";
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

function sendObjects(tx: broadcast.Sender<object>, count: number): WeakRef<object>[] {
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

describe("a broadcast channel", () => {
  it("holds a value until the last receiver has received it", async () => {
    const { tx, rx } = broadcast.channel<object>(4);
    const other = tx.subscribe();
    const values = sendObjects(tx, 1);
    rx.tryRecv();
    const before = await held(values);
    other.tryRecv();
    expect([before, await held(values)]).toEqual([1, 0]);
  });

  it("holds no more than its capacity for a receiver that lags", async () => {
    const { tx, rx } = broadcast.channel<object>(4);
    const values = sendObjects(tx, 100);
    expect(await held(values)).toBe(4);
    expect(rx.len()).toBe(100);
  });

  it("lets go of what only a disposed receiver had yet to receive", async () => {
    const { tx, rx } = broadcast.channel<object>(64);
    const other = tx.subscribe();
    const values = sendObjects(tx, 40);
    for (let i = 0; i < 10; i += 1) other.tryRecv();
    rx[Symbol.dispose]();
    expect(await held(values)).toBe(30);
  });

  it("lets go of everything with its last receiver", async () => {
    const { tx, rx } = broadcast.channel<object>(16);
    const values = sendObjects(tx, 50);
    rx[Symbol.dispose]();
    expect(await held(values)).toBe(0);
    expect(tx.receiverCount()).toBe(0);
  });

  it("does not hold a wait that was dropped", async () => {
    const { tx, rx } = broadcast.channel<object>(16);
    const waits = dropWaits(() => rx.recv());
    expect(await held(waits)).toBe(0);
    expect(tx.receiverCount()).toBe(1);
  });
});

describe("a watch channel", () => {
  it("holds the latest value alone", async () => {
    const { tx, rx } = watch.channel<object>({});
    const values = Array.from({ length: 5 }, () => {
      const value = {};
      tx.send(value);
      return new WeakRef(value);
    });
    expect(await held(values)).toBe(1);
    expect(rx.hasChanged()).toBe(true);
  });

  it("does not hold waits that were dropped", async () => {
    const { tx, rx } = watch.channel(0);
    const waits = [...dropWaits(() => rx.changed()), ...dropWaits(() => rx.waitFor(() => false))];
    expect(await held(waits)).toBe(0);
    expect(tx.receiverCount()).toBe(1);
  });
});

describe("RT_DEBUG=1", () => {
  it("closes and reports ends of broadcast and watch channels that were left to garbage collection", async () => {
    const { out, err } = await run("forgotten-multicast.ts");
    expect(JSON.parse(out)).toEqual({
      broadcastReceivers: 0,
      unseen: 0,
      isBroadcastClosed: true,
      watchReceivers: 0,
      isWatchClosed: true,
      proper: 0,
    });
    const reported = [...err.matchAll(/rt: (an? .+?) was collected/g)].map(([, what]) => what);
    expect(new Set(reported)).toEqual(
      new Set(["a broadcast Receiver", "a broadcast Sender", "a watch Receiver", "a watch Sender"]),
    );
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
