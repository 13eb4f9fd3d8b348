import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const PROGRAM = join(import.meta.dirname, "programs/select-rounds.ts");
const ROUNDS = 1_000_000;

interface Outcome {
  readonly message: number;
  readonly notified: number;
  readonly grownBytes: number;
}

async function selectRounds(lane: string): Promise<Outcome> {
  const args = ["--expose-gc", "--conditions=@rt/source", PROGRAM, lane, String(ROUNDS)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Outcome;
}

describe("a million rounds of select against one channel, notify and token", () => {
  it.each(["generator", "async"])(
    "keep memory flat in the %s lane",
    async (lane) => {
      const { message, notified, grownBytes } = await selectRounds(lane);
      // Every message but what the channel of 64 may hold when the token ends it; notifications merge.
      expect(message).toBeGreaterThan((ROUNDS * 2) / 3 - 66);
      expect(notified).toBeGreaterThan(ROUNDS / 10);
      // One byte a round would be 900 kB.
      expect(grownBytes).toBeLessThan(300_000);
    },
    60_000,
  );
});
