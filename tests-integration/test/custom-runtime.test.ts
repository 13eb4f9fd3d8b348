import { describe, expect, it } from "vitest";
import { Program, runsExamples } from "./support/example.ts";

describe.runIf(runsExamples)("examples/custom-runtime", () => {
  it("runs timers and sockets on the runtime, sees it sleep, and ends by itself", async () => {
    const { status, stdout, stderr } = await new Program("custom-runtime").ends();
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toContain("2000 bytes echoed");
    const [, wakes, idle] = /woken (\d+) times, idle for (\d+) ms/.exec(stdout) ?? [];
    expect(Number(wakes)).toBeGreaterThan(20);
    expect(Number(idle)).toBeGreaterThan(20);
  });
});
