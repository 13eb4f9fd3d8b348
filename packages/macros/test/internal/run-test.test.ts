import { Builder, Handle, spawn, yieldNow } from "@rt/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { runTest } from "../../src/internal/run-test.ts";
import { Gate, rejection, settle } from "../support/leaves.ts";

const never = (): void => {};

/** What is printed to the console during the test. */
function printed(): unknown[][] {
  const spy = vi.spyOn(console, "error").mockImplementation(never);
  onTestFinished(() => spy.mockRestore());
  return spy.mock.calls;
}

describe("runTest", () => {
  it("fails with the report of a task that failed unnoticed, and the error as its cause", async () => {
    const error = new Error("unnoticed");
    const failure = await rejection(
      runTest(
        {},
        async () => {
          spawn(async () => {
            throw error;
          });
          await yieldNow();
        },
        [],
        never,
      ),
    );
    expect(failure).toMatchObject({
      message: expect.stringContaining("nobody is waiting for it"),
      cause: error,
    });
  });

  it("counts the failures that it does not show", async () => {
    const failure = await rejection(
      runTest(
        {},
        function* () {
          for (let i = 0; i < 3; i += 1) spawn(async () => Promise.reject(new Error("unnoticed")));
          yield* yieldNow();
        },
        [],
        never,
      ),
    );
    expect((failure as Error).message).toContain("(and 2 more)");
  });

  it("throws what the body throws, though what a task threw can't be shown", async () => {
    const spy = vi.spyOn(console, "error").mockImplementation((...values: unknown[]) => {
      if (values.some((value) => typeof value === "object")) throw new Error("hostile");
    });
    onTestFinished(() => spy.mockRestore());
    const error = new Error("body");
    const failure = await rejection(
      runTest(
        {},
        async () => {
          spawn(async () => {
            throw Object.assign(new Error("unnoticed"), { message: Symbol("hostile"), stack: undefined });
          });
          await new Promise((resolve) => {
            setTimeout(resolve, 5);
          });
          throw error;
        },
        [],
        never,
      ),
    );
    expect(failure).toBe(error);
    expect(spy.mock.calls.flat()).toContain("an object of class Error");
  });

  it("throws what the body throws rather than what a task does, which it prints", async () => {
    const calls = printed();
    const error = new Error("body");
    const failure = await rejection(
      runTest(
        {},
        async () => {
          spawn(async () => {
            throw new Error("unnoticed");
          });
          await settle();
          throw error;
        },
        [],
        never,
      ),
    );
    expect(failure).toBe(error);
    expect(calls[0]?.[0]).toContain("nobody is waiting for it");
  });

  it("leaves the reports of a builder of one's own to that", async () => {
    const kinds: string[] = [];
    const builder = Builder.currentThread().onReport(({ kind }) => kinds.push(kind));
    await runTest(
      { builder },
      async () => {
        spawn(async () => {
          throw new Error("unnoticed");
        });
        await yieldNow();
      },
      [],
      never,
    );
    expect(kinds).toEqual(["task-failed"]);
  });

  it("shuts the runtime down when the runner gives up on the test, and prints what it waited for", async () => {
    const calls = printed();
    const gate = new Gate("a door");
    let handle: Handle | undefined;
    let giveUp = never;
    const running = runTest(
      {},
      function* () {
        handle = Handle.current();
        yield* gate;
      },
      [],
      (fn) => (giveUp = fn),
    );
    await settle();
    giveUp();
    expect(await rejection(running)).toMatchObject({ name: "JoinError" });
    expect([gate.drops, handle?.isShutdown()]).toEqual([1, true]);
    expect(calls[0]?.[0]).toContain("waits for a door");
  });

  it("prints nothing when the runner says that a test is over which is", async () => {
    const calls = printed();
    let over = never;
    await runTest({}, never, [], (fn) => (over = fn));
    over();
    expect(calls).toEqual([]);
  });

  it("shuts the runtime down when the body fails", async () => {
    const gate = new Gate();
    await rejection(
      runTest(
        {},
        async () => {
          spawn(gate);
          await yieldNow();
          throw new Error("broken");
        },
        [],
        never,
      ),
    );
    expect(gate.drops).toBe(1);
  });
});
