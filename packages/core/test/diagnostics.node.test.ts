/* oxlint-disable require-yield -- a task need not wait for anything */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Builder, pending, TaskBuilder, yieldNow, type Async, type IntoFuture } from "@rt/core";
import { afterEach, describe, expect, it } from "vitest";
import { Gate, rejectionOf, turn } from "./support/runtime.ts";

interface Event {
  readonly channel: string;
  readonly message: Record<string, unknown>;
}

const undo: (() => void)[] = [];
afterEach(() => {
  for (const leave of undo.splice(0)) leave();
});

function listen(...channels: string[]): Event[] {
  const events: Event[] = [];
  for (const channel of channels) {
    const onMessage = (message: unknown): void => {
      events.push({ channel, message: message as Record<string, unknown> });
    };
    subscribe(channel, onMessage);
    undo.push(() => unsubscribe(channel, onMessage));
  }
  return events;
}

function* yieldOnce(): Async<void> {
  yield* yieldNow();
}

async function asyncYieldOnce(): Promise<void> {
  await yieldNow();
}

const lanes: [string, () => IntoFuture<void>][] = [
  ["generator", () => yieldOnce()],
  ["async", () => asyncYieldOnce],
];

function* fail(): Async<void> {
  throw new Error("broken");
}

describe("rt:task:spawn", () => {
  it("tells runtime, id and name of each new task", async () => {
    const events = listen("rt:task:spawn");
    await using runtime = Builder.currentThread().build();
    const handle = new TaskBuilder().name("reader").spawnOn(yieldOnce(), runtime.handle());
    await handle;
    expect(events.map(({ message }) => message)).toEqual([
      { runtime: runtime.handle().id(), id: handle.id(), name: "reader" },
    ]);
  });

  it("is not published for the body of blockOn", async () => {
    const events = listen("rt:task:spawn");
    await using runtime = Builder.currentThread().build();
    await runtime.blockOn(yieldOnce());
    expect(events).toEqual([]);
  });

  it("is published before the first poll", async () => {
    const events = listen("rt:task:spawn", "rt:task:poll");
    await using runtime = Builder.currentThread().build();
    runtime.spawn(yieldOnce());
    expect(events.map(({ channel }) => channel)).toEqual(["rt:task:spawn"]);
  });

  it("is matched by an end also when the runtime has shut down", async () => {
    const events = listen("rt:task:spawn", "rt:task:end");
    const runtime = Builder.currentThread().build();
    runtime.shutdownBackground();
    await rejectionOf(runtime.spawn(yieldOnce()));
    const count = (name: string): number => events.filter(({ channel }) => channel === name).length;
    expect(count("rt:task:spawn")).toBe(count("rt:task:end"));
  });
});

describe("rt:task:poll", () => {
  it.each(lanes)("is published after each poll, with its length: %s lane", async (_lane, body) => {
    const events = listen("rt:task:poll");
    await using runtime = Builder.currentThread().build();
    const handle = runtime.spawn(body());
    await handle;
    await turn();
    const expected = { id: handle.id(), name: undefined, elapsedMs: expect.any(Number) as number };
    const own = events.map(({ message }) => message).filter((message) => message["id"] === handle.id());
    expect(own).toEqual(
      [expected, expected].map((message) => ({ runtime: runtime.handle().id(), ...message })),
    );
  });
});

describe("rt:task:end", () => {
  it.each(lanes)("tells how many polls the task took: %s lane", async (_lane, body) => {
    const events = listen("rt:task:end");
    await using runtime = Builder.currentThread().build();
    const handle = runtime.spawn(body());
    await handle;
    expect(events.map(({ message }) => message)).toEqual([
      { runtime: runtime.handle().id(), id: handle.id(), name: undefined, failed: false, polls: 2 },
    ]);
  });

  it("tells that a task failed", async () => {
    const events = listen("rt:task:end");
    await using runtime = Builder.currentThread()
      .onReport(() => {})
      .build();
    await rejectionOf(runtime.spawn(fail()));
    expect(events[0]?.message["failed"]).toBe(true);
  });

  it("is published for an aborted task, which did not fail", async () => {
    const events = listen("rt:task:end");
    await using runtime = Builder.currentThread().build();
    const handle = runtime.spawn(pending());
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(events.map(({ message }) => message["failed"])).toEqual([false]);
  });

  it("is published for each task that a shutdown drops", () => {
    const events = listen("rt:task:end");
    const runtime = Builder.currentThread().build();
    for (let i = 0; i < 3; i += 1) runtime.spawn(pending());
    runtime.shutdownBackground();
    expect(events).toHaveLength(3);
  });
});

describe("rt:waker:wake", () => {
  it("tells the task that was queued", async () => {
    const events = listen("rt:waker:wake");
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    const handle = runtime.spawn(gate);
    await turn();
    gate.open();
    await handle;
    const expected = { runtime: runtime.handle().id(), id: handle.id(), name: undefined };
    expect(events.map(({ message }) => message)).toEqual([expected, expected]);
  });

  it("is published once for several wake-ups before a poll", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    runtime.spawn(gate);
    await turn();
    const events = listen("rt:waker:wake");
    for (let i = 0; i < 5; i += 1) gate.waker?.wake();
    expect(events).toHaveLength(1);
  });

  it("is published for wake-ups by tasks that are being polled", async () => {
    const events = listen("rt:waker:wake");
    await using runtime = Builder.currentThread().build();
    await runtime.spawn(yieldOnce());
    expect(events).toHaveLength(2);
  });
});

describe("rt:worker:park", () => {
  it("is published when nothing is left to do, and rt:worker:unpark when there is again", async () => {
    const events = listen("rt:worker:park", "rt:worker:unpark");
    await using runtime = Builder.currentThread().build();
    for (let i = 0; i < 2; i += 1) {
      await runtime.spawn(yieldOnce());
      await turn();
    }
    const message = { runtime: runtime.handle().id() };
    expect(events).toEqual([
      { channel: "rt:worker:park", message },
      { channel: "rt:worker:unpark", message },
      { channel: "rt:worker:park", message },
    ]);
  });
});

describe("rt:runtime:start", () => {
  it("tells id and name of a new runtime", async () => {
    const events = listen("rt:runtime:start");
    await using runtime = Builder.currentThread().name("jobs").build();
    expect(events.map(({ message }) => message)).toEqual([{ runtime: runtime.handle().id(), name: "jobs" }]);
  });
});

describe("rt:runtime:shutdown", () => {
  it("tells id and name of a runtime that shuts down, once", async () => {
    const events = listen("rt:runtime:shutdown");
    const runtime = Builder.currentThread().name("jobs").build();
    runtime.shutdownBackground();
    await runtime[Symbol.asyncDispose]();
    expect(events.map(({ message }) => message)).toEqual([{ runtime: runtime.handle().id(), name: "jobs" }]);
  });
});

describe("diagnostics channels", () => {
  const all = [
    "rt:task:spawn",
    "rt:task:poll",
    "rt:task:end",
    "rt:waker:wake",
    "rt:worker:park",
    "rt:worker:unpark",
    "rt:runtime:start",
    "rt:runtime:shutdown",
  ];
  it.each(all)("tell a subscriber nothing after it has unsubscribed: %s", async (channel) => {
    const events = listen(channel);
    undo.pop()?.();
    const runtime = Builder.currentThread().build();
    await runtime.spawn(yieldOnce());
    await turn();
    await runtime.spawn(yieldOnce());
    await runtime[Symbol.asyncDispose]();
    expect(events).toEqual([]);
  });

  it.each(all)("tell a subscriber that comes while the runtime is running: %s", async (channel) => {
    const runtime = Builder.currentThread().build();
    await runtime.spawn(yieldOnce());
    await turn();
    const events = listen(channel);
    await runtime.spawn(yieldOnce());
    await turn();
    await runtime[Symbol.asyncDispose]();
    const another = Builder.currentThread().build();
    another.shutdownBackground();
    expect(events.length).toBeGreaterThan(0);
  });
});
