/* oxlint-disable require-yield -- a task need not wait for anything */
import { Builder, PENDING, pollFn, spawn, yieldNow, type Async, type IntoFuture, type Waker } from "@rt/core";
import { describe, expect, it } from "vitest";
import { SimulatedDriver } from "./support/drivers.ts";
import { Gate, turn, until } from "./support/runtime.ts";

function* say<T>(to: T[], what: T): Async<void> {
  to.push(what);
}

function* sayTwice(to: string[], what: string): Async<void> {
  to.push(`${what}1`);
  yield* yieldNow();
  to.push(`${what}2`);
}

async function asyncSayTwice(to: string[], what: string): Promise<void> {
  to.push(`${what}1`);
  await yieldNow();
  to.push(`${what}2`);
}

const twice = [
  ["generator", (to: string[], what: string): IntoFuture<void> => sayTwice(to, what)],
  [
    "async",
    (to: string[], what: string): IntoFuture<void> =>
      () =>
        asyncSayTwice(to, what),
  ],
] as const;

function* spin(stop: () => boolean): Async<void> {
  while (!stop()) yield* yieldNow();
}

async function asyncSpin(stop: () => boolean): Promise<void> {
  while (!stop()) await yieldNow();
}

const spinners = [
  ["generator", (stop: () => boolean): IntoFuture<void> => spin(stop)],
  [
    "async",
    (stop: () => boolean): IntoFuture<void> =>
      () =>
        asyncSpin(stop),
  ],
] as const;

describe("the current-thread scheduler, order", () => {
  it("runs tasks in the order in which they were spawned from outside", async () => {
    await using runtime = Builder.currentThread().build();
    const order: number[] = [];
    const handles = [1, 2, 3, 4, 5].map((n) => runtime.spawn(say(order, n)));
    for (const handle of handles) await handle;
    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  it("runs tasks in the order in which a task spawned them", async () => {
    await using runtime = Builder.currentThread().build();
    const order: number[] = [];
    await runtime.spawn(function* (): Async<void> {
      for (const handle of [1, 2, 3, 4, 5].map((n) => spawn(say(order, n)))) yield* handle;
    });
    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  it("keeps the order of two thousand tasks, more than its queue holds at first", async () => {
    await using runtime = Builder.currentThread().build();
    const order: number[] = [];
    const expected = Array.from({ length: 2000 }, (_, i) => i);
    await runtime.spawn(function* (): Async<void> {
      for (const handle of expected.map((n) => spawn(say(order, n)))) yield* handle;
    });
    expect(order).toEqual(expected);
  });

  it.each(twice)("puts a task that yields behind all that are ready: %s lane", async (_lane, body) => {
    await using runtime = Builder.currentThread().build();
    const order: string[] = [];
    const handles = ["a", "b", "c"].map((name) => runtime.spawn(body(order, name)));
    for (const handle of handles) await handle;
    expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "c2"]);
  });

  it("has no LIFO slot: a task woken by the running one goes to the back", async () => {
    await using runtime = Builder.currentThread().build();
    const order: string[] = [];
    const gate = new Gate();
    const woken = runtime.spawn(function* (): Async<void> {
      yield* gate;
      order.push("woken");
    });
    await turn();
    await runtime.spawn(function* (): Async<void> {
      const ready = [spawn(say(order, "ready 1")), spawn(say(order, "ready 2"))];
      gate.open();
      for (const handle of ready) yield* handle;
    });
    await woken;
    expect(order).toEqual(["ready 1", "ready 2", "woken"]);
  });

  it("runs tasks woken by one callback in the order of their wake-ups", async () => {
    await using runtime = Builder.currentThread().build();
    const order: string[] = [];
    const gates = ["a", "b", "c"].map((name) => new Gate(name));
    const handles = gates.map((gate) =>
      runtime.spawn(function* (): Async<void> {
        yield* gate;
        order.push(gate.label);
      }),
    );
    await turn();
    for (const gate of gates.toReversed()) gate.open();
    for (const handle of handles) await handle;
    expect(order).toEqual(["c", "b", "a"]);
  });

  it("polls nothing inside wake", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    const handle = runtime.spawn(gate);
    await turn();
    gate.open();
    const polls = gate.polls;
    await handle;
    expect(polls).toBe(1);
  });
});

describe("the current-thread scheduler, polls", () => {
  it("polls a task once per wake-up, and once at the start", async () => {
    await using runtime = Builder.currentThread().build();
    let waker: Waker | undefined;
    let polls = 0;
    let over = false;
    const handle = runtime.spawn(
      pollFn<void>((cx) => {
        polls += 1;
        waker = cx.waker;
        if (over) return undefined;
        return PENDING;
      }),
    );
    for (let i = 1; i <= 3; i += 1) {
      await turn();
      expect(polls).toBe(i);
      waker?.wake();
    }
    over = true;
    await handle;
    expect(polls).toBe(4);
  });

  it("takes several wake-ups before a poll for one", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    runtime.spawn(gate);
    await turn();
    for (let i = 0; i < 10; i += 1) gate.waker?.wake();
    await turn();
    expect(gate.polls).toBe(2);
  });

  it("polls nothing without a wake-up", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    runtime.spawn(gate);
    await turn();
    runtime.spawn(say([], 1));
    await turn();
    expect(gate.polls).toBe(1);
  });

  it("polls the body of blockOn once per wake-up", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    const promise = runtime.blockOn(gate);
    await turn();
    gate.open();
    await promise;
    expect(gate.polls).toBe(2);
  });

  it("polls a leaf that an async task awaits once per wake-up", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    const handle = runtime.spawn(async () => gate);
    await turn();
    gate.open();
    await handle;
    expect(gate.polls).toBe(2);
  });

  it("polls only the woken one of two leaves that an async task awaits", async () => {
    await using runtime = Builder.currentThread().build();
    const [first, second] = [new Gate(), new Gate()];
    const handle = runtime.spawn(async () => void (await Promise.all([first, second])));
    await turn();
    first.open();
    await turn();
    const polls = second.polls;
    second.open();
    await handle;
    expect(polls).toBe(1);
  });

  it("reschedules a task once, at the back, that wakes itself during its poll", async () => {
    await using runtime = Builder.currentThread().build();
    const order: string[] = [];
    let polls = 0;
    const self = pollFn<void>((cx) => {
      polls += 1;
      order.push(`self${polls}`);
      if (polls === 2) return undefined;
      cx.waker.wake();
      cx.waker.wake();
      return PENDING;
    });
    await runtime.spawn(function* (): Async<void> {
      for (const handle of [spawn(self), spawn(say(order, "other"))]) yield* handle;
    });
    await turn();
    expect(order).toEqual(["self1", "other", "self2"]);
  });

  it("ignores a wake-up after the task has ended", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    const handle = runtime.spawn(gate);
    await turn();
    gate.open();
    await handle;
    gate.waker?.wake();
    await turn();
    expect(gate.polls).toBe(2);
  });

  it("polls a task again that is woken while it returns pending", async () => {
    await using runtime = Builder.currentThread().build();
    let polls = 0;
    await runtime.spawn(
      pollFn<void>((cx) => {
        polls += 1;
        if (polls === 3) return undefined;
        cx.waker.wake();
        return PENDING;
      }),
    );
    expect(polls).toBe(3);
  });
});

describe("Builder.globalQueueInterval", () => {
  /** A task spawned from outside, behind one that spawns `count` tasks of its own: when does its turn come? */
  async function positionOf(builder: Builder, count: number): Promise<number> {
    await using runtime = builder.build();
    const order: string[] = [];
    const parent = runtime.spawn(function* (): Async<void> {
      order.push("parent");
      for (let i = 0; i < count; i += 1) spawn(say(order, "inside"));
    });
    const outside = runtime.spawn(say(order, "outside"));
    await parent;
    await outside;
    return order.indexOf("outside") + 1;
  }

  it.each([1, 5, 1000])(
    "changes nothing on one thread, where ready tasks stand in one line: %i",
    async (interval) => {
      expect(await positionOf(Builder.currentThread().globalQueueInterval(interval), 100)).toBe(2);
    },
  );
});

describe("Builder.eventInterval, fairness", () => {
  it.each(spinners)(
    "lets a timer of the host through while a task is always ready: %s lane",
    async (_l, body) => {
      await using runtime = Builder.currentThread().build();
      let fired = false;
      setTimeout(() => void (fired = true), 1);
      await runtime.spawn(body(() => fired));
      expect(fired).toBe(true);
    },
  );

  it.each(spinners)(
    "lets the host through when every poll is followed by a turn: %s lane",
    async (_lane, body) => {
      await using runtime = Builder.currentThread().eventInterval(1).build();
      let fired = false;
      setTimeout(() => void (fired = true), 1);
      await runtime.spawn(body(() => fired));
      expect(fired).toBe(true);
    },
  );

  it("lets a timer of the host through while two tasks wake each other for ever", async () => {
    await using runtime = Builder.currentThread().build();
    let fired = false;
    setTimeout(() => void (fired = true), 1);
    const handles = [runtime.spawn(spin(() => fired)), runtime.spawn(spin(() => fired))];
    for (const handle of handles) await handle;
    expect(fired).toBe(true);
  });

  it("polls every task within one round while some are always ready", async () => {
    await using runtime = Builder.currentThread().build();
    const rounds = [0, 0, 0];
    const body = function* (i: number): Async<void> {
      for (; rounds[i]! < 100; rounds[i]! += 1) {
        expect(Math.max(...rounds) - Math.min(...rounds)).toBeLessThanOrEqual(1);
        yield* yieldNow();
      }
    };
    await runtime.spawn(function* (): Async<void> {
      for (const handle of [0, 1, 2].map((i) => spawn(body(i)))) yield* handle;
    });
    expect(rounds).toEqual([100, 100, 100]);
  });

  it("runs a callback's wake-up while another task is always ready", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    const waiting = runtime.spawn(gate);
    setTimeout(() => gate.open(), 1);
    await runtime.spawn(spin(() => waiting.isFinished()));
    expect(gate.polls).toBe(2);
  });
});

describe("Builder.onThreadPark, scheduling", () => {
  it("does not park when the hook has made a task ready", async () => {
    const driver = new SimulatedDriver();
    let left = 3;
    await using runtime = Builder.currentThread()
      .parkOn(() => driver)
      .onThreadPark(() => {
        left -= 1;
        if (left >= 0) spawn(say([], 1));
      })
      .build();
    await runtime.spawn(say([], 1));
    await turn();
    expect([left, driver.count("park")]).toEqual([-1, 1]);
  });

  it("lets timers of the host through though the hook makes a task ready each time", async () => {
    let fired = false;
    let calls = 0;
    await using runtime = Builder.currentThread()
      .onThreadPark(() => {
        calls += 1;
        if (!fired && calls < 1_000_000) spawn(say([], 1));
      })
      .build();
    setTimeout(() => void (fired = true), 1);
    runtime.spawn(say([], 1));
    await until(() => fired);
    await turn();
    expect(calls).toBeLessThan(1_000_000);
  });

  it("may shut the runtime down", async () => {
    const runtime = Builder.currentThread()
      .onThreadPark(() => runtime.shutdownBackground())
      .build();
    const gate = new Gate();
    const handle = runtime.spawn(gate);
    await turn();
    expect([handle.isFinished(), gate.drops]).toEqual([true, 1]);
  });
});
