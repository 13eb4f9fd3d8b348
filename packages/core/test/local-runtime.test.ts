/* oxlint-disable require-yield -- tasks that never suspend are among what is tested */
import { describe, expect, it } from "vitest";
import {
  Builder,
  Handle,
  JoinError,
  LocalRuntime,
  LocalSet,
  Runtime,
  pending,
  ready,
  spawn,
  spawnLocal,
  tryId,
  yieldNow,
  type Async,
  type LocalOptions,
  type Report,
} from "@rt/core";
import { Gate, LANES, failing, rejection, settle, thrownBy, waiting, waitingTwice } from "./support/tasks.ts";

function watchedLocal(): { runtime: LocalRuntime; reports: Report[] } {
  const reports: Report[] = [];
  const runtime = Builder.currentThread()
    .onReport((report) => reports.push(report))
    .buildLocal();
  return { runtime, reports };
}

function* answer(): Async<number> {
  yield* yieldNow();
  return 42;
}

describe("LocalRuntime", () => {
  it("is a runtime", () => {
    const { runtime } = watchedLocal();
    expect([runtime instanceof LocalRuntime, runtime instanceof Runtime]).toEqual([true, true]);
  });

  it("takes options", async () => {
    const options: LocalOptions = {};
    const runtime = Builder.currentThread().buildLocal(options);
    expect(await runtime.spawnLocal(answer())).toBe(42);
  });

  it("says that it is a current-thread runtime", () => {
    expect(watchedLocal().runtime.handle().runtimeFlavor()).toBe("currentThread");
  });

  it("spawns plain tasks as well", async () => {
    expect(await watchedLocal().runtime.spawn(answer())).toBe(42);
  });

  it("counts local tasks in its metrics", async () => {
    const { runtime } = watchedLocal();
    const handle = runtime.spawnLocal(pending());
    const before = runtime.metrics().numAliveTasks();
    handle.abort();
    await rejection(handle);
    expect([before, runtime.metrics().numAliveTasks()]).toEqual([1, 0]);
  });

  it("reports a local task that fails while nobody waits for it", async () => {
    const { runtime, reports } = watchedLocal();
    runtime.spawnLocal(failing("generator", new Error("no luck")));
    await settle();
    expect(reports.map((report) => report.kind)).toEqual(["task-failed"]);
  });
});

describe("LocalRuntime.spawnLocal", () => {
  it.each(LANES)("runs the task without a local set, in the %s lane", async (lane) => {
    expect(await watchedLocal().runtime.spawnLocal(waiting(lane, ready(3)))).toBe(3);
  });

  it("never polls before it returns", () => {
    const gate = new Gate();
    const handle = watchedLocal().runtime.spawnLocal(gate);
    expect(gate.polls).toBe(0);
    handle.abort();
  });

  it("gives a cancelled handle once the runtime has shut down", async () => {
    const { runtime } = watchedLocal();
    runtime.shutdownBackground();
    expect(await rejection(runtime.spawnLocal(answer()))).toBeInstanceOf(JoinError);
  });
});

describe("spawnLocal on a LocalRuntime", () => {
  it.each(LANES)("works in the body of blockOn, in the %s lane", async (lane) => {
    const { runtime } = watchedLocal();
    function* generator(): Async<number> {
      yield* yieldNow();
      return yield* spawnLocal(answer());
    }
    const asynchronous = async (): Promise<number> => {
      await yieldNow();
      return await spawnLocal(answer());
    };
    expect(await runtime.blockOn(lane === "generator" ? generator() : asynchronous)).toBe(42);
  });

  it("works in a task, and starts it on the same runtime", async () => {
    const { runtime } = watchedLocal();
    function* body(): Async<number> {
      return yield* spawnLocal(async () => Handle.current().id());
    }
    expect(await runtime.spawn(body())).toBe(runtime.handle().id());
  });

  it("works in a task that spawnLocal started", async () => {
    const { runtime } = watchedLocal();
    function* body(): Async<number> {
      return yield* spawnLocal(answer());
    }
    expect(await runtime.spawnLocal(body())).toBe(42);
  });

  it("works while the runtime is entered", async () => {
    const { runtime } = watchedLocal();
    const guard = runtime.enter();
    const handle = spawnLocal(answer());
    guard.dispose();
    expect(await handle).toBe(42);
  });

  it("throws when a plain runtime is entered inside", () => {
    const outer = watchedLocal().runtime.enter();
    const inner = Builder.currentThread().build().enter();
    const error = thrownBy(() => spawnLocal(pending()));
    inner.dispose();
    outer.dispose();
    expect(error).toMatchObject({ code: "ERR_RT_CONTEXT" });
  });

  it("goes to the local runtime that a task of a plain one has entered", async () => {
    const { runtime } = watchedLocal();
    function* body(): Async<unknown> {
      const guard = runtime.enter();
      const child = spawnLocal(async () => Handle.current().id());
      guard.dispose();
      return yield* child;
    }
    expect(await spawn(body())).toBe(runtime.handle().id());
  });

  it("goes to a local set that is entered", async () => {
    const { runtime } = watchedLocal();
    const set = new LocalSet();
    const gate = new Gate();
    function* body(): Async<void> {
      const guard = set.enter();
      spawnLocal(gate);
      guard.dispose();
    }
    await runtime.spawn(body());
    set.drop();
    expect(gate.drops).toBe(1);
  });
});

describe("LocalRuntime.blockOn", () => {
  it("runs a body that is no task", async () => {
    const { runtime } = watchedLocal();
    expect(await runtime.blockOn(async () => tryId())).toBe(undefined);
  });

  it("throws inside a task", async () => {
    const { runtime } = watchedLocal();
    const error = await runtime.spawnLocal(async () => thrownBy(() => runtime.blockOn(pending())));
    expect(error).toMatchObject({ code: "ERR_RT_NESTED_BLOCK_ON" });
  });
});

describe("LocalRuntime.shutdownBackground", () => {
  it.each(LANES)("runs the finally blocks of local tasks, in the %s lane", async (lane) => {
    const { runtime } = watchedLocal();
    let cleaned = 0;
    runtime.spawnLocal(waiting(lane, pending(), () => (cleaned += 1)));
    await settle();
    runtime.shutdownBackground();
    await settle();
    expect(cleaned).toBe(1);
  });
});

describe("LocalRuntime.shutdownTimeout", () => {
  it.each(LANES)("waits for the cleanup of local tasks, in the %s lane", async (lane) => {
    const { runtime } = watchedLocal();
    const cleanup = new Gate();
    let cleaned = 0;
    runtime.spawnLocal(waitingTwice(lane, pending(), cleanup, () => (cleaned += 1)));
    await settle();
    const closed = runtime.shutdownTimeout(Infinity);
    cleanup.open();
    await closed;
    expect(cleaned).toBe(1);
  });
});

describe("LocalRuntime[Symbol.asyncDispose]", () => {
  it("ends local tasks with a JoinError", async () => {
    const { runtime } = watchedLocal();
    const handle = runtime.spawnLocal(pending());
    await settle();
    await runtime[Symbol.asyncDispose]();
    expect(await rejection(handle)).toBeInstanceOf(JoinError);
  });
});
