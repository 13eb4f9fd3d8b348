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

/** By how many bytes each way of waiting has grown the heap in one round. */
async function longLivedRounds(lane: string): Promise<Record<string, number>> {
  const program = join(import.meta.dirname, "programs/long-lived-promise.ts");
  const args = ["--expose-gc", "--conditions=@rt/source", program, lane];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Record<string, number>;
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

describe("many waits for one promise, and for one signal, that live as long as the program", () => {
  it.each(["generator", "async"])(
    "leave nothing behind, however they wait, in the %s lane",
    async (lane) => {
      const grown = await longLivedRounds(lane);
      // Each callback that is left in a promise takes 200 bytes or more.
      const left = Object.entries(grown).filter(([, bytes]) => bytes > 70);
      expect(left).toEqual([]);
      expect(Object.keys(grown).length).toBeGreaterThan(10);
    },
    120_000,
  );
});
