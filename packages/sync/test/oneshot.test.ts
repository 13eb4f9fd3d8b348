/* oxlint-disable require-yield -- tasks that never suspend are among what is tested */
import { PENDING, type UsageError, yieldNow, type Async } from "@rt/core";
import { oneshot } from "@rt/sync";
import { describe, expect, it } from "vitest";
import { ABANDONED, abandon } from "./support/abandon.ts";
import {
  body,
  LANES,
  now,
  Polled,
  quietRuntime,
  rejectionOf,
  TestWaker,
  throwing,
  thrownBy,
  turn,
  waiting,
} from "./support/polling.ts";
import { reportsOf } from "./support/reports.ts";

/** Counts how often it is disposed. */
class Item implements Disposable {
  disposals = 0;
  [Symbol.dispose](): void {
    this.disposals += 1;
  }
}

describe("oneshot.channel", () => {
  it.each(LANES)("carries a value to a task that waits, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = oneshot.channel<number>();
    const received = runtime.spawn(
      body(
        lane,
        () => rx,
        (value) => value,
      ),
    );
    await turn();
    tx.send(3);
    expect(await received).toBe(3);
  });

  it.each(LANES)("carries a value that was sent before anybody waits, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = oneshot.channel<number>();
    tx.send(3);
    expect(
      await runtime.spawn(
        body(
          lane,
          () => rx,
          (value) => value,
        ),
      ),
    ).toBe(3);
  });

  it("works outside of any task", async () => {
    const { tx, rx } = oneshot.channel<string>();
    tx.send("here");
    expect(await rx).toBe("here");
  });

  it("works between two runtimes", async () => {
    const { tx, rx } = oneshot.channel<number>();
    const received = quietRuntime().runtime.spawn(
      body(
        "generator",
        () => rx,
        (value) => value,
      ),
    );
    await quietRuntime().runtime.spawn(
      body(
        "async",
        () => yieldNow(),
        () => tx.send(1),
      ),
    );
    expect(await received).toBe(1);
  });

  it("carries undefined", () => {
    const { tx, rx } = oneshot.channel<void>();
    tx.send();
    expect([rx.isEmpty(), now(rx)]).toEqual([false, undefined]);
  });
});

describe("oneshot.Sender.send", () => {
  it("wakes the receiver once", () => {
    const { tx, rx } = oneshot.channel<number>();
    const recv = waiting(rx);
    tx.send(1);
    expect([recv.cx.wakes, recv.poll()]).toEqual([1, 1]);
  });

  it("sends all the same when the receiver's waker throws", () => {
    const { tx, rx } = oneshot.channel<number>();
    const recv = waiting(rx, throwing);
    const reports = reportsOf(() => tx.send(1));
    expect([recv.poll(), reports.length]).toEqual([1, 1]);
  });

  it("lets the receiver's waker take the value", () => {
    const { tx, rx } = oneshot.channel<number>();
    const got: unknown[] = [];
    const recv: Polled<number> = waiting(rx, () => got.push(recv.poll()));
    tx.send(1);
    expect(got).toEqual([1]);
  });

  it("throws a SendError with the value when the receiver is closed", () => {
    const { tx, rx } = oneshot.channel<number>();
    rx.close();
    const error = thrownBy(() => tx.send(7));
    expect(error).toBeInstanceOf(oneshot.SendError);
    expect(error).toMatchObject({ value: 7, code: "ERR_RT_SEND_CLOSED" });
  });

  it("throws a SendError with the value when the receiver is gone, and does not dispose it", () => {
    const { tx, rx } = oneshot.channel<Item>();
    const item = new Item();
    rx.drop();
    expect(thrownBy(() => tx.send(item))).toMatchObject({ value: item });
    expect(item.disposals).toBe(0);
  });

  it("uses the sender up, also when it fails", () => {
    const { tx, rx } = oneshot.channel<number>();
    rx.close();
    thrownBy(() => tx.send(1));
    expect(thrownBy(() => tx.send(2))).toMatchObject({ name: "UsageError", code: "ERR_RT_DISPOSED" });
  });

  it("refuses a second value, and the first is not lost", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx.send(1);
    expect(thrownBy(() => tx.send(2))).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(now(rx)).toBe(1);
  });
});

describe("oneshot.Sender[Symbol.dispose]", () => {
  it.each(LANES)("makes the receiver throw a RecvError, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = oneshot.channel<number>();
    const received = runtime.spawn(
      body(
        lane,
        () => rx,
        (value) => value,
      ),
    );
    await turn();
    tx[Symbol.dispose]();
    const error = await rejectionOf(received);
    expect(error).toBeInstanceOf(oneshot.RecvError);
    expect(error).toMatchObject({ code: "ERR_RT_RECV_CLOSED", name: "RecvError" });
  });

  it("changes nothing after a value was sent, however often", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx.send(1);
    tx[Symbol.dispose]();
    tx[Symbol.dispose]();
    expect(now(rx)).toBe(1);
  });
});

describe("oneshot.Sender.closed", () => {
  it("waits until the receiver is closed", () => {
    const { tx, rx } = oneshot.channel<number>();
    const closed = waiting(tx.closed());
    rx.close();
    expect([closed.isWoken, closed.poll()]).toEqual([true, undefined]);
  });

  it("waits until the receiver is dropped", () => {
    const { tx, rx } = oneshot.channel<number>();
    const closed = waiting(tx.closed());
    rx.drop();
    expect([closed.isWoken, closed.poll()]).toEqual([true, undefined]);
  });

  it("is woken, though its sender has sent, when the value is received", () => {
    const { tx, rx } = oneshot.channel<number>();
    const closed = waiting(tx.closed());
    tx.send(1);
    expect(closed.isWoken).toBe(false);
    rx.tryRecv();
    expect([closed.isWoken, closed.ready()]).toEqual([true, undefined]);
  });

  it("is ready at once from then on", () => {
    const { tx, rx } = oneshot.channel<number>();
    rx.close();
    expect([now(tx.closed()), now(tx.closed())]).toEqual([undefined, undefined]);
  });

  it("wakes all who wait, even when a waker throws or drops another", () => {
    const { tx, rx } = oneshot.channel<number>();
    const waits: Polled<void>[] = [];
    waits.push(
      waiting(tx.closed(), throwing),
      waiting(tx.closed(), () => waits[2]?.drop()),
    );
    waits.push(waiting(tx.closed()), waiting(tx.closed()));
    reportsOf(() => rx.close());
    expect(waits.map((wait) => wait.isWoken)).toEqual([true, true, false, true]);
  });

  it.each(ABANDONED)(
    "loses nothing when the wait for the close is dropped %s, in the %s lane",
    async (point, lane) => {
      const { tx, rx } = oneshot.channel<number>();
      await abandon(
        lane,
        point,
        () => tx.closed(),
        () => rx.close(),
      );
      rx.close();
      expect([tx.isClosed(), now(tx.closed())]).toEqual([true, undefined]);
    },
  );
});

describe("oneshot.Sender.pollClosed", () => {
  it("is PENDING until the receiver is closed, and ready from then on", () => {
    const { tx, rx } = oneshot.channel<number>();
    const cx = new TestWaker();
    const before = tx.pollClosed(cx);
    rx.close();
    expect([before, cx.wakes, tx.pollClosed(cx), tx.pollClosed(cx)]).toEqual([
      PENDING,
      1,
      undefined,
      undefined,
    ]);
  });

  it("wakes the last waker only", () => {
    const { tx, rx } = oneshot.channel<number>();
    const [first, second] = [new TestWaker(), new TestWaker()];
    tx.pollClosed(first);
    tx.pollClosed(second);
    rx.close();
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });
});

describe("oneshot.Sender.isClosed", () => {
  it("is true once the receiver is closed", () => {
    const { tx, rx } = oneshot.channel<number>();
    const before = tx.isClosed();
    rx.close();
    expect([before, tx.isClosed()]).toEqual([false, true]);
  });

  it("refuses to answer once the sender was used", () => {
    const { tx } = oneshot.channel<number>();
    tx.send(1);
    expect(thrownBy(() => tx.isClosed())).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});

describe("oneshot.Receiver", () => {
  it("wakes the waker of the last poll of the receiver only", () => {
    const { tx, rx } = oneshot.channel<number>();
    const first = waiting(rx);
    const second = new TestWaker();
    rx.poll(second);
    tx.send(1);
    expect([first.cx.wakes, second.wakes]).toEqual([0, 1]);
  });

  it.each(LANES)("refuses to be awaited again after it gave its value, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = oneshot.channel<number>();
    tx.send(1);
    await runtime.spawn(
      body(
        lane,
        () => rx,
        () => {},
      ),
    );
    const again = runtime.spawn(
      body(
        lane,
        () => rx,
        () => {},
      ),
    );
    expect(await rejectionOf(again)).toMatchObject({ code: "ERR_RT_AWAITED_TWICE" });
  });

  it("refuses to be polled again after it gave its value", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx.send(1);
    now(rx);
    expect(thrownBy(() => now(rx))).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });

  it("refuses to be polled again after it threw", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx[Symbol.dispose]();
    thrownBy(() => now(rx));
    expect(thrownBy(() => now(rx))).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });

  it("lets other tasks run after 128 values, however many were sent", async () => {
    const { runtime } = quietRuntime();
    let got = 0;
    function* receiveAll(): Async<void> {
      for (; got < 300; got += 1) {
        const { tx, rx } = oneshot.channel<number>();
        tx.send(1);
        yield* rx;
      }
    }
    function* look(): Async<number> {
      return got;
    }
    const received = runtime.spawn(receiveAll());
    const seen = runtime.spawn(look());
    await received;
    expect(await seen).toBe(128);
  });

  it("says what a task waits for", () => {
    expect(oneshot.channel<number>().rx.describe()).toBe("a oneshot channel");
  });
});

describe("oneshot.Receiver.drop", () => {
  it.each(ABANDONED)(
    "closes the channel when its task is aborted %s, in the %s lane",
    async (point, lane) => {
      const { tx, rx } = oneshot.channel<Item>();
      const item = new Item();
      const isSent = point === "woken, before it is polled again";
      await abandon(
        lane,
        point,
        () => rx,
        () => tx.send(item),
      );
      // A task that was never polled has not taken hold of it.
      const isDropped = point !== "before its first poll";
      expect(isSent ? item.disposals : Number(tx.isClosed())).toBe(Number(isDropped));
    },
  );

  it("disposes a value that was sent and not received, once", () => {
    const { tx, rx } = oneshot.channel<Item>();
    const item = new Item();
    tx.send(item);
    rx.drop();
    rx[Symbol.dispose]();
    expect([item.disposals, rx.isEmpty()]).toEqual([1, true]);
  });

  it("does not dispose a value that was received", () => {
    const { tx, rx } = oneshot.channel<Item>();
    const item = new Item();
    tx.send(item);
    now(rx);
    rx.drop();
    expect(item.disposals).toBe(0);
  });

  it("closes the channel even when the value's disposal throws", () => {
    const { tx, rx } = oneshot.channel<Disposable>();
    tx.send({ [Symbol.dispose]: throwing });
    expect(thrownBy(() => rx.drop())).toMatchObject({ message: "this waker throws" });
    expect([rx.isTerminated(), rx.isEmpty()]).toEqual([true, true]);
  });

  it("lets go of the waker", () => {
    const { tx, rx } = oneshot.channel<number>();
    const recv = waiting(rx);
    recv.drop();
    tx[Symbol.dispose]();
    expect(recv.cx.wakes).toBe(0);
  });

  it("fails who waits by recv", () => {
    const { rx } = oneshot.channel<number>();
    const recv = waiting(rx.recv());
    rx.drop();
    expect(recv.isWoken).toBe(true);
    expect(thrownBy(() => recv.poll())).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });
});

describe("oneshot.Receiver.recv", () => {
  it.each(LANES)("gives the value, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = oneshot.channel<number>();
    const received = runtime.spawn(
      body(
        lane,
        () => rx.recv(),
        (value) => value,
      ),
    );
    await turn();
    tx.send(1);
    expect(await received).toBe(1);
  });

  it.each(ABANDONED)("loses nothing when a receive is dropped %s, in the %s lane", async (point, lane) => {
    const { tx, rx } = oneshot.channel<number>();
    const isSent = point === "woken, before it is polled again";
    await abandon(
      lane,
      point,
      () => rx.recv(),
      () => tx.send(1),
    );
    if (!isSent) tx.send(1);
    expect(now(rx.recv())).toBe(1);
  });

  it("is not woken any more once it is dropped, and another may wait", () => {
    const { tx, rx } = oneshot.channel<number>();
    const first = waiting(rx.recv());
    first.drop();
    const second = waiting(rx.recv());
    tx.send(1);
    expect([first.cx.wakes, second.cx.wakes, second.poll()]).toEqual([0, 1, 1]);
  });

  it("does not forget another that waits when one is dropped that does not", () => {
    const { tx, rx } = oneshot.channel<number>();
    const idle = rx.recv();
    const recv = waiting(rx.recv());
    idle.drop();
    tx.send(1);
    expect(recv.isWoken).toBe(true);
  });

  it("refuses to wait while another waits, which keeps waiting", () => {
    const { tx, rx } = oneshot.channel<number>();
    const recv = waiting(rx.recv());
    expect(thrownBy(() => new Polled(rx.recv()).poll())).toMatchObject({
      code: "ERR_RT_INVALID_STATE",
      message: expect.stringContaining("share this receiver in a Mutex"),
    });
    tx.send(1);
    expect(recv.isWoken).toBe(true);
  });

  it("makes the receiver itself refuse to wait while it waits", () => {
    const { rx } = oneshot.channel<number>();
    waiting(rx.recv());
    expect(thrownBy(() => new Polled(rx).poll())).toMatchObject({ code: "ERR_RT_INVALID_STATE" });
  });

  it("throws a RecvError when the sender is disposed", () => {
    const { tx, rx } = oneshot.channel<number>();
    const recv = waiting(rx.recv());
    tx[Symbol.dispose]();
    expect(thrownBy(() => recv.poll())).toBeInstanceOf(oneshot.RecvError);
  });

  it("wakes the waker of the last poll of a receive only", () => {
    const { tx, rx } = oneshot.channel<number>();
    const recv = waiting(rx.recv());
    const second = new TestWaker();
    recv.future.poll(second);
    tx.send(1);
    expect([recv.cx.wakes, second.wakes]).toEqual([0, 1]);
  });
});

describe("oneshot.Receiver.tryRecv", () => {
  it("gives PENDING before the value is sent, then the value", () => {
    const { tx, rx } = oneshot.channel<number>();
    const before = rx.tryRecv();
    tx.send(1);
    expect([before, rx.tryRecv()]).toEqual([PENDING, 1]);
  });

  it("throws a RecvError instead of PENDING when the sender is gone", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx[Symbol.dispose]();
    expect(thrownBy(() => rx.tryRecv())).toBeInstanceOf(oneshot.RecvError);
  });

  it("throws a RecvError when the value was taken", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx.send(1);
    rx.tryRecv();
    expect(thrownBy(() => rx.tryRecv())).toBeInstanceOf(oneshot.RecvError);
  });

  it("throws a RecvError when the receiver was closed without a value", () => {
    const { rx } = oneshot.channel<number>();
    rx.close();
    expect(thrownBy(() => rx.tryRecv())).toBeInstanceOf(oneshot.RecvError);
  });
});

describe("oneshot.Receiver.close", () => {
  it("lets a value that was sent before be received", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx.send(1);
    rx.close();
    expect(now(rx)).toBe(1);
  });

  it("makes the receiver throw a RecvError where nothing was sent", () => {
    const { rx } = oneshot.channel<number>();
    rx.close();
    expect(thrownBy(() => now(rx))).toBeInstanceOf(oneshot.RecvError);
  });

  it("wakes who waits", () => {
    const { rx } = oneshot.channel<number>();
    const recv = waiting(rx);
    rx.close();
    expect(recv.isWoken).toBe(true);
    expect(thrownBy(() => recv.poll())).toBeInstanceOf(oneshot.RecvError);
  });

  it("changes nothing after the value was received, however often", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx.send(1);
    now(rx);
    rx.close();
    rx.close();
    expect([rx.isTerminated(), rx.isEmpty()]).toEqual([true, true]);
  });
});

describe("oneshot.Receiver.isTerminated", () => {
  it("is true only after the value was handed out", () => {
    const { tx, rx } = oneshot.channel<number>();
    const seen = [rx.isTerminated()];
    tx.send(1);
    seen.push(rx.isTerminated());
    now(rx);
    expect([...seen, rx.isTerminated()]).toEqual([false, false, true]);
  });

  it("is true only after the error was handed out", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx[Symbol.dispose]();
    const before = rx.isTerminated();
    thrownBy(() => now(rx));
    expect([before, rx.isTerminated()]).toEqual([false, true]);
  });
});

describe("oneshot.Receiver.isEmpty", () => {
  it("is false only while a value is there", () => {
    const { tx, rx } = oneshot.channel<number>();
    const seen = [rx.isEmpty()];
    tx.send(1);
    seen.push(rx.isEmpty());
    now(rx);
    expect([...seen, rx.isEmpty()]).toEqual([true, false, true]);
  });

  it("is true when the sender is gone without having sent", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx[Symbol.dispose]();
    expect(rx.isEmpty()).toBe(true);
  });
});

describe("oneshot.Receiver.blockingRecv", () => {
  it("gives a value that was sent", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx.send(1);
    expect(rx.blockingRecv()).toBe(1);
  });

  it("throws a RecvError instead of blocking when the sender is gone", () => {
    const { tx, rx } = oneshot.channel<number>();
    tx[Symbol.dispose]();
    expect(thrownBy(() => rx.blockingRecv())).toBeInstanceOf(oneshot.RecvError);
  });

  it("throws when nothing was sent yet, and leaves the channel open", () => {
    const { tx, rx } = oneshot.channel<number>();
    expect(thrownBy(() => rx.blockingRecv())).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
    tx.send(1);
    expect(now(rx)).toBe(1);
  });

  it.each(LANES)("throws inside a task even when a value is there, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = oneshot.channel<number>();
    tx.send(1);
    const error = await rejectionOf(
      runtime.spawn(
        body(
          lane,
          () => yieldNow(),
          () => rx.blockingRecv(),
        ),
      ),
    );
    expect([(error as UsageError).code, rx.tryRecv()]).toEqual(["ERR_RT_WOULD_BLOCK", 1]);
  });
});
