import { type Async, Builder, fromPromise, pending, spawn, yieldNow } from "@rt/core";
import { holdClock, holdClockFor, isClockHeld } from "@rt/core/driver";
import { advance, Instant, interval, pause, resume, sleep, timeout } from "@rt/time";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  block,
  enterPaused,
  paused,
  pausedRuntime,
  quietRuntime,
  realTurn,
  rejectionOf,
  TestWaker,
  thrownBy,
  turn,
} from "./support/runtime.ts";

const CLOCK = { name: "UsageError", code: "ERR_RT_CLOCK" };

/** Makes a runtime with a running clock current for the rest of the test. */
function enterRunning(): void {
  const { runtime } = quietRuntime();
  const guard = runtime.enter();
  onTestFinished(() => guard.dispose());
}

describe("pause", () => {
  it("freezes Instant.now()", () => {
    enterRunning();
    pause();
    const start = Instant.now();
    block(3);
    expect(start.elapsed()).toBe(0);
  });

  it("freezes it at the next whole millisecond", () => {
    enterRunning();
    const before = Instant.now().toMillis();
    pause();
    const at = Instant.now().toMillis();
    expect(Number.isInteger(at)).toBe(true);
    expect(at).toBeGreaterThanOrEqual(before);
  });

  it("throws when the clock is frozen already", () => {
    enterPaused();
    expect(thrownBy(() => pause())).toMatchObject(CLOCK);
  });

  it("throws on a runtime of several threads, into the task that calls it", async () => {
    const { runtime } = quietRuntime();
    vi.spyOn(runtime.handle(), "runtimeFlavor").mockReturnValue("multiThread");
    const task = runtime.spawn(async () => pause());
    expect(await rejectionOf(task)).toMatchObject(CLOCK);
  });

  it("works outside any runtime, on the default one", async () => {
    pause();
    const start = Instant.now();
    await sleep(5000);
    const elapsed = start.elapsed();
    resume();
    expect(elapsed).toBe(5000);
  });

  it("leaves Date and performance alone", () => {
    enterPaused();
    const [date, host] = [Date.now(), performance.now()];
    block(3);
    expect(Math.min(Date.now() - date, performance.now() - host)).toBeGreaterThanOrEqual(2);
  });

  it("leaves the clocks of other runtimes alone", () => {
    enterPaused();
    enterRunning();
    const start = Instant.now();
    block(2);
    expect(start.elapsed()).toBeGreaterThanOrEqual(2);
  });

  it("speeds up timers that were registered before", async () => {
    const { runtime } = quietRuntime();
    const sleeping = runtime.spawn(() => sleep(3_600_000) as never);
    // By then the scheduler has parked for an hour.
    await turn();
    const guard = runtime.enter();
    pause();
    guard.dispose();
    await expect(sleeping).resolves.toBeUndefined();
  });
});

describe("Builder.startPaused", () => {
  it("is as pausing at the start", async () => {
    const elapsed = await paused(async () => {
      const start = Instant.now();
      block(2);
      return start.elapsed();
    });
    expect(elapsed).toBe(0);
  });

  it("is seen by the first look at the clock, though no timer was made", () => {
    const runtime = Builder.currentThread().startPaused(true).build();
    const guard = runtime.enter();
    const start = Instant.now();
    block(2);
    const elapsed = start.elapsed();
    guard.dispose();
    runtime.shutdownBackground();
    expect(elapsed).toBe(0);
  });
});

describe("resume", () => {
  it("lets the clock go on from the frozen value", () => {
    enterRunning();
    pause();
    const start = Instant.now();
    block(20);
    resume();
    const atOnce = start.elapsed();
    block(3);
    expect(atOnce).toBeLessThan(20);
    expect(start.elapsed()).toBeGreaterThanOrEqual(3);
  });

  it("throws when the clock is not frozen", () => {
    enterRunning();
    expect(thrownBy(() => resume())).toMatchObject(CLOCK);
  });

  it("keeps what the clock was moved by", () => {
    enterRunning();
    pause();
    const start = Instant.now();
    advance(60_000).poll(new TestWaker());
    resume();
    expect(start.elapsed()).toBeGreaterThanOrEqual(60_000);
  });

  it("arms the host's timer for what is pending", async () => {
    const { runtime } = quietRuntime();
    const elapsed = await runtime.blockOn(async () => {
      pause();
      const start = performance.now();
      const sleeping = spawn(sleep(5));
      resume();
      await sleeping;
      return performance.now() - start;
    });
    expect(elapsed).toBeGreaterThanOrEqual(4);
  });
});

describe("advance", () => {
  it.each([0, 1, 0.25, 1000, 86_400_000])("moves the clock by exactly %d ms: both lanes", async (ms) => {
    const generator = function* (): Async<number> {
      const start = Instant.now();
      yield* advance(ms);
      return start.elapsed();
    };
    const async = async (): Promise<number> => {
      const start = Instant.now();
      await advance(ms);
      return start.elapsed();
    };
    expect([await paused(generator), await paused(async)]).toEqual([ms, ms]);
  });

  it("keeps microseconds", async () => {
    const elapsed = await paused(async () => {
      const start = Instant.now();
      for (let i = 0; i < 8; i += 1) await advance({ microseconds: 125 });
      return start.elapsed();
    });
    expect(elapsed).toBe(1);
  });

  it("does nothing before its first poll", () => {
    enterPaused();
    const start = Instant.now();
    advance(100).drop();
    expect(start.elapsed()).toBe(0);
  });

  it("lets the tasks it wakes run once before it goes on, which see the clock at its new place", async () => {
    const log = await paused(function* (): Async<string[]> {
      const start = Instant.now();
      const said: string[] = [];
      spawn(function* (): Async<void> {
        yield* sleep(10);
        said.push(`woken at ${start.elapsed()}`);
        yield* yieldNow();
        said.push("second turn");
      });
      yield* yieldNow();
      yield* advance(100);
      said.push("advanced");
      return [...said];
    });
    expect(log).toEqual(["woken at 100", "advanced"]);
  });

  it("does not wait for timers that it did not pass", async () => {
    const { runtime } = pausedRuntime();
    const done = await runtime.blockOn(function* (): Async<boolean> {
      const sleeping = spawn(sleep(100));
      yield* yieldNow();
      yield* advance(99);
      return sleeping.isFinished();
    });
    expect(done).toBe(false);
  });

  it("throws when the clock is not frozen", async () => {
    const { runtime } = quietRuntime();
    expect(await rejectionOf(runtime.spawn(async () => advance(1)))).toMatchObject(CLOCK);
  });

  it("throws a RangeError beyond the end of the clock, and leaves it where it is", async () => {
    const outcome = await paused(async () => {
      const start = Instant.now();
      const error = await rejectionOf(advance(Number.MAX_VALUE));
      return [error, start.elapsed()];
    });
    expect(outcome).toMatchObject([{ code: "ERR_RT_OUT_OF_RANGE" }, 0]);
  });

  it.each([-1, NaN])("refuses %d ms", (ms) => {
    expect(thrownBy(() => advance(ms))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
  });
});

describe("a paused clock with nothing to do", () => {
  it("jumps to the next timer, and never beyond it: generator lane", async () => {
    const seen = await paused(function* (): Async<number[]> {
      const start = Instant.now();
      const at: number[] = [];
      const doze = function* (ms: number): Async<void> {
        yield* sleep(ms);
        at.push(start.elapsed());
      };
      const handles = [5000, 70, 3].map((ms) => spawn(doze(ms)));
      for (const handle of handles) yield* handle;
      return at;
    });
    expect(seen).toEqual([3, 70, 5000]);
  });

  it("jumps to the next timer, and never beyond it: async lane", async () => {
    const seen = await paused(async () => {
      const start = Instant.now();
      const at: number[] = [];
      const tick = async (ms: number): Promise<void> => {
        for (let i = 0; i < 3; i += 1) {
          await sleep(ms);
          at.push(start.elapsed());
        }
      };
      const handles = [500, 300].map((ms) => spawn(() => tick(ms)));
      for (const handle of handles) await handle;
      return at;
    });
    expect(seen).toEqual([300, 500, 600, 900, 1000, 1500]);
  });

  it("jumps for tasks of both lanes in one order", async () => {
    const seen = await paused(async () => {
      const at: string[] = [];
      const generator = function* (): Async<void> {
        for (let i = 0; i < 3; i += 1) {
          yield* sleep(200);
          at.push(`generator ${i}`);
        }
      };
      const async = async (): Promise<void> => {
        for (let i = 0; i < 3; i += 1) {
          await sleep(i === 0 ? 100 : 200);
          at.push(`async ${i}`);
        }
      };
      const handles = [spawn(generator()), spawn(async)];
      for (const handle of handles) await handle;
      return at;
    });
    expect(seen).toEqual(["async 0", "generator 0", "async 1", "generator 1", "async 2", "generator 2"]);
  });

  it("jumps by whole milliseconds", async () => {
    const elapsed = await paused(async () => {
      const start = Instant.now();
      await sleep(0.2);
      return start.elapsed();
    });
    expect(elapsed).toBe(1);
  });

  it("lets a chain of promises come to its next timer before it jumps", async () => {
    // On the default runtime: where the host keeps no context, that is the one to be found behind so many promises.
    pause();
    const start = Instant.now();
    const chain = (async () => {
      for (let i = 0; i < 50; i += 1) await Promise.resolve();
      await sleep(10);
      return start.elapsed();
    })();
    await sleep(100);
    const elapsed = await chain;
    resume();
    expect(elapsed).toBe(10);
  });

  it("lets the event loop turn before it jumps", async () => {
    const elapsed = await paused(async () => {
      const start = Instant.now();
      const first = spawn(sleep(1000));
      await fromPromise(realTurn());
      const at = start.elapsed();
      await first;
      return at;
    });
    expect(elapsed).toBe(0);
  });

  it("does not jump while the clock is held", async () => {
    const { runtime } = pausedRuntime();
    const guard = runtime.enter();
    const start = Instant.now();
    const letGo = holdClock(runtime.handle());
    const sleeping = runtime.spawn(sleep(1000));
    for (let i = 0; i < 5; i += 1) await turn();
    const held = start.elapsed();
    letGo();
    await sleeping;
    const elapsed = start.elapsed();
    guard.dispose();
    expect([held, elapsed]).toEqual([0, 1000]);
  });

  it("is held by work from its start until it is over, and not by work that can't begin", async () => {
    const { runtime } = pausedRuntime();
    const handle = runtime.handle();
    const refused = new Error("Not with me");
    const begin = (): never => {
      throw refused;
    };
    expect(thrownBy(() => holdClockFor(handle, begin))).toBe(refused);
    const held = [isClockHeld(handle)];
    const over = holdClockFor(handle, (isOver) => {
      held.push(isClockHeld(handle));
      return isOver;
    });
    held.push(isClockHeld(handle));
    over();
    over();
    held.push(isClockHeld(handle));
    await runtime.blockOn(sleep(1000));
    expect(held).toEqual([false, true, true, false]);
  });

  it("is moved by advance while it is held", async () => {
    const { runtime } = pausedRuntime();
    const elapsed = await runtime.blockOn(async () => {
      const start = Instant.now();
      const letGo = holdClock(runtime.handle());
      const sleeping = spawn(sleep(1000));
      await yieldNow();
      await advance(1000);
      await sleeping;
      letGo();
      return start.elapsed();
    });
    expect(elapsed).toBe(1000);
  });

  it("does not jump while a task yields", async () => {
    const elapsed = await paused(function* (): Async<number> {
      const start = Instant.now();
      spawn(sleep(1000));
      for (let i = 0; i < 1000; i += 1) yield* yieldNow();
      return start.elapsed();
    });
    expect(elapsed).toBe(0);
  });

  it("does not jump for timers that were never polled or were dropped", async () => {
    const { runtime } = pausedRuntime();
    const guard = runtime.enter();
    const start = Instant.now();
    const dropped = sleep(10);
    dropped.poll(new TestWaker());
    dropped.drop();
    const unpolled = sleep(20);
    for (let i = 0; i < 5; i += 1) await turn();
    const elapsed = start.elapsed();
    guard.dispose();
    expect([elapsed, unpolled.isElapsed()]).toEqual([0, false]);
  });

  it("jumps for timers that nobody of its own tasks waits for", async () => {
    const { runtime: mine } = pausedRuntime();
    const { runtime: other } = quietRuntime();
    const guard = mine.enter();
    const sleeping = sleep(86_400_000);
    guard.dispose();
    await expect(other.spawn(sleeping)).resolves.toBeUndefined();
  });

  it("jumps through an interval tick by tick", async () => {
    const ticks = await paused(async () => {
      const start = Instant.now();
      using every = interval(1000);
      const seen: number[] = [];
      for (let i = 0; i < 5; i += 1) {
        await every.tick();
        seen.push(start.elapsed());
      }
      return seen;
    });
    expect(ticks).toEqual([0, 1000, 2000, 3000, 4000]);
  });

  it("passes an hour of real patience for a promise that never settles", async () => {
    const elapsed = await paused(async () => {
      const start = Instant.now();
      await rejectionOf(timeout({ hours: 1 }, new Promise(() => {})));
      return start.elapsed();
    });
    expect(elapsed).toBe(3_600_000);
  });

  it("waits without turning the loop when only work outside is pending", async () => {
    const { runtime } = pausedRuntime();
    const parks = runtime.metrics();
    await runtime.blockOn(async () => {
      await sleep(10);
      await fromPromise(new Promise((resolve) => setTimeout(resolve, 30)));
    });
    expect(parks.workerParkCount(0)).toBeLessThan(40);
  });

  it("stays where it is when a blockOn has ended and no timer is pending", async () => {
    const { runtime } = pausedRuntime();
    const guard = runtime.enter();
    await runtime.blockOn(sleep(10));
    const start = Instant.now();
    spawn(pending()).abort();
    for (let i = 0; i < 5; i += 1) await turn();
    const elapsed = start.elapsed();
    guard.dispose();
    expect(elapsed).toBe(0);
  });
});
