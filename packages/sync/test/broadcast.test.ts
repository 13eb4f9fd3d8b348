import { PENDING, spawn, UsageError, yieldNow, type Async, type Future } from "@rt/core";
import { broadcast } from "@rt/sync";
import { describe, expect, it } from "vitest";
import {
  body,
  LANES,
  now,
  Polled,
  quietRuntime,
  rejectionOf,
  thrownBy,
  turn,
  waiting,
} from "./support/polling.ts";

const { channel, LaggedError, Receiver, Sender, SendError, WeakSender } = broadcast;

/** All that is there now; a lag as `lagged n`. */
function drain<T extends {} | null>(rx: broadcast.Receiver<T>): (T | string)[] {
  const got: (T | string)[] = [];
  for (;;) {
    try {
      const value = rx.tryRecv();
      if (value === undefined) return got;
      got.push(value);
    } catch (error) {
      if (!(error instanceof LaggedError)) throw error;
      got.push(`lagged ${error.missed}`);
    }
  }
}

function* collect<T extends {} | null>(rx: broadcast.Receiver<T>): Async<T[]> {
  const got: T[] = [];
  for (let value: T | undefined; (value = yield* rx.recv()) !== undefined; ) got.push(value);
  return got;
}

async function collectAsync<T extends {} | null>(rx: broadcast.Receiver<T>): Promise<T[]> {
  const got: T[] = [];
  for (let value: T | undefined; (value = await rx.recv()) !== undefined; ) got.push(value);
  return got;
}

function sendAll<T extends {} | null>(tx: broadcast.Sender<T>, values: Iterable<T>): void {
  for (const value of values) tx.send(value);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

describe("broadcast.channel", () => {
  it("gives one sender and one receiver", () => {
    const { tx, rx } = channel<number>(4);
    expect(tx).toBeInstanceOf(Sender);
    expect(rx).toBeInstanceOf(Receiver);
    expect([tx.strongCount(), tx.receiverCount()]).toEqual([1, 1]);
  });

  it.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 4],
    [5, 8],
    [17, 32],
    [100, 128],
  ])("rounds a capacity of %i up to %i", (asked, capacity) => {
    const { tx, rx } = channel<number>(asked);
    sendAll(tx, upTo(capacity));
    expect(rx.tryRecv()).toBe(0);
    sendAll(tx, [1, 2]);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ missed: 1 });
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity, 2 ** 30 + 1])("refuses a capacity of %d", (capacity) => {
    const error = thrownBy(() => channel<number>(capacity));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
  });

  it("refuses a capacity that is no number", () => {
    expect(thrownBy(() => channel<number>("8" as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("takes the largest capacity without taking the memory", () => {
    const { tx, rx } = channel<number>(2 ** 30);
    sendAll(tx, upTo(100));
    expect(drain(rx)).toEqual(upTo(100));
  });
});

describe("new broadcast.Sender", () => {
  it("starts without receivers", () => {
    const tx = new Sender<number>(4);
    expect(tx.receiverCount()).toBe(0);
    expect(thrownBy(() => tx.send(1))).toBeInstanceOf(SendError);
  });

  it("refuses a capacity of 0", () => {
    expect(thrownBy(() => new Sender<number>(0))).toBeInstanceOf(RangeError);
  });
});

describe("broadcast.Sender.send", () => {
  it("gives the number of receivers", () => {
    const { tx } = channel<number>(4);
    tx.subscribe();
    expect(tx.send(1)).toBe(2);
  });

  it("throws the value back when there is no receiver, and keeps nothing", () => {
    const { tx, rx } = channel<object>(4);
    rx[Symbol.dispose]();
    const value = {};
    const error = thrownBy(() => tx.send(value));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ name: "SendError", code: "ERR_RT_SEND_CLOSED", value });
    expect(tx.len()).toBe(0);
  });

  it("refuses undefined and changes nothing", () => {
    const { tx, rx } = channel<number>(4);
    tx.send(1);
    // @ts-expect-error -- it does not compile either
    const error = thrownBy(() => tx.send(undefined));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
    expect(drain(rx)).toEqual([1]);
  });

  it("sends null, 0, false and the empty string as they are", () => {
    const { tx, rx } = channel<null | number | boolean | string>(4);
    sendAll(tx, [null, 0, false, ""]);
    expect([rx.tryRecv(), rx.tryRecv(), rx.tryRecv(), rx.tryRecv()]).toEqual([null, 0, false, ""]);
  });

  it("never waits: it overwrites the oldest value when full", () => {
    const { tx, rx } = channel<number>(2);
    sendAll(tx, upTo(5));
    expect(drain(rx)).toEqual(["lagged 3", 3, 4]);
  });

  it("works again when a new receiver has come", () => {
    const { tx, rx } = channel<number>(2);
    rx[Symbol.dispose]();
    expect(thrownBy(() => tx.send(1))).toBeInstanceOf(SendError);
    const again = tx.subscribe();
    expect(tx.send(2)).toBe(1);
    expect(drain(again)).toEqual([2]);
  });

  it("hands out the same object to all receivers", () => {
    const { tx, rx } = channel<object>(2);
    const other = tx.subscribe();
    const value = {};
    tx.send(value);
    expect([rx.tryRecv(), other.tryRecv()].every((got) => got === value)).toBe(true);
  });

  it("wakes every receiver that waits, once", () => {
    const { tx, rx } = channel<number>(2);
    const all = [rx, tx.subscribe(), tx.subscribe()].map((one) => waiting(one.recv()));
    tx.send(1);
    tx.send(2);
    expect(all.map(({ cx }) => cx.wakes)).toEqual([1, 1, 1]);
  });

  it("counts the receivers there were before it woke any", () => {
    const { tx, rx } = channel<number>(2);
    const other = tx.subscribe();
    waiting(rx.recv(), () => other[Symbol.dispose]());
    expect(tx.send(1)).toBe(2);
  });
});

describe("broadcast.Sender.subscribe", () => {
  it("sees only what is sent later", () => {
    const { tx, rx } = channel<number>(4);
    tx.send(1);
    const late = tx.subscribe();
    tx.send(2);
    expect([drain(rx), drain(late)]).toEqual([[1, 2], [2]]);
  });
});

describe("broadcast.Sender.len", () => {
  it("counts values that some receiver has yet to receive", () => {
    const { tx, rx } = channel<number>(4);
    const other = tx.subscribe();
    const lens = [tx.len()];
    sendAll(tx, [1, 2]);
    lens.push(tx.len());
    rx.tryRecv();
    lens.push(tx.len());
    other.tryRecv();
    lens.push(tx.len());
    drain(rx);
    drain(other);
    lens.push(tx.len());
    expect(lens).toEqual([0, 2, 2, 1, 0]);
  });

  it("is at most the rounded capacity", () => {
    const { tx } = channel<number>(3);
    sendAll(tx, upTo(10));
    expect(tx.len()).toBe(4);
  });

  it("does not count what a receiver that lags has lost", () => {
    const { tx, rx } = channel<number>(4);
    sendAll(tx, upTo(10));
    expect(thrownBy(() => rx.tryRecv())).toBeInstanceOf(LaggedError);
    rx.tryRecv();
    expect(tx.len()).toBe(3);
  });

  it("falls when the slowest receiver is disposed", () => {
    const { tx, rx } = channel<number>(8);
    const fast = tx.subscribe();
    sendAll(tx, [1, 2, 3]);
    fast.tryRecv();
    fast.tryRecv();
    rx[Symbol.dispose]();
    expect(tx.len()).toBe(1);
  });

  it("stays when a receiver is disposed that was not the slowest", () => {
    const { tx, rx } = channel<number>(8);
    const fast = tx.subscribe();
    sendAll(tx, [1, 2, 3]);
    fast.tryRecv();
    fast[Symbol.dispose]();
    expect(tx.len()).toBe(3);
    expect(drain(rx)).toEqual([1, 2, 3]);
  });

  it("is 0 when a receiver that lags was the last and is disposed", () => {
    const { tx, rx } = channel<number>(2);
    sendAll(tx, upTo(7));
    rx[Symbol.dispose]();
    expect(tx.len()).toBe(0);
  });
});

describe("broadcast.Sender.isEmpty", () => {
  it("is true once every receiver has received everything", () => {
    const { tx, rx } = channel<number>(4);
    const seen = [tx.isEmpty()];
    tx.send(1);
    seen.push(tx.isEmpty());
    rx.tryRecv();
    seen.push(tx.isEmpty());
    expect(seen).toEqual([true, false, true]);
  });
});

describe("broadcast.Sender.receiverCount", () => {
  it("follows receivers as they come and go", () => {
    const { tx, rx } = channel<number>(4);
    const more = [tx.subscribe(), rx.resubscribe()];
    const counts = [tx.receiverCount()];
    for (const one of [rx, ...more]) {
      one[Symbol.dispose]();
      counts.push(tx.receiverCount());
    }
    expect(counts).toEqual([3, 2, 1, 0]);
  });
});

describe("broadcast.Sender.sameChannel", () => {
  it("tells a clone from a stranger", () => {
    const { tx } = channel<number>(4);
    expect([tx.sameChannel(tx.clone()), tx.sameChannel(channel<number>(4).tx)]).toEqual([true, false]);
  });
});

describe("broadcast.Sender.clone", () => {
  it("keeps the channel open until the last is disposed", () => {
    const { tx, rx } = channel<number>(4);
    const other = tx.clone();
    tx[Symbol.dispose]();
    expect(rx.isClosed()).toBe(false);
    other.send(1);
    other[Symbol.dispose]();
    expect(rx.isClosed()).toBe(true);
    expect(drain(rx)).toEqual([1]);
  });
});

describe("broadcast.Sender.strongCount", () => {
  it("counts senders, not weak ones, seen from every end", () => {
    const { tx, rx } = channel<number>(4);
    const other = tx.clone();
    const weak = tx.downgrade();
    expect([tx.strongCount(), weak.strongCount(), rx.senderStrongCount()]).toEqual([2, 2, 2]);
    other[Symbol.dispose]();
    other[Symbol.dispose]();
    expect([tx.strongCount(), weak.strongCount(), rx.senderStrongCount()]).toEqual([1, 1, 1]);
  });
});

describe("broadcast.Sender.weakCount", () => {
  it("counts weak senders, seen from every end", () => {
    const { tx, rx } = channel<number>(4);
    const weak = tx.downgrade();
    const other = weak.clone();
    expect([tx.weakCount(), weak.weakCount(), rx.senderWeakCount()]).toEqual([2, 2, 2]);
    other[Symbol.dispose]();
    other[Symbol.dispose]();
    expect([tx.weakCount(), weak.weakCount(), rx.senderWeakCount()]).toEqual([1, 1, 1]);
  });
});

describe("broadcast.Sender.closed", () => {
  it("is ready at once on a channel that never had a receiver", () => {
    expect(now(new Sender<number>(1).closed())).toBeUndefined();
  });

  it("waits until the last receiver is disposed", () => {
    const { tx, rx } = channel<number>(1);
    const other = tx.subscribe();
    const closed = waiting(tx.closed());
    rx[Symbol.dispose]();
    expect(closed.isWoken).toBe(false);
    other[Symbol.dispose]();
    expect(closed.isWoken).toBe(true);
    expect(closed.ready()).toBeUndefined();
  });

  it("goes on waiting when a receiver came back before it was polled", () => {
    const { tx, rx } = channel<number>(1);
    const closed = waiting(tx.closed());
    rx[Symbol.dispose]();
    const back = tx.subscribe();
    expect(closed.poll()).toBe(PENDING);
    back[Symbol.dispose]();
    expect(closed.cx.wakes).toBe(2);
    expect(closed.ready()).toBeUndefined();
  });

  it("wakes nobody when it was dropped", () => {
    const { tx, rx } = channel<number>(1);
    const [dropped, other] = [waiting(tx.closed()), waiting(tx.closed())];
    dropped.drop();
    dropped.drop();
    rx[Symbol.dispose]();
    expect([dropped.isWoken, other.isWoken]).toEqual([false, true]);
  });

  it.each(LANES)("resumes a task in the %s lane", async (lane) => {
    const { tx, rx } = channel<number>(1);
    const task = spawn(
      body(
        lane,
        () => tx.closed(),
        () => "closed",
      ),
    );
    await turn();
    rx[Symbol.dispose]();
    expect(await task).toBe("closed");
  });
});

describe("broadcast.WeakSender.upgrade", () => {
  it("gives a sender that counts while there is one", () => {
    const { tx, rx } = channel<number>(1);
    const weak = tx.downgrade();
    const strong = weak.upgrade();
    tx[Symbol.dispose]();
    expect(rx.isClosed()).toBe(false);
    strong?.send(1);
    expect(drain(rx)).toEqual([1]);
  });

  it("gives null once the last sender is gone", () => {
    const { tx } = channel<number>(1);
    const weak = tx.downgrade();
    tx[Symbol.dispose]();
    expect(weak.upgrade()).toBeNull();
  });

  it("does not keep the channel open by itself", () => {
    const { tx, rx } = channel<number>(1);
    expect(tx.downgrade()).toBeInstanceOf(WeakSender);
    tx[Symbol.dispose]();
    expect(rx.isClosed()).toBe(true);
  });
});

describe("broadcast.Receiver.recv", () => {
  it("gives every receiver every value, in order", () => {
    const { tx, rx } = channel<number>(16);
    const other = tx.subscribe();
    sendAll(tx, [1, 2, 3]);
    for (const one of [rx, other]) expect([1, 2, 3].map(() => now(one.recv()))).toEqual([1, 2, 3]);
  });

  it("gives what is left and then undefined once all senders are gone", () => {
    const { tx, rx } = channel<number>(16);
    sendAll(tx, [1, 2]);
    tx[Symbol.dispose]();
    expect([1, 2, 3, 4].map(() => now(rx.recv()))).toEqual([1, 2, undefined, undefined]);
  });

  it("wakes receivers that wait when the last sender goes", () => {
    const { tx, rx } = channel<number>(16);
    const all = [rx, tx.subscribe()].map((one) => waiting(one.recv()));
    tx[Symbol.dispose]();
    expect(all.map((one) => one.isWoken)).toEqual([true, true]);
    expect(all.map((one) => one.ready())).toEqual([undefined, undefined]);
  });

  it("does nothing before it is polled", () => {
    const { tx, rx } = channel<number>(16);
    const early = rx.recv();
    tx.send(1);
    expect(rx.len()).toBe(1);
    expect(now(early)).toBe(1);
  });

  it("takes nothing when it is dropped before it is polled", () => {
    const { tx, rx } = channel<number>(16);
    tx.send(1);
    rx.recv().drop();
    expect(drain(rx)).toEqual([1]);
  });

  it("takes nothing when it is dropped while it waits", () => {
    const { tx, rx } = channel<number>(16);
    const dropped = waiting(rx.recv());
    dropped.drop();
    dropped.drop();
    tx.send(1);
    expect(dropped.isWoken).toBe(false);
    expect(drain(rx)).toEqual([1]);
  });

  it("takes nothing when it is dropped after the wake", () => {
    const { tx, rx } = channel<number>(16);
    const dropped = waiting(rx.recv());
    tx.send(1);
    dropped.drop();
    expect(dropped.isWoken).toBe(true);
    expect(drain(rx)).toEqual([1]);
  });

  it("loses nothing when it is dropped after the last sender has gone", () => {
    const { tx, rx } = channel<number>(16);
    const dropped = waiting(rx.recv());
    tx.send(1);
    tx[Symbol.dispose]();
    dropped.drop();
    expect([now(rx.recv()), now(rx.recv())]).toEqual([1, undefined]);
  });

  it.each([0, 1, 2])("leaves the line alone when waiter number %i of 3 is dropped", (which) => {
    const { tx, rx } = channel<number>(16);
    const all = [rx, tx.subscribe(), tx.subscribe()].map((one) => waiting(one.recv()));
    all[which]?.drop();
    tx.send(1);
    expect(all.map((one) => one.isWoken)).toEqual([0, 1, 2].map((i) => i !== which));
  });

  it("wakes only the waker of its last poll", () => {
    const { tx, rx } = channel<number>(16);
    const future = rx.recv();
    const [first, second] = [waiting(future), waiting(future)];
    tx.send(1);
    expect([first.isWoken, second.isWoken]).toEqual([false, true]);
  });

  it("waits again when it is polled without reason", () => {
    const { tx, rx } = channel<number>(16);
    const polled = waiting(rx.recv());
    tx.send(1);
    rx.tryRecv();
    expect(polled.poll()).toBe(PENDING);
    tx.send(2);
    expect(polled.ready()).toBe(2);
  });

  it("refuses to wait beside another future of the same receiver, which keeps its place", () => {
    const { tx, rx } = channel<number>(16);
    const first = waiting(rx.recv());
    const error = thrownBy(() => now(rx.recv()));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      code: "ERR_RT_INVALID_STATE",
      message: expect.stringContaining("give each task a receiver of its own"),
    });
    tx.send(1);
    expect(first.ready()).toBe(1);
  });

  it("may wait when the future before it was dropped", () => {
    const { rx } = channel<number>(16);
    waiting(rx.recv()).drop();
    expect(waiting(rx.recv()).isWoken).toBe(false);
  });

  it("throws when its receiver is disposed while it waits", () => {
    const { tx, rx } = channel<number>(16);
    const [polled, other] = [waiting(rx.recv()), waiting(tx.subscribe().recv())];
    rx[Symbol.dispose]();
    expect([polled.isWoken, other.isWoken]).toEqual([true, false]);
    expect(thrownBy(() => polled.poll())).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });

  it("says in a dump what it waits for", () => {
    const { rx } = channel<number>(16);
    expect(rx.recv().describe()).toContain("broadcast");
  });

  describe.each(LANES)("in the %s lane", (lane) => {
    it("gives all values to all tasks", async () => {
      const { tx, rx } = channel<number>(256);
      const receivers = [rx, tx.subscribe(), tx.subscribe()];
      const tasks = receivers.map((one) =>
        spawn(lane === "generator" ? collect(one) : () => collectAsync(one)),
      );
      for (const i of upTo(100)) {
        tx.send(i);
        if (i % 7 === 0) await turn();
      }
      tx[Symbol.dispose]();
      for (const task of tasks) expect(await task).toEqual(upTo(100));
    });

    it("loses nothing when the task is aborted while it waits", async () => {
      const { tx, rx } = channel<number>(16);
      const task = spawn(
        body(
          lane,
          () => rx.recv(),
          (value) => value,
        ),
      );
      await turn();
      task.abort();
      tx.send(1);
      expect(await rejectionOf(task)).toMatchObject({ code: "ERR_RT_CANCELLED" });
      expect(drain(rx)).toEqual([1]);
    });

    it("loses nothing when the task is aborted after the wake", async () => {
      const { tx, rx } = channel<number>(16);
      const task = spawn(
        body(
          lane,
          () => rx.recv(),
          (value) => value,
        ),
      );
      await turn();
      tx.send(1);
      task.abort();
      expect(await rejectionOf(task)).toMatchObject({ code: "ERR_RT_CANCELLED" });
      expect(drain(rx)).toEqual([1]);
    });

    it("loses nothing when the task is aborted before its first poll", async () => {
      const { tx, rx } = channel<number>(16);
      tx.send(1);
      const task = spawn(
        body(
          lane,
          () => rx.recv(),
          (value) => value,
        ),
      );
      task.abort();
      expect(await rejectionOf(task)).toMatchObject({ code: "ERR_RT_CANCELLED" });
      expect(drain(rx)).toEqual([1]);
    });

    it("ends suspended tasks when the channel is shut down", async () => {
      const { tx, rx } = channel<number>(16);
      const tasks = [rx, tx.subscribe()].map((one) =>
        spawn(lane === "generator" ? collect(one) : () => collectAsync(one)),
      );
      await turn();
      tx[Symbol.dispose]();
      expect(await Promise.all(tasks)).toEqual([[], []]);
    });

    it("throws the lag into the task", async () => {
      const { tx, rx } = channel<number>(1);
      sendAll(tx, [1, 2, 3]);
      const task = spawn(
        body(
          lane,
          () => rx.recv(),
          (value) => value,
        ),
      );
      expect(await rejectionOf(task)).toMatchObject({ code: "ERR_RT_LAGGED", missed: 2 });
    });

    it("yields to other tasks although values are always there", async () => {
      const { tx, rx } = channel<number>(1024);
      sendAll(tx, upTo(1000));
      tx[Symbol.dispose]();
      const { runtime } = quietRuntime();
      const receiver = runtime.spawn(lane === "generator" ? collect(rx) : () => collectAsync(rx));
      const seen = await runtime.spawn(watchBacklog(rx));
      expect((await receiver).length).toBe(1000);
      expect(Math.max(...seen)).toBe(128);
    });
  });

  it("works with no task and no runtime", async () => {
    const { tx, rx } = channel<number>(16);
    const got = rx.recv().then((value) => value);
    tx.send(1);
    expect(await got).toBe(1);
  });

  it("works between two runtimes", async () => {
    const [one, two] = [quietRuntime().runtime, quietRuntime().runtime];
    const { tx, rx } = channel<number>(16);
    const receivers = [one.spawn(collect(rx)), two.spawn(collect(tx.subscribe()))];
    await turn();
    await two.spawn(sender(tx));
    for (const task of receivers) expect(await task).toEqual([1, 2]);
  });
});

/** How many values were received between two turns of this task. */
function* watchBacklog(rx: broadcast.Receiver<number>): Async<number[]> {
  const steps: number[] = [];
  for (let len = rx.len(); len > 0; ) {
    yield* yieldNow();
    steps.push(len - rx.len());
    len = rx.len();
  }
  return steps;
}

function* sender(tx: broadcast.Sender<number>): Async<void> {
  tx.send(1);
  yield* yieldNow();
  tx.send(2);
  tx[Symbol.dispose]();
}

describe("broadcast.LaggedError", () => {
  it("comes at the 5th unread value of channel(3), not at the 4th", () => {
    const { tx, rx } = channel<number>(3);
    sendAll(tx, [1, 2, 3, 4]);
    expect(rx.tryRecv()).toBe(1);
    sendAll(tx, [5, 6]);
    const error = thrownBy(() => rx.tryRecv());
    expect(error).toBeInstanceOf(LaggedError);
    expect(error).toMatchObject({ name: "LaggedError", code: "ERR_RT_LAGGED", missed: 1 });
  });

  it("comes once, then the receiver goes on with the oldest value that is left", () => {
    const { tx, rx } = channel<number>(2);
    sendAll(tx, upTo(10));
    expect(drain(rx)).toEqual(["lagged 8", 8, 9]);
  });

  it("does not concern other receivers", () => {
    const { tx, rx } = channel<number>(2);
    const fast = tx.subscribe();
    const got: (number | string)[] = [];
    for (const i of upTo(6)) {
      tx.send(i);
      got.push(...drain(fast));
    }
    expect(got).toEqual(upTo(6));
    expect(drain(rx)).toEqual(["lagged 4", 4, 5]);
  });

  it("may come again before anything was received", () => {
    const { tx, rx } = channel<number>(2);
    sendAll(tx, [0, 1, 2]);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ missed: 1 });
    sendAll(tx, [3, 4]);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ missed: 2 });
    expect(drain(rx)).toEqual([3, 4]);
  });

  it("comes before the end of a closed channel", () => {
    const { tx, rx } = channel<number>(2);
    sendAll(tx, [0, 1, 2]);
    tx[Symbol.dispose]();
    expect(thrownBy(() => now(rx.recv()))).toMatchObject({ missed: 1 });
    expect([now(rx.recv()), now(rx.recv()), now(rx.recv())]).toEqual([1, 2, undefined]);
  });

  it("comes to a waiter that was woken and came too late", () => {
    const { tx, rx } = channel<number>(1);
    const polled = waiting(rx.recv());
    sendAll(tx, [1, 2, 3]);
    expect(thrownBy(() => polled.poll())).toMatchObject({ missed: 2 });
    expect(drain(rx)).toEqual([3]);
  });
});

describe("broadcast.Receiver.tryRecv", () => {
  it("gives the next value, or undefined when there is none now", () => {
    const { tx, rx } = channel<number>(2);
    expect(rx.tryRecv()).toBeUndefined();
    tx.send(1);
    expect([rx.tryRecv(), rx.tryRecv()]).toEqual([1, undefined]);
  });

  it("gives what is left of a closed channel", () => {
    const { tx, rx } = channel<number>(2);
    tx.send(1);
    tx[Symbol.dispose]();
    expect([rx.tryRecv(), rx.tryRecv()]).toEqual([1, undefined]);
  });
});

describe("broadcast.Receiver.isDisconnected", () => {
  it("is true exactly when recv would give undefined at once", () => {
    const { tx, rx } = channel<number>(2);
    const seen = [rx.isDisconnected()];
    tx.send(1);
    tx[Symbol.dispose]();
    seen.push(rx.isDisconnected());
    rx.tryRecv();
    seen.push(rx.isDisconnected());
    expect(seen).toEqual([false, false, true]);
    expect(now(rx.recv())).toBeUndefined();
  });
});

describe("broadcast.Receiver.blockingRecv", () => {
  it("gives a value that is there", () => {
    const { tx, rx } = channel<number>(2);
    tx.send(1);
    expect(rx.blockingRecv()).toBe(1);
  });

  it("gives undefined at the end", () => {
    const { tx, rx } = channel<number>(2);
    tx[Symbol.dispose]();
    expect(rx.blockingRecv()).toBeUndefined();
  });

  it("throws the lag", () => {
    const { tx, rx } = channel<number>(1);
    sendAll(tx, [1, 2]);
    expect(thrownBy(() => rx.blockingRecv())).toMatchObject({ missed: 1 });
  });

  it("throws where it would have to wait, and waits no more", () => {
    const { tx, rx } = channel<number>(2);
    expect(thrownBy(() => rx.blockingRecv())).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
    tx.send(1);
    expect(rx.blockingRecv()).toBe(1);
  });

  it.each(LANES)("throws inside a task of the %s lane, though a value is there", async (lane) => {
    const { tx, rx } = channel<number>(2);
    tx.send(1);
    const task = spawn(
      body(
        lane,
        () => yieldNow(),
        () => rx.blockingRecv(),
      ),
    );
    expect(await rejectionOf(task)).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
    expect(drain(rx)).toEqual([1]);
  });
});

describe("broadcast.Receiver.resubscribe", () => {
  it("starts at the tail: no backlog and no lag", () => {
    const { tx, rx } = channel<number>(2);
    sendAll(tx, upTo(5));
    const fresh = rx.resubscribe();
    expect([fresh.len(), fresh.tryRecv()]).toEqual([0, undefined]);
    tx.send(5);
    expect(drain(fresh)).toEqual([5]);
  });

  it("gives the end at once on a closed channel", () => {
    const { tx, rx } = channel<number>(2);
    tx.send(1);
    tx[Symbol.dispose]();
    expect(now(rx.resubscribe().recv())).toBeUndefined();
  });
});

describe("broadcast.Receiver.len", () => {
  it("counts overwritten values too, so that more than the capacity means a lag", () => {
    const { tx, rx } = channel<number>(2);
    const lens: number[] = [];
    for (const i of upTo(4)) {
      tx.send(i);
      lens.push(rx.len());
    }
    expect(lens).toEqual([1, 2, 3, 4]);
  });

  it("is what is left after the lag was told", () => {
    const { tx, rx } = channel<number>(2);
    sendAll(tx, upTo(9));
    expect(thrownBy(() => rx.tryRecv())).toBeInstanceOf(LaggedError);
    expect(rx.len()).toBe(2);
  });
});

describe("broadcast.Receiver.isEmpty", () => {
  it("is about this receiver alone", () => {
    const { tx, rx } = channel<number>(2);
    const other = tx.subscribe();
    tx.send(1);
    rx.tryRecv();
    expect([rx.isEmpty(), other.isEmpty()]).toEqual([true, false]);
  });
});

describe("broadcast.Receiver.isClosed", () => {
  it("is true once there is no sender, though values are left", () => {
    const { tx, rx } = channel<number>(2);
    tx.send(1);
    const before = rx.isClosed();
    tx[Symbol.dispose]();
    expect([before, rx.isClosed()]).toEqual([false, true]);
  });
});

describe("broadcast.Receiver.sameChannel", () => {
  it("tells a sibling from a stranger", () => {
    const { tx, rx } = channel<number>(2);
    expect([rx.sameChannel(tx.subscribe()), rx.sameChannel(channel<number>(2).rx)]).toEqual([true, false]);
  });
});

describe("broadcast.Receiver[Symbol.dispose]", () => {
  it("may be called again", () => {
    const { tx, rx } = channel<number>(2);
    tx.subscribe();
    rx[Symbol.dispose]();
    rx[Symbol.dispose]();
    expect(tx.receiverCount()).toBe(1);
  });

  it("leaves what others have yet to receive", () => {
    const { tx, rx } = channel<number>(4);
    const other = tx.subscribe();
    sendAll(tx, [1, 2, 3]);
    rx[Symbol.dispose]();
    expect(drain(other)).toEqual([1, 2, 3]);
  });

  it("does not dispose values, which others may hold", () => {
    const { tx, rx } = channel<Disposable>(4);
    let disposals = 0;
    tx.send({ [Symbol.dispose]: () => (disposals += 1) });
    rx[Symbol.dispose]();
    expect(disposals).toBe(0);
  });
});

describe("a disposed end of a broadcast channel", () => {
  const { tx, rx } = channel<number>(2);
  const weak = tx.downgrade();
  for (const end of [tx, rx, weak]) end[Symbol.dispose]();

  it.each<[string, () => unknown]>([
    ["Sender.send", () => tx.send(1)],
    ["Sender.subscribe", () => tx.subscribe()],
    ["Sender.clone", () => tx.clone()],
    ["Sender.downgrade", () => tx.downgrade()],
    ["Sender.closed", () => tx.closed()],
    ["Sender.len", () => tx.len()],
    ["Sender.isEmpty", () => tx.isEmpty()],
    ["Sender.receiverCount", () => tx.receiverCount()],
    ["Sender.strongCount", () => tx.strongCount()],
    ["Sender.weakCount", () => tx.weakCount()],
    ["Sender.sameChannel", () => tx.sameChannel(tx)],
    ["WeakSender.upgrade", () => weak.upgrade()],
    ["WeakSender.clone", () => weak.clone()],
    ["WeakSender.strongCount", () => weak.strongCount()],
    ["WeakSender.weakCount", () => weak.weakCount()],
    ["Receiver.recv", () => rx.recv()],
    ["Receiver.tryRecv", () => rx.tryRecv()],
    ["Receiver.blockingRecv", () => rx.blockingRecv()],
    ["Receiver.resubscribe", () => rx.resubscribe()],
    ["Receiver.len", () => rx.len()],
    ["Receiver.isEmpty", () => rx.isEmpty()],
    ["Receiver.isClosed", () => rx.isClosed()],
    ["Receiver.isDisconnected", () => rx.isDisconnected()],
    ["Receiver.sameChannel", () => rx.sameChannel(rx)],
    ["Receiver.senderStrongCount", () => rx.senderStrongCount()],
    ["Receiver.senderWeakCount", () => rx.senderWeakCount()],
  ])("refuses %s", (_, use) => {
    expect(thrownBy(use)).toMatchObject({ name: "UsageError", code: "ERR_RT_DISPOSED" });
  });
});

describe("for await over a broadcast.Receiver", () => {
  it("gives all values up to the end", async () => {
    const { tx, rx } = channel<number>(16);
    sendAll(tx, [1, 2, 3]);
    tx[Symbol.dispose]();
    const got: number[] = [];
    for await (const value of rx) got.push(value);
    expect(got).toEqual([1, 2, 3]);
  });

  it("can be left and taken up again without losing anything", async () => {
    const { tx, rx } = channel<number>(16);
    sendAll(tx, [1, 2, 3]);
    tx[Symbol.dispose]();
    const got: number[] = [];
    for await (const value of rx) {
      got.push(value);
      break;
    }
    for await (const value of rx) got.push(value);
    expect(got).toEqual([1, 2, 3]);
  });

  it("throws at a lag, and can be taken up again", async () => {
    const { tx, rx } = channel<number>(2);
    sendAll(tx, upTo(5));
    tx[Symbol.dispose]();
    const got: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const value of rx) got.push(value);
    };
    expect(await rejectionOf(loop())).toMatchObject({ missed: 3 });
    await loop();
    expect(got).toEqual([3, 4]);
  });

  it("gives up its wait at return(), and leaves the next value to the receiver", async () => {
    const { tx, rx } = channel<number>(16);
    const iterator = rx[Symbol.asyncIterator]();
    const next = iterator.next();
    await turn();
    tx.send(1);
    expect([await iterator.return(), await next, await rx.recv()]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
      1,
    ]);
  });
});

describe("a waker of a broadcast channel", () => {
  it("that throws keeps nobody else from being woken, and the send succeeds", () => {
    const { runtime, reports } = quietRuntime();
    using _ = runtime.enter();
    const { tx, rx } = channel<number>(4);
    const thrower = waiting(rx.recv(), () => {
      throw new Error("this waker throws");
    });
    const others = [waiting(tx.subscribe().recv()), waiting(tx.subscribe().recv())];
    expect(tx.send(1)).toBe(3);
    expect([thrower, ...others].map((one) => one.ready())).toEqual([1, 1, 1]);
    expect(reports).toHaveLength(1);
  });

  it("that throws keeps nobody from learning that the channel is closed", () => {
    using _ = quietRuntime().runtime.enter();
    const { tx, rx } = channel<number>(4);
    waiting(rx.recv(), () => {
      throw new Error("this waker throws");
    });
    const other = waiting(tx.subscribe().recv());
    tx[Symbol.dispose]();
    expect(other.isWoken).toBe(true);
  });

  it("may receive and wait again at once", () => {
    const { tx, rx } = channel<number>(4);
    const got: unknown[] = [];
    let future: Future<number | undefined> = rx.recv();
    const again = new Polled(yieldNow(), () => {
      for (let value = future.poll(again.cx); value !== PENDING; value = future.poll(again.cx)) {
        got.push(value);
        future = rx.recv();
      }
    });
    expect(future.poll(again.cx)).toBe(PENDING);
    sendAll(tx, [1, 2, 3]);
    expect(got).toEqual([1, 2, 3]);
  });

  it("may send: all are woken, and all get both values in order", () => {
    const { tx, rx } = channel<number>(4);
    const receivers = [rx, tx.subscribe(), tx.subscribe()];
    let sent = false;
    const all = receivers.map((one) =>
      waiting(one.recv(), () => {
        if (sent) return;
        sent = true;
        tx.send(2);
      }),
    );
    tx.send(1);
    expect(all.map((one) => one.cx.wakes)).toEqual([1, 1, 1]);
    expect(receivers.map(drain)).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
  });

  it.each([1, 2])("may drop waiter number %i of those that are woken after it", (which) => {
    const { tx, rx } = channel<number>(4);
    const all: Polled<unknown>[] = [];
    for (const one of [rx, tx.subscribe(), tx.subscribe()])
      all.push(waiting(one.recv(), all.length === 0 ? () => all[which]?.drop() : undefined));
    tx.send(1);
    expect(all.map((one) => one.isWoken)).toEqual([0, 1, 2].map((i) => i !== which));
  });

  it("may poll one that is about to be woken, which takes its value once", () => {
    const { tx, rx } = channel<number>(4);
    const second = tx.subscribe();
    const got: unknown[] = [];
    waiting(rx.recv(), () => got.push(other.poll()));
    const other = waiting(second.recv());
    tx.send(1);
    expect(got).toEqual([1]);
    expect([other.isWoken, drain(second)]).toEqual([false, []]);
  });

  it("may dispose the last sender and the receivers", () => {
    const { tx, rx } = channel<number>(4);
    const second = tx.subscribe();
    waiting(rx.recv(), () => {
      tx[Symbol.dispose]();
      second[Symbol.dispose]();
    });
    const other = waiting(second.recv());
    expect(tx.send(1)).toBe(2);
    expect(other.isWoken).toBe(true);
    expect(drain(rx)).toEqual([1]);
  });

  it("may bring a receiver back as the last one goes", () => {
    const { tx, rx } = channel<number>(4);
    const first = waiting(tx.closed(), () => tx.subscribe());
    const second = waiting(tx.closed());
    rx[Symbol.dispose]();
    expect([first.poll(), second.poll()]).toEqual([PENDING, PENDING]);
  });
});

describe("the ring of a broadcast channel", () => {
  it("keeps order while it grows round its end", () => {
    const { tx, rx } = channel<number>(64);
    const got: (number | string)[] = [];
    let next = 0;
    for (const backlog of [10, 20, 40, 64, 64, 3, 50]) {
      while (rx.len() < backlog) tx.send(next++);
      for (let i = 0; i < backlog - 5 && !rx.isEmpty(); i += 1) got.push(rx.tryRecv() as number);
    }
    got.push(...drain(rx));
    expect(got).toEqual(upTo(next));
  });

  it("keeps the counts of a second receiver while it grows", () => {
    const { tx, rx } = channel<number>(64);
    const other = tx.subscribe();
    sendAll(tx, upTo(10));
    for (let i = 0; i < 5; i += 1) other.tryRecv();
    sendAll(tx, upTo(40));
    drain(rx);
    expect(tx.len()).toBe(45);
    drain(other);
    expect(tx.len()).toBe(0);
  });
});
