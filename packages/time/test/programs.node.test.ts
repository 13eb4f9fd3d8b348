import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const LIMIT_MS = 60_000;

interface Ended {
  readonly code: number | string | null | undefined;
  readonly lines: readonly string[];
  readonly ms: number;
}

/** Runs a program of `test/programs` to its end. */
function run(program: string, ...args: string[]): Promise<Ended> {
  const file = join(import.meta.dirname, "programs", program);
  const { RT_DEBUG: _, NODE_OPTIONS: __, ...env } = process.env;
  const start = performance.now();
  return new Promise((resolve) => {
    const options = { env, timeout: LIMIT_MS - 10_000 };
    execFile(
      process.execPath,
      ["--conditions=@rt/source", file, ...args],
      options,
      (error, stdout, stderr) => {
        const lines = `${stdout}${stderr}`.trim().split("\n");
        resolve({ code: error === null ? 0 : error.code, lines, ms: performance.now() - start });
      },
    );
  });
}

describe("a program with timers", { timeout: LIMIT_MS }, () => {
  it("ends by itself though timers are pending that are not to keep it alive", async () => {
    const { code, lines, ms } = await run("pending.ts");
    expect([code, lines, ms < 30_000]).toEqual([0, ["end of main"], true]);
  });

  it.each([
    ["an await at the top of a module", "top-level", ["slept"]],
    ["a timer of a task of the default runtime", "spawned", ["end of main", "slept"]],
    ["a chain of then", "chain", ["end of main", "slept"]],
    ["a time-out", "timeout", ["end of main", "elapsed"]],
    ["an interval", "interval", ["end of main", "ticked 3 times"]],
    ["wakeAfter", "wake-after", ["end of main", "woken"]],
    ["an await, at the top, of a task of another runtime", "other-runtime", ["slept"]],
    ["what a task of another runtime has left behind", "left-behind", ["end of main", "slept"]],
    ["a sleep of a task that was made one to wait for again", "ref", ["end of main", "slept"]],
    ["a timer beside an earlier one of a background task", "beside-background", ["end of main", "slept"]],
    [
      "a background task while another timer is pending",
      "background",
      ["end of main", "background", "slept"],
    ],
  ])("is kept alive by %s", async (_, kind, expected) => {
    const { code, lines } = await run("kept-alive.ts", kind);
    expect([code, lines]).toEqual([0, expected]);
  });

  it.each([
    ["a background task sleeps", "background"],
    ["a background task, made so while it slept, sleeps", "late-background"],
    ["a cleanup of a background task sleeps", "background-cleanup"],
    ["an async background task sleeps", "background-async"],
    ["a time-out was over in time", "timeout-over"],
    ["a sleep was dropped", "dropped"],
    ["a sleep was dropped from outside, beside one of a background task", "dropped-beside"],
    ["a task of a runtime that was built sleeps", "built"],
  ])("ends though %s", async (_, kind) => {
    const { code, lines, ms } = await run("not-kept-alive.ts", kind);
    expect([code, lines, ms < 30_000]).toEqual([0, ["end of main"], true]);
  });

  it("is kept alive by the timer that a blockOn waits for, and those beside it fire", async () => {
    const { code, lines } = await run("block-on.ts");
    expect([code, lines]).toEqual([0, ["plain", "due"]]);
  });

  it("ends by itself though an interval was left behind on a paused clock", async () => {
    const { code, lines, ms } = await run("paused-interval.ts");
    expect([code, lines, ms < 30_000]).toEqual([0, ["end of main"], true]);
  });

  it("is kept alive by the timer of a cleanup while a shutdown waits for it", async () => {
    const { code, lines } = await run("shutdown.ts");
    expect([code, lines]).toEqual([0, ["cleaned up", "shut down"]]);
  });

  it("does not spin while a blockOn on a paused clock waits for work outside", async () => {
    const { lines } = await run("paused-outside.ts");
    expect(Number(lines[0])).toBeLessThan(250);
  });

  it("tells a deadlock on a paused clock only when no timer is left", async () => {
    const { lines } = await run("paused-deadlock.ts");
    expect(lines).toEqual(["slept", "deadlock"]);
  });
});
