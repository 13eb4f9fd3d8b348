import { type Async, type Future, PENDING } from "@rt/core";
import { advance, Instant, Interval, interval, intervalAt, MissedTickBehavior, timeout } from "@rt/time";
import { describe, expect, it } from "vitest";
import {
  enterPaused,
  paused,
  pausedRuntime,
  quietRuntime,
  rejectionOf,
  TestWaker,
  thrownBy,
} from "./support/runtime.ts";

const YEAR = 365 * 86_400_000;

function move(ms: number): void {
  advance(ms).poll(new TestWaker());
}

/** What the next tick says right now: milliseconds since `start`, or null when it has not come. */
function take(every: Interval, start: Instant): number | null {
  const tick = every.pollTick(new TestWaker());
  return tick === PENDING ? null : tick.durationSince(start);
}

interface Started {
  readonly every: Interval;
  readonly start: Instant;
}

/** An interval whose first tick was taken. */
function started(period: number, behavior: MissedTickBehavior = "burst"): Started {
  enterPaused();
  const start = Instant.now();
  const every = interval(period);
  every.setMissedTickBehavior(behavior);
  take(every, start);
  return { every, start };
}

/** All ticks that are there at the moments, in order. */
function ticksAt({ every, start }: Started, moments: readonly number[]): [number, number][] {
  const seen: [number, number][] = [];
  for (const moment of moments) {
    move(moment - start.elapsed());
    for (let tick = take(every, start); tick !== null; tick = take(every, start)) seen.push([moment, tick]);
  }
  return seen;
}

describe("interval", () => {
  it("ticks at once, then every period: generator lane", async () => {
    const ticks = await paused(function* (): Async<number[]> {
      using every = interval(100);
      const start = Instant.now();
      const seen: number[] = [];
      for (let i = 0; i < 4; i += 1) seen.push((yield* every.tick()).durationSince(start), start.elapsed());
      return seen;
    });
    expect(ticks).toEqual([0, 0, 100, 100, 200, 200, 300, 300]);
  });

  it("ticks at once, then every period: async lane", async () => {
    const ticks = await paused(async () => {
      using every = interval(100);
      const start = Instant.now();
      const seen: number[] = [];
      for (let i = 0; i < 4; i += 1) seen.push((await every.tick()).durationSince(start), start.elapsed());
      return seen;
    });
    expect(ticks).toEqual([0, 0, 100, 100, 200, 200, 300, 300]);
  });

  it("stays on its schedule on the host's clock", async () => {
    const { runtime } = quietRuntime();
    const ticks = await runtime.spawn(async () => {
      using every = interval(3);
      const first = await every.tick();
      const seen: number[] = [];
      for (let i = 0; i < 5; i += 1) seen.push((await every.tick()).durationSince(first));
      return seen;
    });
    for (const [i, tick] of ticks.entries()) expect(tick).toBeCloseTo(3 * (i + 1), 6);
  });

  it("joins the runtime that first waits for it when it was made outside of any", async () => {
    const { runtime, driver } = pausedRuntime();
    const start = driver.now();
    using every = interval({ days: 1 });
    await runtime.blockOn(every.tick());
    await runtime.blockOn(every.tick());
    // The clock it was made under goes on until the first wait: that much of the day may be over.
    expect(driver.now() - start).toBeGreaterThan(86_400_000 - 60_000);
    expect(driver.now() - start).toBeLessThanOrEqual(86_400_000);
  });

  it.each([0, -1, NaN])("refuses a period of %d ms", (period) => {
    expect(thrownBy(() => interval(period))).toMatchObject({
      name: "RangeError",
      code: "ERR_RT_OUT_OF_RANGE",
    });
  });

  it.each([Infinity, Number.MAX_VALUE])(
    "takes a period of %d ms: the second tick is about 30 years away",
    async (period) => {
      const { every, start } = started(period);
      const second = every.tick().poll(new TestWaker());
      move(30 * YEAR);
      expect([second, take(every, start)]).toEqual([PENDING, 30 * YEAR]);
    },
  );

  it("takes an object shaped like a Temporal.Duration", () => {
    enterPaused();
    expect(interval({ minutes: 1 }).period()).toBe(60_000);
  });
});

describe("intervalAt", () => {
  it("ticks first at the start", async () => {
    const ticks = await paused(async () => {
      const now = Instant.now();
      using every = intervalAt(now.add(250), 100);
      return [(await every.tick()).durationSince(now), (await every.tick()).durationSince(now)];
    });
    expect(ticks).toEqual([250, 350]);
  });

  it("takes nothing but an Instant", () => {
    expect(thrownBy(() => intervalAt(5 as never, 10))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});

describe("Interval.tick", () => {
  it("gives the instant the tick was due at, not the one it came at", () => {
    const both = started(100);
    expect(ticksAt(both, [103])).toEqual([[103, 100]]);
  });

  it("loses no tick when it is dropped before it is ready", () => {
    const { every, start } = started(100);
    for (let i = 0; i < 3; i += 1) {
      const tick = every.tick();
      tick.poll(new TestWaker());
      tick.drop();
      tick.drop();
    }
    move(100);
    expect(take(every, start)).toBe(100);
  });

  it("loses no tick when it is dropped after its wake-up", () => {
    const { every, start } = started(100);
    const tick = every.tick();
    const waker = new TestWaker();
    tick.poll(waker);
    move(100);
    tick.drop();
    expect([waker.wakes, take(every, start)]).toEqual([1, 100]);
  });

  it("loses no tick when it is dropped before its first poll", () => {
    const { every, start } = started(100);
    every.tick().drop();
    move(100);
    expect(take(every, start)).toBe(100);
  });

  it("loses no tick under a time-out: both lanes", async () => {
    const ticks = await paused(async () => {
      using every = interval(100);
      const first = await every.tick();
      await rejectionOf(timeout(30, every.tick()));
      await rejectionOf(timeout(30, async () => every.tick()));
      return (await every.tick()).durationSince(first);
    });
    expect(ticks).toBe(100);
  });

  it("leaves the newer wait alone when an older one is dropped", () => {
    const { every } = started(100);
    const [older, newer] = [every.tick(), every.tick()];
    const waker = new TestWaker();
    older.poll(new TestWaker());
    newer.poll(waker);
    older.drop();
    move(100);
    expect(waker.wakes).toBe(1);
  });

  it("says what is waited for", () => {
    const { every } = started(100);
    expect(every.tick().describe()).toBe("the next tick of an interval of 100 ms");
  });
});

describe("Interval.pollTick", () => {
  it("wakes only the waker of the last poll", () => {
    const { every } = started(100);
    const [first, second] = [new TestWaker(), new TestWaker()];
    every.pollTick(first);
    every.pollTick(second);
    move(100);
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });
});

describe("MissedTickBehavior", () => {
  it.each(["burst", "delay", "skip"] as const)(
    "counts a tick as on time that is 5 ms late: %s",
    (behavior) => {
      const both = started(100, behavior);
      expect(ticksAt(both, [105, 200])).toEqual([
        [105, 100],
        [200, 200],
      ]);
    },
  );

  it("burst makes up for the missed ticks, one right after another", () => {
    const both = started(300, "burst");
    expect(ticksAt(both, [300, 650, 899, 900, 1200])).toEqual([
      [300, 300],
      [650, 600],
      [900, 900],
      [1200, 1200],
    ]);
  });

  it("burst gives all that were missed at once", () => {
    const both = started(50, "burst");
    expect(ticksAt(both, [170, 200])).toEqual([
      [170, 50],
      [170, 100],
      [170, 150],
      [200, 200],
    ]);
  });

  it("delay goes on a period after the late tick", () => {
    const both = started(50, "delay");
    expect(ticksAt(both, [170, 219, 220, 270])).toEqual([
      [170, 50],
      [220, 220],
      [270, 270],
    ]);
  });

  it("skip goes on with the next tick of the old schedule", () => {
    const both = started(50, "skip");
    expect(ticksAt(both, [170, 199, 200, 250])).toEqual([
      [170, 50],
      [200, 200],
      [250, 250],
    ]);
  });

  it("names what it is made of", () => {
    expect(MissedTickBehavior).toEqual({ burst: "burst", delay: "delay", skip: "skip" });
  });
});

describe("Interval.setMissedTickBehavior", () => {
  it("changes what missedTickBehavior tells, which is burst at first", () => {
    enterPaused();
    const every = interval(10);
    const before = every.missedTickBehavior();
    every.setMissedTickBehavior(MissedTickBehavior.skip);
    expect([before, every.missedTickBehavior()]).toEqual(["burst", "skip"]);
  });

  it.each(["Burst", "toString", undefined, 1])("refuses %s", (behavior) => {
    enterPaused();
    const every = interval(10);
    expect(thrownBy(() => every.setMissedTickBehavior(behavior as never))).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });
});

describe("Interval.reset", () => {
  it("puts the next tick a period from now and forgets the missed ones", () => {
    const { every, start } = started(100);
    move(250);
    every.reset();
    expect(ticksAt({ every, start }, [349, 350, 450])).toEqual([
      [350, 350],
      [450, 450],
    ]);
  });

  it("takes a waiting tick along", () => {
    const { every } = started(100);
    const waker = new TestWaker();
    every.pollTick(waker);
    move(60);
    every.reset();
    move(99);
    const early = waker.wakes;
    move(1);
    expect([early, waker.wakes]).toEqual([0, 1]);
  });
});

describe("Interval.resetImmediately", () => {
  it("puts the next tick at now, and the others behind it", () => {
    const { every, start } = started(100);
    move(30);
    every.resetImmediately();
    expect(ticksAt({ every, start }, [30, 130])).toEqual([
      [30, 30],
      [130, 130],
    ]);
  });

  it("wakes a waiting tick", () => {
    const { every } = started(100);
    const waker = new TestWaker();
    every.pollTick(waker);
    every.resetImmediately();
    expect(waker.wakes).toBe(1);
  });
});

describe("Interval.resetAfter", () => {
  it("puts the next tick so long from now, which may be more than a period", () => {
    const { every, start } = started(100);
    move(10);
    every.resetAfter({ seconds: 1 });
    expect(ticksAt({ every, start }, [1009, 1010, 1110])).toEqual([
      [1010, 1010],
      [1110, 1110],
    ]);
  });

  it.each([-1, NaN])("refuses %d ms", (ms) => {
    const { every } = started(100);
    expect(thrownBy(() => every.resetAfter(ms))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
  });
});

describe("Interval.resetAt", () => {
  it.each([50, 730])("puts the next tick at the instant, %d ms from the start", (at) => {
    const { every, start } = started(100);
    every.resetAt(start.add(at));
    expect(ticksAt({ every, start }, [at - 1, at, at + 100])).toEqual([
      [at, at],
      [at + 100, at + 100],
    ]);
  });

  it("does not care about the missed-tick behavior", () => {
    const { every, start } = started(100, "skip");
    every.resetAt(start.add(30));
    expect(ticksAt({ every, start }, [30, 130])).toEqual([
      [30, 30],
      [130, 130],
    ]);
  });
});

describe("Interval.period", () => {
  it("is what it was made with, in milliseconds", () => {
    enterPaused();
    expect(interval(12.5).period()).toBe(12.5);
  });
});

describe("Interval[Symbol.dispose]", () => {
  it("takes the timer back, any number of times", () => {
    const driver = enterPaused();
    const every = interval(100);
    take(every, Instant.now());
    take(every, Instant.now());
    every[Symbol.dispose]();
    every[Symbol.dispose]();
    expect(driver._wheel.size).toBe(0);
  });

  it("leaves an object that refuses to be used", () => {
    enterPaused();
    const every = interval(100);
    const tick: Future<Instant> = every.tick();
    every[Symbol.dispose]();
    const uses = [
      () => every.tick(),
      () => tick.poll(new TestWaker()),
      () => every.pollTick(new TestWaker()),
      () => every.reset(),
      () => every.resetImmediately(),
      () => every.resetAfter(5),
      () => every.resetAt(Instant.now()),
    ];
    expect(uses.map((use) => (thrownBy(use) as { code: string }).code)).toEqual(
      uses.map(() => "ERR_RT_DISPOSED"),
    );
  });

  it("is what a using declaration calls", async () => {
    const { runtime, driver } = pausedRuntime();
    await runtime.spawn(function* (): Async<void> {
      using every = interval(100);
      yield* every.tick();
      every.pollTick(new TestWaker());
    });
    expect(driver._wheel.size).toBe(0);
  });

  it("is an Interval that interval gives", () => {
    enterPaused();
    expect(interval(1)).toBeInstanceOf(Interval);
  });
});

describe("Interval[Symbol.asyncIterator]", () => {
  it("goes from tick to tick", () =>
    paused(async () => {
      using every = interval(10);
      const start = Instant.now();
      const ticks: number[] = [];
      for await (const due of every) {
        ticks.push(due.durationSince(start));
        if (ticks.length === 3) break;
      }
      expect(ticks).toEqual([0, 10, 20]);
    }));

  it("gives up its wait at return(), and leaves the tick to the next one who waits", () =>
    paused(async () => {
      using every = interval(10);
      const start = Instant.now();
      const iterator = every[Symbol.asyncIterator]();
      await iterator.next();
      const next = iterator.next();
      await iterator.return();
      expect(await next).toEqual({ done: true, value: undefined });
      expect((await every.tick()).durationSince(start)).toBe(10);
    }));
});
