/* oxlint-disable require-yield -- a task need not wait for anything */
import {
  fromPromise,
  intoFuture,
  JoinError,
  PENDING,
  pollFn,
  ready,
  spawn,
  UsageError,
  withSignal,
  yieldNow,
  type Async,
  type Future,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { Gate, quietRuntime, rejectionOf, TestWaker, thrownBy, turn } from "./support/lanes.ts";

function* waitFor<T>(future: Future<T>): Async<T> {
  return yield* future;
}

/** Waits for `work`, then always for `cleanup`, and notes what it does. */
function* careful(
  log: string[],
  name: string,
  work: Future<unknown>,
  cleanup: Future<unknown>,
): Async<string> {
  try {
    yield* work;
    return `${name} worked`;
  } finally {
    log.push(`${name} cleans up`);
    yield* cleanup;
    log.push(`${name} is clean`);
  }
}

function* around(log: string[], name: string, body: Async<unknown>): Async<void> {
  try {
    yield* body;
  } finally {
    log.push(`${name} ends`);
  }
}

describe("generator lane", () => {
  it("runs nothing of the body before the first poll", () => {
    const log: string[] = [];
    function* body(): Async<void> {
      log.push("ran");
    }
    intoFuture(body());
    expect(log).toEqual([]);
  });

  it("runs a body that never waits in one poll", () => {
    function* sum(): Async<number> {
      return (yield* ready(40)) + (yield* ready(2));
    }
    expect(intoFuture(sum()).poll(new TestWaker())).toBe(42);
  });

  it("hands values and errors through nested generators", () => {
    function* inner(fail: boolean): Async<number> {
      const n = yield* ready(1);
      if (fail) throw new Error("inner");
      return n;
    }
    function* outer(): Async<string> {
      const n = yield* inner(false);
      try {
        yield* inner(true);
      } catch (error) {
        return `${n} and ${(error as Error).message}`;
      }
      return "no error";
    }
    expect(intoFuture(outer()).poll(new TestWaker())).toBe("1 and inner");
  });

  it("resumes a generator nested a thousand deep where it waits", () => {
    function* nest(depth: number, gate: Gate<string>): Async<string> {
      return depth === 0 ? yield* gate : yield* nest(depth - 1, gate);
    }
    const gate = new Gate<string>();
    const future = intoFuture(nest(1000, gate));
    const cx = new TestWaker();
    expect(future.poll(cx)).toBe(PENDING);
    gate.open("from the bottom");
    expect(future.poll(cx)).toBe("from the bottom");
  });

  it("polls only the leaf that waits when it is polled again", () => {
    const first = new Gate();
    const second = new Gate();
    first.open();
    function* both(): Async<void> {
      yield* first;
      yield* second;
    }
    const future = intoFuture(both());
    const cx = new TestWaker();
    future.poll(cx);
    future.poll(cx);
    expect([first.polls, second.polls]).toEqual([1, 2]);
  });

  it("moves to the waker of its last poll", () => {
    const gate = new Gate();
    const future = intoFuture(waitFor(gate));
    const [first, second] = [new TestWaker(), new TestWaker()];
    future.poll(first);
    future.poll(second);
    gate.open();
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });

  it("polls a generator wrapped in a generator with the waker of the outer one", () => {
    const gate = new Gate<number>();
    const future = intoFuture(waitFor(intoFuture(waitFor(gate))));
    const cx = new TestWaker();
    future.poll(cx);
    gate.open(5);
    expect([cx.wakes, future.poll(cx)]).toEqual([1, 5]);
  });

  it("refuses to be polled by itself", () => {
    let future: Future<unknown> | null = null;
    function* recursive(): Async<void> {
      yield* future as Future<unknown>;
    }
    future = intoFuture(recursive());
    const started = future;
    expect(thrownBy(() => started.poll(new TestWaker()))).toBeInstanceOf(Error);
  });

  it("goes on in the other task when one task polls a future that another has started", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate<string>();
    const shared = intoFuture(waitFor(gate));
    const first = runtime.spawn(pollFn((cx) => (shared.poll(cx) === PENDING ? "started" : "too early")));
    expect(await first).toBe("started");
    const second = runtime.spawn(waitFor(shared));
    await turn();
    gate.open("taken over");
    expect(await second).toBe("taken over");
  });
});

describe("generator lane: drop", () => {
  it("runs nothing of a body that was never polled", () => {
    const log: string[] = [];
    intoFuture(careful(log, "body", new Gate(), new Gate())).drop();
    expect(log).toEqual([]);
  });

  it("drops the leaf before the finally block runs", () => {
    const gate = new Gate();
    let dropsSeen = -1;
    function* body(): Async<void> {
      try {
        yield* gate;
      } finally {
        dropsSeen = gate.drops;
      }
    }
    const future = intoFuture(body());
    future.poll(new TestWaker());
    future.drop();
    expect(dropsSeen).toBe(1);
  });

  it("runs finally blocks from the inside out, before drop returns", () => {
    const log: string[] = [];
    const future = intoFuture(
      around(log, "outer", around(log, "middle", around(log, "inner", waitFor(new Gate())))),
    );
    future.poll(new TestWaker());
    future.drop();
    expect(log).toEqual(["inner ends", "middle ends", "outer ends"]);
  });

  it("runs finally blocks of a wrapped generator before those around it", () => {
    const log: string[] = [];
    const inner = intoFuture(around(log, "inner", waitFor(new Gate())));
    const future = intoFuture(around(log, "outer", waitFor(inner)));
    future.poll(new TestWaker());
    future.drop();
    expect(log).toEqual(["inner ends", "outer ends"]);
  });

  it("is seen as Cancelled by catch blocks, and what follows runs as cleanup", () => {
    const log: string[] = [];
    function* body(): Async<void> {
      try {
        yield* new Gate();
      } catch (error) {
        log.push((error as Error).name);
      } finally {
        log.push("finally");
      }
      log.push("went on");
    }
    const future = intoFuture(body());
    future.poll(new TestWaker());
    future.drop();
    expect(log).toEqual(["Cancelled", "finally", "went on"]);
  });

  it("runs a finally block once when called twice", () => {
    const log: string[] = [];
    const future = intoFuture(around(log, "body", waitFor(new Gate())));
    future.poll(new TestWaker());
    future.drop();
    future.drop();
    expect(log).toEqual(["body ends"]);
  });

  it("lets an error of a finally block out to whoever drops", () => {
    const error = new Error("in finally");
    function* body(): Async<void> {
      try {
        yield* new Gate();
      } finally {
        // oxlint-disable-next-line no-unsafe-finally -- the point of the test
        throw error;
      }
    }
    const future = intoFuture(body());
    future.poll(new TestWaker());
    expect(thrownBy(() => future.drop())).toBe(error);
  });

  it("runs the outer finally blocks when an inner one throws", () => {
    const log: string[] = [];
    function* inner(): Async<void> {
      try {
        yield* new Gate();
      } finally {
        // oxlint-disable-next-line no-unsafe-finally -- the point of the test
        throw new Error("inner");
      }
    }
    const future = intoFuture(around(log, "outer", inner()));
    future.poll(new TestWaker());
    expect(thrownBy(() => future.drop())).toMatchObject({ message: "inner" });
    expect(log).toEqual(["outer ends"]);
  });

  it("runs the finally block when the leaf's own drop throws", () => {
    const log: string[] = [];
    const gate = new Gate();
    gate.onDrop = () => {
      throw new Error("drop");
    };
    const future = intoFuture(around(log, "body", waitFor(gate)));
    future.poll(new TestWaker());
    expect(thrownBy(() => future.drop())).toMatchObject({ message: "drop" });
    expect(log).toEqual(["body ends"]);
  });

  it("tolerates a leaf whose drop drops the whole computation again", () => {
    const log: string[] = [];
    const gate = new Gate();
    const future = intoFuture(around(log, "body", waitFor(gate)));
    gate.onDrop = () => future.drop();
    future.poll(new TestWaker());
    future.drop();
    expect(log).toEqual(["body ends"]);
  });

  it("closes the generator when the leaf that is being polled drops it", () => {
    const log: string[] = [];
    let future: Future<unknown> | null = null;
    const leaf = pollFn(() => {
      future?.drop();
      return PENDING;
    });
    future = intoFuture(around(log, "body", waitFor(leaf)));
    future.poll(new TestWaker());
    expect(log).toEqual(["body ends"]);
  });

  it("ignores a wake-up that comes after it", () => {
    const gate = new Gate();
    const future = intoFuture(waitFor(gate));
    const cx = new TestWaker();
    future.poll(cx);
    future.drop();
    gate.open();
    expect(cx.wakes).toBe(0);
  });
});

describe("generator lane: cleanup that waits", () => {
  it("goes on after the drop, without anybody waiting for it", async () => {
    const log: string[] = [];
    const cleanup = new Gate();
    const future = intoFuture(careful(log, "body", new Gate(), cleanup));
    future.poll(new TestWaker());
    future.drop();
    await turn();
    expect(log).toEqual(["body cleans up"]);
    cleanup.open();
    await turn();
    expect(log).toEqual(["body cleans up", "body is clean"]);
  });

  it("keeps its task from ending before it has", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const cleanup = new Gate();
    function* owner(): Async<string> {
      const inner = intoFuture(careful(log, "inner", new Gate(), cleanup));
      yield* pollFn((cx) => void inner.poll(cx));
      inner.drop();
      return "value";
    }
    const handle = runtime.spawn(owner());
    await turn();
    expect(handle.isFinished()).toBe(false);
    cleanup.open();
    expect(await handle).toBe("value");
    expect(log).toEqual(["inner cleans up", "inner is clean"]);
  });

  it("keeps an aborted task from ending before it has", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const cleanup = new Gate();
    const handle = runtime.spawn(careful(log, "task", new Gate(), cleanup));
    await turn();
    handle.abort();
    await turn();
    expect(handle.isFinished()).toBe(false);
    cleanup.open();
    expect(await rejectionOf(handle)).toBeInstanceOf(JoinError);
    expect(log).toEqual(["task cleans up", "task is clean"]);
  });

  it("runs nested finally blocks from the inside out though each of them waits", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    function* outer(): Async<void> {
      try {
        yield* careful(log, "inner", new Gate(), yieldNow());
      } finally {
        yield* yieldNow();
        log.push("outer ends");
      }
    }
    const handle = runtime.spawn(outer());
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(log).toEqual(["inner cleans up", "inner is clean", "outer ends"]);
  });

  it("keeps a task from ending whose body is a future around the generator", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    const body = withSignal(new AbortController().signal, careful([], "inner", new Gate(), cleanup));
    const handle = runtime.spawn(body);
    await turn();
    handle.abort();
    await turn();
    const endedEarly = handle.isFinished();
    cleanup.open();
    await rejectionOf(handle);
    expect(endedEarly).toBe(false);
  });

  it("keeps a task from ending whose body is a function that made the generator", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    const handle = runtime.spawn(() => careful([], "inner", new Gate(), cleanup));
    await turn();
    handle.abort();
    await turn();
    const endedEarly = handle.isFinished();
    cleanup.open();
    await rejectionOf(handle);
    expect(endedEarly).toBe(false);
  });

  it("keeps a generator task from ending before the cleanup of an async function it waited for", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    function* body(): Async<void> {
      yield* intoFuture(async () => {
        try {
          await new Gate();
        } finally {
          await cleanup;
        }
      });
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    await turn();
    const endedEarly = handle.isFinished();
    cleanup.open();
    await rejectionOf(handle);
    expect(endedEarly).toBe(false);
  });

  it("leaves the task that dropped it free to do other things", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    const controller = new AbortController();
    const log: string[] = [];
    function* owner(): Async<void> {
      try {
        yield* withSignal(controller.signal, careful(log, "inner", new Gate(), cleanup));
      } catch {
        yield* yieldNow();
        log.push("owner went on");
      }
    }
    const handle = runtime.spawn(owner());
    await turn();
    controller.abort(new Error("stop"));
    await turn();
    expect(log).toEqual(["inner cleans up", "owner went on"]);
    cleanup.open();
    await handle;
  });

  it("is reported when it fails, and its task keeps its value", async () => {
    const { runtime, reports } = quietRuntime();
    function* failing(): Async<void> {
      try {
        yield* new Gate();
      } finally {
        yield* yieldNow();
        // oxlint-disable-next-line no-unsafe-finally -- the point of the test
        throw new Error("cleanup failed");
      }
    }
    function* owner(): Async<string> {
      const inner = intoFuture(failing());
      yield* pollFn((cx) => void inner.poll(cx));
      inner.drop();
      return "value";
    }
    expect(await runtime.spawn(owner())).toBe("value");
    await turn();
    expect(reports).toMatchObject([{ kind: "task-failed", error: { message: "cleanup failed" } }]);
  });

  it("may drop further computations whose cleanup waits", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const last = new Gate();
    function* first(): Async<void> {
      const second = intoFuture(careful(log, "second", new Gate(), last));
      yield* pollFn((cx) => void second.poll(cx));
      try {
        yield* new Gate();
      } finally {
        yield* yieldNow();
        second.drop();
      }
    }
    function* owner(): Async<void> {
      const inner = intoFuture(first());
      yield* pollFn((cx) => void inner.poll(cx));
      inner.drop();
    }
    const handle = runtime.spawn(owner());
    await turn();
    expect(handle.isFinished()).toBe(false);
    last.open();
    await handle;
    expect(log).toEqual(["second cleans up", "second is clean"]);
  });

  it("may spawn tasks", async () => {
    const { runtime } = quietRuntime();
    let spawned: PromiseLike<string> | undefined;
    function* body(): Async<void> {
      try {
        yield* new Gate();
      } finally {
        spawned = spawn(waitFor(ready("spawned while cleaning up")));
        yield* yieldNow();
      }
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(await spawned).toBe("spawned while cleaning up");
  });

  it("returns a value of its own without undoing the abort", async () => {
    const { runtime } = quietRuntime();
    function* body(): Async<string> {
      try {
        return yield* new Gate<string>();
      } finally {
        yield* yieldNow();
        // oxlint-disable-next-line no-unsafe-finally -- the point of the test
        return "a value after all";
      }
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
  });

  it("makes an aborted task fail with the error that it throws", async () => {
    const { runtime } = quietRuntime();
    const error = new Error("after a wait");
    function* body(): Async<void> {
      try {
        yield* new Gate();
      } finally {
        yield* yieldNow();
        // oxlint-disable-next-line no-unsafe-finally -- the point of the test
        throw error;
      }
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toBe(error);
  });
});

describe("generator lane: kill", () => {
  it("ends a cleanup that waits when its task is aborted again", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const cleanup = new Gate();
    const handle = runtime.spawn(careful(log, "task", new Gate(), cleanup));
    await turn();
    handle.abort();
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toBeInstanceOf(JoinError);
    expect(log).toEqual(["task cleans up"]);
  });

  it("drops the leaf that the cleanup was waiting for", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    const handle = runtime.spawn(careful([], "task", new Gate(), cleanup));
    await turn();
    handle.abort();
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(cleanup.drops).toBe(1);
  });

  it("still runs the outer finally blocks as far as they go without waiting", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const handle = runtime.spawn(around(log, "outer", careful(log, "inner", new Gate(), new Gate())));
    await turn();
    handle.abort();
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(log).toEqual(["inner cleans up", "outer ends"]);
  });

  it("ends a finally block that waits again and again", async () => {
    const { runtime } = quietRuntime();
    const gates: Gate[] = [];
    function* stubborn(depth: number): Async<void> {
      try {
        const gate = new Gate();
        gates.push(gate);
        yield* gate;
      } finally {
        if (depth > 0) yield* stubborn(depth - 1);
      }
    }
    const handle = runtime.spawn(stubborn(20));
    await turn();
    handle.abort();
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(gates.map((gate) => gate.drops)).toEqual(new Array(21).fill(1));
  });

  it("ends a task whose finally block never stops waiting", async () => {
    const { runtime } = quietRuntime();
    let stop = false;
    function* endless(): Async<void> {
      try {
        yield* new Gate();
      } finally {
        if (!stop) yield* endless();
      }
    }
    const handle = runtime.spawn(endless());
    await turn();
    handle.abort();
    await turn();
    handle.abort();
    await turn();
    const ended = handle.isFinished();
    stop = true;
    expect(ended).toBe(true);
  });

  it("ends the cleanup of a computation that the task had dropped", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    function* owner(): Async<void> {
      const inner = intoFuture(careful([], "inner", new Gate(), cleanup));
      yield* pollFn((cx) => void inner.poll(cx));
      inner.drop();
      yield* new Gate();
    }
    const handle = runtime.spawn(owner());
    await turn();
    handle.abort();
    await turn();
    expect(handle.isFinished()).toBe(false);
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
    expect(cleanup.drops).toBe(1);
  });

  it("makes the task fail when a finally block throws on the way", async () => {
    const { runtime } = quietRuntime();
    const error = new Error("last words");
    function* body(): Async<void> {
      try {
        yield* careful([], "inner", new Gate(), new Gate());
      } finally {
        // oxlint-disable-next-line no-unsafe-finally -- the point of the test
        throw error;
      }
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toBe(error);
  });
});

describe("generator lane: invalid yields", () => {
  function* yieldsOnce(value: unknown): Async<string> {
    yield value as Future<unknown>;
    return "went on";
  }

  it("fails with ERR_RT_INVALID_YIELD when a task yields what is no future", () => {
    const error = thrownBy(() => intoFuture(yieldsOnce(5)).poll(new TestWaker()));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_INVALID_YIELD" });
  });

  it.each([
    [5, "5"],
    [undefined, "undefined"],
    ["text", '"text"'],
    [{ a: 1 }, "Object"],
    [Promise.resolve(1), "Promise"],
  ])("names the yielded value: %s", (value, text) => {
    expect(thrownBy(() => intoFuture(yieldsOnce(value)).poll(new TestWaker()))).toMatchObject({
      message: expect.stringContaining(text) as string,
    });
  });

  it("advises yield* when a future is yielded", () => {
    expect(thrownBy(() => intoFuture(yieldsOnce(ready(1))).poll(new TestWaker()))).toMatchObject({
      message: expect.stringContaining("write yield* instead of yield") as string,
    });
  });

  it("advises fromPromise when a promise is yielded", () => {
    expect(thrownBy(() => intoFuture(yieldsOnce(Promise.resolve())).poll(new TestWaker()))).toMatchObject({
      message: expect.stringContaining("fromPromise") as string,
    });
  });

  it("throws the mistake at the very yield that made it, where it can be caught", () => {
    function* forgiving(): Async<string> {
      try {
        yield 1 as never;
        return "not noticed";
      } catch (error) {
        return (error as UsageError).code;
      }
    }
    expect(intoFuture(forgiving()).poll(new TestWaker())).toBe("ERR_RT_INVALID_YIELD");
  });

  it("goes on waiting when the mistake was caught and a future is waited for", () => {
    const gate = new Gate<string>();
    function* forgiving(): Async<string> {
      try {
        yield 1 as never;
      } catch {
        return yield* gate;
      }
      return "not noticed";
    }
    const future = intoFuture(forgiving());
    const cx = new TestWaker();
    expect(future.poll(cx)).toBe(PENDING);
    gate.open("recovered");
    expect(future.poll(cx)).toBe("recovered");
  });

  it("refuses an iterable of futures", () => {
    function* delegates(): Async<void> {
      yield* [ready(1)] as unknown as Async<void>;
    }
    expect(thrownBy(() => intoFuture(delegates()).poll(new TestWaker()))).toMatchObject({
      code: "ERR_RT_INVALID_YIELD",
    });
  });

  it("ends a generator that makes the mistake for ever", () => {
    function* incorrigible(): Async<void> {
      for (;;) {
        try {
          yield 1 as never;
        } catch {
          // once more
        }
      }
    }
    expect(thrownBy(() => intoFuture(incorrigible()).poll(new TestWaker()))).toBeInstanceOf(Error);
  });

  it("fails a spawned task and leaves the others alone", async () => {
    const { runtime } = quietRuntime();
    const bad = runtime.spawn(yieldsOnce(5));
    const good = runtime.spawn(waitFor(ready("fine")));
    expect(await rejectionOf(bad)).toMatchObject({ code: "ERR_RT_INVALID_YIELD" });
    expect(await good).toBe("fine");
  });

  it("fails a task that makes it in its finally block", async () => {
    const { runtime } = quietRuntime();
    function* body(): Async<void> {
      try {
        yield* new Gate();
      } finally {
        yield 5 as never;
      }
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_INVALID_YIELD" });
  });
});

describe("generator lane: promises", () => {
  it("resumes with the value of a promise", async () => {
    function* body(): Async<number> {
      return (yield* fromPromise(Promise.resolve(20))) + 1;
    }
    expect(await spawn(body())).toBe(21);
  });

  it("waits for an async function as for any future", async () => {
    function* body(): Async<number> {
      return 1 + (yield* intoFuture(async () => 41));
    }
    expect(await spawn(body())).toBe(42);
  });

  it("drops an async function that it waits for", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate();
    function* body(): Async<void> {
      yield* intoFuture(async () => {
        await gate;
      });
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(gate.drops).toBe(1);
  });
});
