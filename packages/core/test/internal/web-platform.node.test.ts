import { runInNewContext } from "node:vm";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { isPromise, printReport } from "../../src/platform/web.ts";

/** What the console is given; `getsThrough` says of which values it does not fail. */
function consoleThat(getsThrough: (value: unknown) => boolean): unknown[][] {
  const printed: unknown[][] = [];
  const spy = vi.spyOn(console, "error").mockImplementation((...values: unknown[]) => {
    if (!values.every(getsThrough)) throw new Error("hostile");
    printed.push(values);
  });
  onTestFinished(() => spy.mockRestore());
  return printed;
}

describe("printReport, in browsers", () => {
  it("gives the console message and error", () => {
    const printed = consoleThat(() => true);
    const error = new Error("of a test");
    printReport("rt: failed", error);
    expect(printed).toEqual([["rt: failed", error]]);
  });

  it("tells what can be told of an error that the console does not get through", () => {
    const printed = consoleThat((value) => typeof value === "string");
    printReport("rt: failed", Object.defineProperty(new Error("of a test"), "stack", { value: 1 }));
    expect(printed).toEqual([["rt: failed\nError: of a test"]]);
  });

  it("survives a console that fails at everything", () => {
    const printed = consoleThat(() => false);
    printReport("rt: failed", new Error("of a test"));
    printReport("rt: failed");
    expect(printed).toEqual([]);
  });
});

describe("isPromise, in browsers", () => {
  it("knows a promise of another realm", () => {
    expect(isPromise(runInNewContext("Promise.resolve()") as Promise<void>)).toBe(true);
  });

  it.each([
    ["a thenable", { then() {} }],
    ["a thenable that calls itself a promise", { then() {}, [Symbol.toStringTag]: "Promise" }],
    ["what calls itself a promise and is no thenable", { [Symbol.toStringTag]: "Promise" }],
    ["an object", {}],
  ])("does not take %s for one", (_what, value) => {
    expect(isPromise(value as never)).toBe(false);
  });
});
