/* oxlint-disable require-yield -- a task need not wait for anything */
import {
  consumeBudget,
  cooperative,
  Future,
  hasBudgetRemaining,
  intoFuture,
  PENDING,
  pollFn,
  ready,
  spawn,
  unconstrained,
  yieldNow,
  type Async,
  type Context,
  type Poll,
  type Runtime,
} from "@rt/core";
import { madeProgress, pollProceed } from "@rt/core/driver";
import { describe, expect, it, onTestFinished } from "vitest";
import { quietRuntime, rejectionOf, TestWaker, turn } from "./support/lanes.ts";

const BUDGET = 128;

/** A leaf as another package would write it: ready while there are items. */
class Take extends Future<void> {
  readonly #items: { left: number };
  constructor(items: { left: number }) {
    super();
    this.#items = items;
  }
  poll(cx: Context): Poll<void> {
    if (!pollProceed(cx)) return PENDING;
    if (this.#items.left === 0) return PENDING;
    this.#items.left -= 1;
    madeProgress();
  }
}

/** Counts operations until the loop is told to stop. */
interface Loop {
  count: number;
  stopped: boolean;
}

function* always(loop: Loop, make: () => Future<void>): Async<void> {
  while (!loop.stopped) {
    loop.count += 1;
    yield* make();
  }
}

async function alwaysAsync(loop: Loop, make: () => Future<void>): Promise<void> {
  while (!loop.stopped) {
    loop.count += 1;
    await make();
  }
}

/** Notes what the loop has done at each turn of another task, and stops it then. */
function* observe(loop: Loop, seen: number[], turns: number): Async<void> {
  for (let i = 0; i < turns; i += 1) {
    yield* yieldNow();
    seen.push(loop.count);
  }
  loop.stopped = true;
}

const lanes = ["generator", "async"] as const;

function spawnLoop(
  runtime: Runtime,
  lane: (typeof lanes)[number],
  loop: Loop,
  make: () => Future<void>,
): PromiseLike<void> {
  return runtime.spawn(lane === "generator" ? always(loop, make) : () => alwaysAsync(loop, make));
}

describe("consumeBudget", () => {
  it("suspends a generator task at the 129th operation of a poll, not before", async () => {
    const { runtime } = quietRuntime();
    let done = 0;
    function* body(): Async<void> {
      for (let i = 0; i < 300; i += 1) {
        yield* consumeBudget();
        done += 1;
      }
    }
    const atTurns: number[] = [];
    function* watch(): Async<void> {
      const handle = spawn(body());
      while (!handle.isFinished()) {
        yield* yieldNow();
        atTurns.push(done);
      }
    }
    await runtime.spawn(watch());
    expect(atTurns).toEqual([BUDGET, 2 * BUDGET, 300]);
  });

  it("lets another task run after at most 128 operations of an async function", async () => {
    const { runtime } = quietRuntime();
    let done = 0;
    const handle = runtime.spawn(async () => {
      for (let i = 0; i < 1000; i += 1) {
        await consumeBudget();
        done += 1;
      }
    });
    let most = 0;
    function* watch(): Async<void> {
      let last = done;
      while (!handle.isFinished()) {
        most = Math.max(most, done - last);
        last = done;
        yield* yieldNow();
      }
    }
    await runtime.spawn(watch());
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(BUDGET);
  });

  it("completes without a task", () => {
    expect(consumeBudget().poll(new TestWaker())).toBe(undefined);
  });

  it("gives each poll a fresh budget", async () => {
    const { runtime } = quietRuntime();
    const perPoll: number[] = [];
    function* body(): Async<void> {
      for (let poll = 0; poll < 3; poll += 1) {
        let n = 0;
        while (hasBudgetRemaining()) {
          yield* consumeBudget();
          n += 1;
        }
        perPoll.push(n);
        yield* yieldNow();
      }
    }
    await runtime.spawn(body());
    expect(perPoll).toEqual([BUDGET, BUDGET, BUDGET]);
  });

  it("shares one budget among everything that a task polls", async () => {
    const { runtime } = quietRuntime();
    function* some(n: number): Async<void> {
      for (let i = 0; i < n; i += 1) yield* consumeBudget();
    }
    function* body(): Async<boolean[]> {
      yield* intoFuture(some(100));
      const before = hasBudgetRemaining();
      yield* intoFuture(some(28));
      return [before, hasBudgetRemaining()];
    }
    expect(await runtime.spawn(body())).toEqual([true, false]);
  });

  it("gives the body of blockOn a budget too", async () => {
    const { runtime } = quietRuntime();
    let n = 0;
    function* body(): Async<number> {
      while (hasBudgetRemaining()) {
        yield* consumeBudget();
        n += 1;
      }
      return n;
    }
    expect(await runtime.blockOn(body())).toBe(BUDGET);
  });

  it("counts one forced yield for each poll that used its budget up", async () => {
    const { runtime } = quietRuntime();
    function* body(): Async<void> {
      for (let i = 0; i < 3 * BUDGET + 1; i += 1) yield* consumeBudget();
    }
    await runtime.spawn(body());
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(3);
  });
});

describe("hasBudgetRemaining", () => {
  it("is true outside tasks", () => {
    expect(hasBudgetRemaining()).toBe(true);
  });

  it("is true outside tasks right after a task has used its budget up", async () => {
    const { runtime } = quietRuntime();
    function* body(): Async<void> {
      for (let i = 0; i < BUDGET; i += 1) yield* consumeBudget();
    }
    await runtime.spawn(body());
    expect(hasBudgetRemaining()).toBe(true);
  });

  it("is false in a generator task once 128 operations are done", async () => {
    const { runtime } = quietRuntime();
    function* body(): Async<boolean[]> {
      for (let i = 0; i < BUDGET - 1; i += 1) yield* consumeBudget();
      const before = hasBudgetRemaining();
      yield* consumeBudget();
      return [before, hasBudgetRemaining()];
    }
    expect(await runtime.spawn(body())).toEqual([true, false]);
  });

  it("is false in an async function once 128 operations are done", async () => {
    const { runtime } = quietRuntime();
    const answers = await runtime.spawn(async () => {
      for (let i = 0; i < BUDGET - 1; i += 1) await consumeBudget();
      const before = hasBudgetRemaining();
      await consumeBudget();
      return [before, hasBudgetRemaining()];
    });
    expect(answers).toEqual([true, false]);
  });

  it("is true in unconstrained however much was done", async () => {
    const { runtime } = quietRuntime();
    function* body(): Async<boolean> {
      for (let i = 0; i < 1000; i += 1) yield* consumeBudget();
      return hasBudgetRemaining();
    }
    expect(await runtime.spawn(unconstrained(body()))).toBe(true);
  });
});

describe("pollProceed", () => {
  it("says no and wakes the task once the budget is used up", async () => {
    const { runtime } = quietRuntime();
    const answers: boolean[] = [];
    let wakes = 0;
    await runtime.spawn(
      pollFn(() => {
        const cx = new TestWaker();
        for (let i = 0; i <= BUDGET; i += 1) {
          const may = pollProceed(cx);
          answers.push(may);
          if (may) madeProgress();
        }
        wakes = cx.wakes;
      }),
    );
    expect([answers.filter(Boolean).length, answers.at(-1), wakes]).toEqual([BUDGET, false, 1]);
  });

  it("takes nothing by itself, so a leaf that is pending has nothing to give back", async () => {
    const { runtime } = quietRuntime();
    const remaining = await runtime.spawn(
      pollFn((cx) => {
        for (let i = 0; i < 10 * BUDGET; i += 1) pollProceed(cx);
        return hasBudgetRemaining();
      }),
    );
    expect(remaining).toBe(true);
  });

  it("is false only after madeProgress was called 128 times", async () => {
    const { runtime } = quietRuntime();
    const answers = await runtime.spawn(
      pollFn((cx) => {
        for (let i = 0; i < BUDGET - 1; i += 1) madeProgress();
        const before = pollProceed(cx);
        madeProgress();
        return [before, pollProceed(cx)];
      }),
    );
    expect(answers).toEqual([true, false]);
  });

  it("lets a leaf that it made wait be ready in the next poll", async () => {
    const { runtime } = quietRuntime();
    const items = { left: 1000 };
    function* body(): Async<void> {
      while (items.left > 0) yield* new Take(items);
    }
    await runtime.spawn(body());
    expect(items.left).toBe(0);
  });

  it.each(lanes)("lets another task run among leaves that are always ready in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const items = { left: Infinity };
    const loop: Loop = { count: 0, stopped: false };
    const seen: number[] = [];
    const done = spawnLoop(runtime, lane, loop, () => new Take(items));
    await runtime.spawn(observe(loop, seen, 3));
    await done;
    expect(seen).toHaveLength(3);
  });
});

describe("unconstrained", () => {
  it("completes more than 128 operations in one poll", async () => {
    const { runtime } = quietRuntime();
    let done = 0;
    function* body(): Async<void> {
      for (let i = 0; i < 10_000; i += 1) {
        yield* consumeBudget();
        done += 1;
      }
    }
    const inner = unconstrained(body());
    let afterOnePoll = -1;
    await runtime.spawn(
      pollFn((cx) => {
        const value = inner.poll(cx);
        if (afterOnePoll < 0) afterOnePoll = done;
        return value;
      }),
    );
    expect(afterOnePoll).toBe(10_000);
  });

  it("completes more than 128 awaits of an async function without a forced yield", async () => {
    const { runtime } = quietRuntime();
    await runtime.spawn(
      unconstrained(async () => {
        for (let i = 0; i < 3 * BUDGET; i += 1) await consumeBudget();
      }),
    );
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(0);
  });

  it("leaves the budget outside of it as it was", async () => {
    const { runtime } = quietRuntime();
    function* many(): Async<void> {
      for (let i = 0; i < 1000; i += 1) yield* consumeBudget();
    }
    let left = 0;
    function* body(): Async<void> {
      for (let i = 0; i < 28; i += 1) yield* consumeBudget();
      yield* unconstrained(many());
      while (hasBudgetRemaining()) {
        left += 1;
        yield* consumeBudget();
      }
    }
    await runtime.spawn(body());
    expect(left).toBe(BUDGET - 28);
  });

  it("leaves the budget outside of it as it was when the body throws", async () => {
    const { runtime } = quietRuntime();
    function* failing(): Async<void> {
      for (let i = 0; i < 1000; i += 1) yield* consumeBudget();
      throw new Error("body");
    }
    function* body(): Async<boolean> {
      for (let i = 0; i < BUDGET; i += 1) yield* consumeBudget();
      try {
        yield* unconstrained(failing());
      } catch {
        // expected
      }
      return hasBudgetRemaining();
    }
    expect(await runtime.spawn(body())).toBe(false);
  });

  it("goes on in a task whose budget is used up", async () => {
    const { runtime } = quietRuntime();
    function* body(): Async<string> {
      for (let i = 0; i < BUDGET; i += 1) yield* consumeBudget();
      return yield* unconstrained(cooperative(ready("went on")));
    }
    const inner = intoFuture(body());
    expect(await runtime.spawn(pollFn((cx) => inner.poll(cx)))).toBe("went on");
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(0);
  });

  it("runs the finally blocks of its generator when dropped", async () => {
    const log: string[] = [];
    function* body(): Async<void> {
      try {
        yield* pollFn(() => PENDING);
      } finally {
        log.push("finally");
      }
    }
    const future = unconstrained(body());
    future.poll(new TestWaker());
    future.drop();
    expect(log).toEqual(["finally"]);
  });
});

describe("cooperative", () => {
  it("makes each completion of a foreign future cost one unit", async () => {
    const { runtime } = quietRuntime();
    let done = 0;
    function* body(): Async<number> {
      while (hasBudgetRemaining()) {
        yield* cooperative(ready(done));
        done += 1;
      }
      return done;
    }
    expect(await runtime.spawn(body())).toBe(BUDGET);
  });

  it("costs nothing while the future is pending", async () => {
    const { runtime } = quietRuntime();
    const remaining = await runtime.spawn(
      pollFn((cx) => {
        const future = cooperative(pollFn(() => PENDING));
        for (let i = 0; i < 10 * BUDGET; i += 1) future.poll(cx);
        return hasBudgetRemaining();
      }),
    );
    expect(remaining).toBe(true);
  });

  it("costs one unit when the future fails", async () => {
    const { runtime } = quietRuntime();
    const error = new Error("failed");
    const remaining = await runtime.spawn(
      pollFn((cx) => {
        for (let i = 0; i < BUDGET; i += 1) {
          try {
            cooperative(
              pollFn(() => {
                throw error;
              }),
            ).poll(cx);
          } catch {
            // expected
          }
        }
        return hasBudgetRemaining();
      }),
    );
    expect(remaining).toBe(false);
  });

  it("does not poll the future without a budget, and wakes the task", async () => {
    const { runtime } = quietRuntime();
    let polls = 0;
    let pollsWithout = -1;
    const counted = cooperative(
      pollFn(() => {
        polls += 1;
      }),
    );
    await runtime.spawn(
      pollFn((cx) => {
        if (pollsWithout >= 0) return counted.poll(cx);
        for (let i = 0; i < BUDGET; i += 1) madeProgress();
        counted.poll(cx);
        pollsWithout = polls;
        return PENDING;
      }),
    );
    expect([pollsWithout, polls]).toEqual([0, 1]);
  });

  it("drops its async function with its task", async () => {
    const { runtime } = quietRuntime();
    let dropped = false;
    const handle = runtime.spawn(
      cooperative(async () => {
        try {
          await pollFn(() => PENDING);
        } finally {
          dropped = true;
        }
      }),
    );
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(dropped).toBe(true);
  });
});

describe("budget of the package's own operations", () => {
  it("is charged by a join handle", async () => {
    const { runtime } = quietRuntime();
    function* nothing(): Async<void> {}
    function* body(): Async<number> {
      const handle = spawn(nothing());
      yield* handle;
      yield* yieldNow();
      let n = 0;
      while (hasBudgetRemaining()) {
        yield* handle;
        n += 1;
      }
      return n;
    }
    expect(await runtime.spawn(body())).toBe(BUDGET);
  });

  it("is not charged by ready", async () => {
    const { runtime } = quietRuntime();
    function* body(): Async<boolean> {
      for (let i = 0; i < 1000; i += 1) yield* ready(i);
      return hasBudgetRemaining();
    }
    expect(await runtime.spawn(body())).toBe(true);
  });
});

describe("yieldNow", () => {
  it("suspends once", () => {
    const future = yieldNow();
    const cx = new TestWaker();
    expect([future.poll(cx), cx.wakes, future.poll(cx)]).toEqual([PENDING, 1, undefined]);
  });

  const rounds = ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"];

  function* threeTurns(order: string[], name: string): Async<void> {
    for (let i = 0; i < 3; i += 1) {
      order.push(`${name}${i}`);
      yield* yieldNow();
    }
  }

  async function threeTurnsAsync(order: string[], name: string): Promise<void> {
    for (let i = 0; i < 3; i += 1) {
      order.push(`${name}${i}`);
      await yieldNow();
    }
  }

  it.each(lanes)("puts a task behind every task that is ready in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const order: string[] = [];
    function* parent(): Async<void> {
      const children = ["a", "b", "c"].map((name) =>
        spawn(lane === "generator" ? threeTurns(order, name) : () => threeTurnsAsync(order, name)),
      );
      for (const child of children) yield* child;
    }
    await runtime.spawn(parent());
    expect(order).toEqual(rounds);
  });

  it.each(lanes)(
    "puts a task behind every task that was made ready from outside in the %s lane",
    async (lane) => {
      const { runtime } = quietRuntime();
      const order: string[] = [];
      const handles = ["a", "b", "c"].map((name) =>
        runtime.spawn(lane === "generator" ? threeTurns(order, name) : () => threeTurnsAsync(order, name)),
      );
      await Promise.all(handles);
      expect(order).toEqual(rounds);
    },
  );

  it("lets a task that was spawned just before it go first", async () => {
    const { runtime } = quietRuntime();
    const order: string[] = [];
    function* child(): Async<void> {
      order.push("child");
    }
    function* parent(): Async<void> {
      spawn(child());
      yield* yieldNow();
      order.push("parent");
    }
    await runtime.spawn(parent());
    expect(order).toEqual(["child", "parent"]);
  });

  it("polls its task once for each yield", async () => {
    const { runtime } = quietRuntime();
    let polls = 0;
    function* body(): Async<void> {
      for (let i = 0; i < 10; i += 1) yield* yieldNow();
    }
    const inner = intoFuture(body());
    await runtime.spawn(
      pollFn((cx) => {
        polls += 1;
        return inner.poll(cx);
      }),
    );
    expect(polls).toBe(11);
  });

  it("completes outside any task after one wake", async () => {
    const order: string[] = [];
    const yielded = yieldNow().then(() => order.push("yielded"));
    order.push("after the call");
    await yielded;
    expect(order).toEqual(["after the call", "yielded"]);
  });

  it("charges no budget", async () => {
    const { runtime } = quietRuntime();
    await runtime.spawn(
      (function* (): Async<void> {
        for (let i = 0; i < 1000; i += 1) yield* yieldNow();
      })(),
    );
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(0);
  });
});

describe("fairness to the event loop", () => {
  const operations: [string, () => Future<void>][] = [
    ["consumeBudget", consumeBudget],
    ["yieldNow", yieldNow],
    ["cooperative", () => cooperative(ready(undefined))],
  ];
  const cases = operations.flatMap(([name, make]) => lanes.map((lane) => [name, lane, make] as const));

  it.each(cases)(
    "lets a timer fire beside a task that loops over %s in the %s lane",
    async (_, lane, make) => {
      const { runtime } = quietRuntime();
      expect(await timerBeside(runtime, lane, [make])).toBe("fired");
    },
  );

  it("asks each of a thousand ready awaits of one async function twice at most, over as many polls as it takes", async () => {
    const { runtime } = quietRuntime();
    const wakers: (() => void)[] = [];
    let polls = 0;
    let isOpen = false;
    const gate = (): Future<void> =>
      pollFn((cx) => {
        polls += 1;
        if (isOpen && pollProceed(cx)) return madeProgress();
        wakers.push(() => cx.waker.wake());
        return PENDING;
      });
    const task = runtime.spawn(async () => Promise.all(Array.from({ length: 1000 }, gate)));
    await turn();
    isOpen = true;
    for (const wake of wakers) wake();
    await task;
    expect([polls, runtime.metrics().budgetForcedYieldCount()]).toEqual([2000, 7]);
  });

  it("lets a timer fire beside many tasks of both lanes that are always ready", async () => {
    const { runtime } = quietRuntime();
    const makes = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? consumeBudget : yieldNow));
    const both = await Promise.all(lanes.map((lane) => timerBeside(runtime, lane, makes)));
    expect(both).toEqual(["fired", "fired"]);
  });

  it("lets a timer fire beside a task that waits for tasks it spawns, for ever", async () => {
    const { runtime } = quietRuntime();
    function* nothing(): Async<void> {}
    expect(await timerBeside(runtime, "generator", [() => spawn(nothing())])).toBe("fired");
  });
});

/** Loops in tasks until a timer has fired; gives up after a second in which the thread never slept. */
async function timerBeside(
  runtime: Runtime,
  lane: (typeof lanes)[number],
  makes: readonly (() => Future<void>)[],
): Promise<string> {
  const loop: Loop = { count: 0, stopped: false };
  let outcome = "starved";
  const timer = setTimeout(() => {
    outcome = "fired";
    loop.stopped = true;
  }, 1);
  onTestFinished(() => clearTimeout(timer));
  const end = performance.now() + 1000;
  const bounded = (make: () => Future<void>) => (): Future<void> => {
    if (performance.now() > end) loop.stopped = true;
    return make();
  };
  await Promise.all(makes.map((make) => spawnLoop(runtime, lane, loop, bounded(make))));
  return outcome;
}
