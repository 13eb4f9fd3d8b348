/* oxlint-disable require-yield -- tasks that never suspend are among what is tested */
import { keepsContext } from "./support/lanes.ts";
import { describe, expect, it } from "vitest";
import {
  AbortHandle,
  Cancelled,
  JoinError,
  PENDING,
  fromPromise,
  id,
  intoFuture,
  pending,
  pollFn,
  signal,
  spawn,
  withSignal,
  yieldNow,
  type Async,
  type Id,
  type JoinHandle,
} from "@rt/core";
import {
  BadDrop,
  Gate,
  LANES,
  TestWaker,
  failing,
  rejection,
  settle,
  through,
  waiting,
  waitingTwice,
  watched,
  type Lane,
} from "./support/tasks.ts";

const isCancelled = (error: unknown): boolean => error instanceof JoinError && error.isCancelled();

/** A body that calls `before`, then ends with `value` without suspending again. */
function lastStep<T>(lane: Lane, before: () => void, value: T): Async<T> | (() => Promise<T>) {
  if (lane === "async") {
    return async () => {
      await yieldNow();
      before();
      return value;
    };
  }
  return (function* (): Async<T> {
    yield* yieldNow();
    before();
    return value;
  })();
}

describe("JoinHandle.abort", () => {
  it.each(LANES)("ends a waiting task with a JoinError, in the %s lane", async (lane) => {
    const handle = spawn(waiting(lane, pending()));
    await settle();
    handle.abort();
    expect(isCancelled(await rejection(handle))).toBe(true);
  });

  it.each(LANES)("drops the future that the task waits for, in the %s lane", async (lane) => {
    const gate = new Gate();
    const handle = spawn(waiting(lane, gate));
    await settle();
    handle.abort();
    await settle();
    expect(gate.drops).toBe(1);
  });

  it.each(LANES)("runs the finally blocks, in the %s lane", async (lane) => {
    let cleaned = 0;
    const handle = spawn(waiting(lane, pending(), () => (cleaned += 1)));
    await settle();
    handle.abort();
    await settle();
    expect(cleaned).toBe(1);
  });

  it("throws Cancelled at the await of an async task", async () => {
    let seen: unknown;
    const handle = spawn(async () => {
      seen = await rejection(pending());
    });
    await settle();
    handle.abort();
    await settle();
    expect(seen).toBeInstanceOf(Cancelled);
  });

  it.each(LANES)("polls a waiting task no more, in the %s lane", async (lane) => {
    const gate = new Gate();
    const handle = spawn(waiting(lane, gate));
    await settle();
    handle.abort();
    await settle();
    expect(gate.polls).toBe(1);
  });

  it("does not poll a task that was woken but not polled yet", async () => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    await settle();
    gate.open(3);
    handle.abort();
    await settle();
    expect(gate.polls).toBe(1);
  });

  it("cancels a task that was woken but not polled yet", async () => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    await settle();
    gate.open(3);
    handle.abort();
    expect(isCancelled(await rejection(handle))).toBe(true);
  });

  it.each(LANES)("never starts a task that was not polled yet, in the %s lane", async (lane) => {
    const gate = new Gate();
    let cleaned = 0;
    const handle = spawn(waiting(lane, gate, () => (cleaned += 1)));
    handle.abort();
    expect(isCancelled(await rejection(handle))).toBe(true);
    expect([gate.polls, cleaned]).toEqual([0, 0]);
  });

  it("drops a future that was not polled yet", async () => {
    const gate = new Gate();
    const handle = spawn(gate);
    handle.abort();
    await settle();
    expect(gate.drops).toBe(1);
  });

  it.each(LANES)("has no effect on a task that has ended, in the %s lane", async (lane) => {
    const gate = new Gate<number>();
    const handle = spawn(waiting(lane, gate));
    await settle();
    gate.open(3);
    await settle();
    handle.abort();
    expect(await handle).toBe(3);
  });

  it("has no effect on a task that has failed", async () => {
    const { runtime } = watched();
    const error = new Error("no luck");
    const handle = runtime.spawn(failing("generator", error));
    await settle();
    handle.abort();
    expect(await rejection(handle)).toBe(error);
  });

  it.each(LANES)("does not run anything before it returns, in the %s lane", async (lane) => {
    let cleaned = 0;
    const handle = spawn(waiting(lane, pending(), () => (cleaned += 1)));
    await settle();
    handle.abort();
    expect(cleaned).toBe(0);
    await settle();
  });

  it("may be called twice before the task ends", async () => {
    let cleaned = 0;
    const handle = spawn(waiting("generator", pending(), () => (cleaned += 1)));
    await settle();
    handle.abort();
    handle.abort();
    await settle();
    expect([cleaned, isCancelled(await rejection(handle))]).toEqual([1, true]);
  });

  it("wakes a task that waits for the handle", async () => {
    const handle = spawn(pending());
    const joiner = spawn(through(handle));
    await settle();
    handle.abort();
    expect(isCancelled(await rejection(joiner))).toBe(true);
  });

  it("gives the JoinError of the aborted task, not of the one that waits", async () => {
    const handle = spawn(pending());
    const joiner = spawn(through(handle));
    await settle();
    handle.abort();
    expect(((await rejection(joiner)) as JoinError).id()).toBe(handle.id());
  });

  it("reaches a task of another runtime", async () => {
    const { runtime } = watched();
    const handle = runtime.spawn(pending());
    function* from(): Async<void> {
      handle.abort();
    }
    await spawn(from());
    expect(isCancelled(await rejection(handle))).toBe(true);
  });

  it("stops waiting for a promise in the generator lane at once", async () => {
    const handle = spawn(fromPromise(new Promise<void>(() => {})));
    await settle();
    handle.abort();
    await settle();
    expect(handle.isFinished()).toBe(true);
  });

  it.runIf(keepsContext)(
    "takes effect at the next await of ours where an async task waits for a foreign promise",
    async () => {
      let release: () => void = () => {};
      const promise = new Promise<void>((resolve) => {
        release = resolve;
      });
      const seen: unknown[] = [];
      const handle = spawn(async () => {
        await promise;
        seen.push("after the promise");
        seen.push(await rejection(yieldNow()));
      });
      await settle();
      handle.abort();
      await settle();
      release();
      await settle();
      expect(seen).toEqual(["after the promise", expect.any(Cancelled)]);
    },
  );

  it("fires the task's signal while an async task waits for a foreign promise", async () => {
    let fired: AbortSignal | undefined;
    const handle = spawn(async () => {
      fired = signal();
      await new Promise<void>((resolve) => fired?.addEventListener("abort", () => resolve()));
    });
    await settle();
    handle.abort();
    await rejection(handle);
    expect(fired?.reason).toBeInstanceOf(Cancelled);
  });

  it("cancels an async task that catches Cancelled and returns a value", async () => {
    const handle = spawn(async () => {
      try {
        await pending();
      } catch {
        // Caught, and yet the task is over.
      }
      return 5;
    });
    await settle();
    handle.abort();
    expect(isCancelled(await rejection(handle))).toBe(true);
  });

  it("lets an async task that catches Cancelled go on waiting as cleanup", async () => {
    const gate = new Gate();
    let done = false;
    const handle = spawn(async () => {
      await rejection(pending());
      await gate;
      done = true;
    });
    await settle();
    handle.abort();
    await settle();
    gate.open();
    await rejection(handle);
    expect(done).toBe(true);
  });

  it("drops every future that an async task awaits at once", async () => {
    const gates = [new Gate(), new Gate(), new Gate()];
    const handle = spawn(async () => {
      await Promise.all(gates);
    });
    await settle();
    handle.abort();
    await settle();
    expect(gates.map((gate) => gate.drops)).toEqual([1, 1, 1]);
  });

  it("drops nested generators from the inside out", async () => {
    const log: string[] = [];
    function* level(name: string, inner: Async<void> | null): Async<void> {
      try {
        if (inner === null) yield* pending();
        else yield* inner;
      } finally {
        log.push(name);
      }
    }
    const handle = spawn(level("outer", level("middle", level("inner", null))));
    await settle();
    handle.abort();
    await settle();
    expect(log).toEqual(["inner", "middle", "outer"]);
  });

  it("leaves the task's children running", async () => {
    let child: JoinHandle<never> | undefined;
    function* parent(): Async<void> {
      child = spawn(pending());
      yield* child;
    }
    const handle = spawn(parent());
    await settle();
    handle.abort();
    await rejection(handle);
    expect(child?.isFinished()).toBe(false);
    child?.abort();
  });

  it("takes no harm from a wake-up after the end", async () => {
    const gate = new Gate();
    const handle = spawn(
      pollFn<void>((cx) => {
        gate.poll(cx);
        return PENDING;
      }),
    );
    await settle();
    handle.abort();
    await rejection(handle);
    gate.wake();
    await settle();
    expect(gate.polls).toBe(1);
  });

  it("stops a task that would never end by itself", async () => {
    function* busy(): Async<void> {
      while (true) yield* yieldNow();
    }
    const handle = spawn(busy());
    function* stop(): Async<void> {
      for (let i = 0; i < 10; i += 1) yield* yieldNow();
      handle.abort();
    }
    await spawn(stop());
    expect(isCancelled(await rejection(handle))).toBe(true);
  });

  it("cancels ten thousand waiting tasks", async () => {
    const handles = Array.from({ length: 10_000 }, () => spawn(through(pending())));
    await settle();
    for (const handle of handles) handle.abort();
    const errors = await Promise.all(handles.map(async (handle) => await rejection(handle)));
    expect(errors.every(isCancelled)).toBe(true);
  });
});

describe("a task that aborts itself", () => {
  it.each(LANES)("keeps its value when it ends before it suspends again, in the %s lane", async (lane) => {
    const self: { handle?: JoinHandle<number> } = {};
    self.handle = spawn(lastStep(lane, () => self.handle?.abort(), 5));
    expect(await self.handle).toBe(5);
  });

  it("keeps the error that it throws before it suspends again", async () => {
    const { runtime } = watched();
    const error = new Error("no luck");
    const self: { handle?: JoinHandle<void> } = {};
    function* body(): Async<void> {
      yield* yieldNow();
      self.handle?.abort();
      throw error;
    }
    self.handle = runtime.spawn(body());
    expect(await rejection(self.handle)).toBe(error);
  });

  it.each(LANES)("stops where it suspends next, in the %s lane", async (lane) => {
    const self: { handle?: JoinHandle<void> } = {};
    const log: string[] = [];
    function* generator(): Async<void> {
      self.handle?.abort();
      log.push("before");
      yield* pending();
      log.push("after");
    }
    async function asynchronous(): Promise<void> {
      self.handle?.abort();
      log.push("before");
      await pending();
      log.push("after");
    }
    self.handle = spawn(lane === "generator" ? generator() : asynchronous);
    expect(isCancelled(await rejection(self.handle))).toBe(true);
    expect(log).toEqual(["before"]);
  });

  it("passes by what is ready at once", async () => {
    const self: { handle?: JoinHandle<string[]> } = {};
    const finished = spawn(async () => "ready");
    await settle();
    function* body(): Async<string[]> {
      self.handle?.abort();
      return [yield* finished, yield* finished];
    }
    self.handle = spawn(body());
    expect(await self.handle).toEqual(["ready", "ready"]);
  });

  it("runs its finally blocks once", async () => {
    const self: { handle?: JoinHandle<void> } = {};
    let cleaned = 0;
    function* body(): Async<void> {
      try {
        self.handle?.abort();
        self.handle?.abort();
        yield* pending();
      } finally {
        cleaned += 1;
      }
    }
    self.handle = spawn(body());
    await rejection(self.handle);
    expect(cleaned).toBe(1);
  });

  it("gives up its waiting cleanup when it aborts itself in there", async () => {
    const self: { handle?: JoinHandle<void> } = {};
    const cleanup = new Gate();
    function* body(): Async<void> {
      try {
        yield* pending();
      } finally {
        self.handle?.abort();
        yield* cleanup;
      }
    }
    self.handle = spawn(body());
    await settle();
    self.handle.abort();
    await settle();
    expect([self.handle.isFinished(), cleanup.drops]).toEqual([true, 1]);
  });

  it("stops a future that aborts its own task while it is polled", async () => {
    const self: { handle?: JoinHandle<void> } = {};
    let polls = 0;
    self.handle = spawn(
      pollFn<void>(() => {
        polls += 1;
        self.handle?.abort();
        return PENDING;
      }),
    );
    expect(isCancelled(await rejection(self.handle))).toBe(true);
    expect(polls).toBe(1);
  });
});

describe("an error while a task is aborted", () => {
  it.each(LANES)("comes out of the handle when a finally block throws, in the %s lane", async (lane) => {
    const { runtime } = watched();
    const error = new Error("in finally");
    const body = waiting(lane, pending(), () => {
      throw error;
    });
    const handle = runtime.spawn(body);
    await settle();
    handle.abort();
    expect(await rejection(handle)).toBe(error);
  });

  it("comes out of the handle when the drop of the body throws", async () => {
    const { runtime } = watched();
    const handle = runtime.spawn(new BadDrop());
    await settle();
    handle.abort();
    expect(await rejection(handle)).toMatchObject({ message: "this drop throws" });
  });

  it("comes out of the handle when the drop of a leaf throws in the generator lane", async () => {
    const { runtime } = watched();
    const handle = runtime.spawn(through(new BadDrop()));
    await settle();
    handle.abort();
    expect(await rejection(handle)).toMatchObject({ message: "this drop throws" });
  });

  it.each(LANES)("runs the finally blocks around a leaf whose drop throws, in the %s lane", async (lane) => {
    const { runtime } = watched();
    let cleaned = 0;
    const handle = runtime.spawn(waiting(lane, new BadDrop(), () => (cleaned += 1)));
    await settle();
    handle.abort();
    await settle();
    expect(cleaned).toBe(1);
  });

  it("does not keep the other futures that an async task awaits from being dropped", async () => {
    const { runtime } = watched();
    const gate = new Gate();
    const handle = runtime.spawn(async () => {
      await Promise.all([new BadDrop(), gate]);
    });
    await settle();
    handle.abort();
    await settle();
    expect(gate.drops).toBe(1);
  });

  it("does not end an async task whose leaf's drop throws before its cleanup has ended", async () => {
    const { runtime } = watched();
    const cleanup = new Gate();
    const handle = runtime.spawn(waitingTwice("async", new BadDrop(), cleanup));
    await settle();
    handle.abort();
    await settle();
    expect(handle.isFinished()).toBe(false);
    cleanup.open();
    await settle();
  });

  it("takes no other task down", async () => {
    const { runtime } = watched();
    const bad = runtime.spawn(new BadDrop());
    const gate = new Gate<number>();
    const good = runtime.spawn(gate);
    await settle();
    bad.abort();
    gate.open(3);
    expect(await good).toBe(3);
  });

  it("does not reach the caller of abort", async () => {
    const { runtime } = watched();
    const handle = runtime.spawn(new BadDrop());
    await settle();
    expect(() => handle.abort()).not.toThrow();
    await settle();
  });

  it("leaves a task that throws JoinError of another task failed with just that", async () => {
    const { runtime } = watched();
    const other = runtime.spawn(pending());
    other.abort();
    const cause = await rejection(other);
    const body = waiting("generator", pending(), () => {
      throw cause;
    });
    const handle = runtime.spawn(body);
    await settle();
    handle.abort();
    expect(await rejection(handle)).toBe(cause);
  });
});

describe("cleanup that waits", () => {
  it.each(LANES)("goes on after the abort, in the %s lane", async (lane) => {
    const cleanup = new Gate();
    let done = 0;
    const handle = spawn(waitingTwice(lane, pending(), cleanup, () => (done += 1)));
    await settle();
    handle.abort();
    await settle();
    cleanup.open();
    await settle();
    expect(done).toBe(1);
  });

  it.each(LANES)("holds back the end of the task, in the %s lane", async (lane) => {
    const cleanup = new Gate();
    const handle = spawn(waitingTwice(lane, pending(), cleanup));
    await settle();
    handle.abort();
    await settle();
    const before = handle.isFinished();
    cleanup.open();
    await settle();
    expect([before, handle.isFinished()]).toEqual([false, true]);
  });

  it.each(LANES)("ends with a JoinError, in the %s lane", async (lane) => {
    const cleanup = new Gate();
    const handle = spawn(waitingTwice(lane, pending(), cleanup));
    await settle();
    handle.abort();
    await settle();
    cleanup.open();
    expect(isCancelled(await rejection(handle))).toBe(true);
  });

  it.each(LANES)("is given up by a second abort, in the %s lane", async (lane) => {
    const cleanup = new Gate();
    const handle = spawn(waitingTwice(lane, pending(), cleanup));
    await settle();
    handle.abort();
    await settle();
    handle.abort();
    await settle();
    expect([handle.isFinished(), cleanup.drops]).toEqual([true, 1]);
  });

  it.each(LANES)("still runs its inner finally blocks when it is given up, in the %s lane", async (lane) => {
    let cleaned = 0;
    function* generator(): Async<void> {
      try {
        yield* pending();
      } finally {
        try {
          yield* pending();
        } finally {
          cleaned += 1;
        }
      }
    }
    async function asynchronous(): Promise<void> {
      try {
        await pending();
      } finally {
        try {
          await pending();
        } finally {
          cleaned += 1;
        }
      }
    }
    const handle = spawn(lane === "generator" ? generator() : asynchronous);
    await settle();
    handle.abort();
    await settle();
    handle.abort();
    await settle();
    expect(cleaned).toBe(1);
  });

  it.each(LANES)("that throws makes the task fail with that, in the %s lane", async (lane) => {
    const { runtime } = watched();
    const cleanup = new Gate();
    const error = new Error("in cleanup");
    const body = waitingTwice(lane, pending(), cleanup, () => {
      throw error;
    });
    const handle = runtime.spawn(body);
    await settle();
    handle.abort();
    await settle();
    cleanup.open();
    expect(await rejection(handle)).toBe(error);
  });

  it("may take many steps", async () => {
    let steps = 0;
    function* body(): Async<void> {
      try {
        yield* pending();
      } finally {
        for (let i = 0; i < 1_000; i += 1) {
          yield* yieldNow();
          steps += 1;
        }
      }
    }
    const handle = spawn(body());
    await settle();
    handle.abort();
    await rejection(handle);
    expect(steps).toBe(1_000);
  });

  it("is waited for by the shutdown of the runtime", async () => {
    const { runtime } = watched();
    let done = false;
    function* body(): Async<void> {
      try {
        yield* pending();
      } finally {
        yield* yieldNow();
        done = true;
      }
    }
    runtime.spawn(body());
    await settle();
    await runtime[Symbol.asyncDispose]();
    expect(done).toBe(true);
  });

  it("may spawn", async () => {
    let child: JoinHandle<number> | undefined;
    function* body(): Async<void> {
      try {
        yield* pending();
      } finally {
        child = spawn(async () => 5);
        yield* child;
      }
    }
    const handle = spawn(body());
    await settle();
    handle.abort();
    await rejection(handle);
    expect(await child).toBe(5);
  });
});

describe("cleanup of a dropped sub-future", () => {
  /** A task that gives up `inner` when the signal fires, and then waits for `rest`. */
  function* giveUp(
    abortSignal: AbortSignal,
    inner: Async<void> | (() => Promise<void>),
    rest: Gate,
  ): Async<string> {
    try {
      yield* withSignal(abortSignal, inner);
    } catch (error) {
      // Given up by the signal; its cleanup goes on.
      if (error instanceof Cancelled) throw error;
    }
    yield* rest;
    return "ended";
  }

  const started = async (lane: Lane) => {
    const cleanup = new Gate();
    const rest = new Gate();
    const controller = new AbortController();
    const state = { cleaned: 0, id: undefined as Id | undefined };
    const inner = waitingTwice<void>(lane, new Gate(), cleanup, () => {
      state.cleaned += 1;
      state.id = id();
    });
    const { runtime, reports } = watched();
    const handle = runtime.spawn(giveUp(controller.signal, inner, rest));
    await settle();
    controller.abort(new Error("given up"));
    await settle();
    return { cleanup, rest, state, handle, runtime, reports };
  };

  it.each(LANES)("goes on beside its task, in the %s lane", async (lane) => {
    const { cleanup, state } = await started(lane);
    cleanup.open();
    await settle();
    expect(state.cleaned).toBe(1);
  });

  it.each(LANES)("lets its task go on meanwhile, in the %s lane", async (lane) => {
    const { rest } = await started(lane);
    expect(rest.polls).toBe(1);
  });

  it.each(LANES)("holds back the end of its task, in the %s lane", async (lane) => {
    const { cleanup, rest, handle } = await started(lane);
    rest.open();
    await settle();
    const before = handle.isFinished();
    cleanup.open();
    await settle();
    expect([before, handle.isFinished()]).toEqual([false, true]);
  });

  it.each(LANES)("leaves its task the value, in the %s lane", async (lane) => {
    const { cleanup, rest, handle } = await started(lane);
    rest.open();
    await settle();
    cleanup.open();
    expect(await handle).toBe("ended");
  });

  it.each(LANES)("runs with the id of its task, in the %s lane", async (lane) => {
    const { cleanup, state, handle } = await started(lane);
    cleanup.open();
    await settle();
    expect(state.id).toBe(handle.id());
  });

  it.each(LANES)("goes on when its task is aborted once, in the %s lane", async (lane) => {
    const { cleanup, state, handle } = await started(lane);
    handle.abort();
    await settle();
    const before = handle.isFinished();
    cleanup.open();
    await settle();
    expect([before, state.cleaned, handle.isFinished()]).toEqual([false, 1, true]);
  });

  it.each(LANES)("is given up when its task is aborted twice, in the %s lane", async (lane) => {
    const { cleanup, handle } = await started(lane);
    handle.abort();
    await settle();
    handle.abort();
    await settle();
    expect([handle.isFinished(), cleanup.drops]).toEqual([true, 1]);
  });

  it.each(LANES)(
    "keeps the value of its task when that has ended before the abort, in the %s lane",
    async (lane) => {
      const { cleanup, rest, handle } = await started(lane);
      rest.open();
      await settle();
      handle.abort();
      await settle();
      cleanup.open();
      expect(await handle).toBe("ended");
    },
  );

  it.each(LANES)("is given up by two aborts after its task has ended, in the %s lane", async (lane) => {
    const { rest, handle } = await started(lane);
    rest.open();
    await settle();
    handle.abort();
    await settle();
    handle.abort();
    await settle();
    expect(handle.isFinished()).toBe(true);
  });

  it.each(LANES)("is waited for by the shutdown of the runtime, in the %s lane", async (lane) => {
    const { cleanup, state, runtime } = await started(lane);
    const closed = runtime[Symbol.asyncDispose]();
    await settle();
    cleanup.open();
    await closed;
    expect(state.cleaned).toBe(1);
  });

  it.each(LANES)(
    "that begins with the shutdown of the runtime is waited for, in the %s lane",
    async (lane) => {
      const { runtime } = watched();
      const cleanup = new Gate();
      let cleaned = 0;
      const inner = waitingTwice<void>(lane, new Gate(), cleanup, () => (cleaned += 1));
      runtime.spawn(giveUp(new AbortController().signal, inner, new Gate()));
      await settle();
      const closed = runtime[Symbol.asyncDispose]();
      await settle();
      cleanup.open();
      await closed;
      expect(cleaned).toBe(1);
    },
  );

  it("is reported when it throws", async () => {
    const { runtime, reports } = watched();
    const cleanup = new Gate();
    const error = new Error("in cleanup");
    const inner = waitingTwice<void>("generator", new Gate(), cleanup, () => {
      throw error;
    });
    const controller = new AbortController();
    const rest = new Gate();
    runtime.spawn(giveUp(controller.signal, inner, rest));
    await settle();
    controller.abort(new Error("given up"));
    await settle();
    cleanup.open();
    await settle();
    expect(reports.map((report) => report.error)).toEqual([error]);
    rest.open();
  });

  it("goes on when the sub-future is dropped outside any task", async () => {
    const cleanup = new Gate();
    let cleaned = 0;
    const future = intoFuture(waitingTwice("generator", new Gate(), cleanup, () => (cleaned += 1)));
    future.poll(new TestWaker());
    future.drop();
    await settle();
    cleanup.open();
    await settle();
    expect(cleaned).toBe(1);
  });
});

describe("JoinHandle.isFinished", () => {
  it("is false before the first poll", () => {
    const handle = spawn(pending());
    expect(handle.isFinished()).toBe(false);
    handle.abort();
  });

  it("is false while the task waits", async () => {
    const handle = spawn(pending());
    await settle();
    expect(handle.isFinished()).toBe(false);
    handle.abort();
  });

  it("is false inside the task", async () => {
    const self: { handle?: JoinHandle<boolean | undefined> } = {};
    function* body(): Async<boolean | undefined> {
      return self.handle?.isFinished();
    }
    self.handle = spawn(body());
    expect(await self.handle).toBe(false);
  });

  it("is true after a value", async () => {
    const handle = spawn(async () => 3);
    await settle();
    expect(handle.isFinished()).toBe(true);
  });

  it("is true after an error", async () => {
    const { runtime } = watched();
    const handle = runtime.spawn(failing("generator", new Error("no luck")));
    await settle();
    expect(handle.isFinished()).toBe(true);
  });

  it("is false between abort and the end", async () => {
    const handle = spawn(pending());
    await settle();
    handle.abort();
    expect(handle.isFinished()).toBe(false);
    await settle();
    expect(handle.isFinished()).toBe(true);
  });

  it("is false in the finally blocks of an aborted task", async () => {
    const self: { handle?: JoinHandle<unknown> } = {};
    let seen: boolean | undefined;
    const body = waiting("generator", pending(), () => {
      seen = self.handle?.isFinished();
    });
    self.handle = spawn(body);
    await settle();
    self.handle.abort();
    await settle();
    expect(seen).toBe(false);
  });
});

describe("AbortHandle", () => {
  it("is what abortHandle gives", () => {
    const handle = spawn(pending());
    expect(handle.abortHandle()).toBeInstanceOf(AbortHandle);
    handle.abort();
  });

  it("aborts the task", async () => {
    const handle = spawn(pending());
    handle.abortHandle().abort();
    expect(isCancelled(await rejection(handle))).toBe(true);
  });

  it("has the task's id, before and after the end", async () => {
    const handle = spawn(pending());
    const abortHandle = handle.abortHandle();
    const before = abortHandle.id();
    abortHandle.abort();
    await settle();
    expect([before, abortHandle.id()]).toEqual([handle.id(), handle.id()]);
  });

  it("tells when the task has finished", async () => {
    const handle = spawn(pending());
    const abortHandle = handle.abortHandle();
    const before = abortHandle.isFinished();
    abortHandle.abort();
    await settle();
    expect([before, abortHandle.isFinished()]).toEqual([false, true]);
  });

  it("may be made any number of times", async () => {
    const handle = spawn(pending());
    const [first, second] = [handle.abortHandle(), handle.abortHandle()];
    first.abort();
    second.abort();
    await settle();
    expect([first.isFinished(), second.isFinished()]).toEqual([true, true]);
  });

  it("can be made after the end, and does nothing then", async () => {
    const handle = spawn(async () => 3);
    await settle();
    handle.abortHandle().abort();
    expect(await handle).toBe(3);
  });

  it("does not keep a failure from being reported", async () => {
    const { runtime, reports } = watched();
    const abortHandle = runtime.spawn(failing("generator", new Error("no luck"))).abortHandle();
    await settle();
    expect([abortHandle.isFinished(), reports.length]).toEqual([true, 1]);
  });

  it("aborts a detached task", async () => {
    const gate = new Gate();
    const handle = spawn(gate);
    const abortHandle = handle.abortHandle();
    handle.drop();
    await settle();
    abortHandle.abort();
    await settle();
    expect(gate.drops).toBe(1);
  });
});
