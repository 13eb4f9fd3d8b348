/** Random programs against a model. `RT_FC_RUNS` and `RT_FC_SEED` set how many, and where they come from. */
import fc from "fast-check";
import { expect } from "vitest";

const RUNS = 300;
/** Long enough for several receivers to come, lag and go. */
const LENGTH = 80;

const env: Record<string, string | undefined> = typeof process === "undefined" ? {} : process.env;
const numRuns = Number(env["RT_FC_RUNS"] ?? RUNS);
const seed = Number(env["RT_FC_SEED"] ?? Date.now() % 2 ** 31);

/** One step: what is done, to which of the ends there are, and with what. */
export interface Step<Op extends string> {
  readonly op: Op;
  readonly which: number;
  readonly argument: number;
}

/** Runs programs of the operations. One that is named twice is twice as frequent. */
export function runPrograms<Op extends string>(
  ops: readonly Op[],
  run: (program: readonly Step<Op>[]) => void,
): void {
  console.log(`${expect.getState().currentTestName}: seed ${seed}, ${numRuns} runs (RT_FC_SEED, RT_FC_RUNS)`);
  const step = fc.record({
    op: fc.constantFrom(...ops),
    which: fc.nat({ max: 7 }),
    argument: fc.nat({ max: 9 }),
  });
  const programs = fc.array(step, { maxLength: LENGTH, size: "max" });
  fc.assert(fc.property(programs, run), { seed, numRuns });
}

/** One of `items`; undefined when there is none. */
export function pick<T>(items: readonly T[], which: number): T | undefined {
  return items[which % Math.max(1, items.length)];
}

/** Takes `item` out of `items`. */
export function takeOut<T>(items: T[], item: T): void {
  items.splice(items.indexOf(item), 1);
}

/** What `fn` gives, or the code of what it throws. */
export function outcome(fn: () => unknown): unknown {
  try {
    return fn();
  } catch (error) {
    const { code, missed } = error as { code?: string; missed?: number };
    if (code === undefined) throw error;
    return missed === undefined ? code : `${code} ${missed}`;
  }
}
