/* oxlint-disable require-yield -- a task need not wait for anything */
import {
  Cancelled,
  consumeBudget,
  Future,
  fromCallback,
  fromPromise,
  intoFuture,
  JoinHandle,
  PENDING,
  pending,
  pollFn,
  ready,
  spawn,
  TaskLocal,
  UsageError,
  yieldNow,
  type Async,
  type Context,
  type Poll,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { Gate, quietRuntime, rejectionOf, TestWaker, thrownBy, turn } from "./support/lanes.ts";

class Countdown extends Future<string> {
  left = 3;
  drops = 0;
  poll(cx: Context): Poll<string> {
    if (this.left === 0) return "lift-off";
    this.left -= 1;
    cx.waker.wake();
    return PENDING;
  }
  override drop(): void {
    this.drops += 1;
  }
}

function* waitFor<T>(future: Future<T>): Async<T> {
  return yield* future;
}

const throwing: Context = {
  waker: {
    wake() {
      throw new Error("waker");
    },
  },
};

describe("PENDING", () => {
  it("is the symbol that every copy of the package shares", () => {
    expect(PENDING).toBe(Symbol.for("@rt/core/PENDING"));
  });
});

describe("Future.poll", () => {
  it("is not called before somebody waits", () => {
    const gate = new Gate();
    expect(gate.polls).toBe(0);
  });

  it("gives PENDING until the value is there", () => {
    const countdown = new Countdown();
    const cx = new TestWaker();
    expect([1, 2, 3, 4].map(() => countdown.poll(cx))).toEqual([PENDING, PENDING, PENDING, "lift-off"]);
  });

  it("is called once when started and once for each wake-up of its task", async () => {
    const gate = new Gate<number>();
    const handle = spawn(waitFor(gate));
    await turn();
    gate.open(1);
    await handle;
    expect(gate.polls).toBe(2);
  });

  it("wakes only the waker of its last poll", () => {
    const gate = new Gate();
    const first = new TestWaker();
    const second = new TestWaker();
    gate.poll(first);
    gate.poll(second);
    gate.open();
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });
});

describe("Future.drop", () => {
  it("does nothing by default", () => {
    expect(() => pending().drop()).not.toThrow();
  });

  it("is what Symbol.dispose calls", () => {
    const gate = new Gate();
    gate[Symbol.dispose]();
    expect(gate.drops).toBe(1);
  });

  it("may be called again and after completion on every future of the package", async () => {
    const { runtime } = quietRuntime();
    const made = [
      ready(1),
      pending(),
      yieldNow(),
      consumeBudget(),
      pollFn(() => 1),
      fromCallback<number>((resolve) => resolve(1)),
      fromPromise(Promise.resolve(1)),
      intoFuture(waitFor(ready(1))),
      intoFuture(async () => 1),
      new TaskLocal<number>("n").scope(1, ready(1)),
    ];
    for (const future of made) {
      future.drop();
      future.drop();
    }
    await expect(runtime.spawn(async () => 1)).resolves.toBe(1);
  });
});

describe("Future.describe", () => {
  it("is the name of the class by default", () => {
    expect(new Countdown().describe()).toBe("Countdown");
  });

  it("tells a generator's leaf through every level of yield*", () => {
    function* outer(gate: Gate): Async<void> {
      yield* waitFor(gate);
    }
    const future = intoFuture(outer(new Gate()));
    future.poll(new TestWaker());
    expect(future.describe()).toBe("a gate");
  });

  it("polls nothing and loses no wake-up when a suspended generator is asked", () => {
    const gate = new Gate<string>();
    const future = intoFuture(waitFor(gate));
    const cx = new TestWaker();
    future.poll(cx);
    future.describe();
    gate.open("still here");
    expect([gate.polls, cx.wakes, future.poll(cx)]).toEqual([1, 1, "still here"]);
  });

  it("can be asked of a generator by that generator itself", () => {
    let said = "";
    let future: Future<unknown> | null = null;
    function* asksItself(): Async<void> {
      said = future?.describe() ?? "";
    }
    future = intoFuture(asksItself());
    future.poll(new TestWaker());
    expect(said).toBe("nothing");
  });

  it("names every leaf that an async function is awaiting", async () => {
    const { runtime } = quietRuntime();
    const future = intoFuture(async () => {
      await Promise.all([new Gate(), pending()]);
    });
    runtime.spawn(future);
    await turn();
    expect(future.describe()).toBe(`a gate, ${pending().describe()}`);
  });
});

describe("Future.next", () => {
  it("gives a ready value without suspending the generator", () => {
    const future = intoFuture(waitFor(ready("at once")));
    expect(future.poll(new TestWaker())).toBe("at once");
  });

  it("passes an error of the leaf to the generator that waits", () => {
    function* guarded(gate: Gate): Async<string> {
      try {
        yield* gate;
        return "opened";
      } catch (error) {
        return (error as Error).message;
      }
    }
    const gate = new Gate();
    gate.fail(new Error("out of order"));
    expect(intoFuture(guarded(gate)).poll(new TestWaker())).toBe("out of order");
  });

  it("gives undefined, null and false as the values they are", () => {
    function* three(): Async<unknown[]> {
      return [yield* ready(undefined), yield* ready(null), yield* ready(false)];
    }
    expect(intoFuture(three()).poll(new TestWaker())).toEqual([undefined, null, false]);
  });

  it("throws ERR_RT_OUTSIDE_TASK where no task is being polled", () => {
    const error = thrownBy(() => waitFor(ready(1)).next());
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_OUTSIDE_TASK" });
  });

  it("names the future and the remedy where no task is being polled", () => {
    expect(thrownBy(() => waitFor(new Gate()).next())).toMatchObject({
      message: expect.stringMatching(/a gate.*(spawn|blockOn)/s) as string,
    });
  });

  it("throws ERR_RT_AWAITED_TWICE where the future has given its value to another yield*", () => {
    function* twice(future: Future<number>): Async<void> {
      yield* future;
      yield* future;
    }
    expect(thrownBy(() => intoFuture(twice(ready(1))).poll(new TestWaker()))).toMatchObject({
      code: "ERR_RT_AWAITED_TWICE",
    });
  });

  it("throws ERR_RT_AWAITED_TWICE where the future has failed in another yield*", () => {
    function* retry(gate: Gate): Async<void> {
      try {
        yield* gate;
      } catch {
        yield* gate;
      }
    }
    const gate = new Gate();
    gate.fail(new Error("no"));
    expect(thrownBy(() => intoFuture(retry(gate)).poll(new TestWaker()))).toMatchObject({
      code: "ERR_RT_AWAITED_TWICE",
    });
  });

  it("throws ERR_RT_AWAITED_TWICE for a yieldNow that has been waited for", () => {
    function* twice(future: Future<void>): Async<void> {
      yield* future;
      yield* future;
    }
    const future = intoFuture(twice(yieldNow()));
    const cx = new TestWaker();
    future.poll(cx);
    expect(thrownBy(() => future.poll(cx))).toMatchObject({ code: "ERR_RT_AWAITED_TWICE" });
  });

  it("throws ERR_RT_AWAITED_TWICE for a future that an await has taken", async () => {
    const future = ready(1);
    await future;
    expect(thrownBy(() => intoFuture(waitFor(future)).poll(new TestWaker()))).toMatchObject({
      code: "ERR_RT_AWAITED_TWICE",
    });
  });
});

describe("Future.return", () => {
  it("drops the leaf of a generator that is closed while it waits", () => {
    const gate = new Gate();
    const future = intoFuture(waitFor(gate));
    future.poll(new TestWaker());
    future.drop();
    expect(gate.drops).toBe(1);
  });

  it("leaves a leaf alone that was not waited for yet", () => {
    const gate = new Gate();
    intoFuture(waitFor(gate)).drop();
    expect([gate.polls, gate.drops]).toEqual([0, 0]);
  });
});

describe("Future.throw", () => {
  it("drops the leaf of a generator that an error is thrown into", () => {
    const gate = new Gate();
    const body = waitFor(gate);
    intoFuture(body).poll(new TestWaker());
    expect(thrownBy(() => body.throw(new Error("from outside")))).toMatchObject({ message: "from outside" });
    expect(gate.drops).toBe(1);
  });
});

describe("Future.then", () => {
  it("polls the future and gives its value to await", async () => {
    expect(await ready(7)).toBe(7);
  });

  it("rejects with the error of the future", async () => {
    const gate = new Gate();
    const error = new Error("no way");
    gate.fail(error);
    expect(await rejectionOf(gate)).toBe(error);
  });

  it("returns a promise that handlers can be chained to", async () => {
    expect(
      await ready(20)
        .then((n) => n + 1)
        .then((n) => n * 2),
    ).toBe(42);
  });

  it("passes a value through where no handler is given", async () => {
    expect(await ready("as it is").then(null)).toBe("as it is");
  });

  it("lets onRejected turn an error into a value", async () => {
    const gate = new Gate<string>();
    gate.fail(new Error("broken"));
    expect(await gate.then(null, (error) => (error as Error).message)).toBe("broken");
  });

  it("rejects with what onFulfilled throws", async () => {
    const error = new Error("handler");
    const thrown = ready(1).then(() => {
      throw error;
    });
    expect(await rejectionOf(thrown)).toBe(error);
  });

  it("gives what either of two handlers gives as a promise", async () => {
    const gate = new Gate<number>();
    gate.fail(new Error("failed"));
    const both = (future: Future<number>): Promise<string> =>
      future.then(
        (value) => `value ${value}`,
        (error) => `error ${(error as Error).message}`,
      );
    expect([await both(ready(1)), await both(gate)]).toEqual(["value 1", "error failed"]);
  });

  it("gives what either of two handlers gives though the future was pending", async () => {
    const gate = new Gate<number>();
    const promise = gate.then(
      (value) => value + 1,
      () => -1,
    );
    await turn();
    gate.open(41);
    expect(await promise).toBe(42);
  });

  it("rejects with what the first of two handlers throws, and does not call the second", async () => {
    const error = new Error("handler");
    let second = false;
    const promise = ready(1).then(
      () => {
        throw error;
      },
      () => {
        second = true;
      },
    );
    expect(await rejectionOf(promise)).toBe(error);
    expect(second).toBe(false);
  });

  it("resolves to undefined when the handler that ran gave nothing", async () => {
    const promise = ready(1).then(
      () => {},
      () => "error",
    );
    await yieldNow();
    expect(await promise).toBe(undefined);
  });

  it("flattens a promise that one of two handlers gives", async () => {
    const promise = ready(1).then(
      async (value) => value + 1,
      () => -1,
    );
    expect(await promise).toBe(2);
  });

  it("returns what can be caught, finished and raced as any promise", async () => {
    const gate = new Gate();
    gate.fail(new Error("failed"));
    const log: string[] = [];
    const caught = gate
      .then(
        () => "value",
        (error) => {
          throw error;
        },
      )
      .finally(() => log.push("finally"))
      .catch((error: unknown) => (error as Error).message);
    log.push(await Promise.race([caught, new Promise<string>(() => {})]));
    expect(log).toEqual(["finally", "failed"]);
  });

  it("calls a single handler only after it has returned", async () => {
    const order: string[] = [];
    const done = ready(1).then(() => order.push("handler"));
    order.push("after then");
    await done;
    expect(order).toEqual(["after then", "handler"]);
  });

  it("rejects a second await with ERR_RT_AWAITED_TWICE", async () => {
    const future = ready(1);
    await future;
    const error = await rejectionOf(future);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_AWAITED_TWICE" });
  });

  it("rejects the second of two awaits at the same time, and lets the first go on", async () => {
    const gate = new Gate<string>();
    const both = Promise.allSettled([gate, gate]);
    await turn();
    gate.open("first");
    expect(await both).toMatchObject([
      { status: "fulfilled", value: "first" },
      { status: "rejected", reason: { code: "ERR_RT_AWAITED_TWICE" } },
    ]);
  });

  it("rejects an await of a future that a yield* has finished", async () => {
    const future = ready(1);
    intoFuture(waitFor(future)).poll(new TestWaker());
    expect(await rejectionOf(future)).toMatchObject({ code: "ERR_RT_AWAITED_TWICE" });
  });

  it("rejects a second await of a future that failed in its first", async () => {
    const gate = new Gate();
    gate.fail(new Error("once"));
    await rejectionOf(gate);
    expect(await rejectionOf(gate)).toMatchObject({ code: "ERR_RT_AWAITED_TWICE" });
  });

  it("is flattened by a promise that resolves to the future", async () => {
    expect(await new Promise<number>((resolve) => resolve(ready(3)))).toBe(3);
  });

  it("may be called again on a join handle, with the same result", async () => {
    const handle = spawn(waitFor(ready({ n: 1 })));
    expect(await handle).toBe(await handle);
    expect(handle).toBeInstanceOf(JoinHandle);
  });
});

describe("Waker", () => {
  it("does nothing once its task has ended", async () => {
    const { runtime, reports } = quietRuntime();
    let waker: Context["waker"] | undefined;
    await runtime.spawn(
      pollFn((cx) => {
        waker = cx.waker;
      }),
    );
    waker?.wake();
    await turn();
    expect([runtime.metrics().numAliveTasks(), reports]).toEqual([0, []]);
  });

  it("does nothing once its runtime has shut down", async () => {
    const { runtime } = quietRuntime();
    let polls = 0;
    let waker: Context["waker"] | undefined;
    runtime.spawn(
      pollFn((cx) => {
        polls += 1;
        waker = cx.waker;
        return PENDING;
      }),
    );
    await turn();
    runtime.shutdownBackground();
    waker?.wake();
    await turn();
    expect(polls).toBe(1);
  });

  it("makes a task run once however often it is woken before", async () => {
    const { runtime } = quietRuntime();
    let polls = 0;
    let waker: Context["waker"] | undefined;
    const handle = runtime.spawn(
      pollFn((cx) => {
        polls += 1;
        waker = cx.waker;
        return PENDING;
      }),
    );
    await turn();
    for (let i = 0; i < 10; i += 1) waker?.wake();
    await turn();
    handle.abort();
    expect(polls).toBe(2);
  });

  it("puts a task that wakes itself behind the ready ones instead of polling it inside its poll", async () => {
    const { runtime } = quietRuntime();
    const order: string[] = [];
    let inside = false;
    function* other(): Async<void> {
      order.push("other");
    }
    await runtime.spawn(
      pollFn((cx) => {
        expect(inside).toBe(false);
        order.push("self");
        if (order.length > 1) return "done";
        inside = true;
        runtime.spawn(other());
        cx.waker.wake();
        cx.waker.wake();
        inside = false;
        return PENDING;
      }),
    );
    expect(order).toEqual(["self", "other", "self"]);
  });

  it("that throws keeps no other waiter of the same task from being woken", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate();
    const handle = runtime.spawn(waitFor(gate));
    const waits = [intoFuture(handle), intoFuture(handle), intoFuture(handle)];
    const good = [new TestWaker(), new TestWaker()];
    waits[0]?.poll(good[0] as TestWaker);
    waits[1]?.poll(throwing);
    waits[2]?.poll(good[1] as TestWaker);
    await turn();
    gate.open();
    await turn();
    expect(good.map((cx) => cx.wakes)).toEqual([1, 1]);
  });

  it("that throws is reported", async () => {
    const { runtime, reports } = quietRuntime();
    intoFuture(runtime.spawn(waitFor(ready("result")))).poll(throwing);
    await turn();
    expect(reports).toMatchObject([{ kind: "waker-failed", error: { message: "waker" } }]);
  });

  it("that throws does not change the result of the task it waits for", async () => {
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(waitFor(ready("result")));
    intoFuture(handle).poll(throwing);
    await turn();
    expect(await handle.then(null, (error: unknown) => error)).toBe("result");
  });

  it("that throws leaves the count of live tasks right", async () => {
    const { runtime } = quietRuntime();
    intoFuture(runtime.spawn(waitFor(ready("result")))).poll(throwing);
    await turn();
    expect(runtime.metrics().numAliveTasks()).toBe(0);
  });

  it.each([0, 1, 2, 3])(
    "may drop wait number %i of those that are woken together, and no other is lost",
    async (n) => {
      const { runtime } = quietRuntime();
      const handle = runtime.spawn(waitFor(ready(1)));
      const waits = Array.from({ length: 5 }, () => intoFuture(handle));
      const woken: number[] = [];
      for (const [i, wait] of waits.entries()) {
        wait.poll({
          waker: {
            wake() {
              woken.push(i);
              // Whichever of the five is woken first drops another one.
              if (woken.length === 1) waits[(i + n + 1) % 5]?.drop();
            },
          },
        });
      }
      await turn();
      expect(woken.length).toBe(4);
    },
  );

  it("may wait for the very task again that it is woken by", async () => {
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(waitFor(ready("again")));
    let seen: unknown;
    intoFuture(handle).poll({
      waker: {
        wake() {
          seen = intoFuture(handle).poll(new TestWaker());
        },
      },
    });
    await turn();
    expect(seen).toBe("again");
  });
});

describe("UsageError", () => {
  it("is thrown with ERR_RT_NESTED_BLOCK_ON by blockOn inside a generator task", async () => {
    const { runtime } = quietRuntime();
    function* nests(): Async<unknown> {
      return thrownBy(() => runtime.blockOn(ready(1)));
    }
    expect(await runtime.spawn(nests())).toMatchObject({ code: "ERR_RT_NESTED_BLOCK_ON" });
  });

  it("is thrown with ERR_RT_NESTED_BLOCK_ON by blockOn inside an async task, behind an await too", async () => {
    const { runtime } = quietRuntime();
    const error = await runtime.spawn(async () => {
      await yieldNow();
      return thrownBy(() => runtime.handle().blockOn(ready(1)));
    });
    expect(error).toMatchObject({ code: "ERR_RT_NESTED_BLOCK_ON" });
  });

  it("is thrown with ERR_RT_POLLED_AFTER_COMPLETION by a generator that is polled after its end", () => {
    const future = intoFuture(waitFor(ready(1)));
    const cx = new TestWaker();
    future.poll(cx);
    const error = thrownBy(() => future.poll(cx));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });

  it("is thrown with ERR_RT_POLLED_AFTER_COMPLETION by a generator that is polled after it failed", () => {
    const gate = new Gate();
    gate.fail(new Error("first"));
    const future = intoFuture(waitFor(gate));
    const cx = new TestWaker();
    thrownBy(() => future.poll(cx));
    expect(thrownBy(() => future.poll(cx))).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });

  it("is thrown with ERR_RT_POLLED_AFTER_COMPLETION by an async function that is polled after its end", async () => {
    const future = intoFuture(async () => 1);
    const cx = new TestWaker();
    future.poll(cx);
    await turn();
    expect(future.poll(cx)).toBe(1);
    expect(thrownBy(() => future.poll(cx))).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });

  it("is thrown with ERR_RT_POLLED_AFTER_COMPLETION by a dropped generator and a dropped async function", () => {
    const dropped = [intoFuture(waitFor(ready(1))), intoFuture(async () => 1)];
    for (const future of dropped) future.drop();
    const codes = dropped.map((future) => (thrownBy(() => future.poll(new TestWaker())) as UsageError).code);
    expect(codes).toEqual(["ERR_RT_POLLED_AFTER_COMPLETION", "ERR_RT_POLLED_AFTER_COMPLETION"]);
  });
});

describe("Cancelled", () => {
  it("carries the code ERR_RT_CANCELLED", () => {
    expect(new Cancelled()).toMatchObject({ name: "Cancelled", code: "ERR_RT_CANCELLED" });
  });
});
