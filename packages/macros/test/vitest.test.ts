/* oxlint-disable require-yield, vitest/expect-expect */
import { Builder, Handle, pending, ready, spawn, spawnLocal, yieldNow, type Async } from "@rt/core";
import { startsPaused } from "@rt/core/driver";
import { test } from "@rt/macros/vitest";
import { afterAll, describe, expect, it } from "vitest";
import { Countdown, thrownBy } from "./support/leaves.ts";

const handles: Handle[] = [];
const events: string[] = [];

describe("test", () => {
  test("runs a generator function", function* () {
    handles.push(Handle.current());
    yield* yieldNow();
    events.push("generator");
  });

  test("runs an async function", async () => {
    handles.push(Handle.current());
    await yieldNow();
    events.push("async");
  });

  test("runs a plain function", () => {
    handles.push(Handle.current());
    events.push("plain");
  });

  test("runs a plain function that gives a generator", () =>
    (function* (): Async<void> {
      yield* yieldNow();
      events.push("generator of a function");
    })());

  it("has run all of them to their end", () => {
    expect(events).toEqual(["generator", "async", "plain", "generator of a function"]);
  });

  it("gives each a runtime of its own, named after it and shut down when it is over", () => {
    expect(new Set(handles.map((handle) => handle.id())).size).toBe(3);
    expect(handles.map((handle) => handle.name())).toEqual([
      "runs a generator function",
      "runs an async function",
      "runs a plain function",
    ]);
    expect(handles.map((handle) => handle.isShutdown())).toEqual([true, true, true]);
  });

  test("gives the body vitest's context", function* ({ task, expect: own }) {
    own(task.name).toBe("gives the body vitest's context");
    own(yield* ready(1)).toBe(1);
  });

  test("takes vitest's own options", { timeout: 1234, tags: [] }, function* ({ task }) {
    expect(task.timeout).toBe(1234);
  });

  test.fails("fails with what the body throws", function* () {
    yield* yieldNow();
    throw new Error("broken");
  });

  test.fails("fails when a task fails and nobody waits for it", function* () {
    spawn(function* () {
      throw new Error("unnoticed");
    });
    yield* yieldNow();
  });

  test.fails("fails when a task fails in its cleanup after the body has ended", function* () {
    spawn(function* () {
      try {
        yield* pending();
      } finally {
        yield* yieldNow();
        // oxlint-disable-next-line no-unsafe-finally -- the point
        throw new Error("unnoticed");
      }
    });
    yield* yieldNow();
  });

  test("passes when the failure of a task was waited for", async () => {
    const handle = spawn(async () => {
      throw new Error("noticed");
    });
    await expect(Promise.resolve(handle)).rejects.toThrow("noticed");
  });

  const cleanups: string[] = [];
  test("drops what the body leaves behind", function* () {
    spawn(function* () {
      try {
        yield* pending();
      } finally {
        yield* new Countdown(3, 0);
        cleanups.push("cleaned up");
      }
    });
    yield* yieldNow();
  });

  it("has waited for the cleanups of what was left behind", () => {
    expect(cleanups).toEqual(["cleaned up"]);
  });
});

describe("the options of test", () => {
  test("can start with a paused clock", { startPaused: true }, () => {
    expect(startsPaused(Handle.current())).toBe(true);
  });

  test("start with a running clock by default", () => {
    expect(startsPaused(Handle.current())).toBe(false);
  });

  test("can make a local runtime", { flavor: "local" }, function* () {
    expect(yield* spawnLocal(ready(3))).toBe(3);
  });

  test("can ignore failures of tasks", { unhandledPanic: "ignore" }, function* () {
    spawn(function* () {
      throw new Error("ignored");
    });
    yield* yieldNow();
  });

  test.fails("can stop at the first failure of a task", { unhandledPanic: "shutdownRuntime" }, function* () {
    spawn(function* () {
      throw new Error("panic");
    });
    yield* pending();
  });

  let made = 0;
  test("can bring a builder", {
    builder: () => {
      made += 1;
      return Builder.currentThread().onReport(() => {});
    },
  }, function* () {
    expect(made).toBe(1);
  });

  it.each([
    ["an unknown flavor", { flavor: "multi_thread" }, "RangeError"],
    ["the multi-thread flavor without a builder", { flavor: "multiThread" }, "TypeError"],
    ["worker threads for a single thread", { workerThreads: 2 }, "TypeError"],
    ["startPaused that is no boolean", { startPaused: "yes" }, "TypeError"],
    ["an unknown unhandledPanic", { unhandledPanic: "x" }, "RangeError"],
  ])("are refused where the test is declared: %s", (_, options, name) => {
    expect(thrownBy(() => test("never declared", options as never, () => {}))).toMatchObject({ name });
  });
});

describe("the variants of test", () => {
  const ran: unknown[] = [];

  test.skip("skip", () => {
    ran.push("skip");
  });
  test.skipIf(true)("skipIf", () => {
    ran.push("skipIf");
  });
  test.runIf(true)("runIf", () => {
    ran.push("runIf");
  });
  test.todo("todo");
  test.concurrent("concurrent", async () => {
    ran.push("concurrent");
  });
  test.each([
    [1, 2],
    [3, 4],
  ])("each of %i and %i", function* (a, b) {
    ran.push(["each", a, b]);
  });
  test.each(["x"])("each of %s", async (value) => {
    ran.push(["each", value]);
  });
  test.for([[5, 6]])("for %o", function* (pair, { task }) {
    ran.push(["for", pair, task.name.startsWith("for")]);
  });

  afterAll(() => {
    expect(ran.filter((one) => one !== "concurrent")).toEqual([
      "runIf",
      ["each", 1, 2],
      ["each", 3, 4],
      ["each", "x"],
      ["for", [5, 6], true],
    ]);
    expect(ran).toContain("concurrent");
  });
});
