import { createContext, runInContext } from "node:vm";
import * as core from "@rt/core";
import { afterEach, describe, expect, it } from "vitest";
import ts from "typescript";
import { quietRuntime, rejectionOf, turn } from "./support/lanes.ts";

const context = createContext({ core, log: [] as string[], setTimeout });
afterEach(() => void runInContext("log.length = 0", context));

/** The value of an expression in a `vm` context, which has classes of its own. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who writes the code knows its type
function there<T>(code: string): T {
  return runInContext(`(${code})`, context) as T;
}

/** The same, written for engines without generators and async functions. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who writes the code knows its type
function thereInES5<T>(code: string): T {
  const compilerOptions: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES5,
    downlevelIteration: true,
    ignoreDeprecations: "6.0",
    removeComments: true,
  };
  const { outputText } = ts.transpileModule(`result = (${code});`, { compilerOptions });
  return runInContext(`var result; ${outputText} result`, context) as T;
}

const SUM = "function* () { yield* core.yieldNow(); return (yield* core.ready(40)) + 2; }";
const GUARDED = `function* () {
  try { yield* core.pending(); } finally { log.push("closing"); yield* core.yieldNow(); log.push("closed"); }
}`;

describe.each([
  ["another realm", there],
  ["another realm, compiled for ES5", thereInES5],
])("code of %s", (_, run) => {
  it("runs as a generator", async () => {
    expect(await core.spawn(run<() => core.Async<number>>(SUM)())).toBe(42);
  });

  it("runs as a generator function", async () => {
    expect(await core.spawn(run<() => core.Async<number>>(SUM))).toBe(42);
  });

  it("runs as an async function, in a scope of its own", async () => {
    const body = run<() => Promise<unknown>>(
      "async () => { const a = core.tryId(); await core.yieldNow(); await null; return [a, core.tryId()]; }",
    );
    const handle = core.spawn(body);
    expect(Array.from((await handle) as ArrayLike<unknown>)).toEqual([handle.id(), handle.id()]);
  });

  it("closes its generators, and waits for their finally", async () => {
    const handle = quietRuntime().runtime.spawn(run<() => core.Async<void>>(GUARDED)());
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
    expect(there<string[]>("log").join(" ")).toBe("closing closed");
  });

  it("drops its async functions, and waits for their finally", async () => {
    const body = run<() => Promise<void>>(`async () => {
      try { await core.pending(); } finally { log.push("closing"); await core.yieldNow(); log.push("closed"); }
    }`);
    const handle = quietRuntime().runtime.spawn(body);
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
    expect(there<string[]>("log").join(" ")).toBe("closing closed");
  });

  it("fails with its own errors, whose text is in the JoinError", async () => {
    const set = new core.JoinSet<void>();
    set.spawn(run<() => core.Async<void>>('function* () { throw new TypeError("broken"); }'));
    expect(await rejectionOf(set.joinNextWithId())).toMatchObject({
      message: expect.stringMatching(/failed: broken$/),
    });
  });
});

describe("a promise of another realm", () => {
  it("can be waited for", async () => {
    expect(await core.spawn(there<Promise<number>>("Promise.resolve(7)"))).toBe(7);
  });

  it("is looked after from the start, as one of this realm: its rejection is nobody's who waits later", async () => {
    const future = core.fromPromise(there<Promise<void>>('Promise.reject(new Error("early"))'));
    await turn(); // an unhandled rejection would fail the test
    expect(await rejectionOf(future)).toMatchObject({ message: "early" });
  });
});

describe("values of another realm", () => {
  it("seed a runtime, where they are bytes", () => {
    expect(core.RngSeed.fromBytes(there<Uint8Array>("new Uint8Array([1, 2])"))).toEqual(
      core.RngSeed.fromBytes(new Uint8Array([1, 2])),
    );
  });

  it("get the spawn site into their stack, where they are errors", async () => {
    const { runtime, reports } = quietRuntime((builder) => builder.traceSpawns());
    runtime.spawn(there<() => core.Async<void>>('function* () { throw new Error("broken"); }'));
    for (let turns = 0; reports.length === 0 && turns < 10; turns += 1) await turn();
    expect(reports[0]?.error).toMatchObject({ stack: expect.stringContaining("was spawned here") });
  });
});
