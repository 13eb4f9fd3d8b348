/* oxlint-disable require-yield -- tasks that never suspend are among what is tested */
import { describe, expect, it } from "vitest";
import {
  Future,
  Handle,
  JoinError,
  PENDING,
  fromPromise,
  pollFn,
  ready,
  spawn,
  tryId,
  yieldNow,
  type Async,
  type JoinHandle,
  type Poll,
} from "@rt/core";
import { Gate, LANES, failing, rejection, settle, thrownBy, waiting, watched } from "./support/tasks.ts";

function* answer(): Async<number> {
  yield* yieldNow();
  return 42;
}

function* note(log: string[], text: string): Async<void> {
  log.push(text);
  yield* yieldNow();
  log.push(`${text} again`);
}

describe("spawn", () => {
  it("runs a generator object", async () => {
    expect(await spawn(answer())).toBe(42);
  });

  it("runs a generator function", async () => {
    expect(await spawn(answer)).toBe(42);
  });

  it("runs an arrow function that gives a generator", async () => {
    expect(await spawn(() => answer())).toBe(42);
  });

  it("runs an async function", async () => {
    const body = async (): Promise<number> => {
      await yieldNow();
      return 42;
    };
    expect(await spawn(body)).toBe(42);
  });

  it("runs a future", async () => {
    expect(await spawn(ready(42))).toBe(42);
  });

  it("runs a promise", async () => {
    expect(await spawn(Promise.resolve(42))).toBe(42);
  });

  it("runs a function that gives a future", async () => {
    expect(await spawn(() => ready(42))).toBe(42);
  });

  it("waits for the other task when given a join handle", async () => {
    expect(await spawn(spawn(answer()))).toBe(42);
  });

  it.each(LANES)("never polls before it returns, in the %s lane", async (lane) => {
    const gate = new Gate();
    const handle = spawn(waiting(lane, gate));
    expect(gate.polls).toBe(0);
    gate.open();
    await handle;
  });

  it("never polls before it returns when called by a task", async () => {
    const gate = new Gate();
    function* parent(): Async<number> {
      spawn(gate);
      return gate.polls;
    }
    expect(await spawn(parent())).toBe(0);
    gate.open();
  });

  it("does not call an async function before it returns", async () => {
    let called = false;
    const handle = spawn(async () => {
      called = true;
    });
    expect(called).toBe(false);
    await handle;
  });

  it("runs the task without anybody waiting for it", async () => {
    const log: string[] = [];
    spawn(note(log, "ran"));
    await settle();
    expect(log).toEqual(["ran", "ran again"]);
  });

  it("runs tasks in the order in which they were spawned", async () => {
    const log: string[] = [];
    function* parent(): Async<void> {
      spawn(note(log, "a"));
      spawn(note(log, "b"));
      spawn(note(log, "c"));
    }
    spawn(parent());
    await settle();
    expect(log).toEqual(["a", "b", "c", "a again", "b again", "c again"]);
  });

  it("puts a task spawned by a task behind those that are ready", async () => {
    const log: string[] = [];
    function* parent(): Async<void> {
      spawn(note(log, "child"));
      yield* yieldNow();
      log.push("parent");
    }
    function* root(): Async<void> {
      spawn(parent());
      spawn(note(log, "other"));
    }
    spawn(root());
    await settle();
    expect(log.slice(0, 3)).toEqual(["other", "child", "parent"]);
  });

  it("goes to the default runtime outside of any", async () => {
    const where = await spawn(async () => Handle.current().id());
    expect(where).toBe(Handle.current().id());
  });

  it("goes to the runtime of the calling task in the generator lane", async () => {
    const { runtime } = watched();
    function* parent(): Async<number> {
      return yield* spawn(async () => Handle.current().id());
    }
    expect(await runtime.spawn(parent())).toBe(runtime.handle().id());
  });

  it("goes to the runtime of the calling task in the async lane, after an await as well", async () => {
    const { runtime } = watched();
    const where = await runtime.spawn(async () => {
      await yieldNow();
      return await spawn(async () => Handle.current().id());
    });
    expect(where).toBe(runtime.handle().id());
  });

  it("goes to the runtime that was entered", async () => {
    const { runtime } = watched();
    const guard = runtime.enter();
    const handle = spawn(async () => Handle.current().id());
    guard.dispose();
    expect(await handle).toBe(runtime.handle().id());
  });

  it("prefers the runtime that the calling task has entered", async () => {
    const inner = watched().runtime;
    const outer = watched().runtime;
    function* parent(): Async<number> {
      const guard = inner.enter();
      const child = spawn(async () => Handle.current().id());
      guard.dispose();
      return yield* child;
    }
    expect(await outer.spawn(parent())).toBe(inner.handle().id());
  });

  it("prefers the runtime of the calling task to one that was entered outside", async () => {
    const inner = watched().runtime;
    const outer = watched().runtime;
    const guard = inner.enter();
    const handle = outer.spawn(async () => Handle.current().id());
    await settle();
    guard.dispose();
    expect(await handle).toBe(outer.handle().id());
  });

  it("polls once for each wake-up", async () => {
    const gate = new Gate();
    const handle = spawn(gate);
    await settle();
    gate.wake();
    gate.wake();
    await settle();
    expect(gate.polls).toBe(2);
    handle.abort();
  });

  it("polls a task that wakes itself during its poll once more, later", async () => {
    let depth = 0;
    let deepest = 0;
    let polls = 0;
    const body = pollFn<void>((cx) => {
      depth += 1;
      polls += 1;
      deepest = Math.max(deepest, depth);
      if (polls < 3) {
        cx.waker.wake();
        cx.waker.wake();
      }
      depth -= 1;
      return polls < 3 ? PENDING : undefined;
    });
    await spawn(body);
    expect([polls, deepest]).toEqual([3, 1]);
  });

  it("takes no harm from a waker that is called after its task ended", async () => {
    const gate = new Gate();
    const handle = spawn(gate);
    await settle();
    gate.open();
    await handle;
    gate.wake();
    await settle();
    expect(gate.polls).toBe(2);
  });

  it("takes no harm from a waker that is called after its runtime ended", async () => {
    const { runtime } = watched();
    const gate = new Gate();
    let waker: { wake(): void } | undefined;
    runtime.spawn(
      pollFn<void>((cx) => {
        waker = cx.waker;
        return gate.poll(cx);
      }),
    );
    await settle();
    runtime.shutdownBackground();
    waker?.wake();
    await settle();
    expect(gate.polls).toBe(1);
  });

  it.each(LANES)("passes the error of the body on to the handle, in the %s lane", async (lane) => {
    const { runtime } = watched();
    const error = new Error("no luck");
    expect(await rejection(runtime.spawn(failing(lane, error)))).toBe(error);
  });

  it("keeps the other tasks running when one throws", async () => {
    const { runtime } = watched();
    runtime.spawn(failing("generator", new Error("no luck")));
    expect(await runtime.spawn(answer())).toBe(42);
  });

  it("passes on what is thrown even where it is no error", async () => {
    const { runtime } = watched();
    expect(await rejection(runtime.spawn(failing("generator", undefined)))).toBe(undefined);
  });

  it("turns a throw in a plain function into the failure of its task", async () => {
    const { runtime } = watched();
    const error = new Error("at once");
    const body = (): Promise<void> => {
      throw error;
    };
    expect(await rejection(runtime.spawn(body))).toBe(error);
  });

  it("passes on the rejection of a promise", async () => {
    const { runtime } = watched();
    const error = new Error("rejected");
    expect(await rejection(runtime.spawn(Promise.reject(error)))).toBe(error);
  });

  it.each([
    ["a number", 5],
    ["null", null],
    ["undefined", undefined],
    ["a plain object", {}],
  ])("throws a TypeError for %s", (_what, body) => {
    expect(thrownBy(() => spawn(body as never))).toMatchObject({
      name: "TypeError",
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });

  it("tells what is wrong when a function gives neither promise nor generator", async () => {
    const { runtime } = watched();
    const error = await rejection(runtime.spawn((() => 5) as never));
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("fails a task that yields something that is no future", async () => {
    const { runtime } = watched();
    function* wrong(): Generator<never, void, void> {
      yield 5 as never;
    }
    expect(await rejection(runtime.spawn(wrong()))).toMatchObject({ code: "ERR_RT_INVALID_YIELD" });
  });

  it("drops the future when a task whose body is a function giving that future is aborted", async () => {
    const { runtime } = watched();
    const gate = new Gate();
    const handle = runtime.spawn(() => gate);
    await settle();
    handle.abort();
    await settle();
    expect([gate.drops, handle.isFinished()]).toEqual([1, true]);
  });

  it.each(LANES)("gives a cancelled handle on a runtime that has shut down, in the %s lane", async (lane) => {
    const { runtime } = watched();
    runtime.shutdownBackground();
    const gate = new Gate();
    const error = await rejection(runtime.spawn(waiting(lane, gate)));
    expect(error).toBeInstanceOf(JoinError);
    expect(gate.polls).toBe(0);
  });

  it("names the shutdown in the error of a task that came too late", async () => {
    const { runtime } = watched();
    runtime.shutdownBackground();
    const error = await rejection(runtime.spawn(answer()));
    expect((error as Error).message).toContain("shut down");
  });

  it("drops a future that came too late", async () => {
    const { runtime } = watched();
    runtime.shutdownBackground();
    const gate = new Gate();
    runtime.spawn(gate);
    expect(gate.drops).toBe(1);
  });

  it("cancels a task spawned by a finally block while the runtime shuts down", async () => {
    const { runtime } = watched();
    let late: JoinHandle<number> | undefined;
    const body = waiting("generator", new Gate(), () => {
      late = spawn(answer());
    });
    runtime.spawn(body);
    await settle();
    runtime.shutdownBackground();
    expect(await rejection(late as JoinHandle<number>)).toBeInstanceOf(JoinError);
  });

  it("runs a hundred thousand tasks", async () => {
    const { runtime } = watched();
    let sum = 0;
    function* add(n: number): Async<void> {
      yield* yieldNow();
      sum += n;
    }
    function* all(): Async<void> {
      const handles: JoinHandle<void>[] = [];
      for (let i = 0; i < 100_000; i += 1) handles.push(spawn(add(1)));
      for (const handle of handles) yield* handle;
    }
    await runtime.spawn(all());
    expect(sum).toBe(100_000);
  });

  it("runs a chain of ten thousand tasks that each wait for the next", async () => {
    function* link(left: number): Async<number> {
      if (left === 0) return 0;
      return (yield* spawn(link(left - 1))) + 1;
    }
    expect(await spawn(link(10_000))).toBe(10_000);
  });

  it("settles the handle after the body's own futures were dropped", async () => {
    const gate = new Gate();
    class Owner extends Future<void> {
      override poll(): Poll<void> {
        return PENDING;
      }
      override drop(): void {
        gate.drop();
      }
    }
    const handle = spawn(new Owner());
    await settle();
    handle.abort();
    await rejection(handle);
    expect(gate.drops).toBe(1);
  });

  it("starts a promise's task only as a wait: the promise is already running", async () => {
    let resolve: (value: number) => void = () => {};
    const promise = new Promise<number>((done) => {
      resolve = done;
    });
    const handle = spawn(fromPromise(promise));
    resolve(1);
    expect(await handle).toBe(1);
  });

  it("runs the body with no task id of the spawner's", async () => {
    function* parent(): Async<boolean> {
      const mine = tryId();
      return (yield* spawn(async () => tryId())) !== mine;
    }
    expect(await spawn(parent())).toBe(true);
  });

  it("leaves no await hanging that an async body has started and not waited for", async () => {
    const { runtime } = watched();
    const gate = new Gate();
    let settled = false;
    const aside = async (): Promise<void> => {
      try {
        await gate;
      } catch {
        // Dropped with its task, or gone on without it: both are fine.
      }
      settled = true;
    };
    await runtime.spawn(async () => {
      void aside();
      await yieldNow();
    });
    gate.open();
    await settle();
    expect(settled).toBe(true);
  });
});
