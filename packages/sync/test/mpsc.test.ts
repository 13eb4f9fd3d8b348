/* oxlint-disable require-yield -- tasks that never suspend are among what is tested */
import { PENDING, UsageError, spawn, yieldNow, type Async, type Future } from "@rt/core";
import { mpsc, oneshot, Semaphore } from "@rt/sync";
import { describe, expect, it, vi } from "vitest";
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

/** All that can be received now. */
function drained<T extends {} | null>(rx: mpsc.UnboundedReceiver<T>): T[] {
  const values: T[] = [];
  for (let value = rx.tryRecv(); value !== undefined; value = rx.tryRecv()) values.push(value);
  return values;
}

/** A channel with the numbers from 1 to its capacity in it. */
function full(capacity: number): { tx: mpsc.Sender<number>; rx: mpsc.Receiver<number> } {
  const { tx, rx } = mpsc.channel<number>(capacity);
  for (let n = 1; n <= capacity; n += 1) tx.trySend(n);
  return { tx, rx };
}

/** Is disposed, and says so. */
class Item implements Disposable {
  readonly name: string;
  readonly log: string[];
  readonly fails: boolean;
  constructor(name: string, log: string[], fails = false) {
    this.name = name;
    this.log = log;
    this.fails = fails;
  }
  [Symbol.dispose](): void {
    this.log.push(this.name);
    if (this.fails) throw new Error(this.name);
  }
}

describe("mpsc.channel", () => {
  it.each([0, -1, 1.5, Number.NaN, Infinity, Semaphore.MAX_PERMITS + 1])(
    "refuses a capacity of %d",
    (capacity) => {
      expect(thrownBy(() => mpsc.channel(capacity))).toMatchObject({
        name: "RangeError",
        code: "ERR_RT_OUT_OF_RANGE",
      });
    },
  );

  it("refuses a capacity that is no number", () => {
    expect(thrownBy(() => mpsc.channel("8" as never))).toBeInstanceOf(TypeError);
  });

  it("takes the largest capacity there is", () => {
    expect(mpsc.channel(Semaphore.MAX_PERMITS).tx.capacity()).toBe(Semaphore.MAX_PERMITS);
  });

  it.each(LANES)("gives values in the order in which they were sent, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = mpsc.channel<number>(2);
    for (const n of [1, 2, 3, 4, 5])
      void runtime.spawn(
        body(
          lane,
          () => tx.send(n),
          () => {},
        ),
      );
    const got: (number | undefined)[] = [];
    for (let i = 0; i < 5; i += 1)
      got.push(
        await runtime.spawn(
          body(
            lane,
            () => rx.recv(),
            (value) => value,
          ),
        ),
      );
    expect(got).toEqual([1, 2, 3, 4, 5]);
  });

  it("works outside of any task", async () => {
    const { tx, rx } = mpsc.channel<string>(1);
    const received = rx.recv().then((value) => `got ${value}`);
    await tx.send("here");
    expect(await received).toBe("got here");
  });

  it("works between two runtimes", async () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const sender = quietRuntime().runtime.spawn(
      body(
        "generator",
        () => tx.send(1),
        () => tx[Symbol.dispose](),
      ),
    );
    const received = quietRuntime().runtime.spawn(
      body(
        "async",
        () => rx.recv(),
        (value) => value,
      ),
    );
    await sender;
    expect(await received).toBe(1);
  });

  it("excludes undefined from its items at compile time", () => {
    // @ts-expect-error -- recv() could not tell it from the end
    expect(typeof mpsc.channel<number | undefined>).toBe("function");
  });

  it("carries null", () => {
    const { tx, rx } = mpsc.channel<number | null>(1);
    tx.trySend(null);
    expect(now(rx.recv())).toBeNull();
  });

  it("keeps the order over many rounds of a ring that wraps", () => {
    const { tx, rx } = mpsc.channel<number>(7);
    const got: number[] = [];
    for (let n = 0; n < 200; n += 1) {
      if (!tx.trySend(n)) throw new Error("the channel is full");
      if (n % 5 === 4) got.push(...drained(rx));
    }
    expect(got).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });
});

describe("mpsc.Sender.send", () => {
  it("is ready at once while there is a free place", () => {
    const { tx } = mpsc.channel<number>(2);
    expect([new Polled(tx.send(1)).poll(), new Polled(tx.send(2)).poll()]).toEqual([undefined, undefined]);
  });

  it("sends nothing before it is polled", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    tx.send(1);
    expect(rx.len()).toBe(0);
  });

  it("waits while the channel is full and goes on when a value is received", () => {
    const { tx, rx } = full(1);
    const send = waiting(tx.send(2));
    now(rx.recv());
    expect([send.isWoken, send.poll(), drained(rx)]).toEqual([true, undefined, [2]]);
  });

  it("is served in the order of the first polls", () => {
    const { tx, rx } = full(1);
    const later = tx.send(3);
    const first = waiting(tx.send(2));
    const second = waiting(later);
    now(rx.recv());
    expect([first.isWoken, second.isWoken]).toEqual([true, false]);
  });

  it("is not overtaken by one that comes when a place has just become free", () => {
    const { tx, rx } = full(1);
    const first = waiting(tx.send(2));
    now(rx.recv());
    const second = waiting(tx.send(3));
    first.ready();
    now(rx.recv());
    second.ready();
    expect(drained(rx)).toEqual([3]);
  });

  it("wakes the waker of the last poll of a send only", () => {
    const { tx, rx } = full(1);
    const send = waiting(tx.send(2));
    const second = new TestWaker();
    send.future.poll(second);
    now(rx.recv());
    expect([send.cx.wakes, second.wakes]).toEqual([0, 1]);
  });

  it("throws a SendError with the value once the receiver is closed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    rx.close();
    const error = thrownBy(() => now(tx.send(7)));
    expect(error).toBeInstanceOf(mpsc.SendError);
    expect(error).toMatchObject({ value: 7, code: "ERR_RT_SEND_CLOSED", name: "SendError" });
  });

  it("throws a SendError with the value once the receiver is gone", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    rx[Symbol.dispose]();
    expect(thrownBy(() => now(tx.send(7)))).toMatchObject({ value: 7, code: "ERR_RT_SEND_CLOSED" });
  });

  it.each(LANES)(
    "throws a SendError when the channel is closed while it waits, in the %s lane",
    async (lane) => {
      const { runtime } = quietRuntime();
      const { tx, rx } = full(1);
      const sent = runtime.spawn(
        body(
          lane,
          () => tx.send(2),
          () => {},
        ),
      );
      await turn();
      rx.close();
      expect(await rejectionOf(sent)).toMatchObject({ value: 2, code: "ERR_RT_SEND_CLOSED" });
    },
  );

  it("throws a SendError when the channel is closed between the wake and the poll", () => {
    const { tx, rx } = full(1);
    const send = waiting(tx.send(2));
    now(rx.recv());
    rx.close();
    expect(thrownBy(() => send.poll())).toMatchObject({ value: 2, code: "ERR_RT_SEND_CLOSED" });
    expect(now(rx.recv())).toBeUndefined();
  });

  it.each(ABANDONED)("loses no place when a send is dropped %s, in the %s lane", async (point, lane) => {
    const { tx, rx } = full(1);
    await abandon(
      lane,
      point,
      () => tx.send(2),
      () => void rx.tryRecv(),
    );
    rx.tryRecv();
    expect([tx.capacity(), drained(rx)]).toEqual([1, []]);
  });

  it("leaves the line when it is dropped while it waits", () => {
    const { tx, rx } = full(1);
    const first = waiting(tx.send(2));
    const second = waiting(tx.send(3));
    first.drop();
    now(rx.recv());
    expect([first.isWoken, second.isWoken]).toEqual([false, true]);
  });

  it("passes the place on to the next in line when it is dropped after its wake", () => {
    const { tx, rx } = full(1);
    const first = waiting(tx.send(2));
    const second = waiting(tx.send(3));
    now(rx.recv());
    first.drop();
    second.ready();
    expect([second.isWoken, drained(rx)]).toEqual([true, [3]]);
  });

  it("may be dropped again after it was ready", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const send = new Polled(tx.send(1));
    send.ready();
    send.drop();
    expect([tx.capacity(), drained(rx)]).toEqual([0, [1]]);
  });

  it("refuses to be polled again after it was ready, and sends nothing twice", () => {
    const { tx, rx } = mpsc.channel<number>(2);
    const send = new Polled(tx.send(1));
    send.ready();
    expect(thrownBy(() => send.poll())).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
    expect([tx.capacity(), drained(rx)]).toEqual([1, [1]]);
  });

  it("refuses undefined at once and changes nothing", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    tx.trySend(1);
    expect(thrownBy(() => tx.send(undefined as never))).toMatchObject({
      name: "TypeError",
      code: "ERR_RT_INVALID_ARGUMENT",
    });
    expect(drained(rx)).toEqual([1]);
  });

  it("goes through when its sender is disposed while it waits", () => {
    const { tx, rx } = full(1);
    const send = waiting(tx.send(2));
    tx[Symbol.dispose]();
    now(rx.recv());
    const end = waiting(rx.recv());
    send.ready();
    expect([end.ready(), now(rx.recv())]).toEqual([2, undefined]);
  });

  it("lets the receiver end when it is dropped after the last sender was disposed", () => {
    const { tx, rx } = full(1);
    const send = waiting(tx.send(2));
    tx[Symbol.dispose]();
    now(rx.recv());
    const end = waiting(rx.recv());
    send.drop();
    expect([end.isWoken, end.poll()]).toEqual([true, undefined]);
  });

  it("throws when it is first polled after the last sender was disposed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const send = tx.send(1);
    tx[Symbol.dispose]();
    expect(thrownBy(() => now(send))).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(now(rx.recv())).toBeUndefined();
  });

  it("says that a task waits for a free place", () => {
    expect(full(1).tx.send(2).describe()).toBe("a free place in an mpsc channel");
  });

  it("lets other tasks run after 128 values, however much room there is", async () => {
    const { runtime } = quietRuntime();
    const { tx, rx } = mpsc.channel<number>(1000);
    function* sendAll(): Async<void> {
      for (let n = 0; n < 300; n += 1) yield* tx.send(n);
    }
    function* look(): Async<number> {
      return rx.len();
    }
    const sent = runtime.spawn(sendAll());
    const seen = runtime.spawn(look());
    await sent;
    expect(await seen).toBe(128);
  });
});

describe("mpsc.Sender.trySend", () => {
  it("is true while there is a free place and false when there is none", () => {
    const { tx, rx } = mpsc.channel<number>(2);
    expect([tx.trySend(1), tx.trySend(2), tx.trySend(3), drained(rx)]).toEqual([true, true, false, [1, 2]]);
  });

  it("is false while somebody waits in line for the place that is free", () => {
    const { tx, rx } = full(1);
    waiting(tx.send(2));
    now(rx.recv());
    expect(tx.trySend(3)).toBe(false);
  });

  it("throws a SendError with the value when the channel is closed, full or not", () => {
    const { tx, rx } = full(1);
    rx.close();
    expect(thrownBy(() => tx.trySend(2))).toMatchObject({ value: 2, code: "ERR_RT_SEND_CLOSED" });
  });

  it("refuses undefined and takes no place", () => {
    const { tx } = mpsc.channel<number>(1);
    expect(thrownBy(() => tx.trySend(undefined as never))).toBeInstanceOf(TypeError);
    expect(tx.capacity()).toBe(1);
  });
});

describe("mpsc.Sender.sendTimeout", () => {
  it("sends at once while there is a free place, also with no time at all", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    now(tx.sendTimeout(1, 0));
    expect(drained(rx)).toEqual([1]);
  });

  it("throws a SendTimeoutError with the value at once when it has no time", () => {
    const { tx } = full(1);
    const error = thrownBy(() => now(tx.sendTimeout(2, 0)));
    expect(error).toBeInstanceOf(mpsc.SendTimeoutError);
    expect(error).toMatchObject({ value: 2, code: "ERR_RT_SEND_TIMEOUT" });
  });

  it.each(LANES)("throws a SendTimeoutError when the channel stays full, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = full(1);
    const sent = runtime.spawn(
      body(
        lane,
        () => tx.sendTimeout(2, 5),
        () => {},
      ),
    );
    expect(await rejectionOf(sent)).toMatchObject({ value: 2, code: "ERR_RT_SEND_TIMEOUT" });
    expect([drained(rx), tx.capacity()]).toEqual([[1], 1]);
  });

  it("sends when a place becomes free in time, and wakes nobody when the time is over", () => {
    vi.useFakeTimers();
    try {
      const { tx, rx } = full(1);
      const send = waiting(tx.sendTimeout(2, 1000));
      now(rx.recv());
      send.ready();
      vi.advanceTimersByTime(2000);
      expect([send.cx.wakes, drained(rx)]).toEqual([1, [2]]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("sends when the place and the end of the time come together", () => {
    vi.useFakeTimers();
    try {
      const { tx, rx } = full(1);
      const send = waiting(tx.sendTimeout(2, 10));
      vi.advanceTimersByTime(20);
      now(rx.recv());
      send.ready();
      expect(drained(rx)).toEqual([2]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("wakes the waker of its last poll when the time is over", () => {
    vi.useFakeTimers();
    try {
      const { tx } = full(1);
      const send = waiting(tx.sendTimeout(2, 10));
      const second = new TestWaker();
      send.future.poll(second);
      vi.advanceTimersByTime(20);
      expect([send.cx.wakes, second.wakes]).toEqual([0, 1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("gives up its place in line when the time is over", () => {
    vi.useFakeTimers();
    try {
      const { tx, rx } = full(1);
      const first = waiting(tx.sendTimeout(2, 10));
      const second = waiting(tx.send(3));
      vi.advanceTimersByTime(20);
      thrownBy(() => first.poll());
      now(rx.recv());
      second.ready();
      expect(drained(rx)).toEqual([3]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("leaves no timer behind when it is dropped", () => {
    vi.useFakeTimers();
    try {
      const { tx } = full(1);
      waiting(tx.sendTimeout(2, 1000)).drop();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("leaves no timer behind when the channel is closed", () => {
    vi.useFakeTimers();
    try {
      const { tx, rx } = full(1);
      const send = waiting(tx.sendTimeout(2, 1000));
      rx.close();
      expect(thrownBy(() => send.poll())).toMatchObject({ value: 2, code: "ERR_RT_SEND_CLOSED" });
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("waits without a timer for as long as it takes when the time is Infinity", () => {
    vi.useFakeTimers();
    try {
      waiting(full(1).tx.sendTimeout(2, Infinity));
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([-1, Number.NaN])("refuses a time of %d at once", (ms) => {
    expect(thrownBy(() => mpsc.channel<number>(1).tx.sendTimeout(1, ms))).toMatchObject({
      code: "ERR_RT_OUT_OF_RANGE",
    });
  });

  it.each(ABANDONED)(
    "loses no place when a send with a time-out is dropped %s, in the %s lane",
    async (point, lane) => {
      const { tx, rx } = full(1);
      await abandon(
        lane,
        point,
        () => tx.sendTimeout(2, 60_000),
        () => void rx.tryRecv(),
      );
      rx.tryRecv();
      expect([tx.capacity(), drained(rx)]).toEqual([1, []]);
    },
  );
});

describe("mpsc.Sender.blockingSend", () => {
  it("sends while there is a free place", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    tx.blockingSend(1);
    expect(drained(rx)).toEqual([1]);
  });

  it("throws when the channel is full, and is not in line then", () => {
    const { tx, rx } = full(1);
    expect(thrownBy(() => tx.blockingSend(2))).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
    rx.tryRecv();
    expect([tx.capacity(), drained(rx)]).toEqual([1, []]);
  });

  it("throws a SendError when the channel is closed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    rx.close();
    expect(thrownBy(() => tx.blockingSend(2))).toMatchObject({ value: 2, code: "ERR_RT_SEND_CLOSED" });
  });

  it.each(LANES)("throws inside a task even when there is a free place, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = mpsc.channel<number>(1);
    const error = await rejectionOf(
      runtime.spawn(
        body(
          lane,
          () => yieldNow(),
          () => tx.blockingSend(1),
        ),
      ),
    );
    expect(error).toBeInstanceOf(UsageError);
    expect([(error as UsageError).code, drained(rx)]).toEqual(["ERR_RT_WOULD_BLOCK", []]);
  });
});

describe("mpsc.Sender.closed", () => {
  it("waits until the receiver is closed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const closed = waiting(tx.closed());
    rx.close();
    expect([closed.isWoken, closed.poll()]).toEqual([true, undefined]);
  });

  it("waits until the receiver is gone", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const closed = waiting(tx.closed());
    rx[Symbol.dispose]();
    expect([closed.isWoken, closed.poll()]).toEqual([true, undefined]);
  });

  it("is ready at once from then on", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    rx.close();
    now(tx.closed());
    expect(now(tx.closed())).toBeUndefined();
  });

  it("wakes all who wait, even when a waker throws", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const waits = [waiting(tx.closed(), throwing), waiting(tx.closed()), waiting(tx.clone().closed())];
    const reports = reportsOf(() => rx.close());
    expect([waits.map((wait) => wait.isWoken), reports.length]).toEqual([[true, true, true], 1]);
  });

  it("wakes the others when the waker of one drops the next", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const waits: Polled<void>[] = [];
    waits.push(
      waiting(tx.closed(), () => waits[1]?.drop()),
      waiting(tx.closed()),
      waiting(tx.closed()),
    );
    rx.close();
    expect(waits.map((wait) => wait.isWoken)).toEqual([true, false, true]);
  });

  it("is not woken any more once it is dropped", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const closed = waiting(tx.closed());
    closed.drop();
    rx.close();
    expect(closed.isWoken).toBe(false);
  });

  it.each(ABANDONED)("loses nothing when it is dropped %s, in the %s lane", async (point, lane) => {
    const { tx, rx } = mpsc.channel<number>(1);
    await abandon(
      lane,
      point,
      () => tx.closed(),
      () => rx.close(),
    );
    rx.close();
    expect(now(tx.closed())).toBeUndefined();
  });
});

describe("mpsc.Sender", () => {
  it("knows whether the receiver is closed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const before = tx.isClosed();
    rx.close();
    expect([before, tx.isClosed()]).toEqual([false, true]);
  });

  it("tells its own channel from another", () => {
    const { tx } = mpsc.channel<number>(1);
    expect([tx.sameChannel(tx.clone()), tx.sameChannel(mpsc.channel<number>(1).tx)]).toEqual([true, false]);
  });

  it("has less capacity after each send and more after each receive", () => {
    const { tx, rx } = mpsc.channel<number>(3);
    tx.trySend(1);
    tx.trySend(2);
    const after = tx.capacity();
    rx.tryRecv();
    expect([after, tx.capacity(), rx.capacity(), tx.maxCapacity(), rx.maxCapacity()]).toEqual([
      1, 2, 2, 3, 3,
    ]);
  });

  it("counts the senders of its channel", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const second = tx.clone();
    const two = [tx.strongCount(), rx.senderStrongCount()];
    second[Symbol.dispose]();
    expect([two, tx.strongCount()]).toEqual([[2, 2], 1]);
  });

  it("closes the channel when the last one is disposed, not before", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const second = tx.clone();
    const recv = waiting(rx.recv());
    tx[Symbol.dispose]();
    const afterFirst = recv.isWoken;
    second[Symbol.dispose]();
    expect([afterFirst, recv.isWoken, recv.poll()]).toEqual([false, true, undefined]);
  });

  it("may be disposed again", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const second = tx.clone();
    tx[Symbol.dispose]();
    tx[Symbol.dispose]();
    expect([rx.senderStrongCount(), second.strongCount()]).toEqual([1, 1]);
  });

  const uses: Record<string, (tx: mpsc.Sender<number>) => unknown> = {
    send: (tx) => tx.send(1),
    trySend: (tx) => tx.trySend(1),
    sendTimeout: (tx) => tx.sendTimeout(1, 1),
    reserve: (tx) => tx.reserve(),
    reserveMany: (tx) => tx.reserveMany(1),
    reserveOwned: (tx) => tx.reserveOwned(),
    tryReserve: (tx) => tx.tryReserve(),
    closed: (tx) => tx.closed(),
    isClosed: (tx) => tx.isClosed(),
    capacity: (tx) => tx.capacity(),
    clone: (tx) => tx.clone(),
    downgrade: (tx) => tx.downgrade(),
    strongCount: (tx) => tx.strongCount(),
  };
  it.each(Object.keys(uses))("refuses %s once it is disposed", (name) => {
    const { tx } = mpsc.channel<number>(1);
    const { tx: held } = { tx: tx.clone() };
    tx[Symbol.dispose]();
    expect(thrownBy(() => uses[name]?.(tx))).toMatchObject({ name: "UsageError", code: "ERR_RT_DISPOSED" });
    expect([held.strongCount(), held.capacity()]).toEqual([1, 1]);
  });
});

describe("mpsc.WeakSender", () => {
  it("does not keep the channel open", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    tx.downgrade();
    tx[Symbol.dispose]();
    expect(now(rx.recv())).toBeUndefined();
  });

  it("upgrades to a sender that keeps the channel open", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const second = tx.downgrade().upgrade();
    tx[Symbol.dispose]();
    second?.trySend(1);
    expect([rx.isClosed(), drained(rx)]).toEqual([false, [1]]);
  });

  it("gives null once there is no sender any more", () => {
    const { tx } = mpsc.channel<number>(1);
    const weak = tx.downgrade();
    tx[Symbol.dispose]();
    expect([weak.upgrade(), weak.strongCount()]).toEqual([null, 0]);
  });

  it("upgrades while only an owned permit keeps the channel open", () => {
    const { tx } = mpsc.channel<number>(1);
    const weak = tx.downgrade();
    const permit = now(tx.reserveOwned());
    expect([weak.upgrade()?.strongCount(), permit.sameChannel(permit)]).toEqual([2, true]);
  });

  it("is counted until it is disposed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const weak = tx.downgrade();
    const second = weak.clone();
    const two = [tx.weakCount(), weak.weakCount(), rx.senderWeakCount()];
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    expect([two, tx.weakCount(), tx.strongCount()]).toEqual([[2, 2, 2], 1, 1]);
  });

  it("refuses to be used once it is disposed", () => {
    const weak = mpsc.channel<number>(1).tx.downgrade();
    weak[Symbol.dispose]();
    expect(thrownBy(() => weak.upgrade())).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});

describe("mpsc.Receiver.recv", () => {
  it("takes nothing before it is polled", () => {
    const { rx } = full(2);
    rx.recv();
    expect(rx.len()).toBe(2);
  });

  it("waits for a value", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const recv = waiting(rx.recv());
    tx.trySend(5);
    expect([recv.isWoken, recv.poll()]).toEqual([true, 5]);
  });

  it("wakes once however many values come", () => {
    const { tx, rx } = mpsc.channel<number>(4);
    const recv = waiting(rx.recv());
    for (const n of [1, 2, 3]) tx.trySend(n);
    expect(recv.cx.wakes).toBe(1);
  });

  it("gives what is left, then undefined, once the last sender is gone", () => {
    const { tx, rx } = full(2);
    tx[Symbol.dispose]();
    expect([now(rx.recv()), now(rx.recv()), now(rx.recv()), now(rx.recv())]).toEqual([
      1,
      2,
      undefined,
      undefined,
    ]);
  });

  it("wakes the waker of the last poll of a receive only", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const recv = waiting(rx.recv());
    const second = new TestWaker();
    recv.future.poll(second);
    tx.trySend(1);
    expect([recv.cx.wakes, second.wakes]).toEqual([0, 1]);
  });

  it.each(ABANDONED)("loses no value when a receive is dropped %s, in the %s lane", async (point, lane) => {
    const { tx, rx } = mpsc.channel<number>(2);
    await abandon(
      lane,
      point,
      () => rx.recv(),
      () => void tx.trySend(1),
    );
    tx.trySend(2);
    expect(drained(rx)).toEqual(point === "woken, before it is polled again" ? [1, 2] : [2]);
  });

  it("leaves the way free for another when it is dropped while it waits", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const first = waiting(rx.recv());
    first.drop();
    const second = waiting(rx.recv());
    tx.trySend(1);
    expect([first.isWoken, second.isWoken]).toEqual([false, true]);
  });

  it("does not forget another that waits when one is dropped that does not", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const idle = rx.recv();
    const recv = waiting(rx.recv());
    idle.drop();
    tx.trySend(1);
    expect(recv.isWoken).toBe(true);
  });

  it("refuses to wait while another future of the receiver waits, which keeps waiting", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const first = waiting(rx.recv());
    expect(thrownBy(() => new Polled(rx.recv()).poll())).toMatchObject({
      code: "ERR_RT_INVALID_STATE",
      message: expect.stringContaining("share this receiver in a Mutex"),
    });
    tx.trySend(1);
    expect([first.isWoken, first.poll()]).toEqual([true, 1]);
  });

  it("gives the value to whoever asks first when two ask after the wake", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const first = waiting(rx.recv());
    tx.trySend(1);
    expect([now(rx.recv()), first.poll()]).toEqual([1, PENDING]);
  });

  it("lets other tasks run after 128 values, however many there are", async () => {
    const { runtime } = quietRuntime();
    const { tx, rx } = mpsc.channel<number>(300);
    for (let n = 0; n < 300; n += 1) tx.trySend(n);
    function* receiveAll(): Async<void> {
      for (let n = 0; n < 300; n += 1) yield* rx.recv();
    }
    function* look(): Async<number> {
      return 300 - rx.len();
    }
    const received = runtime.spawn(receiveAll());
    const seen = runtime.spawn(look());
    await received;
    expect(await seen).toBe(128);
  });

  it("gives the value when the waker of the sender that is next throws", () => {
    const { tx, rx } = full(1);
    const send = waiting(tx.send(2), throwing);
    const got: unknown[] = [];
    reportsOf(() => got.push(now(rx.recv())));
    send.ready();
    expect([got, drained(rx)]).toEqual([[1], [2]]);
  });

  it("sends all the same when the receiver's waker throws", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    waiting(rx.recv(), throwing);
    const reports = reportsOf(() => tx.trySend(1));
    expect([drained(rx), reports.length]).toEqual([[1], 1]);
  });

  it("may be polled again by the very waker it is woken by", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const got: unknown[] = [];
    const recv: Polled<number | undefined> = waiting(rx.recv(), () => got.push(recv.poll()));
    tx.trySend(1);
    expect(got).toEqual([1]);
  });

  it("lets a sender's waker send again while a value is taken", () => {
    const { tx, rx } = full(1);
    const send: Polled<void> = waiting(tx.send(2), () => send.poll());
    expect([now(rx.recv()), now(rx.recv()), rx.len()]).toEqual([1, 2, 0]);
  });

  it("throws when the receiver is disposed while it waits", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = tx.tryReserve();
    const recv = waiting(rx.recv());
    rx[Symbol.dispose]();
    expect(recv.isWoken).toBe(true);
    expect(thrownBy(() => recv.poll())).toMatchObject({
      code: "ERR_RT_DISPOSED",
      message: "Cannot use an mpsc Receiver: it was disposed; dispose it later",
    });
    permit?.release();
  });

  it("says that a task waits for a value", () => {
    expect(mpsc.channel<number>(1).rx.recv().describe()).toBe("a value from an mpsc channel");
  });
});

describe("mpsc.Receiver.recvMany", () => {
  it("appends what is there, up to the limit, and keeps what the buffer held", () => {
    const { rx } = full(3);
    const buffer = [0];
    expect([now(rx.recvMany(buffer, 2)), buffer, now(rx.recvMany(buffer, 9)), buffer.length]).toEqual([
      2,
      [0, 1, 2, 3],
      1,
      4,
    ]);
  });

  it("waits for the first value only", () => {
    const { tx, rx } = mpsc.channel<number>(4);
    const buffer: number[] = [];
    const recv = waiting(rx.recvMany(buffer, 4));
    tx.trySend(1);
    expect([recv.isWoken, recv.poll(), buffer]).toEqual([true, 1, [1]]);
  });

  it("is ready at once with a limit of 0", () => {
    expect(now(mpsc.channel<number>(1).rx.recvMany([], 0))).toBe(0);
  });

  it("gives 0 only once nothing more can come", () => {
    const { tx, rx } = full(1);
    tx[Symbol.dispose]();
    const buffer: number[] = [];
    expect([now(rx.recvMany(buffer, 5)), now(rx.recvMany(buffer, 5)), buffer]).toEqual([1, 0, [1]]);
  });

  it("makes room for as many senders as it took values", () => {
    const { tx, rx } = full(2);
    const sends = [waiting(tx.send(3)), waiting(tx.send(4)), waiting(tx.send(5))];
    now(rx.recvMany([], 2));
    expect(sends.map((send) => send.isWoken)).toEqual([true, true, false]);
  });

  it.each(ABANDONED)(
    "loses no value when a receive of many is dropped %s, in the %s lane",
    async (point, lane) => {
      const { tx, rx } = mpsc.channel<number>(2);
      const buffer: number[] = [];
      await abandon(
        lane,
        point,
        () => rx.recvMany(buffer, 2),
        () => void tx.trySend(1),
      );
      tx.trySend(2);
      expect([buffer, drained(rx)]).toEqual([
        [],
        point === "woken, before it is polled again" ? [1, 2] : [2],
      ]);
    },
  );

  it.each([-1, 0.5, Number.NaN])("refuses a limit of %d at once", (limit) => {
    expect(thrownBy(() => mpsc.channel<number>(1).rx.recvMany([], limit))).toMatchObject({
      code: "ERR_RT_OUT_OF_RANGE",
    });
  });

  it("costs one unit of the budget however many values it gives", async () => {
    const { runtime } = quietRuntime();
    const { tx, rx } = mpsc.channel<number>(256);
    for (let n = 0; n < 256; n += 1) tx.trySend(n);
    let others = 0;
    function* receiveAll(): Async<number> {
      const buffer: number[] = [];
      for (let n = 0; n < 128; n += 1) yield* rx.recvMany(buffer, 2);
      return others;
    }
    function* other(): Async<void> {
      others += 1;
    }
    const received = runtime.spawn(receiveAll());
    void runtime.spawn(other());
    expect(await received).toBe(0);
  });
});

describe("mpsc.Receiver.tryRecv", () => {
  it("gives undefined while a value may still come", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    expect([rx.tryRecv(), rx.isDisconnected(), tx.isClosed()]).toEqual([undefined, false, false]);
  });

  it("gives what is left of a closed channel, which is disconnected then", () => {
    const { tx, rx } = full(1);
    tx[Symbol.dispose]();
    const before = rx.isDisconnected();
    expect([before, rx.tryRecv(), rx.isDisconnected(), rx.tryRecv()]).toEqual([false, 1, true, undefined]);
  });

  it("is not disconnected while a permit is out", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = tx.tryReserve();
    rx.close();
    const during = rx.isDisconnected();
    permit?.release();
    expect([during, rx.isDisconnected()]).toEqual([false, true]);
  });

  it("makes room for a sender that waits", () => {
    const { tx, rx } = full(1);
    const send = waiting(tx.send(2));
    rx.tryRecv();
    expect(send.isWoken).toBe(true);
  });
});

describe("mpsc.Receiver.blockingRecv", () => {
  it("gives a value that is there, and undefined at the end", () => {
    const { tx, rx } = full(1);
    tx[Symbol.dispose]();
    expect([rx.blockingRecv(), rx.blockingRecv()]).toEqual([1, undefined]);
  });

  it("throws when there is nothing yet, and waits no more then", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    expect(thrownBy(() => rx.blockingRecv())).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
    const recv = waiting(rx.recv());
    tx.trySend(1);
    expect(recv.isWoken).toBe(true);
  });

  it.each(LANES)("throws inside a task even when a value is there, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { rx } = full(1);
    const error = await rejectionOf(
      runtime.spawn(
        body(
          lane,
          () => yieldNow(),
          () => rx.blockingRecv(),
        ),
      ),
    );
    expect([(error as UsageError).code, rx.len()]).toEqual(["ERR_RT_WOULD_BLOCK", 1]);
  });
});

describe("mpsc.Receiver.blockingRecvMany", () => {
  it("appends what is there", () => {
    const buffer: number[] = [];
    expect([full(2).rx.blockingRecvMany(buffer, 5), buffer]).toEqual([2, [1, 2]]);
  });

  it("throws when there is nothing yet", () => {
    expect(thrownBy(() => mpsc.channel<number>(1).rx.blockingRecvMany([], 5))).toMatchObject({
      code: "ERR_RT_WOULD_BLOCK",
    });
  });
});

describe("mpsc.Receiver.pollRecv", () => {
  it("gives values, PENDING, and undefined at the end", () => {
    const { tx, rx } = full(1);
    const cx = new TestWaker();
    const first = [rx.pollRecv(cx), rx.pollRecv(cx)];
    tx[Symbol.dispose]();
    expect([first, cx.wakes, rx.pollRecv(cx)]).toEqual([[1, PENDING], 1, undefined]);
  });

  it("wakes the last waker only", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const [first, second] = [new TestWaker(), new TestWaker()];
    rx.pollRecv(first);
    rx.pollRecv(second);
    tx.trySend(1);
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });
});

describe("mpsc.Receiver.pollRecvMany", () => {
  it("gives how many values it appended, PENDING, and 0 at the end", () => {
    const { tx, rx } = full(2);
    const cx = new TestWaker();
    const buffer: number[] = [];
    const first = [rx.pollRecvMany(cx, buffer, 5), rx.pollRecvMany(cx, buffer, 5)];
    tx[Symbol.dispose]();
    expect([first, buffer, cx.wakes, rx.pollRecvMany(cx, buffer, 5)]).toEqual([[2, PENDING], [1, 2], 1, 0]);
  });
});

describe("mpsc.Receiver.close", () => {
  it("refuses what is sent from then on and gives what was sent before", () => {
    const { tx, rx } = full(1);
    rx.close();
    expect(thrownBy(() => tx.trySend(2))).toBeInstanceOf(mpsc.SendError);
    expect([now(rx.recv()), now(rx.recv())]).toEqual([1, undefined]);
  });

  it("fails all who wait to send, even when a waker throws", () => {
    const { tx, rx } = full(1);
    const sends = [waiting(tx.send(2), throwing), waiting(tx.send(3))];
    reportsOf(() => rx.close());
    expect(sends.map((send) => send.isWoken)).toEqual([true, true]);
    expect(sends.map((send) => thrownBy(() => send.poll()))).toMatchObject([{ value: 2 }, { value: 3 }]);
  });

  it("wakes a receiver that waits", () => {
    const { rx } = mpsc.channel<number>(1);
    const recv = waiting(rx.recv());
    rx.close();
    expect([recv.isWoken, recv.poll()]).toEqual([true, undefined]);
  });

  it("may be called again, also while a waker runs", () => {
    const { tx, rx } = full(1);
    const send = waiting(tx.send(2), () => rx.close());
    rx.close();
    rx.close();
    expect([send.cx.wakes, drained(rx)]).toEqual([1, [1]]);
  });
});

describe("mpsc.Receiver.isClosed", () => {
  it("is true after close, even with values left", () => {
    const { rx } = full(1);
    rx.close();
    expect(rx.isClosed()).toBe(true);
  });

  it("is true once the last sender is gone", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const before = rx.isClosed();
    tx[Symbol.dispose]();
    expect([before, rx.isClosed()]).toEqual([false, true]);
  });

  it("is false while an owned permit holds the last sender", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = now(tx.reserveOwned());
    const during = rx.isClosed();
    permit[Symbol.dispose]();
    expect([during, rx.isClosed()]).toEqual([false, true]);
  });

  it("is true once the last sender is gone, though a plain permit is out", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = now(tx.reserve());
    tx[Symbol.dispose]();
    expect(rx.isClosed()).toBe(true);
    permit.release();
  });
});

describe("mpsc.Receiver.len", () => {
  it.each([15, 16, 17, 31, 32, 33, 64])("counts %d values, and isEmpty agrees, up and down", (count) => {
    const { tx, rx } = mpsc.channel<number>(100);
    const seen: boolean[] = [];
    for (let n = 0; n < count; n += 1) {
      seen.push(rx.len() === n && rx.isEmpty() === (n === 0));
      tx.trySend(n);
    }
    for (let n = count; n >= 0; n -= 1) {
      seen.push(rx.len() === n && rx.isEmpty() === (n === 0));
      rx.tryRecv();
    }
    expect(seen).not.toContain(false);
  });

  it("stays 0 when nothing is left to receive", () => {
    const { rx } = mpsc.channel<number>(1);
    rx.tryRecv();
    expect([rx.len(), rx.capacity()]).toEqual([0, 1]);
  });

  it("does not count places that are reserved", () => {
    const { tx, rx } = mpsc.channel<number>(2);
    tx.tryReserve();
    expect([rx.len(), rx.isEmpty(), rx.capacity()]).toEqual([0, true, 1]);
  });
});

describe("mpsc.Receiver[Symbol.asyncIterator]", () => {
  it("gives every value until the channel is closed and empty", async () => {
    const { tx, rx } = full(3);
    tx[Symbol.dispose]();
    const got: number[] = [];
    for await (const value of rx) got.push(value);
    expect(got).toEqual([1, 2, 3]);
  });

  it("loses nothing and closes nothing when the loop is left early", async () => {
    const { tx, rx } = full(3);
    for await (const value of rx) if (value === 2) break;
    expect([drained(rx), tx.isClosed()]).toEqual([[3], false]);
  });

  it("may be started anew", async () => {
    const { tx, rx } = full(2);
    for await (const _ of rx) break;
    tx[Symbol.dispose]();
    const rest: number[] = [];
    for await (const value of rx) rest.push(value);
    expect(rest).toEqual([2]);
  });

  it("waits for values inside an async task, and ends with its abort", async () => {
    const { runtime } = quietRuntime();
    const { tx, rx } = mpsc.channel<number>(1);
    const got: number[] = [];
    const handle = runtime.spawn(async () => {
      for await (const value of rx) got.push(value);
    });
    await tx.send(1);
    await turn();
    handle.abort();
    await rejectionOf(handle);
    tx.trySend(2);
    expect([got, drained(rx)]).toEqual([[1], [2]]);
  });

  it("ends a loop's wait at once with return(), and leaves the next value to the next recv()", async () => {
    const { tx, rx } = mpsc.channel<number>(2);
    const iterator = rx[Symbol.asyncIterator]();
    const next = iterator.next();
    await turn();
    tx.trySend(1);
    expect([await iterator.return(), await next, rx.tryRecv()]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
      1,
    ]);
  });

  it("gives a value that next() has taken before return()", async () => {
    const { tx, rx } = mpsc.channel<number>(2);
    tx.trySend(1);
    const iterator = rx[Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return();
    expect([await next, rx.len()]).toEqual([{ done: false, value: 1 }, 0]);
  });
});

describe("mpsc.Receiver[Symbol.dispose]", () => {
  it("closes the channel", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    rx[Symbol.dispose]();
    expect(tx.isClosed()).toBe(true);
  });

  it("fails all who wait to send", () => {
    const { tx, rx } = full(1);
    const send = waiting(tx.send(2));
    rx[Symbol.dispose]();
    expect([send.isWoken, thrownBy(() => send.poll())]).toMatchObject([true, { value: 2 }]);
  });

  it("disposes the values that were not received, in order", () => {
    const log: string[] = [];
    const { tx, rx } = mpsc.channel<Item>(3);
    for (const name of ["a", "b", "c"]) tx.trySend(new Item(name, log));
    rx.tryRecv();
    rx[Symbol.dispose]();
    rx[Symbol.dispose]();
    expect(log).toEqual(["b", "c"]);
  });

  it("disposes all of them when some throw, and throws what the first threw", () => {
    const log: string[] = [];
    const { tx, rx } = mpsc.channel<Item>(3);
    tx.trySend(new Item("a", log));
    tx.trySend(new Item("b", log, true));
    tx.trySend(new Item("c", log, true));
    expect(thrownBy(() => rx[Symbol.dispose]())).toMatchObject({ message: "b" });
    expect([log, tx.isClosed()]).toEqual([["a", "b", "c"], true]);
  });

  it("tells the sender of an unread oneshot that its request was dropped", () => {
    const { tx, rx } = mpsc.channel<oneshot.Sender<number>>(1);
    const reply = oneshot.channel<number>();
    tx.trySend(reply.tx);
    const answer = waiting(reply.rx);
    rx[Symbol.dispose]();
    expect(thrownBy(() => answer.poll())).toBeInstanceOf(oneshot.RecvError);
  });

  it("lets go of its waker though senders stay", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const cx = new TestWaker();
    rx.pollRecv(cx);
    rx[Symbol.dispose]();
    const atDispose = cx.wakes;
    thrownBy(() => tx.trySend(1));
    tx[Symbol.dispose]();
    expect(cx.wakes).toBe(atDispose);
  });

  it("tolerates a waker that disposes it again", () => {
    const { tx, rx } = full(1);
    const send = waiting(tx.send(2), () => rx[Symbol.dispose]());
    rx[Symbol.dispose]();
    expect(send.cx.wakes).toBe(1);
  });

  const uses: Record<string, (rx: mpsc.Receiver<number>) => unknown> = {
    recv: (rx) => rx.recv(),
    recvMany: (rx) => rx.recvMany([], 1),
    tryRecv: (rx) => rx.tryRecv(),
    blockingRecv: (rx) => rx.blockingRecv(),
    pollRecv: (rx) => rx.pollRecv(new TestWaker()),
    pollRecvMany: (rx) => rx.pollRecvMany(new TestWaker(), [], 1),
    close: (rx) => rx.close(),
    isClosed: (rx) => rx.isClosed(),
    isDisconnected: (rx) => rx.isDisconnected(),
    isEmpty: (rx) => rx.isEmpty(),
    len: (rx) => rx.len(),
    capacity: (rx) => rx.capacity(),
    maxCapacity: (rx) => rx.maxCapacity(),
    senderStrongCount: (rx) => rx.senderStrongCount(),
    senderWeakCount: (rx) => rx.senderWeakCount(),
  };
  it.each(Object.keys(uses))("makes %s throw from then on", (name) => {
    const { rx } = mpsc.channel<number>(1);
    rx[Symbol.dispose]();
    expect(thrownBy(() => uses[name]?.(rx))).toMatchObject({ name: "UsageError", code: "ERR_RT_DISPOSED" });
  });
});

describe("mpsc.SendError", () => {
  it("says what to do, without needing the value printable", () => {
    const { tx, rx } = mpsc.channel<object>(1);
    rx.close();
    const error = thrownBy(() => tx.trySend(Object.create(null) as object));
    expect((error as Error).message).toBe("Cannot send: the receiver is closed or gone; stop sending");
  });
});

describe("mpsc producers and a consumer", () => {
  it.each(LANES)("deliver every value once, each producer's in order, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = mpsc.channel<readonly [number, number]>(3);
    function* produce(own: mpsc.Sender<readonly [number, number]>, id: number): Async<void> {
      for (let n = 0; n < 50; n += 1) yield* own.send([id, n]);
      own[Symbol.dispose]();
    }
    async function produceAsync(own: mpsc.Sender<readonly [number, number]>, id: number): Promise<void> {
      for (let n = 0; n < 50; n += 1) await own.send([id, n]);
      own[Symbol.dispose]();
    }
    for (let id = 0; id < 4; id += 1) {
      const own = tx.clone();
      void runtime.spawn(lane === "generator" ? produce(own, id) : () => produceAsync(own, id));
    }
    tx[Symbol.dispose]();
    const got: number[][] = [[], [], [], []];
    await runtime.blockOn(async () => {
      for await (const [id, n] of rx) got[id]?.push(n);
    });
    const each = Array.from({ length: 50 }, (_, n) => n);
    expect(got).toEqual([each, each, each, each]);
  });

  it("spread over the default runtime without one of their own", async () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const make = (n: number): Future<void> => tx.send(n);
    const handles = [1, 2, 3].map((n) =>
      spawn(
        body(
          "generator",
          () => make(n),
          () => {},
        ),
      ),
    );
    const got = [await rx.recv(), await rx.recv(), await rx.recv()];
    for (const handle of handles) await handle;
    expect(got).toEqual([1, 2, 3]);
  });
});
