/* oxlint-disable require-yield -- a task need not wait for anything */
/* oxlint-disable typescript/only-throw-error -- anything can be thrown */
import { Builder, JoinSet, pending, type Async } from "@rt/core";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { hostile, RUNS } from "./support/hostile.ts";
import { rejectionOf, turn, until } from "./support/runtime.ts";

function* failWith(error: unknown): Async<void> {
  throw error;
}

/** What is printed to the standard error, instead of printing it. */
function printed(): string[] {
  const texts: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    texts.push(String(text));
    return true;
  });
  return texts;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a report that nobody takes", () => {
  it("is printed with what can be shown of its error, and so are those behind it", async () => {
    const texts = printed();
    await fc.assert(
      fc.asyncProperty(hostile, async (make) => {
        const error = make();
        texts.length = 0;
        const runtime = Builder.currentThread().name("printing").build();
        runtime.spawn(failWith(error));
        runtime.spawn(failWith(new Error("the one behind")));
        await until(() => texts.length >= 2);
        expect(texts[0]).toMatch(/^rt: task #\d+ failed and nobody is waiting for it/);
        expect(texts[1]).toContain("Error: the one behind");
        runtime.shutdownBackground();
      }),
      { numRuns: RUNS },
    );
  });

  it("is printed though the hook for reports fails, and with that failure", async () => {
    const texts = printed();
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (makeError, makeThrown) => {
        const [error, thrown] = [makeError(), makeThrown()];
        texts.length = 0;
        const runtime = Builder.currentThread()
          .onReport((report) => {
            Object.assign(report, { message: error, error: thrown });
            throw thrown;
          })
          .build();
        runtime.spawn(failWith(error));
        await until(() => texts.length >= 2);
        expect(texts[0]).toMatch(/^rt: the onReport hook threw/);
        expect(texts[1]).toMatch(/^rt: task #\d+ failed/);
        runtime.shutdownBackground();
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it.each([
    ["whose inspection throws", Symbol.for("nodejs.util.inspect.custom")],
    ["whose stack throws", "stack"],
    ["whose message throws", "message"],
  ])("shows class and message of an error %s, where they are to be had", async (_what, key) => {
    const texts = printed();
    const error = new RangeError("too far");
    Object.defineProperty(error, key, {
      get: () => {
        throw new Error("hostile");
      },
    });
    const runtime = Builder.currentThread().build();
    runtime.spawn(failWith(error));
    await until(() => texts.length > 0);
    expect(texts[0]).toContain(key === "message" ? "RangeError" : "RangeError: too far");
    runtime.shutdownBackground();
  });

  it("shows a good error beside one that can't be shown", async () => {
    const texts = printed();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const bad = Object.defineProperty(new Error("bad"), "stack", {
      get: () => {
        throw proxy;
      },
    });
    const runtime = Builder.currentThread().build();
    runtime.spawn(failWith(new AggregateError([bad, new Error("good")], "both")));
    await until(() => texts.length > 0);
    expect(texts[0]).toMatch(/both[^]*bad[^]*good/);
    runtime.shutdownBackground();
  });

  it("survives a standard error that throws", async () => {
    let writes = 0;
    vi.spyOn(process.stderr, "write").mockImplementation(() => {
      writes += 1;
      throw new Error("closed");
    });
    const runtime = Builder.currentThread().build();
    runtime.spawn(failWith(new Error("of the task")));
    runtime.spawn(failWith(new Error("of the task")));
    await until(() => writes >= 2);
    expect(await runtime.spawn(async () => "goes on")).toBe("goes on");
    runtime.shutdownBackground();
  });
});

describe("a deadlock", () => {
  it("is told though what failed before, and what is waited for, can't be shown", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (make) => {
        const error = make();
        const runtime = Builder.currentThread()
          .onReport(() => {})
          .build();
        const set = new JoinSet<void>();
        for (const each of [error, "a text"]) set.spawnOn(failWith(each), runtime.handle());
        const deadlock = rejectionOf(runtime.blockOn(pending()));
        await turn();
        process.emit("beforeExit", 0);
        const told = (await deadlock) as Error;
        expect(told.name).toBe("DeadlockError");
        expect(told.message).toMatch(/unjoined task #\d+ failed: a text$/);
        const { errors } = told.cause as AggregateError;
        expect(errors.map((one, i) => Object.is(one, [error, "a text"][i]))).toEqual([true, true]);
        set.drop();
        runtime.shutdownBackground();
      }),
      { numRuns: RUNS / 4 },
    );
  });
});

describe("Error.prepareStackTrace", () => {
  it.each([
    ["throws", () => fails()],
    ["gives no text", (_error: Error, frames: unknown) => frames],
  ])("keeps no task from being reported where it %s", async (_what, prepare) => {
    const texts = printed();
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = prepare;
    try {
      const runtime = Builder.currentThread().traceSpawns().build();
      runtime.spawn(failWith("of the task"));
      await until(() => texts.length > 0);
      runtime.shutdownBackground();
    } finally {
      Error.prepareStackTrace = before;
    }
    expect(texts[0]).toMatch(/^rt: task #\d+ failed[^]*of the task/);
  });
});

function fails(): never {
  throw new Error("hostile");
}
