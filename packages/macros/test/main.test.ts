import { Builder, Handle, ready } from "@rt/core";
import { main, type MainOptions } from "@rt/macros";
import { describe, expect, it } from "vitest";
import { rejection, thrownBy } from "./support/leaves.ts";

const isNode =
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

function refusal(options: object): unknown {
  return thrownBy(() => main(options as MainOptions, ready(1)));
}

describe("the options of main", () => {
  it.each([
    ["core_threads", "write workerThreads"],
    ["threads", "write workerThreads"],
    ["worker_threads", "write workerThreads"],
    ["start_paused", "write startPaused"],
    ["unhandled_panic", "write unhandledPanic"],
    ["basic_scheduler", 'write flavor: "currentThread"'],
    ["threaded_scheduler", 'write flavor: "multiThread"'],
    ["single_threaded", 'write flavor: "currentThread"'],
    ["crate", "there are flavor, builder"],
  ])("tell of the unknown option %s", (key, hint) => {
    expect(refusal({ [key]: 1 })).toMatchObject({
      name: "TypeError",
      code: "ERR_RT_INVALID_ARGUMENT",
      message: expect.stringContaining(hint),
    });
  });

  it.each([
    ["multi_thread", 'write flavor: "multiThread"'],
    ["current_thread", 'write flavor: "currentThread"'],
    ["single_thread", 'write flavor: "currentThread"'],
    ["basic_scheduler", 'write flavor: "currentThread"'],
    ["threaded_scheduler", 'write flavor: "multiThread"'],
    ["fast", 'there are "currentThread", "local" and "multiThread"'],
  ])("tell of the unknown flavor %s", (flavor, hint) => {
    expect(refusal({ flavor })).toMatchObject({
      name: "RangeError",
      code: "ERR_RT_OUT_OF_RANGE",
      message: expect.stringContaining(hint),
    });
  });

  it("ask for the builder that the multi-thread flavor needs", () => {
    expect(refusal({ flavor: "multiThread" })).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("Builder.multiThread() of @rt/rt-multi-thread"),
    });
  });

  it.each([0, -1, 1.5, Number.NaN])("refuse %d worker threads", (workerThreads) => {
    expect(refusal({ flavor: "multiThread", workerThreads, builder: Builder.currentThread() })).toMatchObject(
      {
        name: "RangeError",
      },
    );
  });

  it.each([
    ["worker threads for a single thread", { workerThreads: 2 }],
    ["worker threads for the local flavor", { flavor: "local", workerThreads: 2 }],
    ["startPaused with the multi-thread flavor", { flavor: "multiThread", startPaused: true }],
    ["unhandledPanic with the multi-thread flavor", { flavor: "multiThread", unhandledPanic: "ignore" }],
    ["startPaused that is no boolean", { startPaused: 1 }],
    ["workerThreads that is no number", { flavor: "multiThread", workerThreads: "2" }],
    ["a name that is no string", { name: 5 }],
    ["a builder that is none", { builder: {} }],
  ])("refuse %s", (_, options) => {
    expect(refusal(options)).toMatchObject({ name: "TypeError", code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it.each([
    ["an unknown unhandledPanic", { unhandledPanic: "explode" }],
    ["a blank name", { name: " " }],
  ])("refuse %s as out of range", (_, options) => {
    expect(refusal(options)).toMatchObject({ name: "RangeError", code: "ERR_RT_OUT_OF_RANGE" });
  });

  it("must be an object", () => {
    expect(thrownBy(() => main("fast" as never, ready(1)))).toMatchObject({ name: "TypeError" });
  });
});

describe("main in a browser", () => {
  it.runIf(!isNode)("always runs", async () => {
    expect(await main({ name: "page" }, async () => Handle.current().name())).toBe("page");
  });

  it.runIf(!isNode)("gives the builder of the multi-thread flavor its worker threads", async () => {
    const counts: number[] = [];
    const builder = Object.assign(Builder.currentThread(), { workerThreads: (n: number) => counts.push(n) });
    await main({ flavor: "multiThread", workerThreads: 3, builder }, ready(1));
    expect(counts).toEqual([3]);
  });

  it.runIf(!isNode)("says so when a builder knows no worker threads", async () => {
    const options = { flavor: "multiThread", workerThreads: 3, builder: Builder.currentThread() } as const;
    expect(await rejection(Promise.resolve().then(() => main(options, ready(1))))).toMatchObject({
      name: "TypeError",
    });
  });
});
