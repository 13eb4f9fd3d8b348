import { describe, expect, it } from "vitest";
import { Handle, JoinError, LocalSet, TaskBuilder, pending, ready, spawn } from "@rt/core";
import { Gate, LANES, failing, rejection, settle, thrownBy, waiting, watched } from "./support/tasks.ts";

describe("TaskBuilder.spawn", () => {
  it.each(LANES)("spawns like spawn, in the %s lane", async (lane) => {
    expect(await new TaskBuilder().spawn(waiting(lane, ready(3)))).toBe(3);
  });

  it("gives the handle the name", () => {
    const handle = new TaskBuilder().name("reader").spawn(pending());
    expect(handle.name()).toBe("reader");
    handle.abort();
  });

  it("leaves the task without a name when none was given", () => {
    const handle = new TaskBuilder().spawn(pending());
    expect(handle.name()).toBe(undefined);
    handle.abort();
  });

  it("never polls before it returns", async () => {
    const gate = new Gate();
    new TaskBuilder().name("reader").spawn(gate);
    expect(gate.polls).toBe(0);
    gate.open();
  });

  it("throws a TypeError for what cannot be run", () => {
    expect(thrownBy(() => new TaskBuilder().spawn(5 as never))).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });

  it("gives a cancelled handle on a runtime that has shut down", async () => {
    const { runtime } = watched();
    runtime.shutdownBackground();
    const handle = new TaskBuilder().name("reader").spawnOn(pending(), runtime.handle());
    expect(await rejection(handle)).toBeInstanceOf(JoinError);
  });

  it("puts the name into what the handle says of itself", () => {
    const handle = new TaskBuilder().name("reader").spawn(pending());
    expect(handle.describe()).toBe(`task #${handle.id()} (reader)`);
    handle.abort();
  });

  it("puts the name into the report of a failure", async () => {
    const { runtime, reports } = watched();
    new TaskBuilder().name("reader").spawnOn(failing("generator", new Error("no luck")), runtime.handle());
    await settle();
    expect(reports[0]?.task?.name).toBe("reader");
  });

  it("puts the name into the meta of hooks", async () => {
    const names: (string | undefined)[] = [];
    const { runtime } = watched((builder) => builder.onTaskSpawn((meta) => names.push(meta.name)));
    await new TaskBuilder().name("reader").spawnOn(ready(1), runtime.handle());
    expect(names).toEqual(["reader"]);
  });

  it("records where it was called when spawns are traced", async () => {
    const { runtime } = watched((builder) => builder.traceSpawns());
    const handle = new TaskBuilder().spawnOn(pending(), runtime.handle());
    const [task] = runtime.handle().dump().tasks;
    handle.abort();
    expect(task?.spawnedAt?.split("\n")[0]).toContain("task-builder.test");
  });
});

describe("TaskBuilder.name", () => {
  it("holds for all tasks spawned from there on", () => {
    const builder = new TaskBuilder().name("reader");
    const handles = [builder.spawn(pending()), builder.spawn(pending())];
    expect(handles.map((handle) => handle.name())).toEqual(["reader", "reader"]);
    for (const handle of handles) handle.abort();
  });

  it("leaves tasks spawned before alone", () => {
    const builder = new TaskBuilder().name("first");
    const first = builder.spawn(pending());
    const second = builder.name("second").spawn(pending());
    expect([first.name(), second.name()]).toEqual(["first", "second"]);
    first.abort();
    second.abort();
  });

  it("throws a TypeError for what is no string", () => {
    expect(thrownBy(() => new TaskBuilder().name(5 as never))).toMatchObject({
      name: "TypeError",
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });
});

describe("TaskBuilder.spawnOn", () => {
  it("spawns on the runtime of the handle", async () => {
    const { runtime } = watched();
    const where = new TaskBuilder().spawnOn(async () => Handle.current().id(), runtime.handle());
    expect(await where).toBe(runtime.handle().id());
  });
});

describe("TaskBuilder.spawnLocal", () => {
  it("spawns a named task on the local set that is being driven", async () => {
    const local = new LocalSet();
    const name = await spawn(
      local.runUntil(async () => {
        const handle = new TaskBuilder().name("reader").spawnLocal(ready(3));
        return [handle.name(), await handle];
      }),
    );
    expect(name).toEqual(["reader", 3]);
  });

  it("throws a UsageError outside of any local set", () => {
    expect(thrownBy(() => new TaskBuilder().spawnLocal(pending()))).toMatchObject({ code: "ERR_RT_CONTEXT" });
  });
});

describe("TaskBuilder.spawnLocalOn", () => {
  it("spawns a named task on a set that is not driven yet", async () => {
    const local = new LocalSet();
    const handle = new TaskBuilder().name("reader").spawnLocalOn(ready(3), local);
    const value = await spawn(local.runUntil(handle));
    expect([handle.name(), value]).toEqual(["reader", 3]);
  });
});
