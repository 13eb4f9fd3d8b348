import { type Async, fromPromise, spawn, yieldNow } from "@rt/core";
import { advance, Instant, pause, resume, sleep, timeKey } from "@rt/time";
import { installClock } from "@rt/time/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { pausedRuntime, quietRuntime, realTurn, rejectionOf, thrownBy, turn } from "./support/runtime.ts";

const host = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  Date: globalThis.Date,
  now: performance.now,
  timeout: AbortSignal.timeout,
};

/** What stands in these places now. */
function inPlace(): typeof host {
  const { setTimeout, setInterval, clearTimeout, clearInterval, Date } = globalThis;
  return {
    setTimeout,
    setInterval,
    clearTimeout,
    clearInterval,
    Date,
    now: performance.now,
    timeout: AbortSignal.timeout,
  };
}

/** Makes a runtime current for the rest of the test. */
function enter(): void {
  const { runtime } = quietRuntime();
  const guard = runtime.enter();
  onTestFinished(() => guard.dispose());
}

function* doze(ms: number, log: string[]): Async<void> {
  yield* sleep(ms);
  log.push(`task at ${Date.now()}`);
}

describe("installClock", () => {
  it("puts Date under the paused clock", async () => {
    enter();
    using _clock = installClock({ now: 1_000_000 });
    const before = Date.now();
    await sleep(250);
    expect([before, Date.now(), new Date().getTime()]).toEqual([1_000_000, 1_000_250, 1_000_250]);
  });

  it("lets Date start at the real time unless told", () => {
    enter();
    const before = Date.now();
    using _clock = installClock();
    expect(Math.abs(Date.now() - before)).toBeLessThan(1000);
  });

  it("takes a Date for the time to start at", () => {
    enter();
    using _clock = installClock({ now: new Date(2020, 1, 29) });
    expect(new Date().getDate()).toBe(29);
  });

  it("puts performance.now() under it, on the scale of Instant", async () => {
    enter();
    using _clock = installClock();
    const start = performance.now();
    spend();
    await sleep(12);
    expect([performance.now() - start, Instant.now().toMillis() - performance.now()]).toEqual([12, 0]);
  });

  it("pauses the clock of the current runtime", () => {
    const { runtime } = quietRuntime();
    const guard = runtime.enter();
    using _clock = installClock();
    guard.dispose();
    expect(runtime.handle().driver(timeKey).isPaused()).toBe(true);
  });

  it("jumps to foreign timers and to sleeps, in the order of their deadlines", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    await runtime.blockOn(async () => {
      using _clock = installClock({ now: 0 });
      const tasks = [500, 250, 100].map((ms) => spawn(doze(ms, log)));
      setTimeout(() => log.push(`callback at ${Date.now()}`), 300);
      setTimeout(() => log.push(`callback at ${Date.now()}`), 101);
      for (const task of tasks) await task;
    });
    expect(log).toEqual(["task at 100", "callback at 101", "task at 250", "callback at 300", "task at 500"]);
  });

  it("lets an advance come by all of them in that order", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const log: string[] = [];
    for (const ms of [500, 250]) spawn(doze(ms, log));
    const every = setInterval(() => log.push(`callback at ${Date.now()}`), 200);
    await advance(650.5);
    clearInterval(every);
    expect([log, Instant.now().toMillis() % 1]).toEqual([
      ["callback at 200", "task at 250", "callback at 400", "task at 500", "callback at 600"],
      0.5,
    ]);
  });

  it("lets what a timer sets off run, and register timers, before the clock moves on", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const log: string[] = [];
    const foreign = async (): Promise<void> => {
      for (let i = 0; i < 3; i += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        for (let j = 0; j < 20; j += 1) await Promise.resolve();
        log.push(`foreign at ${Date.now()}`);
      }
    };
    void foreign();
    spawn(doze(25, log));
    await advance(100);
    expect(log).toEqual(["foreign at 10", "foreign at 20", "task at 25", "foreign at 30"]);
  });

  it("stops an advance exactly where it was to end", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const log: string[] = [];
    setTimeout(() => log.push("late"), 100);
    await advance(99);
    const at = [Date.now(), log.length];
    await advance(1);
    expect([at, log]).toEqual([[99, 0], ["late"]]);
  });

  it("adds up advances that run side by side", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const both = [spawn(advance(100)), spawn(advance(50))];
    for (const task of both) await task;
    expect(Date.now()).toBe(150);
  });

  it("leaves the clock where an advance came to that was dropped", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const moving = spawn(advance(1000));
    setTimeout(() => moving.abort(), 300);
    await rejectionOf(moving);
    await yieldNow();
    expect(Date.now()).toBe(300);
  });

  it("wakes a task that waits for foreign code alone", async () => {
    const { runtime } = quietRuntime();
    const elapsed = await runtime.blockOn(async () => {
      using _clock = installClock();
      const start = Instant.now();
      await fromPromise(new Promise((resolve) => setTimeout(resolve, 5000)));
      return start.elapsed();
    });
    expect(elapsed).toBe(5000);
  });

  it("moves for foreign timers that are made while everything sleeps", async () => {
    enter();
    using _clock = installClock();
    const start = Instant.now();
    // Nothing is pending: by now the scheduler has gone to sleep for good.
    await realTurn();
    await realTurn();
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(start.elapsed()).toBe(5000);
  });

  it("fires setTimeout with a delay of 0 without moving the clock", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(Date.now()).toBe(0);
  });

  it("knows timers that were cleared", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const log: string[] = [];
    clearTimeout(setTimeout(() => log.push("cleared"), 10));
    await sleep(50);
    expect([log, Date.now()]).toEqual([[], 50]);
  });

  it("puts AbortSignal.timeout() under it", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const signal = AbortSignal.timeout(300);
    await advance(299);
    const early = signal.aborted;
    await advance(1);
    expect([early, signal.aborted, (signal.reason as DOMException).name]).toEqual([
      false,
      true,
      "TimeoutError",
    ]);
  });

  it("drops a generator task at a foreign time-out", async () => {
    const { runtime } = quietRuntime();
    const log = await runtime.blockOn(async () => {
      using _clock = installClock({ now: 0 });
      const said: string[] = [];
      const task = spawn(function* (): Async<void> {
        try {
          yield* sleep(1000);
        } finally {
          said.push(`dropped at ${Date.now()}`);
        }
      });
      AbortSignal.timeout(400).addEventListener("abort", () => task.abort());
      await rejectionOf(task);
      return said;
    });
    expect(log).toEqual(["dropped at 400"]);
  });

  it("is refused while one is installed", () => {
    enter();
    using _clock = installClock();
    expect(thrownBy(() => installClock())).toMatchObject({ name: "UsageError", code: "ERR_RT_CLOCK" });
  });

  it.each([NaN, 1.5, new Date("never"), 1e16])("refuses to start at %s", (now) => {
    enter();
    expect(thrownBy(() => installClock({ now }))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
    expect(inPlace()).toEqual(host);
  });
});

describe("InstalledClock.uninstall", () => {
  it("gives everything back", () => {
    enter();
    installClock().uninstall();
    expect(inPlace()).toEqual(host);
  });

  it("may be called again, and after another install", () => {
    enter();
    const first = installClock();
    first.uninstall();
    using _second = installClock({ now: 7 });
    first.uninstall();
    expect(Date.now()).toBe(7);
  });

  it("lets the runtime's clock go on", async () => {
    const { runtime, driver } = quietRuntime();
    const guard = runtime.enter();
    installClock().uninstall();
    guard.dispose();
    expect(driver.isPaused()).toBe(false);
    await runtime.spawn(() => sleep(2) as never);
  });

  it("leaves a clock paused that was paused before", () => {
    const { runtime, driver } = pausedRuntime();
    const guard = runtime.enter();
    installClock().uninstall();
    guard.dispose();
    expect(driver.isPaused()).toBe(true);
  });

  it("does not mind that the clock was resumed in between", () => {
    const { runtime, driver } = quietRuntime();
    const guard = runtime.enter();
    const clock = installClock();
    resume();
    clock.uninstall();
    pause();
    resume();
    guard.dispose();
    expect(driver.isPaused()).toBe(false);
  });

  it("keeps foreign timers that were pending from ever firing", async () => {
    enter();
    const log: string[] = [];
    const clock = installClock();
    setTimeout(() => log.push("fired"), 1);
    clock.uninstall();
    await sleep(5);
    await turn();
    expect(log).toEqual([]);
  });

  it("is what a using declaration calls", () => {
    enter();
    {
      using _clock = installClock();
    }
    expect(inPlace()).toEqual(host);
  });
});

/** Keeps the thread for a while, by a clock that stands still: counts instead. */
function spend(): void {
  for (let i = 0; i < 1e6; i += 1) Math.sqrt(i);
}
