/** Random selects and joins over scripted leaves, against plain descriptions of what each poll must do. */
import { Future, PENDING, UsageError, type Poll } from "@rt/core";
import { branch, byRef, join, joinSettled, select, tryJoin } from "@rt/macros";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TestWaker } from "./support/leaves.ts";

const env = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {};
const options = {
  numRuns: Number(env["RT_FC_RUNS"] ?? 300),
  ...(env["RT_FC_SEED"] === undefined ? {} : { seed: Number(env["RT_FC_SEED"]) }),
};
const PER_TEST_MS = 60_000;
/** Polls after which a run is dropped at the latest. */
const MOST_POLLS = 6;

interface Script {
  /** The number of the poll at which it completes. */
  readonly readyAt: number;
  readonly fails: boolean;
  readonly when: boolean;
  readonly matches: boolean;
  readonly lent: boolean;
}

const script: fc.Arbitrary<Script> = fc.record({
  readyAt: fc.integer({ min: 0, max: 7 }),
  fails: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  when: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
  matches: fc.integer({ min: 0, max: 2 }).map((n) => n > 0),
  lent: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
});
const scripts = fc.array(script, { minLength: 1, maxLength: 9 });

class ScriptError extends Error {}

/** The round of polls that is under way, and what was polled in each. */
class Log {
  round = 0;
  readonly polled: number[][] = [];
}

class Leaf extends Future<number> {
  drops = 0;
  isDone = false;
  readonly #i: number;
  readonly #script: Script;
  readonly #log: Log;

  constructor(i: number, of: Script, log: Log) {
    super();
    this.#i = i;
    this.#script = of;
    this.#log = log;
  }

  override poll(): Poll<number> {
    if (this.isDone || this.drops > 0) throw new Error(`leaf ${this.#i} was polled after its end`);
    (this.#log.polled[this.#log.round] ??= []).push(this.#i);
    if (this.#log.round < this.#script.readyAt) return PENDING;
    this.isDone = true;
    if (this.#script.fails) throw new ScriptError(String(this.#i));
    return this.#i;
  }

  override drop(): void {
    this.drops += 1;
  }
}

/** What came of it: a value, an error, or nothing before it was dropped. */
type Outcome = { readonly value: unknown } | { readonly error: string } | "dropped";

/** Polls it until it is over, at most `polls` times, and drops it then. */
function play(future: Future<unknown>, log: Log, polls: number): Outcome {
  const cx = new TestWaker();
  try {
    for (; log.round < polls; log.round += 1) {
      log.polled[log.round] ??= [];
      const value = future.poll(cx);
      if (value !== PENDING) return { value };
    }
    return "dropped";
  } catch (error) {
    if (error instanceof ScriptError) return { error: error.message };
    if (error instanceof UsageError) return { error: error.code };
    throw error;
  } finally {
    future.drop();
  }
}

function leavesOf(all: readonly Script[], log: Log): Leaf[] {
  return all.map((one, i) => new Leaf(i, one, log));
}

/** A leaf that has not completed was dropped once; one that has, or was lent, not at all. */
function expectDrops(all: readonly Script[], leaves: readonly Leaf[]): void {
  expect(leaves.map(({ drops }) => drops)).toEqual(
    leaves.map(({ isDone }, i) => (isDone || all[i]?.lent === true ? 0 : 1)),
  );
}

interface Prediction {
  readonly polled: number[];
  readonly outcome: Outcome | null;
}

/** One poll of a select whose branches `live` are still in, beginning at `start`; takes out what does not match. */
function predictSelect(all: readonly Script[], live: Set<number>, round: number, start: number): Prediction {
  const polled: number[] = [];
  for (let step = 0; step < all.length; step += 1) {
    const i = (start + step) % all.length;
    if (!live.has(i)) continue;
    const { readyAt, fails, matches } = all[i] as Script;
    polled.push(i);
    if (round < readyAt) continue;
    if (fails) return { polled, outcome: { error: String(i) } };
    if (matches) return { polled, outcome: { value: { branch: `b${i}`, value: i } } };
    live.delete(i);
  }
  return { polled, outcome: live.size === 0 ? { error: "ERR_RT_NO_BRANCH" } : null };
}

/** Checks the rounds one after the other; what each began with is known only when it is biased. */
function expectSelect(
  all: readonly Script[],
  biased: boolean,
  log: Log,
  outcome: Outcome,
  polls: number,
): void {
  let live = new Set(all.flatMap(({ when }, i) => (when ? [i] : [])));
  let over: Outcome | null = null;
  for (let round = 0; round < polls && over === null; round += 1) {
    const starts = biased ? [0] : all.map((_, i) => i);
    const fitting = starts.flatMap((start) => {
      const left = new Set(live);
      const prediction = predictSelect(all, left, round, start);
      return JSON.stringify(prediction.polled) === JSON.stringify(log.polled[round])
        ? [{ left, prediction }]
        : [];
    });
    const [first] = fitting;
    if (first === undefined) throw new Error(`round ${round} polled ${String(log.polled[round])}`);
    live = first.left;
    over = first.prediction.outcome;
  }
  expect(outcome).toEqual(over ?? "dropped");
}

/** All that a join must do in so many polls. */
function predictJoin(
  all: readonly Script[],
  biased: boolean,
  mode: "join" | "tryJoin" | "joinSettled",
  polls: number,
): { readonly polled: number[][]; readonly outcome: Outcome } {
  const left = new Set(all.keys());
  const polled: number[][] = [];
  let failure: { error: string } | null = null;
  for (let round = 0; round < polls; round += 1) {
    const now: number[] = [];
    polled.push(now);
    for (let step = 0; step < all.length; step += 1) {
      const i = ((biased ? 0 : round) + step) % all.length;
      if (!left.has(i)) continue;
      const { readyAt, fails } = all[i] as Script;
      now.push(i);
      if (round < readyAt) continue;
      left.delete(i);
      if (!fails) continue;
      failure ??= { error: String(i) };
      if (mode === "tryJoin") return { polled, outcome: failure };
    }
    if (left.size > 0) continue;
    if (failure !== null && mode === "join") return { polled, outcome: failure };
    const values = all.map(({ fails }, i) => {
      if (mode !== "joinSettled") return i;
      return fails
        ? { status: "rejected", reason: new ScriptError(String(i)) }
        : { status: "fulfilled", value: i };
    });
    return { polled, outcome: { value: values } };
  }
  return { polled, outcome: "dropped" };
}

const polls = fc.integer({ min: 0, max: MOST_POLLS });

describe("a model of select", () => {
  it("predicts what is polled, the outcome, and what is dropped", { timeout: PER_TEST_MS }, () => {
    fc.assert(
      fc.property(scripts, fc.boolean(), polls, (all, biased, most) => {
        const log = new Log();
        const leaves = leavesOf(all, log);
        const branches = Object.fromEntries(
          leaves.map((leaf, i) => {
            const { lent, when, matches } = all[i] as Script;
            return [`b${i}`, branch(lent ? byRef(leaf) : leaf, { when, match: () => matches })];
          }),
        );
        const outcome = play(select(branches, { biased }), log, most);
        expectSelect(all, biased, log, outcome, most);
        expectDrops(all, leaves);
      }),
      options,
    );
  });

  it("holds for plain futures as well, which take a shorter way", { timeout: PER_TEST_MS }, () => {
    fc.assert(
      fc.property(scripts, fc.boolean(), polls, (given, biased, most) => {
        const all = given.map((one) => ({ ...one, when: true, matches: true }));
        const log = new Log();
        const leaves = leavesOf(all, log);
        const branches = Object.fromEntries(
          leaves.map((leaf, i) => [`b${i}`, all[i]?.lent === true ? byRef(leaf) : leaf]),
        );
        const outcome = play(select(branches, { biased }), log, most);
        expectSelect(all, biased, log, outcome, most);
        expectDrops(all, leaves);
      }),
      options,
    );
  });
});

describe("a model of join", () => {
  type Mode = (futures: Future<number>[], options: { biased: boolean }) => Future<unknown>;
  const modes: Record<"join" | "tryJoin" | "joinSettled", Mode> = { join, tryJoin, joinSettled };

  it.each(["join", "tryJoin", "joinSettled"] as const)(
    "predicts what %s polls, gives, throws and drops",
    { timeout: PER_TEST_MS },
    (mode) => {
      fc.assert(
        fc.property(scripts, fc.boolean(), polls, (all, biased, most) => {
          const log = new Log();
          const leaves = leavesOf(all, log);
          const inputs: Future<number>[] = leaves.map((leaf, i) =>
            all[i]?.lent === true ? byRef(leaf) : leaf,
          );
          const outcome = play(modes[mode](inputs, { biased }), log, most);
          expect({ outcome, polled: log.polled }).toEqual(predictJoin(all, biased, mode, most));
          expectDrops(all, leaves);
        }),
        options,
      );
    },
  );
});
