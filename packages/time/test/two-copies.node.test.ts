import type * as Time from "@rt/time";
import { sleep, Instant } from "@rt/time";
import { describe, expect, it, vi } from "vitest";
import { pausedRuntime } from "./support/runtime.ts";

/** Another copy of this package in the same realm, and of those below it. */
async function secondCopy(): Promise<typeof Time> {
  vi.resetModules();
  return import("@rt/time");
}

describe("two copies of the package", () => {
  it("share the clock of a runtime", async () => {
    const second = await secondCopy();
    const { runtime } = pausedRuntime();
    const seen = await runtime.blockOn(async () => {
      await second.sleep(1000);
      await sleep(10);
      return [second.Instant.now().toMillis() - Instant.now().toMillis(), second.Instant === Instant];
    });
    expect(seen).toEqual([0, false]);
  });

  it("have one driver, whichever asks for it first", async () => {
    const second = await secondCopy();
    const { runtime, driver } = pausedRuntime();
    expect(runtime.handle().driver(second.timeKey)).toBe(driver);
  });
});
