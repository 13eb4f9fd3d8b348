/* oxlint-disable require-yield -- a task need not wait for anything */
import {
  Builder,
  consumeBudget,
  pending,
  pollFn,
  spawn,
  TaskBuilder,
  UsageError,
  yieldNow,
  type Async,
  type IntoFuture,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { block, Gate, rejectionOf, reporting, turn, until } from "./support/runtime.ts";

const broken = new Error("broken");

function* fail(): Async<void> {
  yield* yieldNow();
  throw broken;
}

async function asyncFail(): Promise<void> {
  await yieldNow();
  throw broken;
}

async function asyncFailAtOnce(): Promise<void> {
  throw broken;
}

async function asyncFailOnPromise(): Promise<void> {
  await Promise.resolve();
  throw broken;
}

const failing: [string, () => IntoFuture<void>][] = [
  ["generator", () => fail()],
  ["async", () => asyncFail],
  ["async, without an await", () => asyncFailAtOnce],
  ["async, after a foreign promise", () => asyncFailOnPromise],
];

describe("Report, task-failed", () => {
  it.each(failing)("comes once for a failed task that nobody joins: %s", async (_lane, body) => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    runtime.spawn(body());
    await turn();
    await turn();
    expect(reports.map(({ kind, error }) => [kind, error])).toEqual([["task-failed", broken]]);
  });

  it.each(failing)("does not come for a failed task that somebody waits for: %s", async (_lane, body) => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    await rejectionOf(runtime.spawn(body()));
    await turn();
    expect(reports).toEqual([]);
  });

  it("tells id and name of the task", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    const handle = new TaskBuilder().name("mailer").spawnOn(fail(), runtime.handle());
    await turn();
    expect(reports[0]?.task).toMatchObject({ id: handle.id(), name: "mailer" });
  });

  it("names the task in one line", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    const handle = new TaskBuilder().name("mailer").spawnOn(fail(), runtime.handle());
    await turn();
    expect(reports[0]?.message).toBe(`rt: task #${handle.id()} (mailer) failed and nobody is waiting for it`);
  });

  it("tells where the task was spawned, with traceSpawns", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.traceSpawns().build();
    runtime.spawn(fail());
    await turn();
    expect(reports[0]?.task?.spawnedAt).toContain("report.test");
  });

  it("does not come when somebody begins to wait before the runtime runs out of ready tasks", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    await runtime.spawn(function* (): Async<void> {
      const handle = spawn(fail());
      for (let i = 0; i < 5; i += 1) yield* yieldNow();
      try {
        yield* handle;
      } catch {
        // That is what was waited for.
      }
    });
    await turn();
    expect(reports).toEqual([]);
  });

  it("still gives the error to who waits after the report", async () => {
    const { builder } = reporting();
    await using runtime = builder.build();
    const handle = runtime.spawn(fail());
    await turn();
    expect(await rejectionOf(handle)).toBe(broken);
  });

  it("comes when the handle of a failed task is dropped, and once only", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    const handle = runtime.spawn(fail());
    handle.drop();
    await turn();
    handle.drop();
    expect(reports).toHaveLength(1);
  });

  it("does not come for an aborted task", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    runtime.spawn(pending()).abort();
    await turn();
    expect(reports).toEqual([]);
  });

  it("comes for each of a thousand failed tasks", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    for (let i = 0; i < 1000; i += 1) runtime.spawn(fail());
    await until(() => reports.length >= 1000);
    await turn();
    expect(reports).toHaveLength(1000);
  });

  it("does not come for a task that a shutdown dropped before its first poll", () => {
    const { builder, reports } = reporting();
    const runtime = builder.build();
    runtime.spawn(fail());
    runtime.shutdownBackground();
    expect(reports).toEqual([]);
  });

  it("comes for a task whose finally throws while it is aborted", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    const handle = runtime.spawn(function* (): Async<void> {
      try {
        yield* pending();
      } finally {
        // oxlint-disable-next-line no-unsafe-finally -- that is the case
        throw broken;
      }
    });
    await turn();
    handle.abort();
    await turn();
    expect(reports.map(({ kind, error }) => [kind, error])).toEqual([["task-failed", broken]]);
  });
});

describe("Report, waker-failed", () => {
  it("comes when a waker throws while a task wakes its joiners", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    const handle = runtime.spawn(async () => 1);
    handle.poll({
      waker: {
        wake() {
          throw broken;
        },
      },
    });
    await turn();
    expect(reports.map(({ kind, error }) => [kind, error])).toEqual([["waker-failed", broken]]);
  });

  it("leaves the task's value alone", async () => {
    const { builder } = reporting();
    await using runtime = builder.build();
    const handle = runtime.spawn(function* (): Async<number> {
      return 42;
    });
    handle.poll({
      waker: {
        wake() {
          throw broken;
        },
      },
    });
    await turn();
    expect(await handle).toBe(42);
  });
});

describe("Builder.onReport", () => {
  it("replaces the sink that was set before", async () => {
    let first = 0;
    let second = 0;
    await using runtime = Builder.currentThread()
      .onReport(() => void (first += 1))
      .onReport(() => void (second += 1))
      .build();
    runtime.spawn(fail());
    await turn();
    expect([first, second]).toEqual([0, 1]);
  });

  it("may spawn", async () => {
    let ran = false;
    await using runtime = Builder.currentThread()
      .onReport(() => void runtime.spawn(async () => void (ran = true)))
      .build();
    runtime.spawn(fail());
    await turn();
    await turn();
    expect(ran).toBe(true);
  });
});

describe("Builder.unhandledPanic", () => {
  it("keeps the error in the handle alone under ignore", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.unhandledPanic("ignore").build();
    const handle = runtime.spawn(fail());
    await turn();
    expect([reports, await rejectionOf(handle)]).toEqual([[], broken]);
  });

  it("lets other tasks go on under report", async () => {
    const { builder } = reporting();
    await using runtime = builder.unhandledPanic("report").build();
    runtime.spawn(fail());
    const gate = new Gate();
    const other = runtime.spawn(gate);
    await turn();
    gate.open();
    await other;
    expect(other.isFinished()).toBe(true);
  });

  it.each(failing)("drops every other task under shutdownRuntime: %s", async (_lane, body) => {
    const { builder } = reporting();
    const runtime = builder.unhandledPanic("shutdownRuntime").build();
    const gate = new Gate();
    const other = runtime.spawn(gate);
    await turn();
    runtime.spawn(body());
    await rejectionOf(other);
    expect(gate.drops).toBe(1);
  });

  it.each(failing)("rejects blockOn with the cause under shutdownRuntime: %s", async (_lane, body) => {
    const { builder } = reporting();
    const runtime = builder.unhandledPanic("shutdownRuntime").build();
    const promise = rejectionOf(runtime.blockOn(pending()));
    runtime.spawn(body());
    const error = await promise;
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_UNHANDLED_PANIC", cause: broken });
  });

  it("rejects every blockOn that is under way under shutdownRuntime", async () => {
    const { builder } = reporting();
    const runtime = builder.unhandledPanic("shutdownRuntime").build();
    const promises = [runtime.blockOn(pending()), runtime.blockOn(new Gate())].map(rejectionOf);
    runtime.spawn(fail());
    const codes = (await Promise.all(promises)).map((error) => (error as { code?: unknown }).code);
    expect(codes).toEqual(["ERR_RT_UNHANDLED_PANIC", "ERR_RT_UNHANDLED_PANIC"]);
  });

  it("starts nothing more after it has shut the runtime down", async () => {
    const { builder } = reporting();
    const runtime = builder.unhandledPanic("shutdownRuntime").build();
    runtime.spawn(fail());
    while (!runtime.handle().isShutdown()) await turn();
    let ran = false;
    await rejectionOf(runtime.spawn(async () => void (ran = true)));
    expect(ran).toBe(false);
  });

  it("leaves the runtime alone under shutdownRuntime when somebody waits for the failed task", async () => {
    const { builder } = reporting();
    await using runtime = builder.unhandledPanic("shutdownRuntime").build();
    await rejectionOf(runtime.spawn(fail()));
    expect(runtime.handle().isShutdown()).toBe(false);
  });

  it("closes the generator task that is running when it shuts the runtime down", async () => {
    const { builder } = reporting();
    const runtime = builder.unhandledPanic("shutdownRuntime").build();
    let closed = false;
    const other = runtime.spawn(function* (): Async<void> {
      try {
        for (;;) yield* consumeBudget();
      } finally {
        closed = true;
      }
    });
    runtime.spawn(fail());
    await rejectionOf(other);
    expect(closed).toBe(true);
  });
});

function* blockOnce(ms: number): Async<void> {
  yield* yieldNow();
  block(ms);
  yield* yieldNow();
}

async function asyncBlockOnce(ms: number): Promise<void> {
  await yieldNow();
  block(ms);
  await yieldNow();
}

async function asyncBlockFirst(ms: number): Promise<void> {
  block(ms);
  await yieldNow();
}

const slow: [string, (ms: number) => IntoFuture<void>][] = [
  ["generator", (ms) => blockOnce(ms)],
  ["async", (ms) => () => asyncBlockOnce(ms)],
  ["async, before its first await", (ms) => () => asyncBlockFirst(ms)],
];

describe("Report, slow-poll", () => {
  it.each(slow)("comes once for one poll that was too long: %s", async (_lane, body) => {
    const { builder, reports } = reporting();
    await using runtime = builder.slowPollThreshold(150).build();
    await runtime.spawn(body(200));
    await turn();
    expect(reports.map(({ kind }) => kind)).toEqual(["slow-poll"]);
  });

  it.each(slow)("tells the task and how long the poll took: %s", async (_lane, body) => {
    const { builder, reports } = reporting();
    await using runtime = builder.slowPollThreshold(150).build();
    const handle = new TaskBuilder().name("hog").spawnOn(body(200), runtime.handle());
    await handle;
    await turn();
    expect(reports[0]).toMatchObject({
      task: { id: handle.id(), name: "hog" },
      message: expect.stringMatching(/hog.* ms$/),
    });
    expect(reports[0]?.elapsedMs).toBeGreaterThanOrEqual(199);
  });

  it("comes for the code behind awaits that were ready at once", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.slowPollThreshold(150).build();
    const done = runtime.spawn(async () => 1);
    await done;
    await runtime.spawn(async () => {
      await yieldNow();
      for (let i = 0; i < 10; i += 1) await done;
      block(200);
    });
    await turn();
    expect(reports.map(({ kind }) => kind)).toEqual(["slow-poll"]);
  });

  it("does not come for the body's neighbours", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.slowPollThreshold(150).build();
    const hog = runtime.spawn(asyncBlockOnce.bind(null, 200));
    for (let i = 0; i < 3; i += 1) runtime.spawn(blockOnce(0));
    await hog;
    await turn();
    expect(reports.map(({ task }) => task?.id)).toEqual([hog.id()]);
  });

  it("does not come for short polls", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.slowPollThreshold(10_000).build();
    await runtime.spawn(blockOnce(1));
    await turn();
    expect(reports).toEqual([]);
  });

  it("comes for the body of blockOn, which has no id", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.slowPollThreshold(150).build();
    await runtime.blockOn(pollFn(() => block(200)));
    await turn();
    expect(reports.map(({ kind, task }) => [kind, task?.id])).toEqual([["slow-poll", undefined]]);
  });
});
