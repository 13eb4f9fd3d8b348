/* oxlint-disable require-yield -- tasks that never suspend are among what is tested */
import { describe, expect, it } from "vitest";
import {
  Handle,
  JoinError,
  LocalEnterGuard,
  LocalSet,
  PENDING,
  UsageError,
  consumeBudget,
  pending,
  pollFn,
  ready,
  spawn,
  spawnLocal,
  tryId,
  withSignal,
  yieldNow,
  type Async,
  type JoinHandle,
} from "@rt/core";
import {
  Gate,
  LANES,
  TestWaker,
  failing,
  rejection,
  settle,
  thrownBy,
  waiting,
  waitingTwice,
  watched,
} from "./support/tasks.ts";

function* answer(): Async<number> {
  yield* yieldNow();
  return 42;
}

/** Drives the set in a task of its own until the test gives up. */
function drive(set: LocalSet): JoinHandle<never> {
  return spawn(set.runUntil(pending()));
}

describe("LocalSet.spawnLocal", () => {
  it("runs nothing while the set is not driven", async () => {
    const set = new LocalSet();
    const gate = new Gate();
    set.spawnLocal(gate);
    await settle();
    expect(gate.polls).toBe(0);
  });

  it.each(LANES)("runs the task once the set is driven, in the %s lane", async (lane) => {
    const set = new LocalSet();
    const handle = set.spawnLocal(waiting(lane, ready(3)));
    expect(await spawn(set.runUntil(handle))).toBe(3);
  });

  it("wakes whoever drives the set", async () => {
    const set = new LocalSet();
    const driver = drive(set);
    await settle();
    const handle = set.spawnLocal(answer());
    expect(await handle).toBe(42);
    driver.abort();
  });

  it("never polls before it returns", async () => {
    const set = new LocalSet();
    const gate = new Gate();
    const polls = await spawn(
      set.runUntil(
        pollFn(() => {
          set.spawnLocal(gate);
          return gate.polls;
        }),
      ),
    );
    expect(polls).toBe(0);
  });

  it("gives a handle that can be awaited outside the set", async () => {
    const set = new LocalSet();
    const handle = set.spawnLocal(answer());
    const driver = drive(set);
    expect(await handle).toBe(42);
    driver.abort();
  });

  it("gives a handle that a task of another runtime can wait for", async () => {
    const { runtime } = watched();
    const set = new LocalSet();
    const handle = set.spawnLocal(answer());
    const driver = drive(set);
    expect(await runtime.spawn(handle)).toBe(42);
    driver.abort();
  });

  it("cancels a task of a set that was dropped", async () => {
    const set = new LocalSet();
    set.drop();
    expect(await rejection(set.spawnLocal(answer()))).toBeInstanceOf(JoinError);
  });

  it("throws a TypeError for what cannot be run", () => {
    expect(thrownBy(() => new LocalSet().spawnLocal(5 as never))).toBeInstanceOf(TypeError);
  });

  it("reports a failure nobody waits for", async () => {
    const { runtime, reports } = watched();
    const set = new LocalSet();
    set.spawnLocal(failing("generator", new Error("no luck")));
    await runtime.spawn(set);
    await settle();
    expect(reports.map((report) => report.kind)).toEqual(["task-failed"]);
  });

  it("gives each task a budget of its own", async () => {
    const set = new LocalSet();
    const taken: number[] = [];
    function* spend(): Async<void> {
      let units = 0;
      taken.push(0);
      const place = taken.length - 1;
      while (units < 128) {
        yield* consumeBudget();
        units += 1;
        taken[place] = units;
      }
    }
    for (let i = 0; i < 3; i += 1) set.spawnLocal(spend());
    let seenAtFirst: number[] | undefined;
    await spawn(
      set.runUntil(
        pollFn<void>((cx) => {
          seenAtFirst = [...taken];
          if (taken.length > 0) return undefined;
          cx.waker.wake();
          return PENDING;
        }),
      ),
    );
    expect(seenAtFirst).toEqual([128, 128, 128]);
  });
});

describe("spawnLocal", () => {
  it("throws a UsageError outside of local sets and local runtimes", () => {
    const error = thrownBy(() => spawnLocal(pending()));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_CONTEXT" });
  });

  it("throws a UsageError in a plain task", async () => {
    function* body(): Async<unknown> {
      yield* yieldNow();
      return thrownBy(() => spawnLocal(pending()));
    }
    expect(await spawn(body())).toMatchObject({ code: "ERR_RT_CONTEXT" });
  });

  it("goes to the set from the body of runUntil in the generator lane, after a suspension as well", async () => {
    const set = new LocalSet();
    function* body(): Async<number[]> {
      const first = yield* spawnLocal(answer());
      yield* yieldNow();
      return [first, yield* spawnLocal(answer())];
    }
    expect(await spawn(set.runUntil(body()))).toEqual([42, 42]);
  });

  it("goes to the set from the body of runUntil in the async lane, after a suspension as well", async () => {
    const set = new LocalSet();
    const values = await spawn(
      set.runUntil(async () => {
        const first = await spawnLocal(answer());
        await yieldNow();
        return [first, await spawnLocal(answer())];
      }),
    );
    expect(values).toEqual([42, 42]);
  });

  it("goes to the same set from a local task of the generator lane", async () => {
    const set = new LocalSet();
    const gate = new Gate();
    function* parent(): Async<void> {
      yield* yieldNow();
      spawnLocal(gate);
    }
    await spawn(set.runUntil(set.spawnLocal(parent())));
    set.drop();
    expect(gate.drops).toBe(1);
  });

  it("goes to the same set from a local task of the async lane, after an await", async () => {
    const set = new LocalSet();
    const parent = set.spawnLocal(async () => {
      await yieldNow();
      return await spawnLocal(answer());
    });
    expect(await spawn(set.runUntil(parent))).toBe(42);
  });

  it("throws again after the set was driven", async () => {
    const set = new LocalSet();
    function* body(): Async<unknown> {
      yield* set.runUntil(yieldNow());
      return thrownBy(() => spawnLocal(pending()));
    }
    expect(await spawn(body())).toMatchObject({ code: "ERR_RT_CONTEXT" });
  });

  it("goes to the innermost of two sets that are driven", async () => {
    const [outer, inner] = [new LocalSet(), new LocalSet()];
    const gate = new Gate();
    const start = pollFn<void>(() => {
      spawnLocal(gate);
    });
    await spawn(outer.runUntil(inner.runUntil(start)));
    inner.drop();
    expect(gate.drops).toBe(1);
  });

  it("goes to the set in the finally blocks of a dropped runUntil", async () => {
    const set = new LocalSet();
    let late: unknown;
    const body = waiting("generator", pending(), () => {
      late = spawnLocal(answer());
    });
    const handle = spawn(set.runUntil(body));
    await settle();
    handle.abort();
    await settle();
    expect(await spawn(set.runUntil(late as JoinHandle<number>))).toBe(42);
  });

  it.each(LANES)(
    "goes to the set in the waiting cleanup of what a local task gave up, in the %s lane",
    async (lane) => {
      const { runtime } = watched();
      const set = new LocalSet();
      const [cleanup, late] = [new Gate(), new Gate()];
      const controller = new AbortController();
      const body = waitingTwice<void>(lane, new Gate(), cleanup, () => {
        spawnLocal(late);
      });
      const handle = set.spawnLocal(withSignal(controller.signal, body));
      runtime.spawn(set.runUntil(pending()));
      await settle();
      controller.abort();
      await settle();
      cleanup.open();
      await rejection(handle);
      await settle();
      expect(late.polls).toBe(1);
      runtime.shutdownBackground();
    },
  );
});

describe("spawn in a local task", () => {
  it("goes to the runtime, not to the set", async () => {
    const { runtime } = watched();
    const set = new LocalSet();
    const gate = new Gate();
    set.spawnLocal(
      pollFn<void>(() => {
        spawn(gate);
      }),
    );
    await runtime.spawn(set);
    await settle();
    expect([gate.polls, runtime.metrics().numAliveTasks()]).toEqual([1, 1]);
    gate.open();
  });

  it("sees the runtime that drives the set as current", async () => {
    const { runtime } = watched();
    const set = new LocalSet();
    const where = set.spawnLocal(async () => {
      await yieldNow();
      return Handle.current().id();
    });
    await runtime.spawn(set);
    expect(await where).toBe(runtime.handle().id());
  });
});

describe("LocalSet.runUntil", () => {
  it.each(LANES)("gives the result of its body, in the %s lane", async (lane) => {
    expect(await spawn(new LocalSet().runUntil(waiting(lane, ready(3))))).toBe(3);
  });

  it("throws what its body throws", async () => {
    const { runtime } = watched();
    const error = new Error("no luck");
    expect(await rejection(runtime.spawn(new LocalSet().runUntil(failing("async", error))))).toBe(error);
  });

  it("polls its body before the tasks of the set", async () => {
    const set = new LocalSet();
    const log: string[] = [];
    set.spawnLocal(
      pollFn<void>(() => {
        log.push("task");
      }),
    );
    let polls = 0;
    await spawn(
      set.runUntil(
        pollFn<void>((cx) => {
          log.push("body");
          polls += 1;
          if (polls === 2) return undefined;
          cx.waker.wake();
          return PENDING;
        }),
      ),
    );
    expect(log).toEqual(["body", "task", "body"]);
  });

  it("polls no task when its body is ready at once", async () => {
    const set = new LocalSet();
    const gate = new Gate();
    set.spawnLocal(gate);
    await spawn(set.runUntil(ready(1)));
    expect(gate.polls).toBe(0);
  });

  it("polls at most 61 tasks at a time, and asks to be polled again", () => {
    const set = new LocalSet();
    const gates = Array.from({ length: 100 }, () => new Gate());
    for (const gate of gates) set.spawnLocal(gate);
    const waker = new TestWaker();
    set.runUntil(pending()).poll(waker);
    expect([gates.filter((gate) => gate.polls > 0).length, waker.isWoken]).toEqual([61, true]);
  });

  it("leaves tasks that have not ended in the set", async () => {
    const set = new LocalSet();
    const gate = new Gate<number>();
    const handle = set.spawnLocal(gate);
    await spawn(set.runUntil(yieldNow()));
    gate.open(3);
    expect(await spawn(set.runUntil(handle))).toBe(3);
  });

  it("runs no task any more once its body is done", async () => {
    const set = new LocalSet();
    const gate = new Gate();
    set.spawnLocal(gate);
    await spawn(set.runUntil(yieldNow()));
    const before = gate.polls;
    gate.wake();
    await settle();
    expect([before, gate.polls]).toEqual([1, 1]);
  });

  it("loses no wake-up that comes while the set is not driven", async () => {
    const set = new LocalSet();
    const gate = new Gate<number>();
    const handle = set.spawnLocal(gate);
    await spawn(set.runUntil(yieldNow()));
    gate.open(3);
    await settle();
    expect([handle.isFinished(), await spawn(set.runUntil(handle))]).toEqual([false, 3]);
  });

  it("drops its body when it is dropped, and leaves the tasks", async () => {
    const set = new LocalSet();
    const [body, task] = [new Gate(), new Gate()];
    set.spawnLocal(task);
    const handle = spawn(set.runUntil(body));
    await settle();
    handle.abort();
    await settle();
    expect([body.drops, task.drops]).toEqual([1, 0]);
  });

  it("does nothing before it is polled", async () => {
    const set = new LocalSet();
    const gate = new Gate<number>();
    const handle = set.spawnLocal(gate);
    const driver = drive(set);
    await settle();
    set.runUntil(pending()).drop();
    gate.open(3);
    await settle();
    expect(handle.isFinished()).toBe(true);
    driver.abort();
  });

  it("runs the tasks of the set for two bodies at once", async () => {
    const set = new LocalSet();
    const [a, b] = [new Gate<number>(), new Gate<number>()];
    const first = spawn(set.runUntil(set.spawnLocal(a)));
    const second = spawn(set.runUntil(set.spawnLocal(b)));
    await settle();
    b.open(2);
    await settle();
    a.open(1);
    await settle();
    expect([first.isFinished(), second.isFinished()]).toEqual([true, true]);
  });

  it("can be called by a task of the set itself", async () => {
    const { runtime } = watched();
    const set = new LocalSet();
    function* nested(): Async<number> {
      return yield* set.runUntil(answer());
    }
    const handle = set.spawnLocal(nested());
    runtime.spawn(set.runUntil(pending()));
    expect(await handle).toBe(42);
    runtime.shutdownBackground();
  });

  it("drives one set inside a task of another", async () => {
    const [outer, inner] = [new LocalSet(), new LocalSet()];
    const child = inner.spawnLocal(answer());
    const handle = outer.spawnLocal(inner.runUntil(child));
    expect(await spawn(outer.runUntil(handle))).toBe(42);
  });

  it("keeps polling tasks that keep waking each other", async () => {
    const set = new LocalSet();
    let turns = 0;
    function* busy(): Async<void> {
      while (turns < 1_000) {
        turns += 1;
        yield* yieldNow();
      }
    }
    const handles = [set.spawnLocal(busy()), set.spawnLocal(busy())];
    await spawn(set);
    expect(handles.map((handle) => handle.isFinished())).toEqual([true, true]);
  });

  it("lets other tasks of the runtime run between its polls", async () => {
    const set = new LocalSet();
    let stop = false;
    function* busy(): Async<void> {
      // oxlint-disable-next-line no-unmodified-loop-condition -- the other task modifies it
      while (!stop) yield* yieldNow();
    }
    set.spawnLocal(busy());
    const driver = spawn(set);
    function* other(): Async<void> {
      stop = true;
    }
    spawn(other());
    await driver;
    expect(stop).toBe(true);
  });
});

describe("awaiting a LocalSet", () => {
  it("completes at once when there are no tasks", () => {
    expect(new LocalSet().poll(new TestWaker())).toBe(undefined);
  });

  it.each(LANES)("waits until all tasks have ended, in the %s lane", async (lane) => {
    const set = new LocalSet();
    const handles = [set.spawnLocal(answer()), set.spawnLocal(answer())];
    function* generator(): Async<void> {
      yield* set;
    }
    await spawn(
      lane === "generator"
        ? generator()
        : async () => {
            await set;
          },
    );
    expect(handles.map((handle) => handle.isFinished())).toEqual([true, true]);
  });

  it("works outside tasks", async () => {
    const set = new LocalSet();
    const handle = set.spawnLocal(answer());
    await set;
    expect(handle.isFinished()).toBe(true);
  });

  it("waits for tasks that tasks have spawned", async () => {
    const set = new LocalSet();
    let ended = 0;
    function* tree(depth: number): Async<void> {
      yield* yieldNow();
      if (depth > 0) {
        spawnLocal(tree(depth - 1));
        spawnLocal(tree(depth - 1));
      }
      ended += 1;
    }
    set.spawnLocal(tree(6));
    await spawn(set);
    expect(ended).toBe(2 ** 7 - 1);
  });

  it("may be done again", async () => {
    const set = new LocalSet();
    function* twice(): Async<number[]> {
      const first = set.spawnLocal(answer());
      yield* set;
      const second = set.spawnLocal(answer());
      yield* set;
      return [yield* first, yield* second];
    }
    expect(await spawn(twice())).toEqual([42, 42]);
  });

  it("loses nothing when the task that waits is aborted", async () => {
    const set = new LocalSet();
    const gate = new Gate<number>();
    const handle = set.spawnLocal(gate);
    function* wait(): Async<void> {
      yield* set;
    }
    const waiter = spawn(wait());
    await settle();
    waiter.abort();
    await settle();
    gate.open(3);
    expect([gate.drops, await spawn(set.runUntil(handle))]).toEqual([0, 3]);
  });

  it("loses nothing when a wait given to another future is given up", async () => {
    const set = new LocalSet();
    const gate = new Gate();
    set.spawnLocal(gate);
    const controller = new AbortController();
    const wait = spawn(withSignal(controller.signal, set));
    await settle();
    controller.abort();
    await rejection(wait);
    expect(gate.drops).toBe(0);
  });

  it("ends when the set is dropped", async () => {
    const set = new LocalSet();
    set.spawnLocal(pending());
    function* wait(): Async<string> {
      yield* set;
      return "ended";
    }
    const waiter = spawn(wait());
    await settle();
    set.drop();
    expect(await waiter).toBe("ended");
  });
});

describe("LocalSet.blockOn", () => {
  it("runs the body and the set's tasks on the runtime", async () => {
    const { runtime } = watched();
    const set = new LocalSet();
    const value = await set.blockOn(runtime, async () => [await spawnLocal(answer()), Handle.current().id()]);
    expect(value).toEqual([42, runtime.handle().id()]);
  });

  it("throws a UsageError inside a task", async () => {
    const { runtime } = watched();
    const set = new LocalSet();
    const error = await spawn(async () => thrownBy(() => set.blockOn(runtime, pending())));
    expect(error).toMatchObject({ code: "ERR_RT_NESTED_BLOCK_ON" });
  });

  it("runs a body that is no task", async () => {
    const { runtime } = watched();
    expect(await new LocalSet().blockOn(runtime, async () => tryId())).toBe(undefined);
  });
});

describe("LocalSet.enter", () => {
  it("makes spawnLocal go to the set, though nobody drives it", async () => {
    const set = new LocalSet();
    const guard = set.enter();
    const handle = spawnLocal(answer());
    guard.dispose();
    expect(await spawn(set.runUntil(handle))).toBe(42);
  });

  it("gives a guard that ends with a using block", () => {
    const set = new LocalSet();
    {
      using guard = set.enter();
      expect(guard).toBeInstanceOf(LocalEnterGuard);
    }
    expect(thrownBy(() => spawnLocal(pending()))).toMatchObject({ code: "ERR_RT_CONTEXT" });
  });

  it("wakes the set for what is spawned", async () => {
    const set = new LocalSet();
    const driver = drive(set);
    await settle();
    const guard = set.enter();
    const handle = spawnLocal(answer());
    guard.dispose();
    expect(await handle).toBe(42);
    driver.abort();
  });

  it("nests", () => {
    const [outer, inner] = [new LocalSet(), new LocalSet()];
    const outerGuard = outer.enter();
    const innerGuard = inner.enter();
    const gate = new Gate();
    spawnLocal(gate);
    innerGuard.dispose();
    outerGuard.dispose();
    inner.drop();
    expect(gate.drops).toBe(1);
  });

  it("throws a UsageError when guards are disposed in another order than in reverse", () => {
    const outer = new LocalSet().enter();
    const inner = new LocalSet().enter();
    const error = thrownBy(() => outer.dispose());
    inner.dispose();
    outer.dispose();
    expect(error).toMatchObject({ code: "ERR_RT_GUARD_ORDER" });
  });

  it("lets a guard be disposed twice", () => {
    const guard = new LocalSet().enter();
    guard.dispose();
    expect(() => guard.dispose()).not.toThrow();
  });
});

describe("LocalSet.drop", () => {
  it("drops every task", async () => {
    const set = new LocalSet();
    const gates = [new Gate(), new Gate()];
    for (const gate of gates) set.spawnLocal(gate);
    await spawn(set.runUntil(yieldNow()));
    set.drop();
    expect(gates.map((gate) => gate.drops)).toEqual([1, 1]);
  });

  it("happens at the end of a using block", () => {
    const gate = new Gate();
    {
      using set = new LocalSet();
      set.spawnLocal(gate);
    }
    expect(gate.drops).toBe(1);
  });

  it.each(LANES)("runs the finally blocks, in the %s lane", async (lane) => {
    const set = new LocalSet();
    let cleaned = 0;
    set.spawnLocal(waiting(lane, pending(), () => (cleaned += 1)));
    await spawn(set.runUntil(yieldNow()));
    set.drop();
    await settle();
    expect(cleaned).toBe(1);
  });

  it("ends the handles with a JoinError", async () => {
    const set = new LocalSet();
    const handle = set.spawnLocal(pending());
    set.drop();
    expect(await rejection(handle)).toBeInstanceOf(JoinError);
  });

  it("drops tasks that were woken and not polled yet", async () => {
    const set = new LocalSet();
    const gate = new Gate();
    const handle = set.spawnLocal(gate);
    await spawn(set.runUntil(yieldNow()));
    gate.open();
    set.drop();
    expect([gate.drops, handle.isFinished()]).toEqual([1, true]);
  });

  it("takes no harm from wake-ups that come later", async () => {
    const set = new LocalSet();
    const gate = new Gate();
    set.spawnLocal(pollFn<void>((cx) => gate.poll(cx)));
    await spawn(set.runUntil(yieldNow()));
    set.drop();
    gate.wake();
    await spawn(set.runUntil(yieldNow()));
    expect(gate.polls).toBe(1);
  });

  it("may be called twice", () => {
    const set = new LocalSet();
    const gate = new Gate();
    set.spawnLocal(gate);
    set.drop();
    set.drop();
    expect(gate.drops).toBe(1);
  });

  it("can be called by a task of the set", async () => {
    const { runtime } = watched();
    const set = new LocalSet();
    let cleaned = 0;
    function* body(): Async<void> {
      try {
        yield* yieldNow();
        set.drop();
        yield* pending();
      } finally {
        cleaned += 1;
      }
    }
    const handle = set.spawnLocal(body());
    runtime.spawn(set.runUntil(pending()));
    expect([(await rejection(handle)) instanceof JoinError, cleaned]).toEqual([true, 1]);
    runtime.shutdownBackground();
  });

  it.each(LANES)("ends a task whose cleanup waits, in the %s lane", async (lane) => {
    const set = new LocalSet();
    const cleanup = new Gate();
    const handle = set.spawnLocal(waitingTwice(lane, pending(), cleanup));
    await spawn(set.runUntil(yieldNow()));
    await settle();
    set.drop();
    cleanup.open();
    await settle();
    expect(handle.isFinished()).toBe(true);
  });

  it("keeps the other tasks' drops going when one throws", async () => {
    const { runtime } = watched();
    const set = new LocalSet();
    const gate = new Gate();
    set.spawnLocal(gate);
    set.spawnLocal(
      waiting("generator", pending(), () => {
        throw new Error("in finally");
      }),
    );
    await runtime.spawn(set.runUntil(yieldNow()));
    expect(() => set.drop()).not.toThrow();
    expect(gate.drops).toBe(1);
  });

  it("lets a finally block spawn, which is cancelled", async () => {
    const set = new LocalSet();
    let late: JoinHandle<number> | undefined;
    set.spawnLocal(
      waiting("generator", pending(), () => {
        late = set.spawnLocal(answer());
      }),
    );
    await spawn(set.runUntil(yieldNow()));
    set.drop();
    expect(await rejection(late as JoinHandle<number>)).toBeInstanceOf(JoinError);
  });
});

describe("aborting a local task", () => {
  it("only marks it while the set is not driven", async () => {
    const set = new LocalSet();
    const handle = set.spawnLocal(pending());
    handle.abort();
    await settle();
    expect(handle.isFinished()).toBe(false);
  });

  it("ends it when the set is driven next", async () => {
    const set = new LocalSet();
    const handle = set.spawnLocal(pending());
    handle.abort();
    await spawn(set);
    expect(await rejection(handle)).toBeInstanceOf(JoinError);
  });

  it("wakes the task that drives the set", async () => {
    const set = new LocalSet();
    const handle = set.spawnLocal(pending());
    const driver = drive(set);
    await settle();
    handle.abort();
    await settle();
    expect(handle.isFinished()).toBe(true);
    driver.abort();
  });

  it("wakes a task of another set that waits for it", async () => {
    const [a, b] = [new LocalSet(), new LocalSet()];
    const handle = a.spawnLocal(pending());
    const joiner = b.spawnLocal(handle);
    const drivers = [drive(a), drive(b)];
    await settle();
    handle.abort();
    await settle();
    expect(joiner.isFinished()).toBe(true);
    for (const driver of drivers) driver.abort();
    await rejection(joiner);
  });
});

describe("LocalSet.id", () => {
  it("is no runtime's id, nor another set's", () => {
    const { runtime } = watched();
    const ids = [new LocalSet().id(), new LocalSet().id(), runtime.handle().id(), Handle.current().id()];
    expect(new Set(ids).size).toBe(4);
  });

  it("stays the same", () => {
    const set = new LocalSet();
    expect(set.id()).toBe(set.id());
  });
});

describe("LocalSet.unhandledPanic", () => {
  const panicking = () => {
    const { runtime, reports } = watched();
    const set = new LocalSet().unhandledPanic("shutdownRuntime");
    const error = new Error("no luck");
    set.spawnLocal(failing("generator", error));
    return { runtime, reports, set, error };
  };

  it("makes runUntil throw an error whose cause is the task's", async () => {
    const { runtime, set, error } = panicking();
    expect(await rejection(runtime.spawn(set.runUntil(pending())))).toMatchObject({
      code: "ERR_RT_UNHANDLED_PANIC",
      cause: error,
    });
  });

  it("makes blockOn throw", async () => {
    const { runtime, set } = panicking();
    expect(await rejection(set.blockOn(runtime, pending()))).toMatchObject({
      code: "ERR_RT_UNHANDLED_PANIC",
    });
  });

  it("makes the wait for the set throw", async () => {
    const { runtime, set } = panicking();
    function* wait(): Async<void> {
      yield* set;
    }
    expect(await rejection(runtime.spawn(wait()))).toMatchObject({ code: "ERR_RT_UNHANDLED_PANIC" });
  });

  it("drops the other tasks of the set", async () => {
    const { runtime, set } = panicking();
    const gate = new Gate();
    set.spawnLocal(gate);
    await rejection(runtime.spawn(set.runUntil(pending())));
    expect(gate.drops).toBe(1);
  });

  it("drops the body of runUntil", async () => {
    const { runtime, set } = panicking();
    let cleaned = 0;
    await rejection(runtime.spawn(set.runUntil(waiting("generator", pending(), () => (cleaned += 1)))));
    expect(cleaned).toBe(1);
  });

  it("leaves the rest of the runtime running", async () => {
    const { runtime, set } = panicking();
    await rejection(runtime.spawn(set.runUntil(pending())));
    expect(await runtime.spawn(answer())).toBe(42);
  });

  it("reports the failure and goes on by default", async () => {
    const { runtime, reports } = watched();
    const set = new LocalSet();
    set.spawnLocal(failing("generator", new Error("no luck")));
    const value = await runtime.spawn(set.runUntil(answer()));
    await settle();
    expect([value, reports.length]).toEqual([42, 1]);
  });

  it("throws a UsageError once the set was driven", async () => {
    const set = new LocalSet();
    await spawn(set.runUntil(yieldNow()));
    expect(thrownBy(() => set.unhandledPanic("shutdownRuntime"))).toMatchObject({
      code: "ERR_RT_INVALID_STATE",
    });
  });
});

describe("hooks of a runtime that drives a LocalSet", () => {
  it("are not called for local tasks", async () => {
    const log: (number | undefined)[] = [];
    const note = (meta: { id: number }): void => void log.push(meta.id);
    const { runtime } = watched((builder) =>
      builder.onTaskSpawn(note).onTaskTerminate(note).onBeforeTaskPoll(note).onAfterTaskPoll(note),
    );
    const set = new LocalSet();
    const local = set.spawnLocal(answer());
    await runtime.spawn(set);
    expect(log.includes(local.id())).toBe(false);
  });
});

describe("a LocalSet on two runtimes in turn", () => {
  it("goes on with its tasks on the second", async () => {
    const [a, b] = [watched().runtime, watched().runtime];
    const set = new LocalSet();
    const gate = new Gate();
    const where = set.spawnLocal(async () => {
      const first = Handle.current().id();
      await gate;
      return [first, Handle.current().id()];
    });
    await a.spawn(set.runUntil(yieldNow()));
    gate.open();
    expect(await b.spawn(set.runUntil(where))).toEqual([a.handle().id(), b.handle().id()]);
  });
});
