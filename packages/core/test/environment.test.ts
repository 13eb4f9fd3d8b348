import { Builder, Future, PENDING, RngSeed, spawn, yieldNow, type Async, type Poll } from "@rt/core";
import {
  currentTimers,
  EventLoopDriver,
  holdClock,
  isClockHeld,
  isDriving,
  LayeredDriver,
  provideTimers,
  randomBelow,
  startsPaused,
  wakeAfter,
  wakeSafely,
  type Driver,
  type TimerEntry,
  type Timers,
} from "@rt/core/driver";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { quietRuntime, TestWaker } from "./support/lanes.ts";

/** Timers that the test fires by hand. */
class HandTimers extends LayeredDriver implements Timers {
  readonly asked: number[] = [];
  #wakers: (() => void)[] = [];
  override unpark(): void {
    this.unparks += 1;
    super.unpark();
  }
  unparks = 0;
  wakeAfter(ms: number, waker: { wake(): void }): TimerEntry {
    this.asked.push(ms);
    this.#wakers.push(() => waker.wake());
    return { cancel: () => void (this.#wakers = []) };
  }
  recheck(): void {}
  fire(): void {
    for (const wake of this.#wakers) wake();
  }
}

const handTimers = {
  name: "time",
  install(inner: Driver, handle: Parameters<typeof provideTimers>[0]): HandTimers {
    const timers = new HandTimers(inner);
    provideTimers(handle, timers);
    return timers;
  },
};

class Timer extends Future<void> {
  readonly #ms: number;
  entry: TimerEntry | null = null;
  #woken = false;
  constructor(ms: number) {
    super();
    this.#ms = ms;
  }
  override poll(cx: { waker: { wake(): void } }): Poll<void> {
    if (this.#woken) return;
    this.entry ??= wakeAfter(this.#ms, {
      wake: () => {
        this.#woken = true;
        cx.waker.wake();
      },
    });
    return PENDING;
  }
  override drop(): void {
    this.entry?.cancel();
  }
}

function* wait(timer: Timer): Async<string> {
  yield* timer;
  return "woken";
}

describe("wakeAfter", () => {
  it("uses the host's timers where no time driver is installed", async () => {
    const { runtime } = quietRuntime();
    expect(await runtime.blockOn(wait(new Timer(3)))).toBe("woken");
  });

  it("goes by fake timers there that a test has put in their place", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const waker = new TestWaker();
    wakeAfter(60_000, waker);
    vi.advanceTimersByTime(60_000);
    expect(waker.isWoken).toBe(true);
  });

  it("never wakes once it is cancelled", async () => {
    const waker = new TestWaker();
    wakeAfter(1, waker).cancel();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(waker.isWoken).toBe(false);
  });

  it("goes to the timers of the current runtime where it has some", async () => {
    const { runtime } = quietRuntime();
    const timers = runtime.handle().driver(handTimers);
    const task = runtime.spawn(wait(new Timer(12_000)));
    await runtime.spawn(yieldNow());
    expect(timers.asked).toEqual([12_000]);
    timers.fire();
    expect(await task).toBe("woken");
  });
});

describe("currentTimers", () => {
  it("is null until a time driver is installed", () => {
    const { runtime } = quietRuntime();
    const guard = runtime.enter();
    expect(currentTimers()).toBeNull();
    const timers = runtime.handle().driver(handTimers);
    expect(currentTimers()).toBe(timers);
    guard.dispose();
  });
});

describe("startsPaused", () => {
  it("tells what the builder was told", () => {
    const paused = Builder.currentThread().startPaused(true).build();
    const running = Builder.currentThread().build();
    expect([startsPaused(paused.handle()), startsPaused(running.handle())]).toEqual([true, false]);
    paused.shutdownBackground();
    running.shutdownBackground();
  });
});

describe("holdClock", () => {
  it("holds until every holder has let go", () => {
    const { runtime } = quietRuntime();
    const handle = runtime.handle();
    const [first, second] = [holdClock(handle), holdClock(handle)];
    first();
    expect(isClockHeld(handle)).toBe(true);
    second();
    expect(isClockHeld(handle)).toBe(false);
  });

  it("counts a holder that lets go twice once", () => {
    const { runtime } = quietRuntime();
    const handle = runtime.handle();
    const [first, second] = [holdClock(handle), holdClock(handle)];
    first();
    first();
    expect(isClockHeld(handle)).toBe(true);
    second();
  });

  it("wakes the driver when the last one lets go", () => {
    const { runtime } = quietRuntime();
    const timers = runtime.handle().driver(handTimers);
    const release = holdClock(runtime.handle());
    const before = timers.unparks;
    release();
    expect(timers.unparks).toBe(before + 1);
  });
});

function draw(seed: number): Promise<number[]> {
  const { runtime } = quietRuntime((builder) => builder.rngSeed(RngSeed.fromNumber(seed)));
  return runtime.blockOn(drawTen());
}

function* drawTen(): Async<number[]> {
  const drawn: number[] = [];
  for (let i = 0; i < 10; i += 1) {
    drawn.push(randomBelow(1000));
    yield* yieldNow();
  }
  return drawn;
}

describe("randomBelow", () => {
  it("gives the same numbers for the same seed", async () => {
    expect(await draw(7)).toEqual(await draw(7));
  });

  it("gives other numbers for another seed", async () => {
    expect(await draw(7)).not.toEqual(await draw(8));
  });

  it.each([2 ** 15, 2 ** 15 + 1, 2 ** 32])("stays below %d and comes near it", (bound) => {
    const drawn = Array.from({ length: 1000 }, () => randomBelow(bound) / bound);
    expect([Math.max(...drawn) < 1, Math.max(...drawn) > 0.95, Math.min(...drawn) < 0.05]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("stays below its bound and comes to each number", () => {
    const seen = new Set<number>();
    for (let i = 0; i < 1000; i += 1) seen.add(randomBelow(5));
    expect([...seen].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  });
});

// oxlint-disable-next-line require-yield -- answers at once
function* driving(): Async<boolean> {
  return isDriving();
}

describe("isDriving", () => {
  it("is false outside any task", () => {
    expect(isDriving()).toBe(false);
  });

  it("is true in a generator task", async () => {
    expect(await spawn(driving())).toBe(true);
  });

  it("is true in an async task behind an await of a future", async () => {
    expect(
      await spawn(async () => {
        await yieldNow();
        return isDriving();
      }),
    ).toBe(true);
  });
});

describe("wakeSafely", () => {
  it("reports a waker that throws", () => {
    const { runtime, reports } = quietRuntime();
    const guard = runtime.enter();
    wakeSafely({
      wake() {
        throw new Error("bad waker");
      },
    });
    guard.dispose();
    expect(reports.map(({ kind }) => kind)).toEqual(["waker-failed"]);
  });
});

function* yieldTimes(n: number): Async<void> {
  for (let i = 0; i < n; i += 1) yield* yieldNow();
}

describe("EventLoopDriver", () => {
  it("goes by the host's event loop though another clock was put in its place", async () => {
    const { runtime } = quietRuntime((builder) => builder.eventInterval(1));
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    expect(await runtime.blockOn(yieldTimes(5))).toBeUndefined();
  });

  it("goes by the host's timers though others were put in their place", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const driver = new EventLoopDriver();
    await new Promise<void>((resolve) => {
      driver.start(resolve);
      driver.park(3);
    });
    expect(vi.getTimerCount()).toBe(0);
  });
});
