import {
  Builder,
  DriverSetupError,
  type Async,
  type IntoFuture,
  PENDING,
  type JoinHandle,
  pending,
  pollFn,
  spawn,
  yieldNow,
} from "@rt/core";
import { advance, Instant, Sleep, sleep, sleepUntil, TimeError } from "@rt/time";
import { describe, expect, it } from "vitest";
import {
  enterPaused,
  paused,
  pausedRuntime,
  quietRuntime,
  rejectionOf,
  TestWaker,
  thrownBy,
  turn,
} from "./support/runtime.ts";

const DAY = 86_400_000;
const YEAR = 365 * DAY;

function* elapsedOver(ms: number): Async<number> {
  const start = Instant.now();
  yield* sleep(ms);
  return start.elapsed();
}

async function elapsedOverAsync(ms: number): Promise<number> {
  const start = Instant.now();
  await sleep(ms);
  return start.elapsed();
}

const lanes = [
  ["generator", elapsedOver],
  ["async", (ms: number) => () => elapsedOverAsync(ms)],
] as const;

/** Moves the paused clock with nobody else around. */
function move(ms: number): void {
  advance(ms).poll(new TestWaker());
}

describe("sleep", () => {
  it.each(lanes)("takes exactly its duration on a paused clock: %s lane", async (_lane, body) => {
    const { runtime } = pausedRuntime();
    for (const ms of [0, 1, 63, 64, 65, 4096, DAY, YEAR, 2 ** 36, 2 ** 36 + 1, 5 * 2 ** 36 + 7]) {
      expect(await runtime.spawn(body(ms))).toBe(ms);
    }
  });

  it.each(lanes)("never completes early on the host's clock: %s lane", async (_lane, body) => {
    const { runtime } = quietRuntime();
    const sleeps = Array.from({ length: 40 }, (_, i) => 0.3 + i / 4);
    const handles = sleeps.map((ms) => runtime.spawn(body(ms)));
    for (const [i, ms] of sleeps.entries()) expect(await handles[i]).toBeGreaterThanOrEqual(ms);
  });

  it("rounds its deadline up to a whole millisecond", async () => {
    expect(await paused(() => elapsedOver(1.25))).toBe(2);
  });

  it("counts from the call, not from the first poll", async () => {
    const late = await paused(function* (): Async<number> {
      const start = Instant.now();
      const sleeping = sleep(100);
      yield* advance(60);
      yield* sleeping;
      return start.elapsed();
    });
    expect(late).toBe(100);
  });

  it("takes an object shaped like a Temporal.Duration", async () => {
    const start = Instant.now();
    expect(sleep({ hours: 1 }).deadline().durationSince(start)).toBeGreaterThanOrEqual(3_600_000);
  });

  it.each([Infinity, Number.MAX_VALUE, 2 ** 52])("takes %d ms for about 30 years", (ms) => {
    enterPaused();
    expect(sleep(ms).deadline().durationSince(Instant.now())).toBe(30 * YEAR);
  });

  it.each([-1, -0.001, NaN, -Infinity])("refuses %d ms", (ms) => {
    expect(thrownBy(() => sleep(ms))).toMatchObject({ name: "RangeError", code: "ERR_RT_OUT_OF_RANGE" });
  });

  it("completes at its first poll where the time has passed since the call", () => {
    enterPaused();
    const sleeping = sleep(5);
    move(5);
    expect(sleeping.poll(new TestWaker())).toBeUndefined();
  });

  it("uses the default runtime where none is current", async () => {
    const start = performance.now();
    await sleep(3);
    expect(performance.now() - start).toBeGreaterThanOrEqual(3);
  });

  it("works in a plain async function while a blockOn waits", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const plain = async (): Promise<void> => {
      await sleep(2);
      log.push("plain");
    };
    const guard = runtime.enter();
    const running = plain();
    guard.dispose();
    await runtime.blockOn(sleep(10));
    await running;
    expect(log).toEqual(["plain"]);
  });

  it("wakes tasks in the order of their deadlines, whatever the order of the calls", async () => {
    const deadlines = [700, 3, 64, 4097, 65, 1, 63, 300_000, 2];
    const seen: number[] = [];
    const doze = function* (ms: number): Async<void> {
      yield* sleep(ms);
      seen.push(ms);
    };
    await paused(function* (): Async<void> {
      const handles = deadlines.map((ms) => spawn(doze(ms)));
      for (const handle of handles) yield* handle;
    });
    expect(seen).toEqual(deadlines.toSorted((a, b) => a - b));
  });

  it("keeps that order among the timers that are passed in one jump", async () => {
    const deadlines = [30, 10, 50, 20, 40];
    const seen: number[] = [];
    const doze = async (ms: number): Promise<void> => {
      await sleep(ms);
      seen.push(ms);
    };
    await paused(async () => {
      const handles = deadlines.map((ms) => spawn(() => doze(ms)));
      await sleep(0);
      await advance(1000);
      for (const handle of handles) await handle;
    });
    expect(seen).toEqual([10, 20, 30, 40, 50]);
  });

  it("gives the same times on two runs of 10,000 random sleeps", async () => {
    const run = (): Promise<number[]> => {
      let state = 12_345;
      const random = (): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31);
      return paused(function* (): Async<number[]> {
        const handles: JoinHandle<number>[] = [];
        for (let i = 0; i < 10_000; i += 1) handles.push(spawn(elapsedOver(random() % 100_000)));
        const times: number[] = [];
        for (const handle of handles) times.push(yield* handle);
        return times;
      });
    };
    expect(await run()).toEqual(await run());
  });
});

describe("sleepUntil", () => {
  it.each([0, 1, 1e9])("completes at the first poll for a deadline %d ms ago", (ago) => {
    enterPaused();
    expect(sleepUntil(Instant.now().sub(ago)).poll(new TestWaker())).toBeUndefined();
  });

  it("completes at the instant", async () => {
    const { runtime } = pausedRuntime();
    const late = await runtime.spawn(function* (): Async<number> {
      const deadline = Instant.now().add(250);
      yield* sleepUntil(deadline);
      return Instant.now().durationSince(deadline);
    });
    expect(late).toBe(0);
  });

  it("takes nothing but an Instant", () => {
    expect(thrownBy(() => sleepUntil(5 as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});

describe("Sleep", () => {
  it("is not registered before its first poll", async () => {
    const { runtime, driver } = pausedRuntime();
    const elapsed = await runtime.blockOn(async () => {
      const start = Instant.now();
      const unpolled = sleep(10);
      await sleep(100);
      return [start.elapsed(), unpolled.isElapsed()];
    });
    expect([elapsed, driver._wheel.size]).toEqual([[100, false], 0]);
  });

  it("stays ready when it is polled after completion", () => {
    enterPaused();
    const sleeping = sleepUntil(Instant.now());
    const waker = new TestWaker();
    expect([sleeping.poll(waker), sleeping.poll(waker)]).toEqual([undefined, undefined]);
  });

  it("may be waited for again: generator lane", async () => {
    const times = await paused(function* (): Async<number[]> {
      const start = Instant.now();
      const sleeping = sleep(10);
      yield* sleeping;
      yield* sleeping;
      const first = start.elapsed();
      sleeping.reset(start.add(30));
      yield* sleeping;
      return [first, start.elapsed()];
    });
    expect(times).toEqual([10, 30]);
  });

  it("may be waited for again: async lane", async () => {
    const times = await paused(async () => {
      const start = Instant.now();
      const sleeping = sleep(10);
      await sleeping;
      await sleeping;
      const first = start.elapsed();
      sleeping.reset(start.add(30));
      await sleeping;
      return [first, start.elapsed()];
    });
    expect(times).toEqual([10, 30]);
  });

  it("refuses a second wait while the first goes on", async () => {
    enterPaused();
    const sleeping = sleep(10);
    void sleeping.then(null, () => {});
    expect(await rejectionOf(sleeping)).toMatchObject({ code: "ERR_RT_AWAITED_TWICE" });
  });

  it("wakes only the waker of the last poll", () => {
    enterPaused();
    const sleeping = sleep(10);
    const [first, second] = [new TestWaker(), new TestWaker()];
    sleeping.poll(first);
    sleeping.poll(second);
    move(10);
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });

  it("takes its timer back when it is dropped", () => {
    const driver = enterPaused();
    const sleeping = sleep(10);
    const waker = new TestWaker();
    sleeping.poll(waker);
    sleeping.drop();
    sleeping.drop();
    move(10);
    expect([driver._wheel.size, waker.wakes]).toEqual([0, 0]);
  });

  it("keeps its deadline when it is dropped and waited for again", async () => {
    const elapsed = await paused(function* (): Async<number> {
      const start = Instant.now();
      const sleeping = sleep(100);
      sleeping.poll(new TestWaker());
      sleeping.drop();
      yield* advance(30);
      yield* sleeping;
      return start.elapsed();
    });
    expect(elapsed).toBe(100);
  });

  it("may be dropped by its own wake-up", () => {
    const driver = enterPaused();
    const sleeping = sleep(10);
    const neighbour = sleep(10);
    const waker = new TestWaker();
    sleeping.poll({ waker: { wake: () => sleeping.drop() } });
    neighbour.poll(waker);
    move(10);
    expect([driver._wheel.size, waker.wakes]).toEqual([0, 1]);
  });

  it("may drop, in its wake-up, those that are due at the same time", () => {
    enterPaused();
    const [first, second] = [sleep(10), sleep(10)];
    const waker = new TestWaker();
    first.poll({ waker: { wake: () => second.drop() } });
    second.poll(waker);
    move(10);
    expect([waker.wakes, second.isElapsed()]).toEqual([0, false]);
  });

  it("may be registered by the wake-up of another, for a time that is passed by the same jump", () => {
    enterPaused();
    const [first, second] = [sleep(10), sleep(15)];
    const waker = new TestWaker();
    first.poll({ waker: { wake: () => void second.poll(waker) } });
    move(20);
    expect(waker.wakes).toBe(1);
  });

  it("keeps others from harm when its waker throws, and reports that", () => {
    const { runtime, reports } = pausedRuntime();
    const guard = runtime.enter();
    const [first, second] = [sleep(10), sleep(10)];
    const waker = new TestWaker();
    first.poll({
      waker: {
        wake() {
          throw new Error("bad waker");
        },
      },
    });
    second.poll(waker);
    move(10);
    guard.dispose();
    expect([waker.wakes, reports.map(({ kind }) => kind)]).toEqual([1, ["waker-failed"]]);
  });

  it("stays on the runtime it was created on", async () => {
    const { runtime: mine } = pausedRuntime();
    const { runtime: other } = quietRuntime();
    const guard = mine.enter();
    const start = Instant.now();
    const sleeping = sleep(DAY);
    guard.dispose();
    await other.blockOn(sleeping);
    const again = mine.enter();
    expect(start.elapsed()).toBe(DAY);
    again.dispose();
  });

  it("joins the runtime that first waits for it when it was made outside of any", async () => {
    const { runtime, driver } = pausedRuntime();
    const start = driver.now();
    await runtime.blockOn(sleep(DAY));
    // The clock it was made under goes on until the first wait: that much of the day may be over.
    expect(driver.now() - start).toBeGreaterThan(DAY - 60_000);
    expect(driver.now() - start).toBeLessThanOrEqual(DAY);
  });

  it("keeps to that runtime from then on", async () => {
    const { runtime: first, driver } = quietRuntime();
    const { runtime: second } = pausedRuntime();
    const sleeping = sleep(30_000);
    const task = first.spawn(sleeping);
    await turn();
    task.abort();
    await turn();
    second.spawn(sleeping);
    await turn();
    expect([driver._wheel.size, sleeping.isElapsed()]).toEqual([1, false]);
  });

  it("takes a unit of the budget when it completes", async () => {
    const counts = await paused(function* (): Async<number[]> {
      const inEachPoll: number[] = [];
      const past = sleepUntil(Instant.now());
      let left = 300;
      yield* pollFn<void>((cx) => {
        const before = left;
        while (left > 0 && past.poll(cx) !== PENDING) left -= 1;
        inEachPoll.push(before - left);
        return left > 0 ? PENDING : undefined;
      });
      return inEachPoll;
    });
    expect(counts).toEqual([128, 128, 44]);
  });

  it("tells how long it still has", () => {
    enterPaused();
    const sleeping = sleep(100);
    move(30);
    expect(sleeping.describe()).toBe("a sleep with 70 ms left");
  });

  it("is what sleep and sleepUntil give", () => {
    expect([sleep(1), sleepUntil(Instant.now())].every((made) => made instanceof Sleep)).toBe(true);
  });
});

describe("Sleep.deadline", () => {
  it("is the deadline set last", () => {
    enterPaused();
    const start = Instant.now();
    const sleeping = sleepUntil(start.add(1.5));
    const first = sleeping.deadline().durationSince(start);
    sleeping.reset(start.add(20));
    expect([first, sleeping.deadline().durationSince(start)]).toEqual([1.5, 20]);
  });
});

describe("Sleep.isElapsed", () => {
  it("is false until the timer has fired, though the deadline is past", () => {
    enterPaused();
    const sleeping = sleepUntil(Instant.now().sub(5));
    expect(sleeping.isElapsed()).toBe(false);
    sleeping.poll(new TestWaker());
    expect(sleeping.isElapsed()).toBe(true);
  });

  it("is true as soon as the timer has fired, before the next poll", () => {
    enterPaused();
    const sleeping = sleep(10);
    sleeping.poll(new TestWaker());
    move(9);
    const before = sleeping.isElapsed();
    move(1);
    expect([before, sleeping.isElapsed()]).toEqual([false, true]);
  });
});

describe("Sleep.reset", () => {
  const started = (ms: number): { sleeping: Sleep; waker: TestWaker; start: Instant } => {
    enterPaused();
    const waker = new TestWaker();
    const start = Instant.now();
    const sleeping = sleep(ms);
    sleeping.poll(waker);
    return { sleeping, waker, start };
  };

  it.each([
    ["earlier", 50],
    ["later", 5000],
    ["to the same instant", 100],
  ])("moves a waiting sleep: %s", (_where, to) => {
    const { sleeping, waker, start } = started(100);
    sleeping.reset(start.add(to));
    move(to - 1);
    const early = waker.wakes;
    move(1);
    expect([early, waker.wakes, sleeping.isElapsed()]).toEqual([0, 1, true]);
  });

  it("moves a sleep later and earlier again", () => {
    const { sleeping, waker, start } = started(100);
    sleeping.reset(start.add(5000));
    sleeping.reset(start.add(70));
    move(70);
    expect(waker.wakes).toBe(1);
  });

  it("wakes the task at once when the new deadline is past", () => {
    const { sleeping, waker, start } = started(100);
    move(60);
    sleeping.reset(start.add(10));
    expect([waker.wakes, sleeping.isElapsed()]).toEqual([1, true]);
  });

  it("moves a sleep that nobody has polled, and does not register it", () => {
    const driver = enterPaused();
    const sleeping = sleep(100);
    sleeping.reset(Instant.now().add(10));
    expect(driver._wheel.size).toBe(0);
    move(10);
    expect(sleeping.poll(new TestWaker())).toBeUndefined();
  });

  it("makes a completed sleep wait again", () => {
    const { sleeping, waker, start } = started(100);
    move(100);
    sleeping.reset(start.add(150));
    expect([sleeping.isElapsed(), sleeping.poll(waker)]).toEqual([false, PENDING]);
    move(50);
    expect(sleeping.poll(waker)).toBeUndefined();
  });

  it("fires without another poll once it has been polled", () => {
    const { sleeping, start } = started(100);
    move(100);
    sleeping.reset(start.add(150));
    move(50);
    expect(sleeping.isElapsed()).toBe(true);
  });

  it("wakes a scheduler that has parked for a later deadline", async () => {
    const { runtime } = quietRuntime();
    const guard = runtime.enter();
    const sleeping = sleep(60_000);
    guard.dispose();
    const waiting = runtime.spawn(sleeping);
    await turn();
    sleeping.reset(Instant.now().add(2));
    await waiting;
    expect(sleeping.isElapsed()).toBe(true);
  });

  it("keeps the timer on its first runtime", async () => {
    const { runtime: mine, driver } = pausedRuntime();
    const { runtime: other } = quietRuntime();
    const guard = mine.enter();
    const sleeping = sleep(100);
    sleeping.poll(new TestWaker());
    guard.dispose();
    await other.spawn(async () => sleeping.reset(Instant.fromMillis(driver.now() + 5000)));
    expect(driver._wheel.size).toBe(1);
  });

  it("takes nothing but an Instant", () => {
    const sleeping = sleep(1);
    expect(thrownBy(() => sleeping.reset(100 as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});

function* cleanUpSlowly(cleaned: string[]): Async<void> {
  try {
    yield* pending();
  } finally {
    yield* sleep(2);
    cleaned.push("slept");
  }
}

async function cleanUpSlowlyAsync(cleaned: string[]): Promise<void> {
  try {
    await pending();
  } finally {
    await sleep(2);
    cleaned.push("slept");
  }
}

describe("a sleep whose runtime shuts down", () => {
  it("is woken and throws a TimeError", () => {
    const { runtime } = quietRuntime();
    const guard = runtime.enter();
    const sleeping = sleep(1000);
    guard.dispose();
    const waker = new TestWaker();
    sleeping.poll(waker);
    runtime.shutdownBackground();
    const error = thrownBy(() => sleeping.poll(waker)) as TimeError;
    expect([waker.wakes, error.isShutdown(), sleeping.isElapsed()]).toEqual([1, true, false]);
  });

  it("throws at its first poll when that comes later", () => {
    const { runtime } = quietRuntime();
    const guard = runtime.enter();
    const sleeping = sleep(1000);
    guard.dispose();
    runtime.shutdownBackground();
    expect(thrownBy(() => sleeping.poll(new TestWaker()))).toBeInstanceOf(TimeError);
  });

  it("stays ready when it had completed before", () => {
    const { runtime } = quietRuntime();
    const guard = runtime.enter();
    const sleeping = sleepUntil(Instant.now().sub(1));
    guard.dispose();
    sleeping.poll(new TestWaker());
    runtime.shutdownBackground();
    expect(sleeping.poll(new TestWaker())).toBeUndefined();
  });

  it("may be reset and dropped all the same", () => {
    const { runtime, driver } = quietRuntime();
    const guard = runtime.enter();
    const sleeping = sleep(1000);
    guard.dispose();
    sleeping.poll(new TestWaker());
    runtime.shutdownBackground();
    sleeping.reset(Instant.fromMillis(driver.now() + 5));
    sleeping.drop();
    expect(driver._wheel.size).toBe(0);
  });

  it.each<[string, (cleaned: string[]) => IntoFuture<void>]>([
    ["generator", cleanUpSlowly],
    ["async", (cleaned) => () => cleanUpSlowlyAsync(cleaned)],
  ])("serves the cleanup during the shutdown of a runtime that had no timers: %s lane", async (_, body) => {
    const runtime = Builder.currentThread().build();
    const cleaned: string[] = [];
    runtime.spawn(body(cleaned));
    await runtime.blockOn(yieldNow());
    await runtime.shutdownTimeout(Infinity);
    expect(cleaned).toEqual(["slept"]);
  });

  it("can't be made on a runtime that never had timers", () => {
    const runtime = Builder.currentThread().build();
    runtime.shutdownBackground();
    const guard = runtime.enter();
    expect(thrownBy(() => sleep(1))).toBeInstanceOf(DriverSetupError);
    guard.dispose();
  });
});
