import {
  Builder,
  intoFuture,
  LocalSet,
  pending,
  spawn,
  TaskBuilder,
  yieldNow,
  type Async,
  type Dump,
  type DumpTask,
  type IntoFuture,
  type JoinHandle,
  type Runtime,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { block, Gate, rejectionOf, turn } from "./support/runtime.ts";

const current = (): Runtime =>
  Builder.currentThread()
    .onReport(() => {})
    .build();

function taskOf(dump: Dump, handle: JoinHandle<unknown>): DumpTask {
  const found = dump.tasks.find(({ id }) => id === handle.id());
  if (found === undefined) throw new Error(`No task #${handle.id()} in:\n${dump.toString()}`);
  return found;
}

function* waitFor(gate: Gate): Async<string> {
  yield* gate;
  return "through";
}

async function asyncWaitFor(gate: Gate): Promise<string> {
  await gate;
  return "through";
}

const waiting = [
  ["generator", (gate: Gate): IntoFuture<string> => waitFor(gate)],
  [
    "async",
    (gate: Gate): IntoFuture<string> =>
      () =>
        asyncWaitFor(gate),
  ],
] as const;

function* closeSlowly(gate: Gate): Async<void> {
  try {
    yield* pending();
  } finally {
    yield* gate;
  }
}

async function asyncCloseSlowly(gate: Gate): Promise<void> {
  try {
    await pending();
  } finally {
    await gate;
  }
}

const closing = [
  ["generator", (gate: Gate): IntoFuture<void> => closeSlowly(gate)],
  [
    "async",
    (gate: Gate): IntoFuture<void> =>
      () =>
        asyncCloseSlowly(gate),
  ],
] as const;

function* outer(gate: Gate): Async<string> {
  return yield* middle(gate);
}

function* middle(gate: Gate): Async<string> {
  return yield* waitFor(gate);
}

describe("Handle.dump", () => {
  it("is empty while there is no task", async () => {
    await using runtime = current();
    expect(runtime.handle().dump().tasks).toEqual([]);
  });

  it("lists every live task once, the oldest first", async () => {
    await using runtime = current();
    const handles = [runtime.spawn(pending()), runtime.spawn(pending()), runtime.spawn(pending())];
    await turn();
    expect(
      runtime
        .handle()
        .dump()
        .tasks.map(({ id }) => id),
    ).toEqual(handles.map((handle) => handle.id()));
  });

  it("leaves out tasks that have ended", async () => {
    await using runtime = current();
    await runtime.spawn(async () => 1);
    expect(runtime.handle().dump().tasks).toEqual([]);
  });

  it("leaves out the tasks of other runtimes", async () => {
    await using runtime = current();
    await using other = current();
    other.spawn(pending());
    expect(runtime.handle().dump().tasks).toEqual([]);
  });

  it("lists the body of blockOn without an id", async () => {
    await using runtime = current();
    const gate = new Gate("the gate");
    const promise = runtime.blockOn(gate);
    await turn();
    const [body] = runtime.handle().dump().tasks;
    gate.open();
    await promise;
    expect(body).toMatchObject({ id: undefined, state: "waiting", waitsFor: "the gate" });
  });

  it("lists the tasks of a local set that is being driven", async () => {
    await using runtime = current();
    const gate = new Gate("the local gate");
    const driving = runtime.blockOn(function* (): Async<void> {
      const set = new LocalSet();
      set.spawnLocal(waitFor(gate));
      yield* set;
    });
    await turn();
    const dump = runtime.handle().dump();
    gate.open();
    await driving;
    expect(dump.tasks.map(({ waitsFor }) => waitsFor)).toContain("the local gate");
  });

  it("may be taken by a task of its own runtime", async () => {
    await using runtime = current();
    const other = runtime.spawn(pending());
    const dump = await runtime.spawn(async () => runtime.handle().dump());
    expect(taskOf(dump, other).state).toBe("waiting");
  });
});

describe("DumpTask.state", () => {
  it.each(waiting)("is ready before the first poll: %s lane", async (_lane, body) => {
    await using runtime = current();
    const handle = runtime.spawn(body(new Gate()));
    expect(taskOf(runtime.handle().dump(), handle).state).toBe("ready");
  });

  it.each(waiting)("is waiting while a leaf is pending: %s lane", async (_lane, body) => {
    await using runtime = current();
    const handle = runtime.spawn(body(new Gate()));
    await turn();
    expect(taskOf(runtime.handle().dump(), handle).state).toBe("waiting");
  });

  it.each(waiting)("is ready from the wake-up to the poll: %s lane", async (_lane, body) => {
    await using runtime = current();
    const gate = new Gate();
    const handle = runtime.spawn(body(gate));
    await turn();
    gate.open();
    expect(taskOf(runtime.handle().dump(), handle).state).toBe("ready");
  });

  it("is running for a generator task that takes the dump", async () => {
    await using runtime = current();
    const handle: JoinHandle<string> = runtime.spawn(function* (): Async<string> {
      yield* yieldNow();
      return taskOf(runtime.handle().dump(), handle).state;
    });
    expect(await handle).toBe("running");
  });

  it("is running for an async task that takes the dump before its first await", async () => {
    await using runtime = current();
    const handle: JoinHandle<string> = runtime.spawn(
      async () => taskOf(runtime.handle().dump(), handle).state,
    );
    expect(await handle).toBe("running");
  });

  it("is running for an async task that takes the dump behind an await", async () => {
    await using runtime = current();
    const handle: JoinHandle<string> = runtime.spawn(async () => {
      await yieldNow();
      return taskOf(runtime.handle().dump(), handle).state;
    });
    expect(await handle).toBe("running");
  });

  it.each(closing)("is closing while the cleanup of an aborted task waits: %s lane", async (_lane, body) => {
    await using runtime = current();
    const gate = new Gate("the cleanup");
    const handle = runtime.spawn(body(gate));
    await turn();
    handle.abort();
    await turn();
    const task = taskOf(runtime.handle().dump(), handle);
    gate.open();
    await rejectionOf(handle);
    expect(task).toMatchObject({ state: "closing", waitsFor: "the cleanup" });
  });
});

class Unspeakable extends Gate {
  override describe(): string {
    throw new TypeError("no words");
  }
}

describe("DumpTask.waitsFor", () => {
  it.each(waiting)(
    "tells of a description that throws, beside the other tasks: %s lane",
    async (_lane, body) => {
      await using runtime = current();
      const odd = runtime.spawn(body(new Unspeakable()));
      const plain = runtime.spawn(body(new Gate("the bank")));
      await turn();
      const dump = runtime.handle().dump();
      expect([odd, plain].map((handle) => taskOf(dump, handle).waitsFor)).toEqual([
        "something whose describe() threw an object of class TypeError",
        "the bank",
      ]);
    },
  );

  it.each(waiting)("names the leaf: %s lane", async (_lane, body) => {
    await using runtime = current();
    const handle = runtime.spawn(body(new Gate("the bank")));
    await turn();
    expect(taskOf(runtime.handle().dump(), handle).waitsFor).toBe("the bank");
  });

  it("names the leaf of the innermost of nested generators", async () => {
    await using runtime = current();
    const handle = runtime.spawn(outer(new Gate("deep down")));
    await turn();
    expect(taskOf(runtime.handle().dump(), handle).waitsFor).toBe("deep down");
  });

  it("names the leaf of a generator that is wrapped into a future", async () => {
    await using runtime = current();
    const handle = runtime.spawn(intoFuture(outer(new Gate("deep down"))));
    await turn();
    expect(taskOf(runtime.handle().dump(), handle).waitsFor).toBe("deep down");
  });

  it("names every leaf that an async task awaits at the same time", async () => {
    await using runtime = current();
    const handle = runtime.spawn(async () => void (await Promise.all([new Gate("one"), new Gate("two")])));
    await turn();
    expect(taskOf(runtime.handle().dump(), handle).waitsFor).toBe("one, two");
  });

  it("names the task that a task joins, with its name", async () => {
    await using runtime = current();
    const guard = runtime.enter();
    const writer = new TaskBuilder().name("writer").spawn(pending());
    const reader = new TaskBuilder().name("reader").spawn(function* (): Async<void> {
      yield* writer;
    });
    guard.dispose();
    await turn();
    expect(taskOf(runtime.handle().dump(), reader).waitsFor).toBe(`task #${writer.id()} (writer)`);
  });

  it("tells of a foreign promise in an async task", async () => {
    await using runtime = current();
    const { promise, resolve } = Promise.withResolvers<void>();
    const handle = runtime.spawn(async () => promise);
    await turn();
    const { waitsFor } = taskOf(runtime.handle().dump(), handle);
    resolve();
    await handle;
    expect(waitsFor).toBe("a promise");
  });

  it("tells of a first poll to come", async () => {
    await using runtime = current();
    const handle = runtime.spawn(waitFor(new Gate()));
    expect(taskOf(runtime.handle().dump(), handle).waitsFor).toBe("its first poll");
  });

  it("is the second leaf once the first has been passed", async () => {
    await using runtime = current();
    const [first, second] = [new Gate("first"), new Gate("second")];
    const handle = runtime.spawn(function* (): Async<void> {
      yield* first;
      yield* second;
    });
    await turn();
    first.open();
    await turn();
    expect(taskOf(runtime.handle().dump(), handle).waitsFor).toBe("second");
  });
});

describe("Handle.dump, tracing", () => {
  it.each(waiting)("polls nothing: %s lane", async (_lane, body) => {
    await using runtime = current();
    const gate = new Gate();
    runtime.spawn(body(gate));
    await turn();
    for (let i = 0; i < 100; i += 1) runtime.handle().dump();
    expect(gate.polls).toBe(1);
  });

  it.each(waiting)("loses no wake-up that comes after it: %s lane", async (_lane, body) => {
    await using runtime = current();
    const gate = new Gate();
    const handle = runtime.spawn(body(gate));
    await turn();
    runtime.handle().dump();
    gate.open();
    expect(await handle).toBe("through");
  });

  it.each(waiting)("loses no wake-up that came before it: %s lane", async (_lane, body) => {
    await using runtime = current();
    const gate = new Gate();
    const handle = runtime.spawn(body(gate));
    await turn();
    gate.open();
    runtime.handle().dump();
    expect(await handle).toBe("through");
  });

  it("runs no code of the traced generators", async () => {
    await using runtime = current();
    const gate = new Gate();
    const log: string[] = [];
    const handle = runtime.spawn(function* (): Async<void> {
      try {
        yield* gate;
        log.push("went on");
      } catch {
        log.push("caught");
      } finally {
        log.push("finally");
      }
    });
    await turn();
    runtime.handle().dump();
    const during = [...log];
    gate.open();
    await handle;
    expect([during, log]).toEqual([[], ["went on", "finally"]]);
  });

  it("drops nothing", async () => {
    await using runtime = current();
    const gate = new Gate();
    runtime.spawn(outer(gate));
    await turn();
    runtime.handle().dump();
    expect(gate.drops).toBe(0);
  });

  it("leaves the task that takes it in its place: it still spawns on its runtime", async () => {
    await using runtime = current();
    runtime.spawn(outer(new Gate()));
    await turn();
    const id = await runtime.spawn(function* (): Async<number> {
      runtime.handle().dump();
      return yield* spawn(async () => runtime.handle().dump().tasks.length);
    });
    expect(id).toBe(3);
  });

  it("leaves a task that is closing to its cleanup", async () => {
    await using runtime = current();
    const gate = new Gate();
    const handle = runtime.spawn(closeSlowly(gate));
    await turn();
    handle.abort();
    await turn();
    runtime.handle().dump();
    gate.open();
    await rejectionOf(handle);
    expect(gate.polls).toBe(2);
  });

  it("may be taken while a generator inside the running task is being polled", async () => {
    await using runtime = current();
    const dump = await runtime.spawn(
      intoFuture(
        (function* (): Async<Dump> {
          yield* yieldNow();
          return runtime.handle().dump();
        })(),
      ),
    );
    expect(dump.tasks).toHaveLength(1);
  });
});

describe("DumpTask", () => {
  it("counts polls", async () => {
    await using runtime = current();
    const handle = runtime.spawn(function* (): Async<void> {
      yield* yieldNow();
      yield* yieldNow();
      yield* pending();
    });
    await turn();
    expect(taskOf(runtime.handle().dump(), handle).polls).toBe(3);
  });

  it("has no busy time unless polls are timed", async () => {
    await using runtime = current();
    const handle = runtime.spawn(pending());
    expect(taskOf(runtime.handle().dump(), handle).busyMs).toBeUndefined();
  });

  it("adds up the time of its polls when they are timed", async () => {
    await using runtime = Builder.currentThread().enableMetricsTiming().build();
    const handle = runtime.spawn(function* (): Async<void> {
      block(5);
      yield* pending();
    });
    await turn();
    expect(taskOf(runtime.handle().dump(), handle).busyMs).toBeGreaterThanOrEqual(4);
  });

  it("tells where the task was spawned, with traceSpawns", async () => {
    await using runtime = Builder.currentThread().traceSpawns().build();
    const handle = runtime.spawn(pending());
    expect(taskOf(runtime.handle().dump(), handle).spawnedAt?.split("\n")[0]).toContain("dump.test");
  });

  it("does not tell where the task was spawned without traceSpawns", async () => {
    await using runtime = current();
    const handle = runtime.spawn(pending());
    expect(taskOf(runtime.handle().dump(), handle).spawnedAt).toBeUndefined();
  });
});

describe("DumpTask.toString", () => {
  it("is one line: who waits for what", async () => {
    await using runtime = current();
    const handle = runtime.spawn(waitFor(new Gate("the bank")));
    await turn();
    expect(runtime.handle().dump().toString()).toBe(`task #${handle.id()} waits for the bank`);
  });

  it("says so when the task cleans up", async () => {
    await using runtime = current();
    const gate = new Gate("the bank");
    const handle = runtime.spawn(closeSlowly(gate));
    await turn();
    handle.abort();
    await turn();
    const text = runtime.handle().dump().toString();
    gate.open();
    expect(text).toBe(`task #${handle.id()} waits for the bank while it cleans up`);
  });
});
