import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** Runs an example as its README line does, and gives what it printed. */
function run(example: string): { status: number | null; stdout: string; stderr: string } {
  const cwd = join(import.meta.dirname, "../../examples", example);
  const { status, stdout, stderr } = spawnSync(process.execPath, ["main.ts"], { cwd, encoding: "utf8" });
  return { status, stdout, stderr };
}

/** Examples are written for the Node the project is developed on: 22 has no `await using` yet. */
const runsExamples = Number.parseInt(process.versions.node, 10) >= 24;

describe.runIf(runsExamples)("examples/custom-driver", () => {
  it("lets a simulated day pass at once, in the order of its timers", () => {
    const { status, stdout } = run("custom-driver");
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(0, 4)).toEqual([" 6 h  meal", " 8 h  walk", "12 h  meal", "16 h  walk"]);
    expect(lines.at(-1)).toMatch(/^7 times in \d+ ms$/);
  });
});
