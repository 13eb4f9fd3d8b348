import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const PROGRAM = join(import.meta.dirname, "programs", "forgotten-guards.ts");

function run(debug: string): Promise<{ out: string; err: string }> {
  const env = { ...process.env, RT_DEBUG: debug };
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [...process.execArgv, PROGRAM],
      { env, timeout: 20_000 },
      (error, out, err) => {
        if (error === null) resolve({ out: out.trim(), err: err.trim() });
        else reject(error);
      },
    );
  });
}

describe("a guard left to garbage collection", { timeout: 30_000 }, () => {
  it("is released and reported in debug mode, with all it holds by then", async () => {
    const { out, err } = await run("1");
    expect(out).toBe("true true 5");
    expect(err.match(/a \w+ was collected without being closed/g)?.toSorted()).toEqual([
      "a MappedGuard was collected without being closed",
      "a MutexGuard was collected without being closed",
      "a SemaphorePermit was collected without being closed",
    ]);
    expect(err).toContain("forgotten-guards.ts");
  });

  it("holds on for ever outside of debug mode", async () => {
    expect(await run("0")).toEqual({ out: "false false 2", err: "" });
  });
});
