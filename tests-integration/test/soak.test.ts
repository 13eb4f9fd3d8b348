import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runsExamples } from "./support/example.ts";

const FOLDER = join(import.meta.dirname, "../../stress-test");

function soak(...args: string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const command = ["--expose-gc", "main.ts", ...args];
    execFile(process.execPath, command, { cwd: FOLDER }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === "number" ? error.code : 0, output: stdout + stderr });
    });
  });
}

describe.runIf(runsExamples)("stress-test", () => {
  it("loses no byte and leaves nothing behind in three seconds of bad behaviour", async () => {
    const { status, output } = await soak("--seconds", "3");
    expect(output).toContain("nothing lost, nothing left");
    expect(status, output).toBe(0);
  }, 60_000);

  it("refuses a number of clients that is none", async () => {
    const { status, output } = await soak("--clients", "many");
    expect(status).not.toBe(0);
    expect(output).toContain("--seconds and --clients take positive numbers");
  });
});
