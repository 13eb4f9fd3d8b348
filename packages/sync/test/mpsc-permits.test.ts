import { PENDING } from "@rt/core";
import { mpsc } from "@rt/sync";
import { describe, expect, it } from "vitest";
import { ABANDONED, abandon } from "./support/abandon.ts";
import {
  body,
  LANES,
  now,
  quietRuntime,
  rejectionOf,
  TestWaker,
  thrownBy,
  turn,
  waiting,
} from "./support/polling.ts";

/** A channel of numbers without a free place. */
function full(capacity: number): { tx: mpsc.Sender<number>; rx: mpsc.Receiver<number> } {
  const { tx, rx } = mpsc.channel<number>(capacity);
  for (let n = 1; n <= capacity; n += 1) tx.trySend(n);
  return { tx, rx };
}

describe("mpsc.Sender.reserve", () => {
  it("takes one place", () => {
    const { tx } = mpsc.channel<number>(2);
    now(tx.reserve());
    expect(tx.capacity()).toBe(1);
  });

  it("takes nothing before it is polled", () => {
    const { tx } = mpsc.channel<number>(1);
    tx.reserve();
    expect(tx.capacity()).toBe(1);
  });

  it("waits while the channel is full, in one line with send", () => {
    const { tx, rx } = full(1);
    const first = waiting(tx.reserve());
    const second = waiting(tx.send(3));
    now(rx.recv());
    expect([first.isWoken, second.isWoken]).toEqual([true, false]);
  });

  it.each(LANES)("gives a permit to send with, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const { tx, rx } = full(1);
    const sent = runtime.spawn(
      body(
        lane,
        () => tx.reserve(),
        (permit) => permit.send(2),
      ),
    );
    await turn();
    now(rx.recv());
    await sent;
    expect(now(rx.recv())).toBe(2);
  });

  it("throws a SendError once the receiver is closed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    rx.close();
    expect(thrownBy(() => now(tx.reserve()))).toMatchObject({ code: "ERR_RT_SEND_CLOSED", value: undefined });
  });

  it.each(LANES)(
    "throws a SendError when the channel is closed while it waits, in the %s lane",
    async (lane) => {
      const { runtime } = quietRuntime();
      const { tx, rx } = full(1);
      const reserved = runtime.spawn(
        body(
          lane,
          () => tx.reserve(),
          () => {},
        ),
      );
      await turn();
      rx.close();
      expect(await rejectionOf(reserved)).toBeInstanceOf(mpsc.SendError);
    },
  );

  it("throws a SendError when the channel is closed between the wake and the poll, and the receiver ends", () => {
    const { tx, rx } = full(1);
    const reserve = waiting(tx.reserve());
    now(rx.recv());
    rx.close();
    const end = waiting(rx.recv());
    expect(thrownBy(() => reserve.poll())).toBeInstanceOf(mpsc.SendError);
    expect([end.isWoken, end.poll()]).toEqual([true, undefined]);
  });

  it.each(ABANDONED)(
    "loses no place when a reservation is dropped %s, in the %s lane",
    async (point, lane) => {
      const { tx, rx } = full(1);
      await abandon(
        lane,
        point,
        () => tx.reserve(),
        () => void rx.tryRecv(),
      );
      rx.tryRecv();
      expect(tx.capacity()).toBe(1);
    },
  );

  it("passes the place on to the next in line when it is dropped after its wake", () => {
    const { tx, rx } = full(1);
    const first = waiting(tx.reserve());
    const second = waiting(tx.reserve());
    now(rx.recv());
    first.drop();
    second.ready();
    expect(second.isWoken).toBe(true);
  });

  it("wakes the waker of its last poll only", () => {
    const { tx, rx } = full(1);
    const reserve = waiting(tx.reserve());
    const second = new TestWaker();
    reserve.future.poll(second);
    now(rx.recv());
    expect([reserve.cx.wakes, second.wakes]).toEqual([0, 1]);
  });

  it("throws when it is first polled after the last sender was disposed", () => {
    const { tx } = mpsc.channel<number>(1);
    const reserve = tx.reserve();
    tx[Symbol.dispose]();
    expect(thrownBy(() => now(reserve))).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});

describe("mpsc.Permit", () => {
  it("sends into its place without waiting", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    now(tx.reserve()).send(4);
    expect([now(rx.recv()), tx.capacity()]).toEqual([4, 1]);
  });

  it("sends after the receiver was closed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = now(tx.reserve());
    rx.close();
    permit.send(4);
    expect([now(rx.recv()), now(rx.recv())]).toEqual([4, undefined]);
  });

  it("sends without an error after the receiver is gone, and the value is disposed", () => {
    const { tx, rx } = mpsc.channel<Disposable>(1);
    const permit = now(tx.reserve());
    rx[Symbol.dispose]();
    let disposals = 0;
    permit.send({ [Symbol.dispose]: () => (disposals += 1) });
    expect([disposals, tx.capacity()]).toEqual([1, 1]);
  });

  it("puts values in the order of the sends, not of the reservations", () => {
    const { tx, rx } = mpsc.channel<number>(2);
    const first = now(tx.reserve());
    const second = now(tx.reserve());
    second.send(2);
    first.send(1);
    expect([now(rx.recv()), now(rx.recv())]).toEqual([2, 1]);
  });

  it.each(["release", Symbol.dispose] as const)(
    "gives its place to who waits when it is given back by %s",
    (how) => {
      const { tx, rx } = mpsc.channel<number>(1);
      const permit = now(tx.reserve());
      const send = waiting(tx.send(1));
      permit[how]();
      send.ready();
      expect(now(rx.recv())).toBe(1);
    },
  );

  it("may be disposed again, also after it was used", () => {
    const { tx } = mpsc.channel<number>(2);
    const permit = now(tx.reserve());
    permit.send(1);
    permit[Symbol.dispose]();
    permit[Symbol.dispose]();
    expect(tx.capacity()).toBe(1);
  });

  const twice: readonly (readonly [string, (permit: mpsc.Permit<number>) => void])[] = [
    ["sending", (permit) => permit.send(9)],
    ["releasing", (permit) => permit.release()],
  ];
  it.each(twice)("refuses %s after it was used, and nothing is lost", (_, use) => {
    const { tx, rx } = mpsc.channel<number>(2);
    const permit = now(tx.reserve());
    permit.send(1);
    expect(thrownBy(() => use(permit))).toMatchObject({ name: "UsageError", code: "ERR_RT_DISPOSED" });
    expect([tx.capacity(), rx.len(), now(rx.recv())]).toEqual([1, 1, 1]);
  });

  it("refuses undefined and can be used then", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = now(tx.reserve());
    expect(thrownBy(() => permit.send(undefined as never))).toBeInstanceOf(TypeError);
    permit.send(1);
    expect(now(rx.recv())).toBe(1);
  });

  it("keeps the channel open for its receiver when the last sender is gone", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = now(tx.reserve());
    tx[Symbol.dispose]();
    const recv = waiting(rx.recv());
    permit.send(1);
    expect([recv.ready(), now(rx.recv())]).toEqual([1, undefined]);
  });
});

describe("mpsc.Sender.reserveMany", () => {
  it("takes all places at once", () => {
    const { tx } = mpsc.channel<number>(5);
    const permits = now(tx.reserveMany(3));
    expect([tx.capacity(), permits.len()]).toEqual([2, 3]);
  });

  it("waits until all places are free, and is not overtaken by small requests", () => {
    const { tx, rx } = full(3);
    const many = waiting(tx.reserveMany(2));
    const one = waiting(tx.reserve());
    rx.tryRecv();
    const afterOne = [many.isWoken, one.isWoken];
    rx.tryRecv();
    expect([afterOne, many.isWoken, one.isWoken]).toEqual([[false, false], true, false]);
  });

  it.each([-1, 1.5, 4])("refuses a count of %d on a channel for 3, even when it is empty", (count) => {
    const { tx } = mpsc.channel<number>(3);
    expect(thrownBy(() => tx.reserveMany(count))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
    expect(tx.capacity()).toBe(3);
  });

  it("gives an empty iterator for 0, also when the channel is full and others wait", () => {
    const { tx } = full(1);
    waiting(tx.send(2));
    expect(now(tx.reserveMany(0)).len()).toBe(0);
  });

  it("throws a SendError for 0 once the receiver is closed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    rx.close();
    expect(thrownBy(() => now(tx.reserveMany(0)))).toBeInstanceOf(mpsc.SendError);
  });

  it.each(ABANDONED)(
    "loses no place when a reservation of many is dropped %s, in the %s lane",
    async (point, lane) => {
      const { tx, rx } = full(2);
      rx.tryRecv();
      await abandon(
        lane,
        point,
        () => tx.reserveMany(2),
        () => void rx.tryRecv(),
      );
      rx.tryRecv();
      expect(tx.capacity()).toBe(2);
    },
  );

  it("gives what it has to the next in line when it is dropped with a part", () => {
    const { tx, rx } = full(2);
    const many = waiting(tx.reserveMany(2));
    const one = waiting(tx.reserve());
    rx.tryRecv();
    many.drop();
    expect([one.isWoken, tx.capacity()]).toEqual([true, 0]);
  });

  it("gives back a part when the channel is closed, so that the receiver ends", () => {
    const { tx, rx } = full(2);
    const many = waiting(tx.reserveMany(2));
    rx.tryRecv();
    rx.close();
    rx.tryRecv();
    const end = waiting(rx.recv());
    expect(thrownBy(() => many.poll())).toBeInstanceOf(mpsc.SendError);
    expect([end.isWoken, end.poll()]).toEqual([true, undefined]);
  });
});

describe("mpsc.PermitIterator", () => {
  it("gives as many permits as were reserved", () => {
    const { tx, rx } = mpsc.channel<number>(3);
    let n = 0;
    for (const permit of now(tx.reserveMany(3))) permit.send((n += 1));
    expect([now(rx.recv()), now(rx.recv()), now(rx.recv()), rx.len()]).toEqual([1, 2, 3, 0]);
  });

  it("has an exact length", () => {
    const permits = now(mpsc.channel<number>(3).tx.reserveMany(2));
    const lengths = [permits.len()];
    permits.next();
    lengths.push(permits.len());
    permits.next();
    lengths.push(permits.len());
    expect([lengths, permits.next()]).toEqual([[2, 1, 0], { done: true, value: undefined }]);
  });

  it("gives the rest back when it is disposed, and only once", () => {
    const { tx } = mpsc.channel<number>(3);
    const permits = now(tx.reserveMany(3));
    permits.next();
    permits[Symbol.dispose]();
    permits[Symbol.dispose]();
    expect([tx.capacity(), permits.next().done]).toEqual([2, true]);
  });

  it("gives the rest back when a loop over it ends early", () => {
    const { tx } = mpsc.channel<number>(3);
    for (const permit of now(tx.reserveMany(3))) {
      permit.send(1);
      break;
    }
    expect(tx.capacity()).toBe(2);
  });
});

describe("mpsc.Sender.reserveOwned", () => {
  it("takes the sender along, which can't be used until it comes back", () => {
    const { tx } = mpsc.channel<number>(2);
    const permit = now(tx.reserveOwned());
    expect(thrownBy(() => tx.trySend(1))).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(permit.send(1).trySend(2)).toBe(true);
  });

  it("leaves the sender alone while it waits", () => {
    const { tx } = full(1);
    waiting(tx.reserveOwned());
    expect(tx.trySend(2)).toBe(false);
  });

  it("leaves the sender alone when the channel is closed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    rx.close();
    expect(thrownBy(() => now(tx.reserveOwned()))).toBeInstanceOf(mpsc.SendError);
    expect(tx.isClosed()).toBe(true);
  });

  it.each(ABANDONED)(
    "loses neither place nor sender when it is dropped %s, in the %s lane",
    async (point, lane) => {
      const { tx, rx } = full(1);
      await abandon(
        lane,
        point,
        () => tx.reserveOwned(),
        () => void rx.tryRecv(),
      );
      rx.tryRecv();
      expect([tx.capacity(), tx.strongCount()]).toEqual([1, 1]);
    },
  );

  it("throws and loses no place when the sender is disposed before it comes to its turn", () => {
    const { tx, rx } = full(1);
    const other = tx.clone();
    const reserve = waiting(tx.reserveOwned());
    tx[Symbol.dispose]();
    rx.tryRecv();
    expect(thrownBy(() => reserve.poll())).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(other.capacity()).toBe(1);
  });
});

describe("mpsc.OwnedPermit", () => {
  it("sends and gives the sender back", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const back = now(tx.reserveOwned()).send(1);
    expect([back, now(rx.recv()), back.strongCount()]).toEqual([tx, 1, 1]);
  });

  it("gives place and sender back when it is released", () => {
    const { tx } = mpsc.channel<number>(1);
    const back = now(tx.reserveOwned()).release();
    expect([back, back.capacity()]).toEqual([tx, 1]);
  });

  it("counts as a sender", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    now(tx.reserveOwned());
    expect(rx.senderStrongCount()).toBe(1);
  });

  it("closes the channel when it is disposed with the last sender in it", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = now(tx.reserveOwned());
    const recv = waiting(rx.recv());
    permit[Symbol.dispose]();
    permit[Symbol.dispose]();
    expect([recv.isWoken, recv.poll()]).toEqual([true, undefined]);
  });

  it("survives the disposal of the sender it has taken", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = now(tx.reserveOwned());
    tx[Symbol.dispose]();
    permit.send(1);
    expect([now(rx.recv()), rx.isClosed()]).toEqual([1, false]);
  });

  it("sends after the receiver was closed, with the sender in it", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = now(tx.reserveOwned());
    rx.close();
    permit.send(1);
    expect(now(rx.recv())).toBe(1);
  });

  it("tells its own channel from another", () => {
    const { tx } = mpsc.channel<number>(2);
    const second = tx.clone();
    const stranger = mpsc.channel<number>(1).tx;
    const permit = now(tx.reserveOwned());
    expect([
      permit.sameChannelAsSender(second),
      permit.sameChannelAsSender(stranger),
      permit.sameChannel(now(second.reserveOwned())),
      permit.sameChannel(now(stranger.reserveOwned())),
    ]).toEqual([true, false, true, false]);
  });

  it("refuses to be used twice", () => {
    const { tx } = mpsc.channel<number>(1);
    const permit = now(tx.reserveOwned());
    permit.release();
    expect(thrownBy(() => permit.send(1))).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });

  it("refuses undefined and keeps the sender then", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    const permit = now(tx.reserveOwned());
    expect(thrownBy(() => permit.send(undefined as never))).toBeInstanceOf(TypeError);
    permit.send(1);
    expect(rx.len()).toBe(1);
  });
});

describe("mpsc.Sender.tryReserve", () => {
  it("gives a permit while there is a free place, else null", () => {
    const { tx } = mpsc.channel<number>(1);
    const permit = tx.tryReserve();
    expect([permit === null, tx.tryReserve()]).toEqual([false, null]);
  });

  it("throws a SendError once the receiver is closed, full or not", () => {
    const { tx, rx } = full(1);
    rx.close();
    expect(thrownBy(() => tx.tryReserve())).toBeInstanceOf(mpsc.SendError);
  });
});

describe("mpsc.Sender.tryReserveMany", () => {
  it("gives all permits or null", () => {
    const { tx } = mpsc.channel<number>(3);
    expect([tx.tryReserveMany(2)?.len(), tx.tryReserveMany(2), tx.capacity()]).toEqual([2, null, 1]);
  });

  it("gives an empty iterator for 0, also when the channel is full", () => {
    expect(full(1).tx.tryReserveMany(0)?.len()).toBe(0);
  });

  it("throws a SendError once the receiver is closed, also for 0", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    rx.close();
    expect(thrownBy(() => tx.tryReserveMany(0))).toBeInstanceOf(mpsc.SendError);
  });

  it("refuses a count that never fits", () => {
    expect(thrownBy(() => mpsc.channel<number>(3).tx.tryReserveMany(4))).toMatchObject({
      code: "ERR_RT_OUT_OF_RANGE",
    });
  });
});

describe("mpsc.Sender.tryReserveOwned", () => {
  it("gives a permit with the sender in it", () => {
    const { tx } = mpsc.channel<number>(1);
    expect(tx.tryReserveOwned()?.release()).toBe(tx);
  });

  it("gives null and leaves the sender alone when there is no free place", () => {
    const { tx } = full(1);
    expect([tx.tryReserveOwned(), tx.strongCount()]).toEqual([null, 1]);
  });

  it("throws a SendError and leaves the sender alone once the receiver is closed", () => {
    const { tx, rx } = mpsc.channel<number>(1);
    rx.close();
    expect(thrownBy(() => tx.tryReserveOwned())).toBeInstanceOf(mpsc.SendError);
    expect(tx.isClosed()).toBe(true);
  });
});

describe("a closed mpsc channel with permits out", () => {
  type Out = readonly [string, (tx: mpsc.Sender<number>) => () => void, readonly unknown[]];
  const ways: readonly Out[] = [
    [
      "a permit sends",
      (tx) => {
        const permit = now(tx.reserve());
        return () => permit.send(7);
      },
      [7, undefined],
    ],
    [
      "a permit is released",
      (tx) => {
        const permit = now(tx.reserve());
        return () => permit.release();
      },
      [undefined],
    ],
    [
      "a permit is disposed",
      (tx) => {
        const permit = now(tx.reserve());
        return () => permit[Symbol.dispose]();
      },
      [undefined],
    ],
    [
      "an owned permit sends",
      (tx) => {
        const permit = now(tx.reserveOwned());
        return () => permit.send(7);
      },
      [7, undefined],
    ],
    [
      "an owned permit is released",
      (tx) => {
        const permit = now(tx.reserveOwned());
        return () => permit.release();
      },
      [undefined],
    ],
    [
      "an owned permit is disposed",
      (tx) => {
        const permit = now(tx.reserveOwned());
        return () => permit[Symbol.dispose]();
      },
      [undefined],
    ],
    [
      "an iterator of permits is disposed",
      (tx) => {
        const permits = now(tx.reserveMany(1));
        return () => permits[Symbol.dispose]();
      },
      [undefined],
    ],
  ];

  it.each(ways)("ends for its receiver exactly when %s", (_, take, expected) => {
    const { tx, rx } = mpsc.channel<number>(1);
    const giveBack = take(tx);
    rx.close();
    const recv = waiting(rx.recv());
    giveBack();
    const got = [recv.poll()];
    if (got[0] !== undefined) got.push(now(rx.recv()));
    expect([recv.isWoken, got]).toEqual([true, expected]);
  });

  it.each(["reserve", "reserveOwned"] as const)(
    "ends for its receiver when a %s that was granted its place is dropped",
    (name) => {
      const { tx, rx } = full(1);
      const reserve = waiting<unknown>(tx[name]());
      now(rx.recv());
      rx.close();
      const recv = waiting(rx.recv());
      reserve.drop();
      expect([recv.isWoken, recv.poll()]).toEqual([true, undefined]);
    },
  );

  it("ends for its receiver when a reserveMany with a part of its places is dropped", () => {
    const { tx, rx } = full(2);
    const many = waiting(tx.reserveMany(2));
    rx.tryRecv();
    rx.close();
    rx.tryRecv();
    const recv = waiting(rx.recv());
    many.drop();
    expect([recv.isWoken, recv.poll()]).toEqual([true, undefined]);
  });

  it("does not end while one of two permits is out", () => {
    const { tx, rx } = mpsc.channel<number>(2);
    const [first, second] = [now(tx.reserve()), now(tx.reserve())];
    rx.close();
    const recv = waiting(rx.recv());
    first.release();
    const afterFirst = [recv.isWoken, recv.poll()];
    second.release();
    expect([afterFirst, recv.isWoken, recv.poll()]).toEqual([[false, PENDING], true, undefined]);
  });
});
