import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RunQueue } from "../../src/internal/run-queue.ts";
import type { Task } from "../../src/internal/task.ts";

const NUM_RUNS = 300;
/** The last number before the counters wrap. */
const LAST = 0x7fffffff;

type Command =
  | { readonly kind: "push" | "shift"; readonly count: number }
  | { readonly kind: "drain" | "count"; readonly count: 0 };

/** Enough to fill and drain a few chunks. */
const commands = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom("push" as const, "shift" as const),
      count: fc.integer({ min: 1, max: 90 }),
    }),
    fc.record({ kind: fc.constantFrom("drain" as const, "count" as const), count: fc.constant(0 as const) }),
  ),
  { maxLength: 40 },
);

let made = 0;

/** The queue never looks into what it holds. */
function task(): Task<unknown> {
  return { number: (made += 1) } as unknown as Task<unknown>;
}

/** A queue whose counters stand at `start`, as if that many tasks had gone through it: to count so far takes minutes. */
function queueAt(start: number): RunQueue {
  let fields = 0;
  const source = RunQueue.toString().replaceAll(/(?<=#(?:head|tail|counted) = )0/g, () => {
    fields += 1;
    return "start";
  });
  expect(fields).toBe(3);
  // oxlint-disable-next-line typescript/no-implied-eval -- the class itself, with other initial values
  return new Function("start", "MASK", "chunk", `return new (${source})()`)(start, 63, () => ({
    slots: Array.from({ length: 64 }, () => null),
    next: null,
  })) as RunQueue;
}

function play(queue: RunQueue, list: readonly Command[]): void {
  const model: Task<unknown>[] = [];
  let pushes = 0;
  const shift = (): void => {
    expect(queue.shift()).toBe(model.shift() ?? null);
  };
  for (const { kind, count } of list) {
    for (let i = 0; i < count; i += 1) {
      if (kind === "shift") shift();
      else {
        const pushed = task();
        queue.push(pushed);
        model.push(pushed);
        pushes += 1;
      }
    }
    if (kind === "drain") while (model.length > 0) shift();
    if (kind === "count") expect(queue.pushes).toBe(pushes);
    expect(queue.length).toBe(model.length);
    expect(queue.isEmpty).toBe(model.length === 0);
  }
  expect(queue.pushes).toBe(pushes);
  while (model.length > 0) shift();
  shift();
}

describe("RunQueue", () => {
  it("does what an array does that is pushed to and shifted from", () => {
    fc.assert(
      fc.property(commands, (list) => play(new RunQueue(), list)),
      { numRuns: NUM_RUNS },
    );
  });

  it("does so too while its counters wrap", () => {
    fc.assert(
      fc.property(commands, fc.integer({ min: 0, max: 300 }), (list, left) =>
        play(queueAt(LAST - left), list),
      ),
      { numRuns: NUM_RUNS },
    );
  });

  it("does so too while its counters go through -1 and 0", () => {
    fc.assert(
      fc.property(commands, fc.integer({ min: 0, max: 300 }), (list, left) => play(queueAt(-1 - left), list)),
      { numRuns: NUM_RUNS },
    );
  });

  it("keeps the order of tasks when a chunk is full while its counters are on both sides of the wrap", () => {
    const queue = queueAt(LAST - 20);
    const tasks = Array.from({ length: 64 }, task);
    for (const one of tasks) queue.push(one);
    expect(tasks.every((one) => queue.shift() === one)).toBe(true);
  });
});
