/* oxlint-disable require-yield -- a task need not wait for anything */
/* oxlint-disable no-unsafe-finally -- a cleanup that fails */
/* oxlint-disable typescript/only-throw-error -- anything can be thrown */
import {
  Builder,
  Future,
  JoinSet,
  PENDING,
  pending,
  pollFn,
  type Async,
  type JoinError,
  type Report,
} from "@rt/core";
import { checkInteger, classOf, messageOf, show, spell, waitOf } from "@rt/core/driver";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostile, RUNS } from "./support/hostile.ts";
import { rejectionOf, thrownBy, turn, until } from "./support/runtime.ts";

const options = { numRuns: RUNS };

function* failWith(error: unknown): Async<void> {
  throw error;
}

function* yieldOf(value: unknown): Async<void> {
  yield value as never;
}

function* failAtTheEnd(error: unknown): Async<void> {
  try {
    yield* pending();
  } finally {
    throw error;
  }
}

/** Describes itself by what `text` gives. */
class Described extends Future<void> {
  readonly #text: () => unknown;
  constructor(text: () => unknown) {
    super();
    this.#text = text;
  }
  override poll(): typeof PENDING {
    return PENDING;
  }
  override describe(): string {
    return this.#text() as string;
  }
}

function quiet(builder: Builder = Builder.currentThread()): { builder: Builder; reports: Report[] } {
  const reports: Report[] = [];
  return { builder: builder.onReport((report) => reports.push(report)), reports };
}

describe("text for a value that can't be looked at", () => {
  it("is always a text", () => {
    fc.assert(
      fc.property(hostile, (make) => {
        const value = make();
        for (const text of [show(value), messageOf(value), spell(value)]) expect(typeof text).toBe("string");
        if (typeof value === "object" && value !== null) expect(typeof classOf(value)).toBe("string");
        expect(typeof waitOf({ describe: () => value as string })).toBe("string");
        expect(typeof waitOf(value as never)).toBe("string");
      }),
      options,
    );
  });

  it.each([
    [Object.create(null), "an object of class unknown"],
    [new Map(), "an object of class Map"],
    [Symbol("s"), "Symbol(s)"],
    [12n, "12"],
    [() => {}, "function"],
    [Proxy.revocable({}, {}).proxy, "an object of class Object"],
  ])("says what can be said: %#", (value, text) => {
    expect(show(value)).toBe(text);
  });

  it("tells an error that hides its stack by name and message", () => {
    const error = Object.defineProperty(new RangeError("too far"), "stack", { value: undefined });
    expect(spell(error)).toBe("RangeError: too far");
  });

  it("tells causes, and errors within, once for an error that is its own cause", () => {
    const inner = Object.defineProperty(new Error("inner"), "stack", { value: undefined });
    const outer = new AggregateError([inner], "outer", { cause: inner });
    Object.defineProperty(outer, "stack", { value: undefined });
    expect(spell(outer)).toBe("AggregateError: outer\n  [error]: Error: inner\n  [cause]: Error: inner");
  });

  it("is what a typed error for a wrong argument names it by", () => {
    fc.assert(
      fc.property(hostile, (make) => {
        const value = make();
        const error = thrownBy(() => checkInteger("count", value as number, 1, 0));
        expect((error as { code?: unknown }).code).toMatch(/^ERR_RT_/);
      }),
      options,
    );
  });
});

describe("a failure that can't be shown", () => {
  it("is reported, and so are those behind it: both lanes", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, fc.boolean(), async (make, traces) => {
        const error = make();
        const { builder, reports } = quiet();
        const runtime = (traces ? builder.traceSpawns() : builder).build();
        runtime.spawn(failWith(error));
        runtime.spawn(async () => {
          throw error;
        });
        runtime.spawn(failWith("the one behind"));
        await until(() => reports.length >= 3);
        const isIt = reports.map((report) => [report.kind, Object.is(report.error, error)]);
        expect(isIt.filter(([kind]) => kind === "task-failed")).toHaveLength(3);
        expect(isIt.filter(([, same]) => same)).toHaveLength(2);
        runtime.shutdownBackground();
      }),
      options,
    );
  });

  it("comes out of its handle as it is, and as the cause of a JoinError", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (make) => {
        const error = make();
        const runtime = quiet().builder.build();
        let isSame = false;
        try {
          await runtime.spawn(failWith(error));
        } catch (thrown) {
          isSame = Object.is(thrown, error); // not out of an async function, which would ask it for its `then`
        }
        expect(isSame).toBe(true);
        const set = new JoinSet<void>();
        set.spawnOn(failWith(error), runtime.handle());
        const joinError = (await rejectionOf(set.joinNextWithId())) as JoinError;
        expect([joinError.name, joinError.isPanic(), Object.is(joinError.cause, error)]).toEqual([
          "JoinError",
          true,
          true,
        ]);
        runtime.shutdownBackground();
      }),
      options,
    );
  });

  it("ends the cleanup of a task that was aborted, and is reported: both lanes", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (make) => {
        const error = make();
        const { builder, reports } = quiet();
        const runtime = builder.build();
        const handles = [
          runtime.spawn(failAtTheEnd(error)),
          runtime.spawn(async () => {
            try {
              await pending();
            } finally {
              throw error;
            }
          }),
        ];
        await turn();
        for (const handle of handles) handle.abort();
        await until(() => reports.length >= 2);
        expect(handles.map((handle) => handle.isFinished())).toEqual([true, true]);
        runtime.shutdownBackground();
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it("of a waker is reported, and the other wakers get their turn", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (make) => {
        const error = make();
        const { builder, reports } = quiet();
        const runtime = builder.build();
        const handle = runtime.spawn(pollFn(({ waker }) => (waker.wake(), runs++ > 0 ? 1 : PENDING)));
        let runs = 0;
        let woken = false;
        const wake = (): never => {
          throw error;
        };
        const leave = runtime.enter();
        const joins = [handle, handle].map((one) => one[Symbol.iterator]() as unknown as Future<number>);
        joins[0]?.poll({ waker: { wake: () => void (woken = true) } });
        joins[1]?.poll({ waker: { wake } });
        leave.dispose();
        await until(() => woken);
        await until(() => reports.length > 0);
        expect(reports.map((report) => [report.kind, Object.is(report.error, error)])).toEqual([
          ["waker-failed", true],
        ]);
        runtime.shutdownBackground();
      }),
      { numRuns: RUNS / 4 },
    );
  });

  it("of a hook is reported, and the task goes on", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (make) => {
        const error = make();
        const fail = (): never => {
          throw error;
        };
        const { builder, reports } = quiet();
        const runtime = builder
          .onTaskSpawn(fail)
          .onTaskTerminate(fail)
          .onBeforeTaskPoll(fail)
          .onAfterTaskPoll(fail)
          .onThreadPark(fail)
          .onThreadUnpark(fail)
          .build();
        expect(await runtime.spawn(pollFn(() => 1))).toBe(1);
        expect(new Set(reports.map((report) => report.kind))).toEqual(new Set(["hook-failed"]));
        runtime.shutdownBackground();
      }),
      { numRuns: RUNS / 4 },
    );
  });

  it("that shuts its runtime down is the cause of what blockOn rejects with", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (make) => {
        const error = make();
        const runtime = quiet(Builder.currentThread().unhandledPanic("shutdownRuntime")).builder.build();
        runtime.spawn(failWith(error));
        const shut = (await rejectionOf(runtime.blockOn(pending()))) as Error;
        expect([(shut as { code?: unknown }).code, Object.is(shut.cause, error)]).toEqual([
          "ERR_RT_UNHANDLED_PANIC",
          true,
        ]);
      }),
      { numRuns: RUNS / 4 },
    );
  });
});

describe("a value that is no future", () => {
  it("is named by the error of the task that yields it, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (make) => {
        const value = make();
        const runtime = quiet().builder.build();
        const error = await rejectionOf(runtime.spawn(yieldOf(value)));
        expect((error as { code?: unknown }).code).toBe("ERR_RT_INVALID_YIELD");
        runtime.shutdownBackground();
      }),
      options,
    );
  });
});

describe("a future that can't say what it is", () => {
  it("does not hide the other tasks of a dump", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, fc.boolean(), async (make, throws) => {
        const value = make();
        const future = new Described(() => {
          if (throws) throw value;
          return value;
        });
        const runtime = quiet().builder.build();
        runtime.spawn(future);
        runtime.spawn(async () => await future);
        runtime.spawn(pending());
        await turn();
        const dump = runtime.handle().dump();
        expect(String(dump).split("\n").at(-1)).toMatch(/ waits for pending\(\)/);
        runtime.shutdownBackground();
      }),
      { numRuns: RUNS / 4 },
    );
  });

  it("is refused with a code where it is used wrongly", () => {
    fc.assert(
      fc.property(hostile, (make) => {
        const value = make();
        const future = new Described(() => value);
        const error = thrownBy(() => future.next());
        expect((error as { code?: unknown }).code).toBe("ERR_RT_OUTSIDE_TASK");
      }),
      options,
    );
  });
});
