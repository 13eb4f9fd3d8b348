import { setTimeout as wait, setInterval as ticks, scheduler } from "node:timers/promises";
import { setTimeout as timersSetTimeout } from "node:timers";
import { promisify } from "node:util";
import { spawn } from "@rt/core";
import { advance, Instant, sleep } from "@rt/time";
import { installClock } from "@rt/time/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { quietRuntime, rejectionOf } from "./support/runtime.ts";

/** Makes a runtime current for the rest of the test. */
function enter(): void {
  const { runtime } = quietRuntime();
  const guard = runtime.enter();
  onTestFinished(() => guard.dispose());
}

describe("installClock on Node", () => {
  it("puts node:timers/promises under the paused clock, named imports too", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const value = await wait(5000, "value");
    expect([value, Date.now()]).toEqual(["value", 5000]);
  });

  it("puts its setInterval under it", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const seen: number[] = [];
    for await (const _ of ticks(100)) {
      seen.push(Date.now());
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([100, 200, 300]);
  });

  it("puts its scheduler.wait under it", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    await scheduler.wait(5000);
    expect(Date.now()).toBe(5000);
  });

  it("puts node:timers under it, named imports too", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    await new Promise<void>((resolve) => void timersSetTimeout(resolve, 700));
    expect(Date.now()).toBe(700);
  });

  it("puts the promisified setTimeout under it", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const value = await promisify(setTimeout)(700, "value");
    expect([value, Date.now()]).toEqual(["value", 700]);
  });

  it("lets the signal of a foreign wait end it", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const error = await rejectionOf(wait(1000, null, { signal: AbortSignal.timeout(300) }));
    expect([error, Date.now()]).toMatchObject([{ name: "TimeoutError" }, 300]);
  });

  it("moves foreign waits and sleeps in one order", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const log: string[] = [];
    const foreign = async (): Promise<void> => {
      for (const ms of [30, 30, 30]) {
        await wait(ms);
        log.push(`foreign at ${Date.now()}`);
      }
    };
    const ours = async (): Promise<void> => {
      for (const ms of [20, 20, 25]) {
        await sleep(ms);
        log.push(`ours at ${Date.now()}`);
      }
    };
    void foreign();
    spawn(ours);
    await advance(90);
    expect(log).toEqual([
      "ours at 20",
      "foreign at 30",
      "ours at 40",
      "foreign at 60",
      "ours at 65",
      "foreign at 90",
    ]);
  });

  it("leaves setImmediate to the host: it takes no time", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    setTimeout(() => {}, 10);
    await new Promise((resolve) => setImmediate(resolve));
    expect(Date.now()).toBe(0);
  });

  it("hands the error of a foreign callback to the host, and goes on", async () => {
    enter();
    using _clock = installClock({ now: 0 });
    const caught = new Promise((resolve) => {
      const others = process.listeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      process.once("uncaughtException", (error) => {
        for (const other of others) process.on("uncaughtException", other);
        resolve(error);
      });
    });
    setTimeout(() => {
      throw new Error("in the callback");
    }, 10);
    const start = Instant.now();
    await sleep(50);
    expect([await caught, start.elapsed()]).toMatchObject([{ message: "in the callback" }, 50]);
  });

  it("gives node:timers/promises back", async () => {
    enter();
    installClock().uninstall();
    const start = performance.now();
    await wait(20);
    expect(performance.now() - start).toBeGreaterThan(10);
  });

  it("does without the parts of Node that are not there", () => {
    enter();
    const find = vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
    using _clock = installClock({ now: 0 });
    find.mockRestore();
    expect(Date.now()).toBe(0);
  });
});
