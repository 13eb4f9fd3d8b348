import {
  consumeBudget,
  type Async,
  Future,
  hasBudgetRemaining,
  type JoinError,
  PENDING,
  pending,
  pollFn,
  type Poll,
  ready,
  spawn,
  yieldNow,
} from "@rt/core";
import { advance, Elapsed, Instant, sleep, Timeout, timeout, timeoutAt } from "@rt/time";
import { describe, expect, it } from "vitest";
import { enterPaused, paused, pausedRuntime, rejectionOf, TestWaker, thrownBy } from "./support/runtime.ts";

/** Waits for ever and notes that it was dropped. */
class Noting extends Future<never> {
  drops = 0;
  override poll(): Poll<never> {
    return PENDING;
  }
  override drop(): void {
    this.drops += 1;
  }
  override describe(): string {
    return "a noting";
  }
}

function* answer(ms: number): Async<string> {
  yield* sleep(ms);
  return "answer";
}

async function answerAsync(ms: number): Promise<string> {
  await sleep(ms);
  return "answer";
}

const lanes = [
  ["generator", (ms: number) => answer(ms)],
  ["async", (ms: number) => () => answerAsync(ms)],
] as const;

function move(ms: number): void {
  advance(ms).poll(new TestWaker());
}

describe("timeout", () => {
  it.each(lanes)("gives the result that comes in time: %s lane", async (_lane, operation) => {
    expect(await paused(() => timeout(100, operation(99)) as never)).toBe("answer");
  });

  it.each(lanes)("gives the result that comes at the very deadline: %s lane", async (_lane, operation) => {
    expect(await paused(() => timeout(100, operation(100)) as never)).toBe("answer");
  });

  it("ends an async function that goes on and on", async () => {
    async function busy(): Promise<never> {
      for (;;) await yieldNow();
    }
    const error = await paused(async () => {
      const handle = spawn(() => timeout(100, busy) as never);
      for (let i = 0; i < 100; i += 1) await yieldNow();
      await advance(1_000);
      return await rejectionOf(handle);
    });
    expect(error).toMatchObject({ name: "Elapsed" });
  });

  it.each(lanes)("throws Elapsed when the deadline comes first: %s lane", async (_lane, operation) => {
    const { runtime } = pausedRuntime();
    const error = await rejectionOf(runtime.spawn(() => timeout(100, operation(101)) as never));
    expect(error).toMatchObject({ name: "Elapsed", code: "ERR_RT_ELAPSED" });
  });

  it("throws it at the deadline: async lane", async () => {
    const elapsed = await paused(async () => {
      const start = Instant.now();
      await rejectionOf(timeout(100, pending()));
      return start.elapsed();
    });
    expect(elapsed).toBe(100);
  });

  it("throws it at the deadline: generator lane", async () => {
    const elapsed = await paused(function* (): Async<number> {
      const start = Instant.now();
      try {
        yield* timeout(100, pending());
      } catch {
        return start.elapsed();
      }
      return -1;
    });
    expect(elapsed).toBe(100);
  });

  it.each([0, 1e9])("succeeds with what is ready at once, though the deadline was %d ms ago", (ago) => {
    enterPaused();
    const guarded = timeoutAt(Instant.now().sub(ago), ready("now"));
    expect(guarded.poll(new TestWaker())).toBe("now");
  });

  it("succeeds with what is ready at once and a duration of 0: both lanes", async () => {
    const { runtime } = pausedRuntime();
    const first = await runtime.spawn(function* (): Async<string> {
      return yield* timeout(0, ready("now"));
    });
    const second = await runtime.spawn(async () => timeout(0, ready("now")));
    expect([first, second]).toEqual(["now", "now"]);
  });

  it("succeeds with what became ready together with the deadline", () => {
    enterPaused();
    const guarded = timeout(10, answer(10));
    guarded.poll(new TestWaker());
    move(10);
    expect(guarded.poll(new TestWaker())).toBe("answer");
  });

  it("makes no timer for what is ready at once", () => {
    const driver = enterPaused();
    timeout(10, ready(1)).poll(new TestWaker());
    expect(driver._wheel.size).toBe(0);
  });

  it("takes its timer back when the result comes", () => {
    const driver = enterPaused();
    const guarded = timeout(10, answer(5));
    guarded.poll(new TestWaker());
    move(5);
    guarded.poll(new TestWaker());
    expect(driver._wheel.size).toBe(0);
  });

  it("counts from the call, not from the first poll", () => {
    enterPaused();
    const guarded = timeout(10, pending());
    move(10);
    expect(thrownBy(() => guarded.poll(new TestWaker()))).toBeInstanceOf(Elapsed);
  });

  it("drops the future whose time is up, once", () => {
    enterPaused();
    const inner = new Noting();
    const guarded = timeout(10, inner);
    guarded.poll(new TestWaker());
    move(10);
    thrownBy(() => guarded.poll(new TestWaker()));
    expect(inner.drops).toBe(1);
  });

  it("runs the finally blocks of what it drops before it throws: generator lane", async () => {
    const log: string[] = [];
    const slow = function* (): Async<void> {
      try {
        yield* pending();
      } finally {
        log.push("cleanup");
      }
    };
    await paused(function* (): Async<void> {
      try {
        yield* timeout(10, slow());
      } catch {
        log.push("elapsed");
      }
    });
    expect(log).toEqual(["cleanup", "elapsed"]);
  });

  it("runs the finally blocks of what it drops: async lane", async () => {
    const log: string[] = [];
    await paused(async () => {
      await rejectionOf(
        timeout(10, async () => {
          try {
            await pending();
          } finally {
            log.push("cleanup");
          }
        }),
      );
      await yieldNow();
    });
    expect(log).toEqual(["cleanup"]);
  });

  it.each([
    ["a future", () => sleep(5)],
    ["a generator", () => answer(5)],
    ["a generator function", () => () => answer(5)],
    ["an async function", () => () => answerAsync(5)],
    ["a promise", () => Promise.resolve()],
    ["a join handle", () => spawn(answer(5))],
  ])("takes %s", async (_what, make) => {
    const { runtime } = pausedRuntime();
    const result = runtime.spawn(async () => {
      await timeout(1000, make() as never);
      return "in time";
    });
    expect(await result).toBe("in time");
  });

  it("leaves a task alone whose handle it waits for in vain", async () => {
    const result = await paused(async () => {
      const task = spawn(answer(100));
      await rejectionOf(timeout(10, task));
      return task;
    });
    expect(result).toBe("answer");
  });

  it("throws what the operation throws, and takes its timer back", async () => {
    const { runtime, driver } = pausedRuntime();
    const failing = function* (): Async<void> {
      yield* sleep(1);
      throw new Error("no");
    };
    const error = await rejectionOf(runtime.spawn(() => timeout(1000, failing()) as never));
    expect([error, driver._wheel.size]).toMatchObject([{ message: "no" }, 0]);
  });

  it("looks at the deadline though the operation uses up the budget: generator lane", async () => {
    const busy = function* (): Async<void> {
      for (;;) yield* consumeBudget();
    };
    const result = paused(async () => {
      const guarded = spawn(() => timeout(10, busy()) as never);
      for (let i = 0; i < 10; i += 1) await yieldNow();
      await advance(10);
      return guarded;
    });
    expect(await rejectionOf(result)).toBeInstanceOf(Elapsed);
  });

  it("does not look at the deadline when the budget was used up before it was polled", async () => {
    const polls = await paused(function* (): Async<number> {
      const guarded = timeoutAt(Instant.now(), pending());
      let count = 0;
      yield* pollFn<void>((cx) => {
        count += 1;
        if (count === 1) while (consumeBudget().poll(cx) !== PENDING);
        if (hasBudgetRemaining() !== (count === 2)) throw new Error("the test is wrong");
        try {
          return guarded.poll(cx);
        } catch {
          return undefined;
        }
      });
      return count;
    });
    expect(polls).toBe(2);
  });

  it("takes a unit of the budget when it throws", async () => {
    const counts = await paused(function* (): Async<number[]> {
      const inEachPoll: number[] = [];
      let left = 300;
      const start = Instant.now();
      yield* pollFn<void>((cx) => {
        const before = left;
        for (; left > 0; left -= 1) {
          try {
            timeoutAt(start, pending()).poll(cx);
            break;
          } catch {}
        }
        inEachPoll.push(before - left);
        return left > 0 ? PENDING : undefined;
      });
      return inEachPoll;
    });
    expect(counts).toEqual([128, 128, 44]);
  });

  it("may be nested, and the earliest deadline counts", async () => {
    const elapsed = await paused(async () => {
      const start = Instant.now();
      await rejectionOf(timeout(100, timeout(20, timeout(50, pending()))));
      return start.elapsed();
    });
    expect(elapsed).toBe(20);
  });

  it("follows one another many times", async () => {
    const results = await paused(function* (): Async<string[]> {
      const said: string[] = [];
      for (let i = 0; i < 6; i += 1) {
        try {
          said.push(yield* timeout(10, answer(i % 2 === 0 ? 5 : 15)));
        } catch {
          said.push("elapsed");
        }
      }
      return said;
    });
    expect(results).toEqual(["answer", "elapsed", "answer", "elapsed", "answer", "elapsed"]);
  });

  it("has an overflowing duration end in about 30 years", async () => {
    const years = await paused(async () => {
      const start = Instant.now();
      await rejectionOf(timeout(Infinity, pending()));
      return start.elapsed() / (365 * 86_400_000);
    });
    expect(years).toBe(30);
  });

  it.each([-1, NaN])("refuses a duration of %d ms", (ms) => {
    expect(thrownBy(() => timeout(ms, pending()))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
  });

  it("refuses what can't be run", () => {
    expect(thrownBy(() => timeout(1, 42 as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});

describe("timeoutAt", () => {
  it("throws Elapsed at the instant", async () => {
    const late = await paused(async () => {
      const deadline = Instant.now().add(70);
      await rejectionOf(timeoutAt(deadline, pending()));
      return Instant.now().durationSince(deadline);
    });
    expect(late).toBe(0);
  });

  it("throws for a deadline in the past when the operation is not ready", () => {
    enterPaused();
    const guarded = timeoutAt(Instant.now().sub(5), pending());
    expect(thrownBy(() => guarded.poll(new TestWaker()))).toBeInstanceOf(Elapsed);
  });

  it("takes nothing but an Instant", () => {
    expect(thrownBy(() => timeoutAt(5 as never, pending()))).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });
});

describe("Timeout", () => {
  it("drops both future and timer when it is dropped", () => {
    const driver = enterPaused();
    const inner = new Noting();
    const guarded = timeout(10, inner);
    guarded.poll(new TestWaker());
    guarded.drop();
    expect([inner.drops, driver._wheel.size]).toEqual([1, 0]);
  });

  it("joins the runtime that first waits for it when it was made outside of any", async () => {
    const { runtime, driver } = pausedRuntime();
    const start = driver.now();
    const error = await rejectionOf(runtime.blockOn(timeout({ days: 1 }, pending())));
    expect(error).toBeInstanceOf(Elapsed);
    // The clock it was made under goes on until the first wait: that much of the day may be over.
    expect(driver.now() - start).toBeGreaterThan(86_400_000 - 60_000);
    expect(driver.now() - start).toBeLessThanOrEqual(86_400_000);
  });

  it("aborts with the task that waits for it", async () => {
    const { runtime, driver } = pausedRuntime();
    const task = runtime.spawn(function* (): Async<void> {
      yield* timeout(1000, pending());
    });
    await runtime.spawn(yieldNow());
    task.abort();
    const error = (await rejectionOf(task)) as JoinError;
    expect([error.isCancelled(), driver._wheel.size]).toEqual([true, 0]);
  });

  it("tells what it waits for, and how long still", () => {
    enterPaused();
    const guarded = timeout(100, new Noting());
    move(25);
    expect(guarded.describe()).toBe("a noting, for at most 75 ms");
  });

  it("is what timeout and timeoutAt give", () => {
    enterPaused();
    expect(
      [timeout(1, pending()), timeoutAt(Instant.now(), pending())].every((t) => t instanceof Timeout),
    ).toBe(true);
  });
});

describe("Timeout.getRef", () => {
  it("gives what is waited for, as getMut does", () => {
    const inner = new Noting();
    const guarded = timeout(10, inner);
    expect([guarded.getRef() === inner, guarded.getMut() === inner]).toEqual([true, true]);
  });
});

describe("Timeout.intoInner", () => {
  it("gives the unfinished future back, without a deadline", async () => {
    const elapsed = await paused(function* (): Async<number> {
      const start = Instant.now();
      const guarded = timeout(10, answer(100));
      guarded.poll(new TestWaker());
      yield* guarded.intoInner();
      return start.elapsed();
    });
    expect(elapsed).toBe(100);
  });

  it("neither drops the future nor leaves the timer behind", () => {
    const driver = enterPaused();
    const inner = new Noting();
    const guarded = timeout(10, inner);
    guarded.poll(new TestWaker());
    guarded.intoInner();
    guarded.drop();
    expect([inner.drops, driver._wheel.size]).toEqual([0, 0]);
  });

  it("leaves an object that refuses to be used", () => {
    const guarded = timeout(10, pending());
    guarded.intoInner();
    const uses = [
      () => guarded.poll(new TestWaker()),
      () => guarded.getRef(),
      () => guarded.getMut(),
      () => guarded.intoInner(),
    ];
    expect(uses.map((use) => (thrownBy(use) as { code: string }).code)).toEqual(
      uses.map(() => "ERR_RT_DISPOSED"),
    );
  });
});
