/* oxlint-disable require-yield -- a task need not wait for anything */
import {
  intoFuture,
  JoinSet,
  LocalSet,
  pending,
  ready,
  spawn,
  TaskBuilder,
  TaskLocal,
  unconstrained,
  withSignal,
  yieldNow,
  type Async,
  type Future,
  type IntoFuture,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { Gate, quietRuntime, rejectionOf, turn } from "./support/lanes.ts";

type Make = <T>(generator: Async<T>) => Async<T>;

/** What compilers for engines without generators make: an object without a class. */
function asObject<T>(generator: Async<T>): Async<T> {
  return {
    next: () => generator.next(),
    throw: (error: unknown) => generator.throw(error),
    return: (value: T) => generator.return(value),
    [Symbol.iterator]() {
      return this;
    },
  } as Async<T>;
}

/** What comes out of a `yield*` of engines that hand on a copy of each result. */
function asCopies<T>(generator: Async<T>): Async<T> {
  return {
    next: () => ({ ...generator.next() }),
    throw: (error: unknown) => ({ ...generator.throw(error) }),
    return: (value: T) => ({ ...generator.return(value) }),
    [Symbol.iterator]() {
      return this;
    },
  } as Async<T>;
}

function* sum(): Async<number> {
  yield* yieldNow();
  return (yield* ready(40)) + 2;
}

function* immediate(): Async<string> {
  return "at once";
}

/** Waits at the gate, and cleans up in two steps. */
function* guarded(gate: Future<unknown>, log: string[]): Async<void> {
  try {
    yield* gate;
  } finally {
    log.push("closing");
    yield* yieldNow();
    log.push("closed");
  }
}

const RUNS: readonly [string, (body: IntoFuture<number>) => PromiseLike<number | undefined>][] = [
  ["spawn", (body) => spawn(body)],
  ["blockOn", (body) => quietRuntime().runtime.blockOn(body)],
  ["Runtime.spawn", (body) => quietRuntime().runtime.spawn(body)],
  ["intoFuture", (body) => intoFuture(body)],
  ["JoinSet", (body) => JoinSet.from([body]).joinNext()],
  ["TaskBuilder", (body) => new TaskBuilder().name("other").spawn(body)],
  ["TaskLocal.scope", (body) => new TaskLocal<number>().scope(1, body)],
  ["withSignal", (body) => withSignal(new AbortController().signal, body)],
  ["unconstrained", (body) => unconstrained(body)],
  ["LocalSet.runUntil", (body) => new LocalSet().runUntil(body)],
  [
    "LocalSet.spawnLocal",
    (body) => {
      const set = new LocalSet();
      const handle = set.spawnLocal(body);
      return set.runUntil(handle);
    },
  ],
];

describe.each<[string, Make]>([
  ["a plain object that behaves as a generator", asObject],
  ["a generator whose results are copied", asCopies],
])("%s", (_, make) => {
  it.each(RUNS)("runs to its end: %s", async (_name, run) => {
    expect(await run(make(sum()))).toBe(42);
  });

  it.each(RUNS)("runs to its end where a function makes it: %s", async (_name, run) => {
    expect(await run(() => make(sum()))).toBe(42);
  });

  it("runs without ever waiting", async () => {
    expect(await spawn(make(immediate()))).toBe("at once");
  });

  it("runs inside another one", async () => {
    function* outer(): Async<number> {
      return yield* make(sum());
    }
    expect(await spawn(make(outer()))).toBe(42);
  });

  it("fails with what it throws", async () => {
    function* fails(): Async<void> {
      yield* yieldNow();
      throw new Error("broken");
    }
    expect(await rejectionOf(spawn(make(fails())))).toMatchObject({ message: "broken" });
  });

  it("is closed by an abort, and its finally may wait", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const gate = new Gate();
    const handle = runtime.spawn(make(guarded(gate, log)));
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
    expect([gate.drops, log]).toEqual([1, ["closing", "closed"]]);
  });

  it("is ended by a second abort, wherever it waits", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    function* stubborn(): Async<void> {
      try {
        yield* pending();
      } finally {
        log.push("closing");
        yield* pending();
      }
    }
    const handle = runtime.spawn(make(stubborn()));
    await turn();
    handle.abort();
    await turn();
    expect([handle.isFinished(), log]).toEqual([false, ["closing"]]);
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
  });

  it("is closed as a future, in and outside of tasks", async () => {
    const log: string[] = [];
    const gate = new Gate();
    await spawn(function* (): Async<void> {
      const future = intoFuture(make(guarded(gate, log)));
      expect(future.poll({ waker: { wake() {} } })).not.toBe(undefined);
      future.drop();
    });
    expect([gate.drops, log]).toEqual([1, ["closing", "closed"]]);
  });

  it("says in dumps what it waits for", async () => {
    const { runtime } = quietRuntime();
    runtime.spawn(make(guarded(new Gate(), [])));
    await turn();
    expect(runtime.handle().dump().tasks[0]?.waitsFor).toBe("a gate");
  });

  it("is told where it yields what is no future, at that place", async () => {
    function* mistaken(): Async<unknown> {
      try {
        yield null as never;
      } catch (error) {
        return (error as { code: string }).code;
      }
      return "went on";
    }
    expect(await spawn(make(mistaken()))).toBe("ERR_RT_INVALID_YIELD");
  });
});

describe("what is no generator", () => {
  it.each<[string, object]>([
    ["an iterator that can't be closed", [1, 2][Symbol.iterator]()],
    ["an iterable", [1, 2]],
    [
      "an object with the methods that is not its own iterator",
      Object.assign(asObject(sum()), { [Symbol.iterator]: sum }),
    ],
  ])("is refused: %s", (_name, value) => {
    expect(() => spawn(value as never)).toThrow(/Cannot run/);
  });
});
