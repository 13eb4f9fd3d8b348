/**
 * An async function with several chains, dropped at any point, against what is promised: each chain is told once, none does
 * any more work, and what runs behind that is cleanup, which is run to its end.
 *
 * `RT_FC_RUNS` and `RT_FC_SEED` set the number of random programs and where they come from.
 */
import { yieldNow } from "@rt/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quietRuntime } from "./support/lanes.ts";

const numRuns = Number(process.env["RT_FC_RUNS"] ?? 300);
const seed = Number(process.env["RT_FC_SEED"] ?? Date.now() % 2 ** 31);

/** An await: of a future of ours, of somebody else's promise that takes a turn, of one that is settled. */
type Step = "own" | "foreign" | "settled";

interface Chain {
  readonly work: readonly Step[];
  readonly cleanup: readonly Step[];
  /** How many async functions deep it waits. */
  readonly depth: number;
}

interface Program {
  readonly chains: readonly Chain[];
  readonly together: "all" | "allSettled" | "none";
  readonly main: Chain;
  /** Turns of the loop before the drop. */
  readonly turns: number;
}

const step = fc.constantFrom<Step>("own", "own", "foreign", "settled");
const near = fc.constantFrom<Step>("own", "settled");
const depth = fc.integer({ min: 0, max: 4 });
const chains = fc.record({
  work: fc.array(step, { maxLength: 8 }),
  // Behind a promise of somebody else's it can't be known any more, once the function has settled.
  cleanup: fc.array(near, { maxLength: 4 }),
  depth,
});
const programs: fc.Arbitrary<Program> = fc.record({
  chains: fc.array(chains, { maxLength: 3 }),
  together: fc.constantFrom("all", "allSettled", "none"),
  main: fc.record({
    work: fc.array(step, { maxLength: 8 }),
    cleanup: fc.array(step, { maxLength: 4 }),
    depth,
  }),
  turns: fc.integer({ min: 1, max: 8 }),
});

/** A turn of the loop, in somebody else's promise. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function waits(kind: Step, deep: number): Promise<void> {
  if (deep > 0) await waits(kind, deep - 1);
  else if (kind === "own") await yieldNow();
  else if (kind === "foreign") await turn();
  else await Promise.resolve();
}

/** What one chain has come to. */
class Course {
  /** Awaits of ours that went on after the drop, before it was told. */
  late = 0;
  /** Those of them that may have been of a cleanup, as far as anybody can know. */
  passed = 0;
  told = 0;
  cleaned = 0;
  /** It was told only there: its first await of ours behind the drop. */
  isCut = false;
  isOver = false;
}

/** Awaits what `cleanup` says; cut short where it is told. */
async function cleans({ cleanup, depth: deep }: Chain, course: Course): Promise<void> {
  try {
    for (const kind of cleanup) {
      await waits(kind, deep);
      course.cleaned += 1;
    }
  } catch (error) {
    course.told += 1;
    course.isCut = true;
    throw error;
  } finally {
    course.isOver = true;
  }
}

async function walk(
  chain: Chain,
  course: Course,
  noteLate: (kind: Step) => (course: Course) => void,
): Promise<void> {
  try {
    for (const kind of chain.work) {
      const note = noteLate(kind);
      await waits(kind, chain.depth);
      note(course);
    }
  } catch (error) {
    course.told += 1;
    throw error;
  } finally {
    await cleans(chain, course);
  }
}

async function run(program: Program): Promise<void> {
  const { runtime, reports } = quietRuntime((builder) => builder.foreignGrace(10_000));
  const courses = program.chains.map(() => new Course());
  const main = new Course();
  let dropped = false;
  let hasSettled = false;
  // Somebody has been told and may be away in a promise of others, the function itself for one.
  const noteLate = (kind: Step): ((course: Course) => void) => {
    if (!dropped || kind !== "own") return () => {};
    const isUnknown = !(hasSettled && task.isFinished()) && [main, ...courses].some(({ told }) => told > 0);
    return (course) => {
      if (isUnknown) course.passed += 1;
      else course.late += 1;
    };
  };
  const task = runtime.spawn(async () => {
    const running = program.chains.map((one, i) => walk(one, courses[i] as Course, noteLate));
    for (const promise of running) promise.catch(() => {});
    try {
      for (const kind of program.main.work) {
        const note = noteLate(kind);
        await waits(kind, program.main.depth);
        note(main);
      }
      if (program.together === "all") await Promise.all(running);
      else if (program.together === "allSettled") await Promise.allSettled(running);
    } catch (error) {
      main.told += 1;
      throw error;
    } finally {
      // A few microtasks later it has settled.
      await cleans(program.main, main).finally(() => setImmediate(() => (hasSettled = true)));
    }
  });
  for (let i = 0; i < program.turns; i += 1) await turn();
  const hadEnded = task.isFinished();
  dropped = true;
  task.abort();
  await task.then(
    () => {},
    () => {},
  );
  // Time for all that waits for promises of others.
  for (let i = 0; i < 30; i += 1) await turn();
  if (!hadEnded) {
    for (const [i, course] of courses.entries()) {
      const { cleanup } = program.chains[i] as Chain;
      expect(course.isOver, `chain ${i} is over`).toBe(true);
      expect(course.late, `work of chain ${i} after the drop`).toBe(0);
      expect(course.told, `times that chain ${i} was told`).toBeLessThanOrEqual(1);
      if (!course.isCut) expect(course.cleaned, `cleanup of chain ${i}`).toBe(cleanup.length);
    }
    expect(main.late, "work of the function after the drop").toBe(0);
    expect([main, ...courses].reduce((sum, { passed }) => sum + passed, 0)).toBeLessThanOrEqual(8 + 8);
    if (!main.isCut) expect(main.cleaned, "cleanup of the function").toBe(program.main.cleanup.length);
  }
  expect(reports).toEqual([]);
  runtime.shutdownBackground();
}

describe("an async function with several chains", () => {
  it("is dropped in all of them", { timeout: 120_000 }, async () => {
    console.log(`seed ${seed}, ${numRuns} runs (RT_FC_SEED, RT_FC_RUNS)`);
    await fc.assert(fc.asyncProperty(programs, run), { seed, numRuns });
  });
});
