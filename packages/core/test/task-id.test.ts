/* oxlint-disable require-yield -- tasks that never suspend are among what is tested */
import { describe, expect, it } from "vitest";
import {
  Future,
  LocalSet,
  PENDING,
  UsageError,
  id,
  pending,
  pollFn,
  spawn,
  tryId,
  yieldNow,
  type Async,
  type Id,
  type Poll,
} from "@rt/core";
import { LANES, rejection, settle, thrownBy, waiting, watched } from "./support/tasks.ts";

/** Notes the id at its poll and at its drop. */
class Witness extends Future<void> {
  atPoll: Id | undefined;
  atDrop: Id | undefined;
  override poll(): Poll<void> {
    this.atPoll = tryId();
    return PENDING;
  }
  override drop(): void {
    this.atDrop = tryId();
  }
}

describe("id", () => {
  it("is the id of the join handle in the generator lane, after a suspension as well", async () => {
    function* body(): Async<Id[]> {
      const before = id();
      yield* yieldNow();
      return [before, id()];
    }
    const handle = spawn(body());
    expect(await handle).toEqual([handle.id(), handle.id()]);
  });

  it("is the id of the join handle in the async lane, after a suspension as well", async () => {
    const handle = spawn(async () => {
      const before = id();
      await yieldNow();
      return [before, id()];
    });
    expect(await handle).toEqual([handle.id(), handle.id()]);
  });

  it("throws a UsageError outside any task", () => {
    const error = thrownBy(() => id());
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_OUTSIDE_TASK" });
  });

  it("throws in the body of blockOn", async () => {
    const { runtime } = watched();
    function* body(): Async<Id> {
      yield* yieldNow();
      return id();
    }
    expect(await rejection(runtime.blockOn(body()))).toMatchObject({ code: "ERR_RT_OUTSIDE_TASK" });
  });

  it("differs between tasks", async () => {
    const handles = Array.from({ length: 1_000 }, () => spawn(async () => id()));
    expect(new Set(await Promise.all(handles)).size).toBe(1_000);
  });

  it("differs between tasks of different runtimes", async () => {
    const [a, b] = [watched().runtime.spawn(async () => id()), watched().runtime.spawn(async () => id())];
    expect(await a).not.toBe(await b);
  });

  it("is not used again for a later task", async () => {
    const first = spawn(async () => {});
    await first;
    expect(spawn(async () => {}).id()).not.toBe(first.id());
  });

  it("is a number when printed", async () => {
    const handle = spawn(async () => {});
    expect(String(handle.id())).toMatch(/^\d+$/);
  });
});

describe("tryId", () => {
  it("is undefined outside any task", () => {
    expect(tryId()).toBe(undefined);
  });

  it.each(LANES)("is undefined in the body of blockOn, in the %s lane", async (lane) => {
    const { runtime } = watched();
    let seen: Id | undefined | "unset" = "unset";
    const body = waiting(lane, yieldNow(), () => {
      seen = tryId();
    });
    await runtime.blockOn(body);
    expect(seen).toBe(undefined);
  });

  it("is the task's id while a future of it is polled", async () => {
    const witness = new Witness();
    const handle = spawn(witness);
    await settle();
    expect(witness.atPoll).toBe(handle.id());
    handle.abort();
  });

  it("is the task's id while its body is dropped", async () => {
    const witness = new Witness();
    const handle = spawn(witness);
    await settle();
    handle.abort();
    await settle();
    expect(witness.atDrop).toBe(handle.id());
  });

  it.each(LANES)(
    "is the task's id while a leaf is dropped by an abort from another task, in the %s lane",
    async (lane) => {
      const witness = new Witness();
      const handle = spawn(waiting(lane, witness));
      await settle();
      await spawn(async () => handle.abort());
      await settle();
      expect(witness.atDrop).toBe(handle.id());
    },
  );

  it.each(LANES)(
    "is the task's id in its finally blocks when it is aborted, in the %s lane",
    async (lane) => {
      let seen: Id | undefined;
      const handle = spawn(
        waiting(lane, pending(), () => {
          seen = tryId();
        }),
      );
      await settle();
      handle.abort();
      await settle();
      expect(seen).toBe(handle.id());
    },
  );

  it("is the task's id in its finally blocks when the runtime shuts down inside another task", async () => {
    const { runtime } = watched();
    let seen: Id | undefined;
    const handle = runtime.spawn(
      waiting("generator", pending(), () => {
        seen = tryId();
      }),
    );
    await settle();
    await spawn(async () => runtime.shutdownBackground());
    expect(seen).toBe(handle.id());
  });

  it("is the caller's id again after a shutdown that it called has dropped other tasks", async () => {
    const { runtime } = watched();
    runtime.spawn(new Witness());
    await settle();
    function* body(): Async<Id | undefined> {
      runtime.shutdownBackground();
      return tryId();
    }
    const handle = spawn(body());
    expect(await handle).toBe(handle.id());
  });

  it("is the local task's id in a local set, and the driver's own before and after", async () => {
    const local = new LocalSet();
    let inside: Id | undefined;
    const child = local.spawnLocal(
      pollFn<void>(() => {
        inside = tryId();
      }),
    );
    const seen: (Id | undefined)[] = [];
    function* body(): Async<void> {
      seen.push(tryId());
      yield* yieldNow();
      seen.push(tryId());
    }
    const driver = spawn(local.runUntil(body()));
    await driver;
    expect([inside, ...seen]).toEqual([child.id(), driver.id(), driver.id()]);
  });

  it("is undefined again after a local set was driven by the body of blockOn", async () => {
    const { runtime } = watched();
    const local = new LocalSet();
    local.spawnLocal(yieldNow());
    function* body(): Async<Id | undefined> {
      yield* local;
      return tryId();
    }
    expect(await runtime.blockOn(body())).toBe(undefined);
  });

  it("is each task's own where one waits for another", async () => {
    function* inner(): Async<Id | undefined> {
      yield* yieldNow();
      return tryId();
    }
    function* outer(): Async<boolean> {
      const handle = spawn(inner());
      return (yield* handle) === handle.id() && tryId() !== handle.id();
    }
    expect(await spawn(outer())).toBe(true);
  });

  it("is the same in an async function that the task calls", async () => {
    const helper = async (): Promise<Id | undefined> => {
      await yieldNow();
      return tryId();
    };
    const handle = spawn(async () => [tryId(), await helper()]);
    expect(await handle).toEqual([handle.id(), handle.id()]);
  });
});
