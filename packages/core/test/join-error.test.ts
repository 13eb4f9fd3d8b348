import { describe, expect, it } from "vitest";
import { type JoinError, JoinSet, TaskBuilder, UsageError, pending, spawn } from "@rt/core";
import { failing, rejection, settle, thrownBy, watched } from "./support/tasks.ts";

async function cancelled(): Promise<JoinError> {
  const handle = spawn(pending());
  handle.abort();
  return (await rejection(handle)) as JoinError;
}

/** The JoinError that stands for a task which threw `payload`. */
async function failed(payload: unknown): Promise<JoinError> {
  const { runtime } = watched();
  const set = new JoinSet<void>();
  set.spawnOn(failing("generator", payload), runtime.handle());
  return (await rejection(set.joinNextWithId())) as JoinError;
}

describe("JoinError", () => {
  it("is an Error with a name", async () => {
    const error = await cancelled();
    expect([error instanceof Error, error.name]).toEqual([true, "JoinError"]);
  });

  it("has the id of the task", async () => {
    const handle = spawn(pending());
    handle.abort();
    expect(((await rejection(handle)) as JoinError).id()).toBe(handle.id());
  });

  it("has a code that tells cancelled from failed", async () => {
    expect([(await cancelled()).code, (await failed("x")).code]).toEqual([
      "ERR_RT_CANCELLED",
      "ERR_RT_PANIC",
    ]);
  });
});

describe("JoinError.isCancelled", () => {
  it("is true for an aborted task, and isPanic is not", async () => {
    const error = await cancelled();
    expect([error.isCancelled(), error.isPanic()]).toEqual([true, false]);
  });

  it("is false for a task that threw, and isPanic is true", async () => {
    const error = await failed("x");
    expect([error.isCancelled(), error.isPanic()]).toEqual([false, true]);
  });

  it("is true when the runtime shut down", async () => {
    const { runtime } = watched();
    const handle = runtime.spawn(pending());
    await settle();
    runtime.shutdownBackground();
    expect(((await rejection(handle)) as JoinError).isCancelled()).toBe(true);
  });
});

describe("JoinError.intoPanic", () => {
  it("gives what the task threw", async () => {
    const payload = { any: "thing" };
    expect((await failed(payload)).intoPanic()).toBe(payload);
  });

  it("throws a UsageError for a cancelled task", async () => {
    const error = await cancelled();
    const thrown = thrownBy(() => error.intoPanic());
    expect(thrown).toBeInstanceOf(UsageError);
    expect(thrown).toMatchObject({ code: "ERR_RT_INVALID_STATE", cause: error });
  });
});

describe("JoinError.tryIntoPanic", () => {
  it("gives what the task threw where it threw", async () => {
    const payload = new Error("no luck");
    expect((await failed(payload)).tryIntoPanic()).toBe(payload);
  });

  it("gives the error itself for a cancelled task", async () => {
    const error = await cancelled();
    expect(error.tryIntoPanic()).toBe(error);
  });
});

describe("JoinError.message", () => {
  it("tells the id of a cancelled task and that it was cancelled", async () => {
    const error = await cancelled();
    expect(error.message).toBe(`task #${error.id()} was cancelled`);
  });

  it("tells the name of the task", async () => {
    const handle = new TaskBuilder().name("reader").spawn(pending());
    handle.abort();
    expect(((await rejection(handle)) as JoinError).message).toBe(
      `task #${handle.id()} (reader) was cancelled`,
    );
  });

  it("tells that the runtime shut down", async () => {
    const { runtime } = watched();
    const handle = runtime.spawn(pending());
    await settle();
    runtime.shutdownBackground();
    expect(((await rejection(handle)) as JoinError).message).toContain("its runtime shut down");
  });

  it("adds a string that was thrown", async () => {
    const error = await failed("the disk is full");
    expect(error.message).toBe(`task #${error.id()} failed: the disk is full`);
  });

  it("adds the message of an error that was thrown", async () => {
    const error = await failed(new Error("the disk is full"));
    expect(error.message).toBe(`task #${error.id()} failed: the disk is full`);
  });

  it("leaves other payloads out", async () => {
    const error = await failed({ disk: "full" });
    expect(error.message).toBe(`task #${error.id()} failed`);
  });
});

describe("JoinError.cause", () => {
  it("is what the task threw", async () => {
    const payload = new Error("no luck");
    expect((await failed(payload)).cause).toBe(payload);
  });

  it("is not there for a cancelled task", async () => {
    expect((await cancelled()).cause).toBe(undefined);
  });
});
