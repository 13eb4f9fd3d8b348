import { PENDING, spawn, UsageError, yieldNow, type Async } from "@rt/core";
import { watch } from "@rt/sync";
import { describe, expect, it } from "vitest";
import { body, LANES, now, quietRuntime, rejectionOf, thrownBy, turn, waiting } from "./support/polling.ts";

const { channel, Receiver, RecvError, Ref, Sender, SendError } = watch;

const CLOSED = { name: "RecvError", code: "ERR_RT_RECV_CLOSED" };

/** Every value that is seen until the senders are gone. */
function* observe<T>(rx: watch.Receiver<T>): Async<T[]> {
  const seen: T[] = [];
  try {
    for (;;) {
      yield* rx.changed();
      seen.push(rx.borrowAndUpdate().value);
    }
  } catch (error) {
    if (!(error instanceof RecvError)) throw error;
  }
  return seen;
}

async function observeAsync<T>(rx: watch.Receiver<T>): Promise<T[]> {
  const seen: T[] = [];
  try {
    for (;;) {
      await rx.changed();
      seen.push(rx.borrowAndUpdate().value);
    }
  } catch (error) {
    if (!(error instanceof RecvError)) throw error;
  }
  return seen;
}

describe("watch.channel", () => {
  it("gives one sender and one receiver", () => {
    const { tx, rx } = channel(1);
    expect([tx instanceof Sender, rx instanceof Receiver]).toEqual([true, true]);
    expect([tx.senderCount(), tx.receiverCount()]).toEqual([1, 1]);
  });

  it("counts the initial value as seen", () => {
    const { rx } = channel(1);
    expect([rx.borrow().value, rx.hasChanged()]).toEqual([1, false]);
    expect(waiting(rx.changed()).isWoken).toBe(false);
  });

  it("takes undefined for a value as any other", () => {
    const { tx, rx } = channel<number | undefined>(1);
    tx.send(undefined);
    expect(now(rx.changed())).toBeUndefined();
    expect(rx.borrow().value).toBeUndefined();
  });
});

describe("new watch.Sender", () => {
  it("starts without receivers", () => {
    const tx = new Sender(1);
    expect([tx.receiverCount(), tx.isClosed(), tx.borrow().value]).toEqual([0, true, 1]);
  });
});

describe("watch.Sender.send", () => {
  it("sets the value for all and wakes all who wait", () => {
    const { tx, rx } = channel(1);
    const receivers = [rx, rx.clone(), tx.subscribe()];
    const all = receivers.map((one) => waiting(one.changed()));
    tx.send(2);
    expect(all.map((one) => one.isWoken)).toEqual([true, true, true]);
    expect(receivers.map((one) => one.borrow().value)).toEqual([2, 2, 2]);
  });

  it("throws the value back when there is no receiver, and leaves the old one", () => {
    const tx = new Sender({ n: 1 });
    const value = { n: 2 };
    const error = thrownBy(() => tx.send(value));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ code: "ERR_RT_SEND_CLOSED", value });
    expect(tx.borrow().value.n).toBe(1);
  });

  it("works again when a new receiver has come", () => {
    const { tx, rx } = channel(1);
    rx[Symbol.dispose]();
    expect(thrownBy(() => tx.send(2))).toBeInstanceOf(SendError);
    const again = tx.subscribe();
    tx.send(3);
    expect([again.hasChanged(), again.borrow().value]).toEqual([true, 3]);
  });

  it("counts as a change though the value is the same", () => {
    const { tx, rx } = channel(1);
    tx.send(1);
    expect(rx.hasChanged()).toBe(true);
  });
});

describe("watch.Sender.sendReplace", () => {
  it("gives the old value", () => {
    const { tx, rx } = channel(1);
    expect(tx.sendReplace(2)).toBe(1);
    expect(rx.borrowAndUpdate().value).toBe(2);
  });

  it("sets the value without receivers too", () => {
    const tx = new Sender(1);
    expect([tx.sendReplace(2), tx.borrow().value]).toEqual([1, 2]);
  });

  it("wakes who waits", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.changed());
    tx.sendReplace(2);
    expect(polled.isWoken).toBe(true);
  });
});

describe("watch.Sender.sendModify", () => {
  it("edits an object in place and wakes who waits", () => {
    const config = { verbose: false };
    const { tx, rx } = channel(config);
    const polled = waiting(rx.changed());
    tx.sendModify((current) => {
      current.value.verbose = true;
    });
    expect(polled.isWoken).toBe(true);
    expect([rx.borrow().value === config, config.verbose]).toEqual([true, true]);
  });

  it("may set another value", () => {
    const { tx, rx } = channel(1);
    tx.sendModify((current) => {
      current.value += 1;
    });
    expect(rx.borrowAndUpdate().value).toBe(2);
  });

  it("wakes who waits though nothing was edited", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.changed());
    tx.sendModify(() => {});
    expect(polled.isWoken).toBe(true);
  });

  it("wakes nobody when the edit throws, and what it did so far stays", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.changed());
    const failure = new Error("half-way");
    const thrown = thrownBy(() =>
      tx.sendModify((current) => {
        current.value = 2;
        throw failure;
      }),
    );
    expect(thrown).toBe(failure);
    expect([polled.isWoken, rx.hasChanged(), rx.borrow().value]).toEqual([false, false, 2]);
  });

  it("leaves the channel usable when the edit throws", () => {
    const { tx, rx } = channel(1);
    thrownBy(() =>
      tx.sendModify(() => {
        throw new Error("half-way");
      }),
    );
    tx.send(3);
    expect(rx.borrowAndUpdate().value).toBe(3);
  });

  it("may send from inside the edit", () => {
    const { tx, rx } = channel(1);
    tx.sendModify((current) => {
      tx.send(10);
      current.value += 1;
    });
    expect(rx.borrowAndUpdate().value).toBe(11);
  });

  it("works without receivers", () => {
    const tx = new Sender(1);
    tx.sendModify((current) => {
      current.value = 2;
    });
    expect(tx.borrow().value).toBe(2);
  });
});

describe("watch.Sender.sendIfModified", () => {
  it("wakes who waits and gives true when the edit returns true", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.changed());
    const modified = tx.sendIfModified((current) => {
      current.value = 2;
      return true;
    });
    expect([modified, polled.isWoken, rx.borrow().value]).toEqual([true, true, 2]);
  });

  it("keeps a silent edit and wakes nobody when the edit returns false", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.changed());
    const modified = tx.sendIfModified((current) => {
      current.value = 2;
      return false;
    });
    expect([modified, polled.isWoken, rx.hasChanged(), rx.borrow().value]).toEqual([false, false, false, 2]);
  });

  it("wakes nobody when the edit throws, and what it did so far stays visible", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.changed());
    const failure = new Error("half-way");
    const thrown = thrownBy(() =>
      tx.sendIfModified((current) => {
        current.value = 2;
        throw failure;
      }),
    );
    expect([thrown, polled.isWoken, rx.borrow().value]).toEqual([failure, false, 2]);
  });
});

describe("watch.Sender.borrow", () => {
  it("reads the value, which is never new to a sender", () => {
    const { tx } = channel(1);
    tx.send(2);
    const ref = tx.borrow();
    expect([ref.value, ref.hasChanged()]).toEqual([2, false]);
  });
});

describe("watch.Sender.isClosed", () => {
  it("is true while there is no receiver", () => {
    const { tx, rx } = channel(1);
    const seen = [tx.isClosed()];
    rx[Symbol.dispose]();
    seen.push(tx.isClosed());
    tx.subscribe();
    seen.push(tx.isClosed());
    expect(seen).toEqual([false, true, false]);
  });
});

describe("watch.Sender.receiverCount", () => {
  it("follows receivers as they come and go", () => {
    const { tx, rx } = channel(1);
    const counts: number[] = [];
    for (const one of [rx.clone(), tx.subscribe(), rx]) {
      counts.push(tx.receiverCount());
      one[Symbol.dispose]();
      one[Symbol.dispose]();
    }
    expect([...counts, tx.receiverCount()]).toEqual([3, 2, 1, 0]);
  });
});

describe("watch.Sender.senderCount", () => {
  it("follows senders as they come and go", () => {
    const { tx } = channel(1);
    const other = tx.clone();
    const before = tx.senderCount();
    other[Symbol.dispose]();
    other[Symbol.dispose]();
    expect([before, tx.senderCount()]).toEqual([2, 1]);
  });
});

describe("watch.Sender.sameChannel", () => {
  it("tells a clone of the sender from a stranger", () => {
    const { tx } = channel(1);
    expect([tx.sameChannel(tx.clone()), tx.sameChannel(channel(1).tx)]).toEqual([true, false]);
  });
});

describe("watch.Sender.closed", () => {
  it("is ready at once when there is no receiver", () => {
    expect(now(new Sender(1).closed())).toBeUndefined();
  });

  it("waits until the last receiver is disposed", () => {
    const { tx, rx } = channel(1);
    const other = rx.clone();
    const closed = waiting(tx.closed());
    rx[Symbol.dispose]();
    expect(closed.isWoken).toBe(false);
    other[Symbol.dispose]();
    expect(closed.isWoken).toBe(true);
    expect(closed.ready()).toBeUndefined();
  });

  it("goes on waiting when a receiver came back before it was polled", () => {
    const { tx, rx } = channel(1);
    const closed = waiting(tx.closed());
    rx[Symbol.dispose]();
    const back = tx.subscribe();
    expect(closed.poll()).toBe(PENDING);
    back[Symbol.dispose]();
    expect(closed.ready()).toBeUndefined();
  });

  it("wakes nobody when it was dropped", () => {
    const { tx, rx } = channel(1);
    const [dropped, other] = [waiting(tx.closed()), waiting(tx.closed())];
    dropped.drop();
    dropped.drop();
    rx[Symbol.dispose]();
    expect([dropped.isWoken, other.isWoken]).toEqual([false, true]);
  });

  it("charges the budget when it is ready", async () => {
    const tx = new Sender(1);
    const { runtime } = quietRuntime();
    const polls = await runtime.spawn(function* (): Async<number> {
      const others = runtime.spawn(countTurns());
      for (let i = 0; i < 300; i += 1) yield* tx.closed();
      others.abort();
      return turns;
    });
    expect(polls).toBe(2);
  });

  it.each(LANES)("resumes a task in the %s lane", async (lane) => {
    const { tx, rx } = channel(1);
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

let turns = 0;
function* countTurns(): Async<void> {
  for (turns = 0; ; ) {
    turns += 1;
    yield* yieldNow();
  }
}

describe("watch.Sender.subscribe", () => {
  it("counts the present value as seen", () => {
    const { tx } = channel(1);
    tx.send(2);
    const late = tx.subscribe();
    expect([late.hasChanged(), late.borrow().value]).toEqual([false, 2]);
  });
});

describe("watch.Sender.clone", () => {
  it("sends to the same channel and keeps it open", () => {
    const { tx, rx } = channel(1);
    const other = tx.clone();
    tx[Symbol.dispose]();
    other.send(2);
    expect([rx.hasChanged(), rx.borrow().value]).toEqual([true, 2]);
  });
});

describe("watch.Sender[Symbol.dispose]", () => {
  it("wakes all who wait when the last sender goes, and not before", () => {
    const { tx, rx } = channel(1);
    const other = tx.clone();
    const all = [waiting(rx.changed()), waiting(rx.clone().changed())];
    tx[Symbol.dispose]();
    expect(all.map((one) => one.isWoken)).toEqual([false, false]);
    other[Symbol.dispose]();
    expect(all.map((one) => one.isWoken)).toEqual([true, true]);
    for (const one of all) expect(thrownBy(() => one.poll())).toMatchObject(CLOSED);
  });

  it("leaves the last value to be seen", () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    tx[Symbol.dispose]();
    expect(now(rx.changed())).toBeUndefined();
    expect(rx.borrow().value).toBe(2);
    expect(thrownBy(() => now(rx.changed()))).toMatchObject(CLOSED);
  });
});

describe("watch.Receiver.borrow", () => {
  it("marks nothing as seen", () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    expect([rx.borrow().value, rx.hasChanged()]).toEqual([2, true]);
  });
});

describe("watch.Receiver.borrowAndUpdate", () => {
  it("marks the value as seen", () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    expect([rx.borrowAndUpdate().value, rx.hasChanged()]).toEqual([2, false]);
  });

  it("concerns this receiver alone", () => {
    const { tx, rx } = channel(1);
    const other = rx.clone();
    tx.send(2);
    rx.borrowAndUpdate();
    expect(other.hasChanged()).toBe(true);
  });
});

describe("watch.Ref.hasChanged", () => {
  it("tells whether that read saw something new", () => {
    const { tx, rx } = channel(1);
    const seen = [rx.borrow().hasChanged()];
    tx.send(2);
    seen.push(rx.borrow().hasChanged(), rx.borrowAndUpdate().hasChanged(), rx.borrow().hasChanged());
    expect(seen).toEqual([false, true, true, false]);
  });

  it("works after close", () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    tx[Symbol.dispose]();
    expect([rx.borrowAndUpdate().hasChanged(), rx.borrow().hasChanged()]).toEqual([true, false]);
  });
});

describe("watch.Ref.value", () => {
  it("stays what was read, though a value is sent meanwhile", () => {
    const { tx, rx } = channel(1);
    const ref = rx.borrow();
    expect(ref).toBeInstanceOf(Ref);
    tx.send(2);
    expect([ref.value, rx.borrow().value]).toEqual([1, 2]);
  });

  it("shows an edit in place, for it is the channel's own object", () => {
    const { tx, rx } = channel({ n: 1 });
    const ref = rx.borrow();
    tx.sendModify((current) => {
      current.value.n = 2;
    });
    expect(ref.value.n).toBe(2);
  });
});

describe("watch.Receiver.hasChanged", () => {
  it("throws when the channel is closed, also if the last value was not seen", () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    tx[Symbol.dispose]();
    expect(thrownBy(() => rx.hasChanged())).toBeInstanceOf(RecvError);
    expect(rx.borrow().hasChanged()).toBe(true);
  });
});

describe("watch.Receiver.changed", () => {
  it("is ready at once when the value was not seen, and marks it as seen", () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    expect(now(rx.changed())).toBeUndefined();
    expect(rx.hasChanged()).toBe(false);
  });

  it("waits when the value was seen", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.changed());
    tx.send(2);
    expect(polled.isWoken).toBe(true);
    expect(polled.ready()).toBeUndefined();
  });

  it("tells of several changes once", () => {
    const { tx, rx } = channel(1);
    for (const n of [2, 3, 4]) tx.send(n);
    now(rx.changed());
    expect(rx.borrow().value).toBe(4);
    expect(waiting(rx.changed()).isWoken).toBe(false);
  });

  it("throws when the channel is closed and the value was seen", () => {
    const { tx, rx } = channel(1);
    tx[Symbol.dispose]();
    const error = thrownBy(() => now(rx.changed()));
    expect(error).toBeInstanceOf(RecvError);
    expect(error).toMatchObject(CLOSED);
  });

  it("does nothing before it is polled", () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    rx.changed().drop();
    expect(rx.hasChanged()).toBe(true);
  });

  it("marks nothing when it is dropped while it waits", () => {
    const { tx, rx } = channel(1);
    const dropped = waiting(rx.changed());
    dropped.drop();
    dropped.drop();
    tx.send(2);
    expect([dropped.isWoken, rx.hasChanged()]).toEqual([false, true]);
  });

  it("marks nothing when it is dropped after the wake", () => {
    const { tx, rx } = channel(1);
    const dropped = waiting(rx.changed());
    tx.send(2);
    dropped.drop();
    expect([dropped.isWoken, rx.hasChanged()]).toEqual([true, true]);
  });

  it("waits on when the change was seen otherwise before it was polled", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.changed());
    tx.send(2);
    rx.borrowAndUpdate();
    expect(polled.poll()).toBe(PENDING);
    tx.send(3);
    expect(polled.ready()).toBeUndefined();
  });

  it("wakes only the waker of its last poll", () => {
    const { tx, rx } = channel(1);
    const future = rx.changed();
    const [first, second] = [waiting(future), waiting(future)];
    tx.send(2);
    expect([first.isWoken, second.isWoken]).toEqual([false, true]);
  });

  it.each([0, 1, 2])("leaves the line alone when waiter number %i of 3 is dropped", (which) => {
    const { tx, rx } = channel(1);
    const all = [rx, rx.clone(), rx.clone()].map((one) => waiting(one.changed()));
    all[which]?.drop();
    tx.send(2);
    expect(all.map((one) => one.isWoken)).toEqual([0, 1, 2].map((i) => i !== which));
  });

  it("refuses to wait beside another future of the same receiver, which keeps its place", () => {
    const { tx, rx } = channel(1);
    const first = waiting(rx.changed());
    const error = thrownBy(() => now(rx.changed()));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      code: "ERR_RT_INVALID_STATE",
      message: expect.stringContaining("give each task a receiver of its own"),
    });
    tx.send(2);
    expect(first.ready()).toBeUndefined();
  });

  it("throws when its receiver is disposed while it waits", () => {
    const { rx } = channel(1);
    const [polled, other] = [waiting(rx.changed()), waiting(rx.clone().changed())];
    rx[Symbol.dispose]();
    expect([polled.isWoken, other.isWoken]).toEqual([true, false]);
    expect(thrownBy(() => polled.poll())).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });

  it("says in a dump what it waits for", () => {
    expect(channel(1).rx.changed().describe()).toContain("watch");
  });

  describe.each(LANES)("in the %s lane", (lane) => {
    it("lets every receiver see the last value, and none an older one after a newer", async () => {
      const { tx, rx } = channel(0);
      const receivers = [rx, rx.clone(), rx.clone()];
      const tasks = receivers.map((one) =>
        spawn(lane === "generator" ? observe(one) : () => observeAsync(one)),
      );
      for (let i = 1; i <= 50; i += 1) {
        tx.send(i);
        if (i % 9 === 0) await turn();
      }
      tx[Symbol.dispose]();
      for (const task of tasks) {
        const seen = await task;
        expect(seen.at(-1)).toBe(50);
        expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
      }
    });

    it("loses no change when the task is aborted while it waits", async () => {
      const { tx, rx } = channel(1);
      const task = spawn(
        body(
          lane,
          () => rx.changed(),
          () => {},
        ),
      );
      await turn();
      task.abort();
      tx.send(2);
      expect(await rejectionOf(task)).toMatchObject({ code: "ERR_RT_CANCELLED" });
      expect(rx.hasChanged()).toBe(true);
    });

    it("loses no change when the task is aborted after the wake", async () => {
      const { tx, rx } = channel(1);
      const task = spawn(
        body(
          lane,
          () => rx.changed(),
          () => {},
        ),
      );
      await turn();
      tx.send(2);
      task.abort();
      expect(await rejectionOf(task)).toMatchObject({ code: "ERR_RT_CANCELLED" });
      expect(rx.hasChanged()).toBe(true);
    });

    it("loses no change when the task is aborted before its first poll", async () => {
      const { tx, rx } = channel(1);
      tx.send(2);
      const task = spawn(
        body(
          lane,
          () => rx.changed(),
          () => {},
        ),
      );
      task.abort();
      expect(await rejectionOf(task)).toMatchObject({ code: "ERR_RT_CANCELLED" });
      expect(rx.hasChanged()).toBe(true);
    });

    it("throws into a task that waits when the last sender goes", async () => {
      const { tx, rx } = channel(1);
      const task = spawn(
        body(
          lane,
          () => rx.changed(),
          () => {},
        ),
      );
      await turn();
      tx[Symbol.dispose]();
      expect(await rejectionOf(task)).toBeInstanceOf(RecvError);
    });
  });

  it("charges the budget for each change", async () => {
    const { rx } = channel(1);
    const { runtime } = quietRuntime();
    const polls = await runtime.spawn(function* (): Async<number> {
      const others = runtime.spawn(countTurns());
      for (let i = 0; i < 300; i += 1) {
        rx.markChanged();
        yield* rx.changed();
      }
      others.abort();
      return turns;
    });
    expect(polls).toBe(2);
  });

  it("works with no task and no runtime", async () => {
    const { tx, rx } = channel(1);
    const seen = rx.changed().then(() => rx.borrow().value);
    tx.send(2);
    expect(await seen).toBe(2);
  });

  it("works between two runtimes", async () => {
    const [one, two] = [quietRuntime().runtime, quietRuntime().runtime];
    const { tx, rx } = channel(1);
    const tasks = [one.spawn(observe(rx)), two.spawn(observe(rx.clone()))];
    await turn();
    await two.spawn(function* (): Async<void> {
      tx.send(2);
      yield* yieldNow();
      tx[Symbol.dispose]();
    });
    for (const task of tasks) expect(await task).toEqual([2]);
  });
});

describe("watch.Receiver.waitFor", () => {
  it("tests the present value first, though it was seen", () => {
    const { rx } = channel(5);
    const ref = now(rx.waitFor((n) => n === 5));
    expect([ref.value, ref.hasChanged()]).toEqual([5, false]);
  });

  it("marks what it looks at as seen", () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    const ref = now(rx.waitFor((n) => n === 2));
    expect([ref.value, ref.hasChanged(), rx.hasChanged()]).toEqual([2, true, false]);
  });

  it("tests each value that it gets to see, once", () => {
    const { tx, rx } = channel(1);
    const tested: number[] = [];
    const polled = waiting(
      rx.waitFor((n) => {
        tested.push(n);
        return n === 4;
      }),
    );
    expect(polled.poll()).toBe(PENDING);
    tx.send(2);
    tx.send(3);
    expect(polled.poll()).toBe(PENDING);
    tx.send(4);
    expect(polled.ready().value).toBe(4);
    expect(tested).toEqual([1, 3, 4]);
  });

  it("gives a match that is seen after the close", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.waitFor((n) => n === 2));
    tx.send(2);
    tx[Symbol.dispose]();
    expect(polled.ready().value).toBe(2);
  });

  it("gives a match on a channel that was closed before", () => {
    const { tx, rx } = channel(1);
    tx[Symbol.dispose]();
    expect(now(rx.waitFor((n) => n === 1)).value).toBe(1);
  });

  it("throws when the channel is closed and the last value does not match", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.waitFor((n) => n === 9));
    tx.send(2);
    tx[Symbol.dispose]();
    expect(thrownBy(() => polled.poll())).toMatchObject(CLOSED);
    expect(thrownBy(() => now(rx.waitFor((n) => n === 9)))).toMatchObject(CLOSED);
  });

  it("throws what the test throws, and leaves the channel usable", () => {
    const { tx, rx } = channel(1);
    const failure = new Error("cannot tell");
    const polled = waiting(
      rx.waitFor((n) => {
        if (n === 2) throw failure;
        return false;
      }),
    );
    tx.send(2);
    expect(thrownBy(() => polled.poll())).toBe(failure);
    const next = waiting(rx.changed());
    tx.send(3);
    expect(next.ready()).toBeUndefined();
    expect(now(rx.waitFor((n) => n === 3)).value).toBe(3);
  });

  it("throws what the test throws at the first value", () => {
    const { rx } = channel(1);
    const failure = new Error("cannot tell");
    const thrown = thrownBy(() =>
      now(
        rx.waitFor(() => {
          throw failure;
        }),
      ),
    );
    expect(thrown).toBe(failure);
    expect(now(rx.waitFor((n) => n === 1)).value).toBe(1);
  });

  it("tests what its test sends", () => {
    const { tx, rx } = channel(1);
    const ref = now(
      rx.waitFor((n) => {
        if (n < 5) tx.send(n + 1);
        return n === 5;
      }),
    );
    expect(ref.value).toBe(5);
  });

  it("throws when its test closes the channel", () => {
    const { tx, rx } = channel(1);
    const error = thrownBy(() =>
      now(
        rx.waitFor(() => {
          tx[Symbol.dispose]();
          return false;
        }),
      ),
    );
    expect(error).toMatchObject(CLOSED);
  });

  it("throws when its test disposes the receiver", () => {
    const { rx } = channel(1);
    const error = thrownBy(() =>
      now(
        rx.waitFor(() => {
          rx[Symbol.dispose]();
          return false;
        }),
      ),
    );
    expect(error).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });

  it("leaves nothing behind when it is dropped", () => {
    const { tx, rx } = channel(1);
    let tests = 0;
    const dropped = waiting(
      rx.waitFor(() => {
        tests += 1;
        return false;
      }),
    );
    dropped.drop();
    tx.send(2);
    expect([tests, dropped.isWoken, rx.hasChanged()]).toEqual([1, false, true]);
  });

  it("charges the budget for each match", async () => {
    const { rx } = channel(1);
    const { runtime } = quietRuntime();
    const polls = await runtime.spawn(function* (): Async<number> {
      const others = runtime.spawn(countTurns());
      for (let i = 0; i < 300; i += 1) yield* rx.waitFor((n) => n === 1);
      others.abort();
      return turns;
    });
    expect(polls).toBe(2);
  });

  it("is not disturbed by marks", () => {
    const { tx, rx } = channel(1);
    const polled = waiting(rx.waitFor((n) => n === 2));
    rx.markChanged();
    expect(polled.poll()).toBe(PENDING);
    tx.send(2);
    expect(polled.ready().value).toBe(2);
  });

  it.each(LANES)("waits for a match in the %s lane", async (lane) => {
    const { tx, rx } = channel(0);
    const task = spawn(
      body(
        lane,
        () => rx.waitFor((n) => n >= 3),
        (ref) => ref.value,
      ),
    );
    for (const n of [1, 2, 3, 4]) {
      await turn();
      tx.send(n);
    }
    expect(await task).toBeGreaterThanOrEqual(3);
  });

  it.each(LANES)("loses no value when its task is aborted after the wake in the %s lane", async (lane) => {
    const { tx, rx } = channel(0);
    const task = spawn(
      body(
        lane,
        () => rx.waitFor((n) => n === 1),
        (ref) => ref.value,
      ),
    );
    await turn();
    tx.send(1);
    task.abort();
    expect(await rejectionOf(task)).toMatchObject({ code: "ERR_RT_CANCELLED" });
    expect(rx.hasChanged()).toBe(true);
  });
});

describe("watch.Receiver.markChanged", () => {
  it("makes a value that was seen count as new", () => {
    const { rx } = channel(1);
    rx.markChanged();
    expect([rx.hasChanged(), rx.borrow().hasChanged()]).toEqual([true, true]);
    expect(now(rx.changed())).toBeUndefined();
    expect(rx.hasChanged()).toBe(false);
  });

  it("lets changed succeed once more on a closed channel", () => {
    const { tx, rx } = channel(1);
    tx[Symbol.dispose]();
    rx.markChanged();
    expect(now(rx.changed())).toBeUndefined();
    expect(thrownBy(() => now(rx.changed()))).toMatchObject(CLOSED);
  });
});

describe("watch.Receiver.markUnchanged", () => {
  it("makes a new value count as seen", () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    rx.markUnchanged();
    expect([rx.hasChanged(), rx.borrow().hasChanged()]).toEqual([false, false]);
    expect(waiting(rx.changed()).isWoken).toBe(false);
  });
});

describe("watch.Receiver.sameChannel", () => {
  it("tells a clone of the receiver from a stranger", () => {
    const { rx } = channel(1);
    expect([rx.sameChannel(rx.clone()), rx.sameChannel(channel(1).rx)]).toEqual([true, false]);
  });
});

describe("watch.Receiver.clone", () => {
  it("has seen what its original has", () => {
    const { tx, rx } = channel(1);
    const before = rx.clone();
    tx.send(2);
    const unseen = rx.clone();
    rx.borrowAndUpdate();
    const seen = rx.clone();
    expect([before, unseen, seen].map((one) => one.hasChanged())).toEqual([true, true, false]);
  });
});

describe("a disposed end of a watch channel", () => {
  const { tx, rx } = channel(1);
  tx[Symbol.dispose]();
  rx[Symbol.dispose]();

  it.each<[string, () => unknown]>([
    ["Sender.send", () => tx.send(1)],
    ["Sender.sendReplace", () => tx.sendReplace(1)],
    ["Sender.sendModify", () => tx.sendModify(() => {})],
    ["Sender.sendIfModified", () => tx.sendIfModified(() => true)],
    ["Sender.borrow", () => tx.borrow()],
    ["Sender.subscribe", () => tx.subscribe()],
    ["Sender.isClosed", () => tx.isClosed()],
    ["Sender.closed", () => tx.closed()],
    ["Sender.receiverCount", () => tx.receiverCount()],
    ["Sender.senderCount", () => tx.senderCount()],
    ["Sender.sameChannel", () => tx.sameChannel(tx)],
    ["Sender.clone", () => tx.clone()],
    ["Receiver.borrow", () => rx.borrow()],
    ["Receiver.borrowAndUpdate", () => rx.borrowAndUpdate()],
    ["Receiver.hasChanged", () => rx.hasChanged()],
    ["Receiver.changed", () => rx.changed()],
    ["Receiver.waitFor", () => rx.waitFor(() => true)],
    ["Receiver.markChanged", () => rx.markChanged()],
    ["Receiver.markUnchanged", () => rx.markUnchanged()],
    ["Receiver.sameChannel", () => rx.sameChannel(rx)],
    ["Receiver.clone", () => rx.clone()],
  ])("refuses %s", (_, use) => {
    expect(thrownBy(use)).toMatchObject({ name: "UsageError", code: "ERR_RT_DISPOSED" });
  });
});

describe("for await over a watch.Receiver", () => {
  it("gives what was not seen, and ends when the senders are gone", async () => {
    const { tx, rx } = channel(1);
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const value of rx) {
        seen.push(value);
        if (value === 2) tx.send(3);
        else tx[Symbol.dispose]();
      }
    };
    tx.send(2);
    await loop();
    expect(seen).toEqual([2, 3]);
  });

  it("gives the last value though the senders are gone already", async () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    tx[Symbol.dispose]();
    const seen: number[] = [];
    for await (const value of rx) seen.push(value);
    expect(seen).toEqual([2]);
  });

  it("can be left and taken up again", async () => {
    const { tx, rx } = channel(1);
    tx.send(2);
    const seen: number[] = [];
    for await (const value of rx) {
      seen.push(value);
      break;
    }
    tx.send(3);
    tx[Symbol.dispose]();
    for await (const value of rx) seen.push(value);
    expect(seen).toEqual([2, 3]);
  });

  it("gives up its wait at return(), which marks nothing as seen", async () => {
    const { tx, rx } = channel(1);
    const iterator = rx[Symbol.asyncIterator]();
    const next = iterator.next();
    await turn();
    tx.send(2);
    expect([await iterator.return(), await next, rx.hasChanged()]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
      true,
    ]);
    await rx.changed();
  });
});

describe("a waker of a watch channel", () => {
  it("that throws keeps nobody else from being woken", () => {
    const { runtime, reports } = quietRuntime();
    using _ = runtime.enter();
    const { tx, rx } = channel(1);
    waiting(rx.changed(), () => {
      throw new Error("this waker throws");
    });
    const others = [waiting(rx.clone().changed()), waiting(rx.clone().changed())];
    tx.send(2);
    expect(others.map((one) => one.isWoken)).toEqual([true, true]);
    expect(reports).toHaveLength(1);
  });

  it("may send: who is woken later sees the newer value once", () => {
    const { tx, rx } = channel(1);
    const second = rx.clone();
    let sent = false;
    waiting(rx.changed(), () => {
      if (sent) return;
      sent = true;
      tx.send(3);
    });
    const other = waiting(second.changed());
    tx.send(2);
    expect([other.cx.wakes, other.ready(), second.borrow().value]).toEqual([1, undefined, 3]);
    expect(second.hasChanged()).toBe(false);
  });

  it("may drop one that is about to be woken", () => {
    const { tx, rx } = channel(1);
    const second = rx.clone();
    waiting(rx.changed(), () => other.drop());
    const other = waiting(second.changed());
    tx.send(2);
    expect([other.isWoken, second.hasChanged()]).toEqual([false, true]);
  });

  it("may poll one that is about to be woken, which is not woken any more", () => {
    const { tx, rx } = channel(1);
    waiting(rx.changed(), () => other.ready());
    const other = waiting(rx.clone().waitFor((n) => n === 2));
    tx.send(2);
    expect(other.isWoken).toBe(false);
  });

  it("may poll one that is about to be told of the end, which is not woken any more", () => {
    const { tx, rx } = channel(1);
    waiting(rx.changed(), () => expect(thrownBy(() => other.poll())).toMatchObject(CLOSED));
    const other = waiting(rx.clone().waitFor((n) => n === 2));
    tx[Symbol.dispose]();
    expect(other.isWoken).toBe(false);
  });

  it("may dispose all senders and receivers", () => {
    const { tx, rx } = channel(1);
    const second = rx.clone();
    waiting(rx.changed(), () => {
      for (const end of [tx, rx, second]) end[Symbol.dispose]();
    });
    const other = waiting(second.changed());
    tx.send(2);
    expect(other.cx.wakes).toBe(1);
    expect(thrownBy(() => other.poll())).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});
