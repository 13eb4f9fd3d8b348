import { createContext, runInContext } from "node:vm";
import { type Async, ready, yieldNow } from "@rt/core";
import { join, select, tryJoin } from "@rt/macros";
import { describe, expect, it } from "vitest";

const context = createContext({ ready, yieldNow });

/** The value of an expression in a `vm` context, which has classes of its own. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who writes the code knows its type
function there<T>(code: string): T {
  return runInContext(`(${code})`, context) as T;
}

describe("code of another realm", () => {
  it("gives select its branches and handlers, and join its records and lists", async () => {
    const one = there<() => Async<number>>("function* () { yield* yieldNow(); return 1; }");
    const twice = there<(n: number) => Async<number>>("function* (n) { yield* yieldNow(); return 2 * n; }");
    const slowly = there<(n: number) => Promise<number>>("async (n) => { await yieldNow(); return 3 * n; }");
    expect(await select({ a: one(), b: one })).toMatchObject({ value: 1 });
    expect(await select([[one(), twice]])).toBe(2);
    expect(await select([[one(), slowly]])).toBe(3);
    expect(await join(there<{ a: Async<number> }>("{ a: ready(4) }"))).toEqual({ a: 4 });
    expect(await tryJoin(there<Async<number>[]>("[ready(4), ready(5)]"))).toEqual([4, 5]);
  });
});
