import { type Async, Builder, Future, PENDING, pending, type Poll, spawn, yieldNow } from "@rt/core";
import {
  currentTimers,
  type Driver,
  EventLoopDriver,
  holdClock,
  LayeredDriver,
  wakeAfter,
} from "@rt/core/driver";
import { Instant, resume, sleep, TimeDriver, timeKey, timeout } from "@rt/time";
import { describe, expect, it } from "vitest";
import { block, enterPaused, pausedRuntime, quietRuntime, TestWaker, turn } from "./support/runtime.ts";

/** Notes what the scheduler asks of the bottom of the stack. */
class Noting extends LayeredDriver {
  readonly parks: number[] = [];
  unparks = 0;
  override park(timeoutMs: number): boolean {
    this.parks.push(timeoutMs);
    return this.inner.park(timeoutMs);
  }
  override unpark(): void {
    this.unparks += 1;
    this.inner.unpark();
  }
}

interface Noted {
  readonly bottom: Noting;
  readonly runtime: ReturnType<typeof quietRuntime>["runtime"];
  readonly driver: TimeDriver;
}

function noted(options: (builder: Builder) => Builder = (builder) => builder): Noted {
  const bottom = new Noting(new EventLoopDriver());
  const { runtime, driver } = quietRuntime((builder) => options(builder.parkOn(() => bottom)));
  return { bottom, runtime, driver };
}

/** The bottom of a simulated world: waits by itself, and takes no time to do so. */
class Simulated implements Driver {
  readonly returnsFromPark = true;
  readonly parks: number[] = [];
  #activate: () => void = () => {};
  start(activate: () => void): void {
    this.#activate = activate;
  }
  poll(): void {}
  park(timeoutMs: number): boolean {
    this.parks.push(timeoutMs);
    return false;
  }
  unpark(): void {
    queueMicrotask(() => this.#activate());
  }
  turn(): boolean {
    return true;
  }
  ref(): void {}
  unref(): void {}
  shutdown(): void {}
}

class Count extends Future<number> {
  polls = 0;
  override poll(): Poll<number> {
    this.polls += 1;
    return PENDING;
  }
}

describe("timeKey", () => {
  it("stands for one driver of each runtime", () => {
    const { runtime, driver } = quietRuntime();
    const { driver: other } = quietRuntime();
    expect([runtime.handle().driver(timeKey) === driver, other === driver]).toEqual([true, false]);
  });

  it("gives the timers of the runtime", () => {
    const { runtime, driver } = quietRuntime();
    const guard = runtime.enter();
    const timers = currentTimers();
    guard.dispose();
    expect(timers === driver && timers instanceof TimeDriver).toBe(true);
  });

  it("may be given to the builder", () => {
    const runtime = Builder.currentThread().addDriver(timeKey).build();
    const guard = runtime.enter();
    const timers = currentTimers();
    guard.dispose();
    runtime.shutdownBackground();
    expect(timers).toBeInstanceOf(TimeDriver);
  });

  it("is installed by the first timer of a task", async () => {
    const runtime = Builder.currentThread().build();
    await runtime.spawn(function* (): Async<void> {
      yield* sleep(1);
    });
    const guard = runtime.enter();
    const timers = currentTimers();
    guard.dispose();
    runtime.shutdownBackground();
    expect(timers).toBeInstanceOf(TimeDriver);
  });
});

describe("TimeDriver.park", () => {
  it("passes on the time to the next deadline", async () => {
    const start = performance.now();
    const { bottom, runtime } = noted();
    runtime.spawn(() => sleep(40) as never);
    runtime.spawn(() => sleep(60_000) as never);
    await turn();
    const elapsed = performance.now() - start; // on a busy machine that may be anything
    const shortest = Math.min(...bottom.parks);
    expect(shortest).toBeGreaterThanOrEqual(40 - elapsed - 1);
    expect(shortest).toBeLessThanOrEqual(41);
  });

  it("has no bound when no timer is pending", async () => {
    const { bottom, runtime } = noted();
    await runtime.spawn(yieldNow());
    await turn();
    expect(new Set(bottom.parks)).toEqual(new Set([Infinity]));
  });

  it("never comes back later than a parent layer asks", async () => {
    class Hurried extends LayeredDriver {
      override park(): boolean {
        return this.inner.park(5);
      }
    }
    const { bottom, runtime } = noted();
    runtime.handle().driver({ name: "hurried", install: (inner) => new Hurried(inner) });
    runtime.spawn(() => sleep(60_000) as never);
    await turn();
    expect(bottom.parks).toContain(5);
  });

  it("is ended by a timer that is registered for an earlier time", async () => {
    const { runtime } = noted();
    const guard = runtime.enter();
    const [late, early] = [sleep(60_000), sleep(2)];
    guard.dispose();
    const waker = new TestWaker();
    late.poll(waker);
    await turn();
    early.poll(waker);
    while (waker.wakes === 0) await turn();
    expect([early.isElapsed(), late.isElapsed()]).toEqual([true, false]);
  });

  it("is made shorter, not ended, by a timer for an earlier time that an event of the host registers", async () => {
    const start = performance.now();
    const { bottom, runtime } = noted();
    const guard = runtime.enter();
    const [late, early] = [sleep(60_000), sleep(40)];
    guard.dispose();
    late.poll(new TestWaker());
    await turn();
    const { unparks } = bottom;
    early.poll(new TestWaker());
    expect(bottom.unparks).toBe(unparks);
    const elapsed = performance.now() - start;
    expect(bottom.parks.at(-1)).toBeGreaterThanOrEqual(40 - elapsed - 1);
    expect(bottom.parks.at(-1)).toBeLessThanOrEqual(41);
  });

  it("is not ended by one for a later time", async () => {
    const { bottom, runtime } = noted();
    const guard = runtime.enter();
    const [early, late] = [sleep(60_000), sleep(120_000)];
    guard.dispose();
    early.poll(new TestWaker());
    await turn();
    const before = bottom.unparks;
    late.poll(new TestWaker());
    expect(bottom.unparks).toBe(before);
  });

  it("is not left for a bottom that waits by itself: a paused clock moves at once", async () => {
    const bottom = new Simulated();
    const { runtime } = quietRuntime((builder) => builder.startPaused(true).parkOn(() => bottom));
    const start = performance.now();
    const elapsed = await runtime.spawn(function* (): Async<number> {
      const begin = Instant.now();
      for (let i = 0; i < 100; i += 1) yield* sleep(86_400_000);
      return begin.elapsed();
    });
    expect([elapsed, performance.now() - start < 1000]).toEqual([8_640_000_000, true]);
  });

  it("gives up hurrying through a paused interval that nobody waits for", { timeout: 20_000 }, async () => {
    const { bottom, runtime } = noted((builder) => builder.startPaused(true));
    runtime.spawn(function* (): Async<void> {
      for (;;) yield* sleep(1);
    });
    while (!bottom.parks.includes(1)) await turn();
    const parks = runtime.metrics().workerParkCount(0);
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const perMs = (runtime.metrics().workerParkCount(0) - parks) / (performance.now() - start);
    expect(perMs).toBeLessThan(5);
  });
});

describe("TimeDriver.poll", () => {
  it("fires timers while tasks keep the scheduler busy", async () => {
    const { runtime } = quietRuntime();
    const late = await runtime.spawn(function* (): Async<number> {
      const busy = spawn(function* (): Async<void> {
        for (;;) yield* yieldNow();
      });
      const start = performance.now();
      yield* sleep(5);
      busy.abort();
      return performance.now() - start;
    });
    expect(late).toBeLessThan(100);
  });

  it("fires all that came due while a task blocked the thread, in the order of their deadlines", async () => {
    const { runtime } = quietRuntime();
    const seen: number[] = [];
    await runtime.spawn(function* (): Async<void> {
      const handles = [9, 3, 6].map((ms) =>
        spawn(
          (function* (): Async<void> {
            yield* sleep(ms);
            seen.push(ms);
          })(),
        ),
      );
      yield* yieldNow();
      block(12);
      for (const handle of handles) yield* handle;
    });
    expect(seen).toEqual([3, 6, 9]);
  });
});

describe("TimeDriver.wakeAfter", () => {
  it("wakes once, so many milliseconds from now, by the paused clock", () => {
    const driver = enterPaused();
    const waker = new TestWaker();
    wakeAfter(100, waker);
    driver._moveTo(driver.now() + 99);
    const early = waker.wakes;
    driver._moveTo(driver.now() + 1);
    driver._moveTo(driver.now() + 1000);
    expect([early, waker.wakes]).toEqual([0, 1]);
  });

  it("never wakes once it is cancelled, however often", () => {
    const driver = enterPaused();
    const waker = new TestWaker();
    const entry = wakeAfter(100, waker);
    entry.cancel();
    entry.cancel();
    driver._moveTo(driver.now() + 1000);
    expect([driver._wheel.size, waker.wakes]).toEqual([0, 0]);
  });

  it("may be cancelled by the wake-up, and after it", () => {
    const driver = enterPaused();
    let wakes = 0;
    const entry = wakeAfter(100, {
      wake() {
        wakes += 1;
        entry.cancel();
      },
    });
    driver._moveTo(driver.now() + 100);
    entry.cancel();
    expect(wakes).toBe(1);
  });

  it("keeps a paused clock moving", async () => {
    const { runtime } = pausedRuntime();
    const guard = runtime.enter();
    const start = Instant.now();
    const woken = new Promise<void>((resolve) => void wakeAfter(1000, { wake: resolve }));
    guard.dispose();
    await woken;
    expect(runtime.handle().driver(timeKey).now() - start.toMillis()).toBe(1000);
  });

  it("wakes at once when the runtime has shut down", () => {
    const { runtime } = quietRuntime();
    const guard = runtime.enter();
    runtime.shutdownBackground();
    const waker = new TestWaker();
    wakeAfter(1000, waker);
    guard.dispose();
    expect(waker.wakes).toBe(1);
  });
});

describe("TimeDriver.shutdown", () => {
  it("wakes everything that waits, though a waker registers something new", () => {
    const { runtime, driver } = quietRuntime();
    const guard = runtime.enter();
    const [first, second, third] = [sleep(10), sleep(20), sleep(30)];
    const waker = new TestWaker();
    const errors: unknown[] = [];
    first.poll({
      waker: {
        wake() {
          try {
            third.poll(waker);
          } catch (error) {
            errors.push(error);
          }
        },
      },
    });
    second.poll(waker);
    runtime.shutdownBackground();
    guard.dispose();
    expect([errors, waker.wakes, driver._wheel.size]).toMatchObject([[{ reason: "shutdown" }], 1, 0]);
  });
});

describe("TimeDriver.isPaused", () => {
  it("tells whether the clock stands still", () => {
    const driver = enterPaused();
    const before = driver.isPaused();
    resume();
    expect([before, driver.isPaused()]).toEqual([true, false]);
  });
});

describe("a blockOn on a paused clock", () => {
  it("is no deadlock while a timer is pending", async () => {
    const { runtime } = pausedRuntime();
    const never = new Count();
    await expect(runtime.blockOn(() => timeout(86_400_000, never) as never)).rejects.toMatchObject({
      code: "ERR_RT_ELAPSED",
    });
    expect(never.polls).toBe(2);
  });

  it("names the sleeps in a dump", async () => {
    const { runtime } = pausedRuntime();
    const handle = runtime.handle();
    const letGo = holdClock(handle);
    runtime.spawn(() => sleep(5000) as never);
    runtime.spawn(() => timeout(70, pending()) as never);
    await turn();
    const text = String(handle.dump());
    letGo();
    expect(text).toContain("a sleep with 5000 ms left");
    expect(text).toContain("for at most 70 ms");
  });
});
