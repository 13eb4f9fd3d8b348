/* oxlint-disable require-yield -- a task need not wait for anything */
import {
  Builder,
  Cancelled,
  Handle,
  JoinError,
  pending,
  pollFn,
  ready,
  spawn,
  tryId,
  unconstrained,
  UsageError,
  yieldNow,
  type Async,
  type IntoFuture,
  type JoinHandle,
  type Runtime,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { Gate, rejectionOf, reporting, thrownBy, turn, until } from "./support/runtime.ts";

const current = (): Runtime =>
  Builder.currentThread()
    .onReport(() => {})
    .build();

function* add(a: number, b: number): Async<number> {
  yield* yieldNow();
  return a + b;
}

function* fail(message: string): Async<never> {
  yield* yieldNow();
  throw new Error(message);
}

function* waitFor(gate: Gate): Async<void> {
  yield* gate;
}

/** Waits for ever; its cleanup takes `turns` turns through the scheduler and then says so. */
function* slowCleanup(turns: number, done: () => void): Async<void> {
  try {
    yield* pending();
  } finally {
    for (let i = 0; i < turns; i += 1) yield* yieldNow();
    done();
  }
}

async function asyncSlowCleanup(turns: number, done: () => void): Promise<void> {
  try {
    await pending();
  } finally {
    for (let i = 0; i < turns; i += 1) await yieldNow();
    done();
  }
}

function* stubbornCleanup(done: () => void): Async<void> {
  try {
    yield* pending();
  } finally {
    yield* pending();
    done();
  }
}

async function asyncStubbornCleanup(done: () => void): Promise<void> {
  try {
    await pending();
  } finally {
    await pending();
    done();
  }
}

function* gatedCleanup(gate: Gate, done: () => void): Async<void> {
  try {
    yield* pending();
  } finally {
    yield* gate;
    done();
  }
}

async function asyncGatedCleanup(gate: Gate, done: () => void): Promise<void> {
  try {
    await pending();
  } finally {
    await gate;
    done();
  }
}

const gated = [
  ["generator", (gate: Gate, done: () => void): IntoFuture<void> => gatedCleanup(gate, done)],
  [
    "async",
    (gate: Gate, done: () => void): IntoFuture<void> =>
      () =>
        asyncGatedCleanup(gate, done),
  ],
] as const;

/** The same cleanup in both lanes. */
const cleanups = [
  ["generator", (turns: number, done: () => void): IntoFuture<void> => slowCleanup(turns, done)],
  [
    "async",
    (turns: number, done: () => void): IntoFuture<void> =>
      () =>
        asyncSlowCleanup(turns, done),
  ],
] as const;

const stubborn = [
  ["generator", (done: () => void): IntoFuture<void> => stubbornCleanup(done)],
  [
    "async",
    (done: () => void): IntoFuture<void> =>
      () =>
        asyncStubbornCleanup(done),
  ],
] as const;

describe("Runtime.blockOn", () => {
  it("gives the value of a generator", async () => {
    await using runtime = current();
    expect(await runtime.blockOn(add(1, 2))).toBe(3);
  });

  it("gives the value of an async function", async () => {
    await using runtime = current();
    expect(await runtime.blockOn(async () => (await spawn(add(1, 2))) + 1)).toBe(4);
  });

  it("gives the value of a future", async () => {
    await using runtime = current();
    expect(await runtime.blockOn(ready("at once"))).toBe("at once");
  });

  it("gives the value of a promise", async () => {
    await using runtime = current();
    expect(await runtime.blockOn(Promise.resolve("settled"))).toBe("settled");
  });

  it("rejects with the very error that a generator throws", async () => {
    await using runtime = current();
    const error = new Error("mine");
    const body = function* (): Async<void> {
      yield* yieldNow();
      throw error;
    };
    expect(await rejectionOf(runtime.blockOn(body))).toBe(error);
  });

  it("rejects with the very error that an async function throws", async () => {
    await using runtime = current();
    const error = new Error("mine");
    const body = async (): Promise<void> => {
      await yieldNow();
      throw error;
    };
    expect(await rejectionOf(runtime.blockOn(body))).toBe(error);
  });

  it("leaves the runtime usable after its body has failed", async () => {
    await using runtime = current();
    await rejectionOf(runtime.blockOn(fail("first")));
    expect(await runtime.blockOn(add(2, 2))).toBe(4);
  });

  it("does not report the failure of its body besides", async () => {
    const { builder, reports } = reporting();
    await using runtime = builder.build();
    await rejectionOf(runtime.blockOn(fail("told already")));
    await turn();
    expect(reports).toEqual([]);
  });

  it("never polls its body before it returns", async () => {
    await using runtime = current();
    let polled = false;
    const promise = runtime.blockOn(pollFn(() => void (polled = true)));
    expect(polled).toBe(false);
    await promise;
  });

  it("gives a generator body no task id", async () => {
    await using runtime = current();
    const body = function* (): Async<unknown> {
      yield* yieldNow();
      return tryId();
    };
    expect(await runtime.blockOn(body)).toBeUndefined();
  });

  it("gives an async body no task id", async () => {
    await using runtime = current();
    const seen = await runtime.blockOn(async () => {
      await yieldNow();
      return tryId();
    });
    expect(seen).toBeUndefined();
  });

  it("makes its runtime the current one inside a generator body", async () => {
    await using runtime = current();
    const body = function* (): Async<unknown> {
      yield* yieldNow();
      return Handle.current().id();
    };
    expect(await runtime.blockOn(body)).toBe(runtime.handle().id());
  });

  it("makes its runtime the current one inside an async body", async () => {
    await using runtime = current();
    const seen = await runtime.blockOn(async () => {
      await yieldNow();
      return Handle.current().id();
    });
    expect(seen).toBe(runtime.handle().id());
  });

  it("leaves tasks that its body has not waited for running", async () => {
    await using runtime = current();
    let ran = false;
    await runtime.blockOn(async () => {
      spawn(async () => {
        await yieldNow();
        ran = true;
      });
    });
    await until(() => ran);
    expect(ran).toBe(true);
  });

  it("may be under way several times, each with its own result", async () => {
    await using runtime = current();
    const first = new Gate();
    const second = new Gate();
    const ended: string[] = [];
    const one = runtime.blockOn(waitFor(first)).then(() => ended.push("first"));
    const two = runtime.blockOn(waitFor(second)).then(() => ended.push("second"));
    await turn();
    second.open();
    await two;
    first.open();
    await one;
    expect(ended).toEqual(["second", "first"]);
  });

  it("throws ERR_RT_NESTED_BLOCK_ON inside a generator task", async () => {
    await using runtime = current();
    const handle = runtime.spawn(function* (): Async<unknown> {
      yield* yieldNow();
      return thrownBy(() => runtime.blockOn(ready(1)));
    });
    const error = await handle;
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_NESTED_BLOCK_ON" });
  });

  it("throws ERR_RT_NESTED_BLOCK_ON inside an async task", async () => {
    await using runtime = current();
    const error = await runtime.spawn(async () => {
      await yieldNow();
      return thrownBy(() => runtime.blockOn(ready(1)));
    });
    expect(error).toMatchObject({ code: "ERR_RT_NESTED_BLOCK_ON" });
  });

  it("throws inside the body of another blockOn, and names it", async () => {
    await using runtime = current();
    const error = await runtime.blockOn(async () => thrownBy(() => runtime.blockOn(ready(1))));
    expect(error).toMatchObject({
      code: "ERR_RT_NESTED_BLOCK_ON",
      message: expect.stringContaining("the body of blockOn"),
    });
  });

  it("may be called right behind another one", async () => {
    await using runtime = current();
    await runtime.blockOn(async () => yieldNow());
    expect(await runtime.blockOn(ready("second"))).toBe("second");
  });

  it("throws inside a task of another runtime", async () => {
    await using runtime = current();
    await using other = current();
    const error = await other.spawn(async () => thrownBy(() => runtime.blockOn(ready(1))));
    expect(error).toMatchObject({ code: "ERR_RT_NESTED_BLOCK_ON" });
  });

  it("names the task that called it, in the error about nesting", async () => {
    await using runtime = current();
    const handle = runtime.spawn(async () => thrownBy(() => runtime.blockOn(ready(1))));
    expect(((await handle) as Error).message).toContain(`task #${handle.id()}`);
  });

  it("lets the body go on that caught the error about nesting", async () => {
    await using runtime = current();
    const value = await runtime.blockOn(async () => {
      thrownBy(() => runtime.blockOn(ready(1)));
      await yieldNow();
      return "went on";
    });
    expect(value).toBe("went on");
  });

  it("refuses what can't be run, with a code and the value", async () => {
    await using runtime = current();
    const error = await rejectionOf((async () => runtime.blockOn(42 as never))());
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT", message: expect.stringContaining("42") });
  });

  it("rejects with a JoinError after the shutdown", async () => {
    const runtime = current();
    runtime.shutdownBackground();
    const error = await rejectionOf(runtime.blockOn(add(1, 2)));
    expect(error).toBeInstanceOf(JoinError);
    expect(error).toMatchObject({ code: "ERR_RT_CANCELLED" });
  });

  it("rejects with a JoinError when the runtime shuts down under it", async () => {
    const runtime = current();
    const promise = rejectionOf(runtime.blockOn(pending()));
    await turn();
    runtime.shutdownBackground();
    const error = await promise;
    expect(error).toBeInstanceOf(JoinError);
    expect((error as Error).message).toContain("shut down");
  });

  it("runs its body's finally when the runtime shuts down under it", async () => {
    const runtime = current();
    let ran = false;
    const promise = rejectionOf(runtime.blockOn(slowCleanup(0, () => void (ran = true))));
    await turn();
    await runtime[Symbol.asyncDispose]();
    await promise;
    expect(ran).toBe(true);
  });
});

describe("Handle.blockOn", () => {
  it("gives the value of its body", async () => {
    await using runtime = current();
    expect(await runtime.handle().blockOn(add(20, 22))).toBe(42);
  });

  it("refuses to nest, too", async () => {
    await using runtime = current();
    const error = await runtime.spawn(async () => thrownBy(() => Handle.current().blockOn(ready(1))));
    expect(error).toMatchObject({ code: "ERR_RT_NESTED_BLOCK_ON" });
  });

  it("rejects after the shutdown, too", async () => {
    const runtime = current();
    const handle = runtime.handle();
    runtime.shutdownBackground();
    expect(await rejectionOf(handle.blockOn(ready(1)))).toBeInstanceOf(JoinError);
  });
});

describe("Runtime.spawn", () => {
  it("never polls a generator before it returns", async () => {
    await using runtime = current();
    let ran = false;
    const handle = runtime.spawn(slowStart(() => void (ran = true)));
    expect(ran).toBe(false);
    await handle;
  });

  it("never calls an async function before it returns", async () => {
    await using runtime = current();
    let ran = false;
    const handle = runtime.spawn(async () => void (ran = true));
    expect(ran).toBe(false);
    await handle;
  });

  it("moves generator tasks though nobody is in blockOn", async () => {
    await using runtime = current();
    const handle = runtime.spawn(add(1, 1));
    await until(() => handle.isFinished());
    expect(await handle).toBe(2);
  });

  it("moves async tasks though nobody is in blockOn", async () => {
    await using runtime = current();
    let steps = 0;
    const handle = runtime.spawn(async () => {
      for (; steps < 5; steps += 1) await yieldNow();
    });
    await until(() => handle.isFinished());
    expect(steps).toBe(5);
  });

  it("gives a handle that throws a JoinError once the runtime has shut down", async () => {
    const runtime = current();
    runtime.shutdownBackground();
    const error = await rejectionOf(runtime.spawn(add(1, 1)));
    expect(error).toBeInstanceOf(JoinError);
    expect(error).toMatchObject({ code: "ERR_RT_CANCELLED" });
  });

  it("never runs a generator on a runtime that has shut down", async () => {
    const runtime = current();
    runtime.shutdownBackground();
    let ran = false;
    const handle = runtime.spawn(slowStart(() => void (ran = true)));
    await rejectionOf(handle);
    expect(ran).toBe(false);
  });

  it("never calls an async function on a runtime that has shut down", async () => {
    const runtime = current();
    runtime.shutdownBackground();
    let ran = false;
    await rejectionOf(runtime.spawn(async () => void (ran = true)));
    expect(ran).toBe(false);
  });

  it("gives a finished handle on a runtime that has shut down", () => {
    const runtime = current();
    runtime.shutdownBackground();
    expect(runtime.spawn(add(1, 1)).isFinished()).toBe(true);
  });

  it("drops a future given to a runtime that has shut down", async () => {
    const runtime = current();
    runtime.shutdownBackground();
    const gate = new Gate();
    await rejectionOf(runtime.spawn(gate));
    expect(gate.drops).toBe(1);
  });

  it("starts a hundred thousand tasks, and each ends", async () => {
    await using runtime = current();
    let ended = 0;
    for (let i = 0; i < 100_000; i += 1) runtime.spawn(slowStart(() => void (ended += 1)));
    await until(() => runtime.metrics().numAliveTasks() === 0);
    expect(ended).toBe(100_000);
  });
});

function* slowStart(first: () => void): Async<void> {
  first();
}

describe("Runtime.enter", () => {
  it("makes spawn act on the runtime", async () => {
    await using runtime = current();
    const guard = runtime.enter();
    const handle = spawn(async () => Handle.current().id());
    guard.dispose();
    expect(await handle).toBe(runtime.handle().id());
  });

  it("makes the runtime current until the guard is disposed", async () => {
    await using runtime = current();
    const guard = runtime.enter();
    const inside = Handle.tryCurrent()?.id();
    guard.dispose();
    expect(inside).toBe(runtime.handle().id());
    expect(Handle.tryCurrent()).toBeUndefined();
  });

  it("nests, and the outer runtime is back after the inner guard", async () => {
    await using outer = current();
    await using inner = current();
    const first = outer.enter();
    const second = inner.enter();
    const deep = Handle.current().id();
    second.dispose();
    const back = Handle.current().id();
    first.dispose();
    expect([deep, back]).toEqual([inner.handle().id(), outer.handle().id()]);
  });

  it("throws ERR_RT_GUARD_ORDER when the outer guard is disposed first", async () => {
    await using runtime = current();
    const first = runtime.enter();
    const second = runtime.enter();
    const error = thrownBy(() => first.dispose());
    second.dispose();
    first.dispose();
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_GUARD_ORDER" });
  });

  it("leaves the later guard valid when an earlier one was refused", async () => {
    await using outer = current();
    await using inner = current();
    const first = outer.enter();
    const second = inner.enter();
    thrownBy(() => first.dispose());
    const still = Handle.current().id();
    second.dispose();
    first.dispose();
    expect(still).toBe(inner.handle().id());
  });

  it("works afresh after a guard was refused", async () => {
    await using runtime = current();
    const first = runtime.enter();
    const second = runtime.enter();
    thrownBy(() => first.dispose());
    const third = runtime.enter();
    const seen = Handle.current().id();
    third.dispose();
    second.dispose();
    first.dispose();
    expect(seen).toBe(runtime.handle().id());
    expect(Handle.tryCurrent()).toBeUndefined();
  });

  it("takes a guard that is disposed twice for disposed once", async () => {
    await using outer = current();
    await using inner = current();
    const first = outer.enter();
    const second = inner.enter();
    second.dispose();
    second.dispose();
    const seen = Handle.current().id();
    first.dispose();
    expect(seen).toBe(outer.handle().id());
  });

  it("gives a guard for using", async () => {
    await using runtime = current();
    {
      using _guard = runtime.enter();
    }
    expect(Handle.tryCurrent()).toBeUndefined();
  });

  it("runs no task", async () => {
    await using runtime = current();
    let ran = false;
    const handle = runtime.spawn(async () => void (ran = true));
    const guard = runtime.enter();
    guard.dispose();
    expect(ran).toBe(false);
    await handle;
  });

  it("acts on a runtime that has shut down as spawn does there", async () => {
    const runtime = current();
    runtime.shutdownBackground();
    const guard = runtime.handle().enter();
    const handle = spawn(add(1, 1));
    guard.dispose();
    expect(await rejectionOf(handle)).toBeInstanceOf(JoinError);
  });

  it("takes precedence over the runtime of the task that entered", async () => {
    await using outer = current();
    await using inner = current();
    const handle = outer.spawn(function* (): Async<unknown> {
      const guard = inner.enter();
      const seen = Handle.current().id();
      guard.dispose();
      yield* yieldNow();
      return seen;
    });
    expect(await handle).toBe(inner.handle().id());
  });
});

describe("Runtime.shutdownTimeout", () => {
  it.each(cleanups)("waits for cleanup that waits: %s lane", async (_lane, body) => {
    const runtime = current();
    let done = false;
    runtime.spawn(body(20, () => void (done = true)));
    await turn();
    await runtime.shutdownTimeout(60_000);
    expect(done).toBe(true);
  });

  it.each(stubborn)("gives up on cleanup that does not end: %s lane", async (_lane, body) => {
    const runtime = current();
    const handle = runtime.spawn(body(() => {}));
    await turn();
    await runtime.shutdownTimeout(1);
    expect(handle.isFinished()).toBe(true);
  });

  it.each(cleanups)("waits for no cleanup when given 0: %s lane", async (_lane, body) => {
    const runtime = current();
    let done = false;
    const handle = runtime.spawn(body(1000, () => void (done = true)));
    await turn();
    await runtime.shutdownTimeout(0);
    expect([handle.isFinished(), done]).toEqual([true, false]);
  });

  it.each(gated)("waits for cleanup that an abort has begun: %s lane", async (_lane, body) => {
    const runtime = current();
    const gate = new Gate();
    let done = false;
    const handle = runtime.spawn(body(gate, () => void (done = true)));
    await turn();
    handle.abort();
    await until(() => gate.polls > 0);
    const shutdown = runtime.shutdownTimeout(60_000);
    await turn();
    gate.open();
    await shutdown;
    expect(done).toBe(true);
  });

  it.each(cleanups)("waits for cleanup of what a dropped task was waiting for: %s lane", async (_l, body) => {
    const runtime = current();
    let done = false;
    runtime.spawn(unconstrained(body(20, () => void (done = true))));
    await turn();
    await runtime.shutdownTimeout(60_000);
    expect(done).toBe(true);
  });

  it("takes a time-out longer than host timers can count", async () => {
    const runtime = current();
    const gate = new Gate();
    let done = false;
    runtime.spawn(gatedCleanup(gate, () => void (done = true)));
    await turn();
    const shutdown = runtime.shutdownTimeout(2 ** 32);
    const later = new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
    await later;
    gate.open();
    await shutdown;
    expect(done).toBe(true);
  });

  it("ends before the event loop turns when there is nothing to drop", async () => {
    const runtime = current();
    let turned = false;
    const timer = setTimeout(() => void (turned = true), 0);
    await runtime.shutdownTimeout(60_000);
    clearTimeout(timer);
    expect(turned).toBe(false);
  });

  it("drops a task that was never polled without running it", async () => {
    const runtime = current();
    let ran = false;
    const handle = runtime.spawn(slowStart(() => void (ran = true)));
    await runtime.shutdownTimeout(60_000);
    expect(ran).toBe(false);
    expect(handle.isFinished()).toBe(true);
  });

  it("gives the handles of dropped tasks a JoinError that names the shutdown", async () => {
    const runtime = current();
    const handle = runtime.spawn(pending());
    await turn();
    await runtime.shutdownTimeout(60_000);
    const error = await rejectionOf(handle);
    expect(error).toBeInstanceOf(JoinError);
    expect((error as Error).message).toContain("shut down");
  });

  it("drops the tasks left when one of them throws in its finally", async () => {
    const runtime = current();
    let dropped = 0;
    const unruly = function* (): Async<void> {
      try {
        yield* pending();
      } finally {
        dropped += 1;
        // oxlint-disable-next-line no-unsafe-finally -- that is the case
        throw new Error("in finally");
      }
    };
    for (let i = 0; i < 3; i += 1) runtime.spawn(unruly());
    await turn();
    await runtime.shutdownTimeout(60_000);
    expect(dropped).toBe(3);
  });

  it("runs every finally of ten thousand tasks", async () => {
    const runtime = current();
    let done = 0;
    for (let i = 0; i < 10_000; i += 1) runtime.spawn(slowCleanup(1, () => void (done += 1)));
    await until(() => runtime.metrics().workerPollCount(0) >= 10_000);
    await runtime.shutdownTimeout(60_000);
    expect(done).toBe(10_000);
  });

  it("keeps the runtime current inside finally", async () => {
    const runtime = current();
    let seen: unknown;
    runtime.spawn(slowCleanup(1, () => void (seen = Handle.current().id())));
    await turn();
    await runtime.shutdownTimeout(60_000);
    expect(seen).toBe(runtime.handle().id());
  });

  it("cancels at once what a finally spawns", async () => {
    const runtime = current();
    let late: JoinHandle<void> | undefined;
    let ran = false;
    runtime.spawn(slowCleanup(1, () => void (late = spawn(slowStart(() => void (ran = true))))));
    await turn();
    await runtime.shutdownTimeout(60_000);
    expect(await rejectionOf(late as JoinHandle<void>)).toBeInstanceOf(JoinError);
    expect(ran).toBe(false);
  });

  it("may be called again while it is under way, and both calls end", async () => {
    const runtime = current();
    let done = false;
    runtime.spawn(slowCleanup(20, () => void (done = true)));
    await turn();
    await Promise.all([runtime.shutdownTimeout(60_000), runtime.shutdownTimeout(60_000)]);
    expect(done).toBe(true);
  });

  it("may be called after the end", async () => {
    const runtime = current();
    await runtime.shutdownTimeout(1);
    await expect(runtime.shutdownTimeout(1)).resolves.toBeUndefined();
  });

  it("refuses a negative time, and goes on running", async () => {
    await using runtime = current();
    const error = await rejectionOf(runtime.shutdownTimeout(-1));
    expect(error).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
    expect(await runtime.spawn(add(1, 1))).toBe(2);
  });

  it("refuses what is no number", async () => {
    await using runtime = current();
    const error = await rejectionOf(runtime.shutdownTimeout("1s" as never));
    expect(error).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("makes Handle.isShutdown true at once", () => {
    const runtime = current();
    const before = runtime.handle().isShutdown();
    void runtime.shutdownTimeout(0);
    expect([before, runtime.handle().isShutdown()]).toEqual([false, true]);
  });

  it("frees a task that holds a handle to its own runtime", async () => {
    const runtime = current();
    const handle = runtime.handle();
    let freed = false;
    handle.spawn(function* (): Async<void> {
      const own = handle;
      try {
        yield* pending();
      } finally {
        freed = own.isShutdown();
      }
    });
    await turn();
    await runtime.shutdownTimeout(60_000);
    expect(freed).toBe(true);
  });

  it("rejects awaits outside tasks that were made under its guard", async () => {
    const runtime = current();
    const guard = runtime.enter();
    const outside = rejectionOf(new Gate().then());
    guard.dispose();
    await turn();
    await runtime.shutdownTimeout(60_000);
    expect(await outside).toBeInstanceOf(Cancelled);
  });

  it("leaves wakers of its tasks harmless", async () => {
    const runtime = current();
    const gate = new Gate();
    runtime.spawn(waitFor(gate));
    await turn();
    await runtime.shutdownTimeout(60_000);
    const polls = gate.polls;
    gate.open();
    await turn();
    expect(gate.polls).toBe(polls);
  });

  it("ends when a task asks for it, that task dropped like the others: async lane", async () => {
    const runtime = current();
    const other = runtime.spawn(pending());
    const asking = runtime.spawn(async () => {
      await yieldNow();
      await runtime.shutdownTimeout(1);
    });
    await rejectionOf(other);
    await rejectionOf(asking);
    expect(runtime.metrics().numAliveTasks()).toBe(0);
  });
});

describe("Runtime.shutdownBackground", () => {
  it.each(cleanups)("waits for no cleanup: %s lane", async (_lane, body) => {
    const runtime = current();
    let done = false;
    const handle = runtime.spawn(body(1000, () => void (done = true)));
    await turn();
    runtime.shutdownBackground();
    expect(handle.isFinished()).toBe(true);
    await turn();
    expect(done).toBe(false);
  });

  it("runs a finally that does not wait", async () => {
    const runtime = current();
    let done = false;
    runtime.spawn(slowCleanup(0, () => void (done = true)));
    await turn();
    runtime.shutdownBackground();
    expect(done).toBe(true);
  });

  it("may be called by a generator task, which is cancelled like the others", async () => {
    const runtime = current();
    const other = runtime.spawn(pending());
    const calling = runtime.spawn(function* (): Async<void> {
      yield* yieldNow();
      runtime.shutdownBackground();
      yield* yieldNow();
    });
    expect(await rejectionOf(other)).toBeInstanceOf(JoinError);
    expect(await rejectionOf(calling)).toBeInstanceOf(JoinError);
  });

  it("may be called by a generator task, whose finally runs at its next suspension", async () => {
    const runtime = current();
    let done = false;
    const calling = runtime.spawn(function* (): Async<void> {
      try {
        yield* yieldNow();
        runtime.shutdownBackground();
        yield* pending();
      } finally {
        done = true;
      }
    });
    await rejectionOf(calling);
    await turn();
    expect(done).toBe(true);
  });

  it("may be called by an async task, which is cancelled like the others", async () => {
    const runtime = current();
    const other = runtime.spawn(pending());
    const calling = runtime.spawn(async () => {
      await yieldNow();
      runtime.shutdownBackground();
      await yieldNow();
    });
    expect(await rejectionOf(other)).toBeInstanceOf(JoinError);
    expect(await rejectionOf(calling)).toBeInstanceOf(JoinError);
  });

  it("may be called twice", () => {
    const runtime = current();
    runtime.shutdownBackground();
    expect(() => runtime.shutdownBackground()).not.toThrow();
  });

  it("gives up on cleanup that an earlier shutdown waits for", async () => {
    const runtime = current();
    const handle = runtime.spawn(stubbornCleanup(() => {}));
    await turn();
    const waiting = runtime.shutdownTimeout(Infinity);
    runtime.shutdownBackground();
    await waiting;
    expect(handle.isFinished()).toBe(true);
  });

  it("drops the task that a waker of a dropped one wakes", async () => {
    const runtime = current();
    const first = runtime.spawn(pending());
    const second = runtime.spawn(function* (): Async<unknown> {
      return yield* first;
    });
    await turn();
    runtime.shutdownBackground();
    expect([first.isFinished(), second.isFinished()]).toEqual([true, true]);
  });
});

describe("Runtime[Symbol.asyncDispose]", () => {
  it.each(cleanups)("waits for all cleanup, however long: %s lane", async (_lane, body) => {
    let done = false;
    {
      await using runtime = current();
      runtime.spawn(body(100, () => void (done = true)));
      await turn();
    }
    expect(done).toBe(true);
  });

  it("may follow an explicit shutdown", async () => {
    const runtime = current();
    runtime.shutdownBackground();
    await expect(runtime[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });
});

describe("several runtimes", () => {
  it("have ids of their own", async () => {
    await using first = current();
    await using second = current();
    expect(first.handle().id()).not.toBe(second.handle().id());
  });

  it("make progress side by side", async () => {
    const runtimes = [current(), current(), current()];
    const sums = await Promise.all(runtimes.map((runtime, i) => runtime.blockOn(add(i, 1))));
    for (const runtime of runtimes) runtime.shutdownBackground();
    expect(sums).toEqual([1, 2, 3]);
  });

  it("let a generator task of one wait for a task of another", async () => {
    await using first = current();
    await using second = current();
    const there = second.spawn(add(1, 2));
    const here = first.spawn(function* (): Async<number> {
      return (yield* there) + 1;
    });
    expect(await here).toBe(4);
  });

  it("let an async task of one wait for a task of another", async () => {
    await using first = current();
    await using second = current();
    const there = second.spawn(async () => {
      await yieldNow();
      return 3;
    });
    const here = first.spawn(async () => (await there) + 1);
    expect(await here).toBe(4);
  });

  it("wake across: a gate opened by a task of one lets a task of the other go on", async () => {
    await using first = current();
    await using second = current();
    const gate = new Gate();
    const waiting = first.spawn(waitFor(gate));
    await turn();
    await second.spawn(async () => gate.open());
    await waiting;
    expect(gate.polls).toBe(2);
  });

  it("each stay current in their own tasks while they take turns", async () => {
    await using first = current();
    await using second = current();
    const ids = function* (): Async<Set<unknown>> {
      const seen = new Set<unknown>();
      for (let i = 0; i < 5; i += 1) {
        seen.add(Handle.current().id());
        yield* yieldNow();
      }
      return seen;
    };
    const [one, two] = [first.spawn(ids()), second.spawn(ids())];
    expect([...(await one)]).toEqual([first.handle().id()]);
    expect([...(await two)]).toEqual([second.handle().id()]);
  });

  it("let a task of one spawn on another through its handle", async () => {
    await using first = current();
    await using second = current();
    const id = await first.spawn(async () => second.handle().spawn(async () => Handle.current().id()));
    expect(id).toBe(second.handle().id());
  });

  it("end one by one: shutting one down leaves the others running", async () => {
    const first = current();
    await using second = current();
    const gate = new Gate();
    const kept = second.spawn(waitFor(gate));
    const dropped = first.spawn(pending());
    await turn();
    first.shutdownBackground();
    gate.open();
    await kept;
    expect([dropped.isFinished(), kept.isFinished()]).toEqual([true, true]);
  });

  it("tell a waiter of one that a task of another fell with its runtime", async () => {
    const first = current();
    await using second = current();
    const there = first.spawn(pending());
    const here = second.spawn(async () => rejectionOf(there));
    await turn();
    first.shutdownBackground();
    expect(await here).toBeInstanceOf(JoinError);
  });
});

describe("the default runtime", () => {
  it("is what spawn uses outside of everything", async () => {
    expect(await spawn(add(1, 1))).toBe(2);
  });

  it("is made once", () => {
    expect(Handle.current().id()).toBe(Handle.current().id());
  });

  it("is the current one in the tasks spawned on it", async () => {
    const inside = await spawn(async () => Handle.tryCurrent()?.id());
    expect(inside).toBe(Handle.current().id());
  });

  it("drives a future that is awaited outside any task", async () => {
    const gate = new Gate();
    const waiting = (async () => gate)();
    await turn();
    gate.open();
    await waiting;
    expect(gate.polls).toBe(2);
  });

  it("drives many awaits outside tasks at the same time", async () => {
    const gates = Array.from({ length: 100 }, () => new Gate());
    const all = Promise.all(gates);
    await turn();
    for (const gate of gates.toReversed()) gate.open();
    await all;
    expect(gates.every((gate) => gate.polls === 2)).toBe(true);
  });

  it("passes on the error of a future that is awaited outside any task", async () => {
    const error = new Error("outside");
    const failing = pollFn<void>(() => {
      throw error;
    });
    expect(await rejectionOf(failing)).toBe(error);
  });
});

describe("Handle.tryCurrent", () => {
  it("is undefined outside every runtime", () => {
    expect(Handle.tryCurrent()).toBeUndefined();
  });

  it("is the runtime's in a generator task", async () => {
    await using runtime = current();
    const seen = runtime.spawn(function* (): Async<unknown> {
      yield* yieldNow();
      return Handle.tryCurrent()?.id();
    });
    expect(await seen).toBe(runtime.handle().id());
  });

  it("is the runtime's in an async task, behind an await too", async () => {
    await using runtime = current();
    const seen = runtime.spawn(async () => {
      await yieldNow();
      return Handle.tryCurrent()?.id();
    });
    expect(await seen).toBe(runtime.handle().id());
  });
});

describe("Handle", () => {
  it("is one reference: its id is that of Handle.current inside a task", async () => {
    await using runtime = current();
    const inside = await runtime.spawn(async () => Handle.current());
    expect(inside.id()).toBe(runtime.handle().id());
  });

  it("tells the kind of the runtime", async () => {
    await using runtime = current();
    expect(runtime.handle().runtimeFlavor()).toBe("currentThread");
  });

  it("tells currentThread for a local runtime", async () => {
    await using runtime = Builder.currentThread().buildLocal();
    expect(runtime.handle().runtimeFlavor()).toBe("currentThread");
  });

  it("starts tasks from outside the runtime", async () => {
    await using runtime = current();
    const handle = runtime.handle();
    expect(await handle.spawn(add(3, 4))).toBe(7);
  });

  it("outlives its runtime: a spawn through it is then cancelled", async () => {
    const runtime = current();
    const handle = runtime.handle();
    await runtime[Symbol.asyncDispose]();
    expect(await rejectionOf(handle.spawn(add(1, 1)))).toBeInstanceOf(JoinError);
  });

  it("counts tasks of the runtime in its metrics", async () => {
    await using runtime = current();
    runtime.spawn(pending());
    expect(runtime.handle().metrics().numAliveTasks()).toBe(1);
  });
});
