/* oxlint-disable require-yield -- tasks that never suspend are among what is tested */
import { describe, expect, it } from "vitest";
import {
  JoinError,
  JoinHandle,
  PENDING,
  intoFuture,
  pending,
  spawn,
  yieldNow,
  withSignal,
  type Async,
} from "@rt/core";
import { LayeredDriver, provideTimers, type Timers } from "@rt/core/driver";
import {
  Gate,
  LANES,
  TestWaker,
  ThrowingWaker,
  failing,
  rejection,
  settle,
  through,
  thrownBy,
  waiting,
  waitingTwice,
  watched,
} from "./support/tasks.ts";

describe("JoinHandle", () => {
  it("is what spawn gives", () => {
    const handle = spawn(pending());
    expect(handle).toBeInstanceOf(JoinHandle);
    handle.abort();
  });

  it.each(LANES)("gives the value to a waiting task of the %s lane", async (lane) => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    const joiner = spawn(waiting(lane, handle));
    await settle();
    gate.open(3);
    expect(await joiner).toBe(3);
  });

  it.each(LANES)("gives the value of a task that has ended to the %s lane", async (lane) => {
    const handle = spawn(async () => 3);
    await settle();
    expect(await spawn(waiting(lane, handle))).toBe(3);
  });

  it.each(LANES)("throws the task's own error in the %s lane", async (lane) => {
    const { runtime } = watched();
    const error = new Error("no luck");
    const handle = runtime.spawn(failing(lane, error));
    expect(await rejection(runtime.spawn(waiting(lane, handle)))).toBe(error);
  });

  it("gives the same value each time it is awaited outside tasks", async () => {
    const handle = spawn(async () => ({ n: 1 }));
    const first = await handle;
    expect(await handle).toBe(first);
  });

  it("gives the same value each time it is waited for by one generator task", async () => {
    const handle = spawn(async () => ({ n: 1 }));
    function* twice(): Async<boolean> {
      const first = yield* handle;
      return (yield* handle) === first;
    }
    expect(await spawn(twice())).toBe(true);
  });

  it("gives the same value each time it is awaited by one async task", async () => {
    const handle = spawn(async () => ({ n: 1 }));
    const same = await spawn(async () => {
      const first = await handle;
      return (await handle) === first;
    });
    expect(same).toBe(true);
  });

  it("throws the same error each time", async () => {
    const { runtime } = watched();
    const handle = runtime.spawn(failing("async", new Error("no luck")));
    const first = await rejection(handle);
    expect(await rejection(handle)).toBe(first);
  });

  it("throws the same JoinError each time", async () => {
    const handle = spawn(pending());
    handle.abort();
    const first = await rejection(handle);
    expect(await rejection(handle)).toBe(first);
  });

  it("wakes all that wait for it at once", async () => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    const joiners = [spawn(through(handle)), spawn(async () => await handle), spawn(handle)];
    const outside = [handle, handle].map(async (wait) => await wait);
    await settle();
    gate.open(3);
    expect(await Promise.all([...joiners, ...outside])).toEqual([3, 3, 3, 3, 3]);
  });

  it("works with Promise.all and Promise.race", async () => {
    const handle = spawn(async () => 3);
    expect(await Promise.all([handle, handle, Promise.race([handle, pending()])])).toEqual([3, 3, 3]);
  });

  it("lets then be called with nothing", async () => {
    // oxlint-disable-next-line promise/valid-params -- that is what is tested
    expect(await spawn(async () => 3).then()).toBe(3);
  });

  it("lets a thousand tasks wait for one", async () => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    const joiners = Array.from({ length: 1_000 }, () => spawn(through(handle)));
    await settle();
    gate.open(1);
    const values = await Promise.all(joiners);
    expect(values.reduce((sum, n) => sum + n, 0)).toBe(1_000);
  });

  it("loses nothing when one of several waits is given up", async () => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    const quitter = spawn(through(handle));
    const joiner = spawn(through(handle));
    await settle();
    quitter.abort();
    await settle();
    gate.open(3);
    expect(await joiner).toBe(3);
  });

  it("keeps the task running when a wait for it is given up", async () => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    const controller = new AbortController();
    const wait = spawn(withSignal(controller.signal, handle));
    await settle();
    controller.abort();
    await rejection(wait);
    expect([handle.isFinished(), gate.drops]).toEqual([false, 0]);
    gate.open(1);
  });

  it("completes only after the task's cleanup has", async () => {
    const cleanup = new Gate();
    const handle = spawn(waitingTwice("generator", new Gate(), cleanup));
    let joined = false;
    const joiner = spawn(async () => {
      await rejection(handle);
      joined = true;
    });
    await settle();
    handle.abort();
    await settle();
    expect(joined).toBe(false);
    cleanup.open();
    await joiner;
  });

  it("waits for a task of another runtime", async () => {
    const { runtime } = watched();
    const gate = new Gate<number>();
    const handle = runtime.spawn(gate);
    const joiner = spawn(through(handle));
    await settle();
    gate.open(3);
    expect(await joiner).toBe(3);
  });

  it("charges the budget, so that a loop over finished tasks lets others run", async () => {
    const handle = spawn(async () => 1);
    await settle();
    const log: string[] = [];
    function* loop(): Async<void> {
      for (let i = 0; i < 300; i += 1) yield* handle;
      log.push("loop");
    }
    function* other(): Async<void> {
      log.push("other");
    }
    function* both(): Async<void> {
      spawn(loop());
      spawn(other());
    }
    spawn(both());
    await settle();
    expect(log).toEqual(["other", "loop"]);
  });

  it("takes 128 units before it makes a task yield", async () => {
    const handle = spawn(async () => 1);
    await settle();
    let joins = 0;
    let seen = 0;
    function* loop(): Async<void> {
      while (joins < 1_000) {
        yield* handle;
        joins += 1;
      }
    }
    function* other(): Async<void> {
      seen = joins;
    }
    function* both(): Async<void> {
      spawn(loop());
      spawn(other());
    }
    spawn(both());
    await settle();
    expect(seen).toBe(128);
  });

  it("lets a task that was spawned from outside run, too, once the budget is spent", async () => {
    const handle = spawn(async () => 1);
    await settle();
    let joins = 0;
    let seen = 0;
    function* loop(): Async<void> {
      while (joins < 10_000) {
        yield* handle;
        joins += 1;
      }
    }
    function* other(): Async<void> {
      seen = joins;
    }
    spawn(loop());
    spawn(other());
    await settle();
    expect(seen).toBe(128);
  });

  it("describes itself by the task's id", () => {
    const handle = spawn(pending());
    expect(handle.describe()).toBe(`task #${handle.id()}`);
    handle.abort();
  });

  it("keeps its id after the end", async () => {
    const handle = spawn(async () => {});
    const before = handle.id();
    await handle;
    expect(handle.id()).toBe(before);
  });

  it("has no name unless it was given one", async () => {
    const handle = spawn(async () => {});
    expect(handle.name()).toBe(undefined);
    await handle;
  });

  it("lets a task wait for itself without harm to others", async () => {
    const handles: JoinHandle<unknown>[] = [];
    function* narcissus(): Async<void> {
      for (const own of handles) yield* own;
    }
    const handle = spawn(narcissus());
    handles.push(handle);
    await settle();
    handle.abort();
    expect(await rejection(handle)).toBeInstanceOf(JoinError);
  });
});

describe("JoinHandle.poll", () => {
  it("is PENDING while the task runs, and wakes once it has ended", async () => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    const waker = new TestWaker();
    expect(handle.poll(waker)).toBe(PENDING);
    await settle();
    expect(waker.count).toBe(0);
    gate.open(3);
    await settle();
    expect(waker.count).toBe(1);
  });

  it("gives the value each time it is polled after the end", async () => {
    const handle = spawn(async () => 3);
    await settle();
    const waker = new TestWaker();
    expect([handle.poll(waker), handle.poll(waker)]).toEqual([3, 3]);
  });

  it("wakes only the waker of the last poll", async () => {
    const gate = new Gate();
    const handle = spawn(gate);
    const first = new TestWaker();
    const last = new TestWaker();
    handle.poll(first);
    handle.poll(last);
    await settle();
    gate.open();
    await settle();
    expect([first.count, last.count]).toEqual([0, 1]);
  });

  it("throws the task's error", async () => {
    const { runtime } = watched();
    const error = new Error("no luck");
    const handle = runtime.spawn(failing("generator", error));
    handle.poll(new TestWaker());
    await settle();
    expect(thrownBy(() => handle.poll(new TestWaker()))).toBe(error);
  });

  it("gives every value outside tasks, where no budget runs out", async () => {
    const handle = spawn(async () => 3);
    await settle();
    const waker = new TestWaker();
    let given = 0;
    for (let i = 0; i < 1_000; i += 1) if (handle.poll(waker) === 3) given += 1;
    expect(given).toBe(1_000);
  });

  it("wakes the other waiters when one waker throws", async () => {
    const { runtime } = watched();
    const gate = new Gate<number>();
    const handle = runtime.spawn(gate);
    const before = runtime.spawn(handle);
    await settle();
    handle.poll(new ThrowingWaker());
    const after = runtime.spawn(handle);
    await settle();
    gate.open(3);
    await settle();
    expect([before.isFinished(), after.isFinished()]).toEqual([true, true]);
  });

  it("keeps the task's value when a waker throws", async () => {
    const { runtime } = watched();
    const gate = new Gate<number>();
    const handle = runtime.spawn(gate);
    await settle();
    handle.poll(new ThrowingWaker());
    gate.open(3);
    await settle();
    expect(await handle).toBe(3);
  });

  it("keeps the value of a generator task when a waker throws", async () => {
    const { runtime } = watched();
    const gate = new Gate<number>();
    const handle = runtime.spawn(through(gate));
    await settle();
    handle.poll(new ThrowingWaker());
    gate.open(3);
    await settle();
    expect(await handle).toBe(3);
  });

  it("lets no error escape when a waker of an async task's handle throws", async () => {
    const { runtime, reports } = watched();
    const gate = new Gate();
    const handle = runtime.spawn(async () => {
      await gate;
    });
    await settle();
    handle.poll(new ThrowingWaker());
    gate.open();
    await settle();
    expect(reports.map((report) => report.kind)).toEqual(["waker-failed"]);
  });

  it("leaves the count of live tasks right when a waker throws", async () => {
    const { runtime } = watched();
    const gate = new Gate();
    const handle = runtime.spawn(gate);
    await settle();
    handle.poll(new ThrowingWaker());
    gate.open();
    await settle();
    expect(runtime.metrics().numAliveTasks()).toBe(0);
  });

  it("reports a waker that throws", async () => {
    const { runtime, reports } = watched();
    const gate = new Gate<number>();
    const handle = runtime.spawn(gate);
    await settle();
    handle.poll(new ThrowingWaker());
    gate.open(3);
    await settle();
    expect(reports.map((report) => report.kind)).toEqual(["waker-failed"]);
  });

  it("lets a waker start another wait on the same handle", async () => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    let seen: unknown;
    handle.poll({
      waker: {
        wake() {
          seen = handle.poll(new TestWaker());
        },
      },
    });
    gate.open(3);
    await settle();
    expect(seen).toBe(3);
  });
});

describe("JoinHandle.drop", () => {
  it("keeps the task running", async () => {
    const gate = new Gate<number>();
    let ended = false;
    function* body(): Async<void> {
      yield* gate;
      ended = true;
    }
    spawn(body()).drop();
    await settle();
    gate.open(1);
    await settle();
    expect(ended).toBe(true);
  });

  it("detaches at the end of a using block", async () => {
    const gate = new Gate();
    {
      using handle = spawn(gate);
      void handle;
    }
    await settle();
    expect([gate.polls, gate.drops]).toEqual([1, 0]);
    gate.open();
  });

  it("may be called again and again", async () => {
    const handle = spawn(async () => 3);
    handle.drop();
    handle.drop();
    await settle();
    handle.drop();
    expect(await handle).toBe(3);
  });

  it("throws nothing when the detached task has failed", async () => {
    const { runtime } = watched();
    const handle = runtime.spawn(failing("generator", new Error("no luck")));
    await settle();
    expect(() => handle.drop()).not.toThrow();
  });

  it("ends the wait that polling the handle itself has begun", async () => {
    const gate = new Gate();
    const handle = spawn(gate);
    const waker = new TestWaker();
    handle.poll(waker);
    handle.drop();
    await settle();
    gate.open();
    await settle();
    expect(waker.count).toBe(0);
  });

  it("leaves other waits for the task alone", async () => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    const joiner = spawn(through(handle));
    await settle();
    handle.drop();
    gate.open(3);
    expect(await joiner).toBe(3);
  });
});

describe("intoFuture(JoinHandle)", () => {
  it("gives a wait whose drop leaves the task alone", async () => {
    const gate = new Gate<number>();
    const handle = spawn(gate);
    const wait = intoFuture(handle);
    wait.poll(new TestWaker());
    wait.drop();
    await settle();
    gate.open(3);
    expect(await handle).toBe(3);
  });

  it("wakes nobody once that wait was dropped", async () => {
    const gate = new Gate();
    const handle = spawn(gate);
    const wait = intoFuture(handle);
    const waker = new TestWaker();
    wait.poll(waker);
    wait.drop();
    await settle();
    gate.open();
    await settle();
    expect(waker.count).toBe(0);
  });
});

describe("a failure nobody waits for", () => {
  it.each(LANES)("is reported once in the %s lane", async (lane) => {
    const { runtime, reports } = watched();
    runtime.spawn(failing(lane, new Error("no luck")));
    await settle();
    await settle();
    expect(reports.map((report) => report.kind)).toEqual(["task-failed"]);
  });

  it("is reported with the task's id and error", async () => {
    const { runtime, reports } = watched();
    const error = new Error("no luck");
    const handle = runtime.spawn(failing("generator", error));
    await settle();
    expect(reports[0]).toMatchObject({ error, task: { id: handle.id(), name: undefined } });
  });

  it("is reported when an async task fails after an await", async () => {
    const { runtime, reports } = watched();
    runtime.spawn(async () => {
      await yieldNow();
      throw new Error("no luck");
    });
    await settle();
    expect(reports).toHaveLength(1);
  });

  it.each(LANES)(
    "is not reported when the handle is awaited outside tasks right after the spawn, in the %s lane",
    async (lane) => {
      const { runtime, reports } = watched();
      await rejection(runtime.spawn(failing(lane, new Error("no luck"))));
      await settle();
      expect(reports).toEqual([]);
    },
  );

  it.each(LANES)("is not reported when an async task awaits a spawn of the %s lane", async (lane) => {
    const { runtime, reports } = watched();
    await runtime.spawn(async () => {
      await rejection(spawn(failing(lane, new Error("no luck"))));
    });
    await settle();
    expect(reports).toEqual([]);
  });

  it.each(LANES)("is not reported when a generator task waits for a spawn of the %s lane", async (lane) => {
    const { runtime, reports } = watched();
    function* parent(): Async<void> {
      try {
        yield* spawn(failing(lane, new Error("no luck")));
      } catch {
        // Seen, and so not to be reported.
      }
    }
    await runtime.spawn(parent());
    await settle();
    expect(reports).toEqual([]);
  });

  it("is not reported when somebody begins to wait before the runtime runs out of tasks", async () => {
    const { runtime, reports } = watched();
    function* parent(): Async<void> {
      const child = spawn(failing("generator", new Error("no luck")));
      yield* yieldNow();
      yield* yieldNow();
      try {
        yield* child;
      } catch {
        // Seen, and so not to be reported.
      }
    }
    await runtime.spawn(parent());
    await settle();
    expect(reports).toEqual([]);
  });

  it("can still be asked for after it was reported", async () => {
    const { runtime } = watched();
    const error = new Error("no luck");
    const handle = runtime.spawn(failing("generator", error));
    await settle();
    expect(await rejection(handle)).toBe(error);
  });

  it("is reported once when the handle is dropped afterwards", async () => {
    const { runtime, reports } = watched();
    const handle = runtime.spawn(failing("generator", new Error("no luck")));
    await settle();
    handle.drop();
    handle.drop();
    expect(reports).toHaveLength(1);
  });

  it("is reported when the handle was dropped before", async () => {
    const { runtime, reports } = watched();
    runtime.spawn(failing("generator", new Error("no luck"))).drop();
    await settle();
    expect(reports).toHaveLength(1);
  });

  it("is not reported after somebody saw it and dropped the handle", async () => {
    const { runtime, reports } = watched();
    const handle = runtime.spawn(failing("generator", new Error("no luck")));
    await rejection(handle);
    handle.drop();
    expect(reports).toEqual([]);
  });

  it("is reported when the only wait was given up before the end", async () => {
    const { runtime, reports } = watched();
    const gate = new Gate();
    function* body(): Async<void> {
      yield* gate;
      throw new Error("no luck");
    }
    const handle = runtime.spawn(body());
    const joiner = runtime.spawn(handle);
    await settle();
    joiner.abort();
    await settle();
    gate.open();
    await settle();
    expect(reports).toHaveLength(1);
  });

  it("is reported when the only waiter is dropped between its wake-up and its poll", async () => {
    const { runtime, reports } = watched();
    const gate = new Gate();
    function* body(): Async<void> {
      yield* gate;
      throw new Error("no luck");
    }
    const handle = runtime.spawn(body());
    const wait = intoFuture(handle);
    wait.poll(new TestWaker());
    await settle();
    gate.open();
    await settle();
    wait.drop();
    await settle();
    expect(reports).toHaveLength(1);
  });

  it("is reported when the handle was polled by hand and dropped before the end", async () => {
    const { runtime, reports } = watched();
    const gate = new Gate();
    function* body(): Async<void> {
      yield* gate;
      throw new Error("no luck");
    }
    const handle = runtime.spawn(body());
    handle.poll(new TestWaker());
    handle.drop();
    await settle();
    gate.open();
    await settle();
    expect(reports).toHaveLength(1);
  });

  it("is not reported under the policy ignore", async () => {
    const { runtime, reports } = watched((builder) => builder.unhandledPanic("ignore"));
    runtime.spawn(failing("generator", new Error("no luck")));
    await settle();
    expect(reports).toEqual([]);
  });

  it("is not reported for a task that was aborted", async () => {
    const { runtime, reports } = watched();
    runtime.spawn(pending()).abort();
    await settle();
    expect(reports).toEqual([]);
  });

  it("is reported when a finally block throws while the task is aborted", async () => {
    const { runtime, reports } = watched();
    const error = new Error("in finally");
    const body = waiting("generator", pending(), () => {
      throw error;
    });
    const handle = runtime.spawn(body);
    await settle();
    handle.abort();
    await settle();
    expect(reports[0]?.error).toBe(error);
  });

  it("does not keep a later task from being reported", async () => {
    const { runtime, reports } = watched();
    runtime.spawn(failing("generator", new Error("first")));
    await settle();
    runtime.spawn(failing("generator", new Error("second")));
    await settle();
    expect(reports.map((report) => (report.error as Error).message)).toEqual(["first", "second"]);
  });
});

describe("JoinHandle.unref", () => {
  it("says of the task that it keeps no process alive, and gives the handle back", async () => {
    const { runtime } = watched();
    const task = runtime.spawn(async () => 1);
    expect(task.hasRef()).toBe(true);
    expect(task.unref()).toBe(task);
    expect(task.unref().hasRef()).toBe(false);
    expect(task.ref()).toBe(task);
    expect(task.hasRef()).toBe(true);
    expect(await task.unref()).toBe(1);
  });

  it("asks the timers of the runtime again once the task has been polled", async () => {
    const { runtime } = watched();
    let checks = 0;
    class Counting extends LayeredDriver implements Timers {
      wakeAfter(): { cancel(): void } {
        return { cancel() {} };
      }
      recheck(): void {
        checks += 1;
      }
    }
    runtime.handle().driver({
      name: "time",
      install: (inner, handle) => {
        const timers = new Counting(inner);
        provideTimers(handle, timers);
        return timers;
      },
    });
    const task = runtime.spawn(async () => await pending()).unref();
    expect(checks).toBe(0);
    await settle();
    task.unref();
    expect(checks).toBe(0);
    task.ref().unref();
    expect(checks).toBe(2);
  });
});
