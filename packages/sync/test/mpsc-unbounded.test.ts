import { PENDING } from "@rt/core";
import { mpsc } from "@rt/sync";
import { describe, expect, it } from "vitest";
import { ABANDONED, abandon } from "./support/abandon.ts";
import {
  body,
  LANES,
  now,
  quietRuntime,
  TestWaker,
  throwing,
  thrownBy,
  turn,
  waiting,
} from "./support/polling.ts";
import { reportsOf } from "./support/reports.ts";

/** All that can be received now. */
function drained(rx: mpsc.UnboundedReceiver<number>): number[] {
  const values: number[] = [];
  for (let value = rx.tryRecv(); value !== undefined; value = rx.tryRecv()) values.push(value);
  return values;
}

describe("mpsc.unboundedChannel", () => {
  it.each(LANES)("gives values in the order in which they were sent, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const first = runtime.spawn(
      body(
        lane,
        () => rx.recv(),
        (value) => value,
      ),
    );
    await turn();
    for (const n of [1, 2, 3]) tx.send(n);
    expect([await first, ...drained(rx)]).toEqual([1, 2, 3]);
  });

  it.each([1_000, 20_000])("keeps %d values in order, round after round", (count) => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    let next = 0;
    let isInOrder = true;
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < count; n += 1) tx.send(round * count + n);
      for (let value = rx.tryRecv(); value !== undefined; value = rx.tryRecv(), next += 1)
        isInOrder &&= value === next;
    }
    expect([isInOrder, next, rx.len()]).toEqual([true, 3 * count, 0]);
  });
});

describe("mpsc.UnboundedSender.send", () => {
  it("sends at once and wakes a receiver that waits, once for many values", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const recv = waiting(rx.recv());
    for (const n of [1, 2, 3]) tx.send(n);
    expect([recv.cx.wakes, recv.poll(), rx.len()]).toEqual([1, 1, 2]);
  });

  it("throws a SendError with the value when the receiver is closed", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    rx.close();
    const error = thrownBy(() => tx.send(7));
    expect(error).toBeInstanceOf(mpsc.SendError);
    expect(error).toMatchObject({ value: 7, code: "ERR_RT_SEND_CLOSED" });
  });

  it("throws a SendError with the value when the receiver is gone", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    rx[Symbol.dispose]();
    expect(thrownBy(() => tx.send(7))).toMatchObject({ value: 7 });
  });

  it("refuses undefined and changes nothing", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    tx.send(1);
    expect(thrownBy(() => tx.send(undefined as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
    expect(drained(rx)).toEqual([1]);
  });

  it("sends all the same when the receiver's waker throws", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    waiting(rx.recv(), throwing);
    const reports = reportsOf(() => tx.send(1));
    expect([drained(rx), reports.length]).toEqual([[1], 1]);
  });
});

describe("mpsc.UnboundedSender", () => {
  it("closes the channel when the last one is disposed, not before", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const second = tx.clone();
    tx[Symbol.dispose]();
    tx[Symbol.dispose]();
    second.send(1);
    const before = rx.isClosed();
    second[Symbol.dispose]();
    expect([before, rx.isClosed(), now(rx.recv()), now(rx.recv())]).toEqual([false, true, 1, undefined]);
  });

  it("waits for the receiver to be closed", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const closed = waiting(tx.closed());
    const before = tx.isClosed();
    rx.close();
    expect([before, closed.poll(), tx.isClosed()]).toEqual([false, undefined, true]);
  });

  it("tells its own channel from another", () => {
    const { tx } = mpsc.unboundedChannel<number>();
    expect([tx.sameChannel(tx.clone()), tx.sameChannel(mpsc.unboundedChannel<number>().tx)]).toEqual([
      true,
      false,
    ]);
  });

  it("counts the senders of its channel", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const second = tx.clone();
    const weak = tx.downgrade();
    const counts = [tx.strongCount(), tx.weakCount(), rx.senderStrongCount(), rx.senderWeakCount()];
    second[Symbol.dispose]();
    weak[Symbol.dispose]();
    expect([counts, tx.strongCount(), tx.weakCount()]).toEqual([[2, 1, 2, 1], 1, 0]);
  });

  it.each(["closed", "isClosed", "clone", "downgrade", "strongCount", "weakCount"] as const)(
    "refuses %s once it is disposed",
    (name) => {
      const { tx } = mpsc.unboundedChannel<number>();
      tx[Symbol.dispose]();
      expect(thrownBy(() => tx[name]())).toMatchObject({ name: "UsageError", code: "ERR_RT_DISPOSED" });
    },
  );

  it("refuses to send once it is disposed", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    tx[Symbol.dispose]();
    expect(thrownBy(() => tx.send(1))).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(rx.len()).toBe(0);
  });
});

describe("mpsc.WeakUnboundedSender", () => {
  it("upgrades while there is a sender, else gives null", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const weak = tx.downgrade();
    const second = weak.upgrade();
    tx[Symbol.dispose]();
    second?.send(1);
    second?.[Symbol.dispose]();
    expect([drained(rx), rx.isClosed(), weak.upgrade()]).toEqual([[1], true, null]);
  });

  it("is counted until it is disposed", () => {
    const { tx } = mpsc.unboundedChannel<number>();
    const weak = tx.downgrade();
    const second = weak.clone();
    const counts = [weak.strongCount(), weak.weakCount()];
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    expect([counts, tx.weakCount()]).toEqual([[1, 2], 1]);
  });

  it("refuses to be used once it is disposed", () => {
    const weak = mpsc.unboundedChannel<number>().tx.downgrade();
    weak[Symbol.dispose]();
    expect(thrownBy(() => weak.upgrade())).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});

describe("mpsc.UnboundedReceiver", () => {
  it.each(ABANDONED)("loses no value when recv is dropped %s, in the %s lane", async (point, lane) => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    await abandon(
      lane,
      point,
      () => rx.recv(),
      () => tx.send(1),
    );
    tx.send(2);
    expect(drained(rx)).toEqual(point === "woken, before it is polled again" ? [1, 2] : [2]);
  });

  it("gives many values at once", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const buffer: number[] = [];
    const recv = waiting(rx.recvMany(buffer, 2));
    for (const n of [1, 2, 3]) tx.send(n);
    expect([recv.poll(), buffer, now(rx.recvMany(buffer, 5)), buffer]).toEqual([2, [1, 2, 3], 1, [1, 2, 3]]);
  });

  it("receives by hand", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const cx = new TestWaker();
    const buffer: number[] = [];
    const before = [rx.pollRecv(cx), rx.pollRecvMany(cx, buffer, 3)];
    tx.send(1);
    tx.send(2);
    expect([before, rx.pollRecv(cx), rx.pollRecvMany(cx, buffer, 3), buffer]).toEqual([
      [PENDING, PENDING],
      1,
      1,
      [2],
    ]);
  });

  it("receives without waiting", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const buffer: number[] = [];
    for (const n of [1, 2, 3]) tx.send(n);
    expect([rx.tryRecv(), rx.blockingRecv(), rx.blockingRecvMany(buffer, 9), buffer]).toEqual([1, 2, 1, [3]]);
  });

  it("would block where there is nothing to receive", () => {
    const { rx } = mpsc.unboundedChannel<number>();
    expect(thrownBy(() => rx.blockingRecv())).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
  });

  it("gives what is left after it was closed, then undefined", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    tx.send(1);
    rx.close();
    rx.close();
    const before = rx.isDisconnected();
    expect([before, now(rx.recv()), rx.isDisconnected(), now(rx.recv())]).toEqual([
      false,
      1,
      true,
      undefined,
    ]);
  });

  it("counts what is there", () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const seen: unknown[] = [rx.isEmpty(), rx.len()];
    tx.send(1);
    expect([...seen, rx.isEmpty(), rx.len()]).toEqual([true, 0, false, 1]);
  });

  it("gives every value to a loop that waits", async () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    for (const n of [1, 2, 3]) tx.send(n);
    tx[Symbol.dispose]();
    const got: number[] = [];
    for await (const value of rx) got.push(value);
    expect(got).toEqual([1, 2, 3]);
  });

  it("ends a loop's wait at once with return(), and leaves the next value to the next recv()", async () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    const iterator = rx[Symbol.asyncIterator]();
    const next = iterator.next();
    await turn();
    tx.send(1);
    expect([await iterator.return(), await next, rx.tryRecv()]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
      1,
    ]);
  });

  it("gives a value that next() has taken before return()", async () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    tx.send(1);
    const iterator = rx[Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return();
    expect([await next, rx.len()]).toEqual([{ done: false, value: 1 }, 0]);
  });

  it("disposes what it has not received when it is disposed", () => {
    const { tx, rx } = mpsc.unboundedChannel<Disposable>();
    let disposals = 0;
    for (let i = 0; i < 3; i += 1) tx.send({ [Symbol.dispose]: () => (disposals += 1) });
    rx[Symbol.dispose]();
    expect([disposals, tx.isClosed()]).toEqual([3, true]);
  });
});
