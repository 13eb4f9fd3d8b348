import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OwnedTasks } from "../../src/internal/owned-tasks.ts";
import type { Task } from "../../src/internal/task.ts";

const NUM_RUNS = 500;

/** The list looks at nothing of a task but its links. */
function task(): Task<unknown> {
  return { _previous: null, _next: null } as unknown as Task<unknown>;
}

function listOf(...tasks: readonly Task<unknown>[]): OwnedTasks {
  const list = new OwnedTasks();
  for (const one of tasks) list.add(one);
  return list;
}

/** By identity: all tasks here look alike. */
function same(a: readonly Task<unknown>[], b: readonly Task<unknown>[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

describe("OwnedTasks", () => {
  it("does what an array does that tasks are put in front of and taken out of", () => {
    const commands = fc.array(
      fc.record({ kind: fc.constantFrom("add", "remove", "snapshot"), pick: fc.nat({ max: 20 }) }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(commands, (all) => {
        const list = new OwnedTasks();
        const known: Task<unknown>[] = [];
        let model: Task<unknown>[] = [];
        for (const { kind, pick } of all) {
          if (kind === "add") {
            const added = task();
            known.push(added);
            model.unshift(added);
            list.add(added);
          } else if (kind === "remove" && known.length > 0) {
            const removed = known[pick % known.length] as Task<unknown>;
            expect(list.remove(removed)).toBe(model.includes(removed));
            model = model.filter((one) => one !== removed);
          }
          expect(list.length).toBe(model.length);
          expect(same(list.snapshot(), model)).toBe(true);
        }
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it("does not find a task twice", () => {
    const only = task();
    const list = listOf(only);
    expect([list.remove(only), list.remove(only)]).toEqual([true, false]);
  });

  it("does not find a task that was never added", () => {
    expect(listOf(task(), task()).remove(task())).toBe(false);
  });

  it("takes a task back that was removed", () => {
    const [first, second] = [task(), task()];
    const list = listOf(first, second);
    list.remove(first);
    list.add(first);
    expect(same(list.snapshot(), [first, second])).toBe(true);
  });

  it("leaves no link in a task that was removed, so that the others can be collected", () => {
    const [first, second, third] = [task(), task(), task()];
    listOf(first, second, third).remove(second);
    expect([second._previous, second._next]).toEqual([null, null]);
  });

  it("gives snapshots that do not change with the list", () => {
    const [first, second] = [task(), task()];
    const list = listOf(first, second);
    const snapshot = list.snapshot();
    for (const one of snapshot) list.remove(one);
    expect(same(snapshot, [second, first])).toBe(true);
  });
});
