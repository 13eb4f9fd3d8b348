/* oxlint-disable require-yield -- a task need not wait for anything */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  consumeBudget,
  cooperative,
  fromCallback,
  fromPromise,
  intoFuture,
  JoinSet,
  LocalSet,
  pending,
  spawn,
  TaskBuilder,
  withSignal,
  yieldNow,
  type Async,
  type Future,
  type Runtime,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { Gate, quietRuntime, rejectionOf, turn } from "./support/lanes.ts";

const request = new AsyncLocalStorage<string>();

type Seen = (string | undefined)[];

/** One of every kind of suspension. */
const suspensions: [string, () => Future<unknown>][] = [
  ["yieldNow", () => yieldNow()],
  ["a spent budget", () => spentBudget()],
  ["a promise", () => fromPromise(Promise.resolve())],
  ["a promise's function", () => fromPromise(() => new Promise((resolve) => setTimeout(resolve, 0)))],
  ["a callback", () => fromCallback((resolve) => void setImmediate(resolve, undefined))],
  ["a join handle", () => intoFuture(spawn(yieldNow()))],
  ["a nested generator", () => intoFuture(nested())],
  ["a nested async function", () => intoFuture(async () => await yieldNow())],
];

function* nested(): Async<void> {
  yield* yieldNow();
}

function spentBudget(): Future<unknown> {
  return intoFuture(spend());
}

function* spend(): Async<void> {
  for (let i = 0; i < 300; i += 1) yield* consumeBudget();
}

function* seesAfter(seen: Seen, make: () => Future<unknown>): Async<void> {
  seen.push(request.getStore());
  yield* make();
  seen.push(request.getStore());
}

/** Notes what it sees in `finally`, before and behind a wait. */
function* seesWhenClosed(seen: Seen, work: Future<unknown>): Async<void> {
  try {
    yield* work;
  } finally {
    seen.push(request.getStore());
    yield* yieldNow();
    seen.push(request.getStore());
  }
}

function propagating(): Runtime {
  return quietRuntime((builder) => builder.propagateContext()).runtime;
}

describe("AsyncLocalStorage without propagateContext", () => {
  it("is seen by the body of blockOn when that is an async function", async () => {
    const { runtime } = quietRuntime();
    const seen = await request.run("caller", () => runtime.blockOn(async () => [request.getStore()]));
    expect(seen).toEqual(["caller"]);
  });

  it.each(["generator", "async"])("is not seen by a spawned task, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    function* body(): Async<unknown[]> {
      yield* yieldNow();
      return [request.getStore()];
    }
    const handle = request.run("spawn", () =>
      runtime.spawn(lane === "generator" ? body() : async () => [request.getStore()]),
    );
    expect(await handle).toEqual([undefined]);
  });
});

describe("AsyncLocalStorage in the async lane", () => {
  it.each(suspensions)("is what it was at the spawn after %s", async (_, make) => {
    const runtime = propagating();
    const seen: Seen = [];
    await request.run("spawn", () =>
      runtime.spawn(async () => {
        seen.push(request.getStore());
        await make();
        seen.push(request.getStore());
      }),
    );
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("is what it was at the spawn after a promise that is not ours", async () => {
    const runtime = propagating();
    const said = await request.run("spawn", () =>
      runtime.spawn(async () => {
        await Promise.resolve();
        await new Promise((resolve) => setImmediate(resolve));
        return request.getStore();
      }),
    );
    expect(said).toBe("spawn");
  });

  it("is what it was at the spawn in finally blocks of an aborted task, before and behind a wait", async () => {
    const runtime = propagating();
    const seen: Seen = [];
    const handle = request.run("spawn", () =>
      runtime.spawn(async () => {
        try {
          await pending();
        } finally {
          seen.push(request.getStore());
          await yieldNow();
          seen.push(request.getStore());
        }
      }),
    );
    await turn();
    request.run("abort", () => handle.abort());
    await rejectionOf(handle);
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("does not change with who wakes the task", async () => {
    const runtime = propagating();
    const gate = new Gate();
    const handle = request.run("spawn", () =>
      runtime.spawn(async () => {
        await gate;
        return request.getStore();
      }),
    );
    await turn();
    request.run("waker", () => gate.open());
    expect(await handle).toBe("spawn");
  });

  it("is inherited by tasks that the task spawns behind a suspension", async () => {
    const runtime = propagating();
    const said = await request.run("spawn", () =>
      runtime.spawn(async () => {
        await yieldNow();
        return await spawn(async () => {
          await yieldNow();
          return request.getStore();
        });
      }),
    );
    expect(said).toBe("spawn");
  });

  it("can be set anew inside the task", async () => {
    const runtime = propagating();
    const said = await request.run("spawn", () =>
      runtime.spawn(async () => {
        const inner = await request.run("inner", async () => {
          await yieldNow();
          return request.getStore();
        });
        await yieldNow();
        return [inner, request.getStore()];
      }),
    );
    expect(said).toEqual(["inner", "spawn"]);
  });

  it("is seen by the body of blockOn", async () => {
    const runtime = propagating();
    const said = await request.run("block", () =>
      runtime.blockOn(async () => {
        await yieldNow();
        return request.getStore();
      }),
    );
    expect(said).toBe("block");
  });

  it("is that of the call when a future is awaited outside any task", async () => {
    const gate = new Gate();
    const said = request.run("caller", async () => {
      await gate;
      return request.getStore();
    });
    await turn();
    request.run("waker", () => gate.open());
    expect(await said).toBe("caller");
  });

  it("stays with its task when two of them take turns", async () => {
    const runtime = propagating();
    const seen: Record<string, Seen> = { first: [], second: [] };
    const body = (name: string) => async (): Promise<void> => {
      for (let i = 0; i < 3; i += 1) {
        seen[name]?.push(request.getStore());
        await yieldNow();
      }
    };
    await Promise.all(["first", "second"].map((name) => request.run(name, () => runtime.spawn(body(name)))));
    expect(seen).toEqual({ first: ["first", "first", "first"], second: ["second", "second", "second"] });
  });
});

describe("Builder.propagateContext", () => {
  it.each(suspensions)("gives generator tasks the value of their spawn after %s", async (_, make) => {
    const seen: Seen = [];
    await request.run("spawn", () => propagating().spawn(seesAfter(seen, make)));
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("does not change with who wakes the generator task", async () => {
    const runtime = propagating();
    const gate = new Gate();
    const seen: Seen = [];
    const handle = request.run("spawn", () => runtime.spawn(seesAfter(seen, () => gate)));
    await turn();
    request.run("waker", () => gate.open());
    await handle;
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("stays with its task when two of them take turns in one activation", async () => {
    const runtime = propagating();
    const seen: Seen = [];
    function* body(): Async<void> {
      for (let i = 0; i < 3; i += 1) {
        seen.push(request.getStore());
        yield* yieldNow();
      }
    }
    function* parent(): Async<void> {
      const children = ["a", "b"].map((name) => request.run(name, () => spawn(body())));
      for (const child of children) yield* child;
    }
    await runtime.spawn(parent());
    expect(seen).toEqual(["a", "b", "a", "b", "a", "b"]);
  });

  it("is inherited by generator tasks that the task spawns behind a suspension", async () => {
    const seen: Seen = [];
    function* parent(): Async<void> {
      yield* yieldNow();
      yield* spawn(seesAfter(seen, yieldNow));
    }
    await request.run("spawn", () => propagating().spawn(parent()));
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("is inherited by async tasks that the task spawns behind a suspension", async () => {
    let said: string | undefined;
    function* parent(): Async<void> {
      yield* yieldNow();
      said = yield* spawn(async () => {
        await yieldNow();
        return request.getStore();
      });
    }
    await request.run("spawn", () => propagating().spawn(parent()));
    expect(said).toBe("spawn");
  });

  it("holds in the finally blocks of an aborted task, before and behind a wait", async () => {
    const runtime = propagating();
    const seen: Seen = [];
    const handle = request.run("spawn", () => runtime.spawn(seesWhenClosed(seen, pending())));
    await turn();
    request.run("abort", () => handle.abort());
    await rejectionOf(handle);
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("holds in the finally blocks of a task that a shutdown drops", async () => {
    const runtime = propagating();
    const seen: Seen = [];
    const handle = request.run("spawn", () => runtime.spawn(seesWhenClosed(seen, pending())));
    await turn();
    await runtime.shutdownTimeout(Infinity);
    await rejectionOf(handle);
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("holds in the cleanup of a generator that the task has dropped", async () => {
    const runtime = propagating();
    const seen: Seen = [];
    const controller = new AbortController();
    function* owner(): Async<void> {
      try {
        yield* withSignal(controller.signal, seesWhenClosed(seen, pending()));
      } catch {
        // the signal's reason
      }
    }
    const handle = request.run("spawn", () => runtime.spawn(owner()));
    await turn();
    controller.abort();
    await handle;
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("holds in a generator that is spawned wrapped in another future", async () => {
    const seen: Seen = [];
    await request.run("spawn", () => propagating().spawn(cooperative(seesAfter(seen, yieldNow))));
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("holds for tasks of a JoinSet", async () => {
    const runtime = propagating();
    const seen: Seen = [];
    const set = new JoinSet<void>();
    request.run("spawn", () => set.spawnOn(seesAfter(seen, yieldNow), runtime.handle()));
    await set.joinAll();
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("holds for tasks of a TaskBuilder", async () => {
    const runtime = propagating();
    const seen: Seen = [];
    await request.run("spawn", () => new TaskBuilder().spawnOn(seesAfter(seen, yieldNow), runtime.handle()));
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("holds for tasks of a LocalSet that is made and driven on the runtime", async () => {
    const runtime = propagating();
    const seen: Seen = [];
    await runtime.blockOn(async () => {
      const set = new LocalSet();
      await set.runUntil(async () => {
        await request.run("spawn", () => set.spawnLocal(seesAfter(seen, yieldNow)));
      });
    });
    expect(seen).toEqual(["spawn", "spawn"]);
  });

  it("holds for the body of blockOn", async () => {
    const seen: Seen = [];
    await request.run("block", () => propagating().blockOn(seesAfter(seen, yieldNow)));
    expect(seen).toEqual(["block", "block"]);
  });

  it("does not leak out of a generator task that enters another one, into the next task", async () => {
    const runtime = propagating();
    let seen: string | undefined = "not run";
    function* enters(): Async<void> {
      request.enterWith("entered");
    }
    function* looks(): Async<void> {
      seen = request.getStore();
    }
    await Promise.all([runtime.spawn(enters()), runtime.spawn(looks())]);
    expect(seen).toBe(undefined);
  });

  it("makes no async call of a generator task belong to the async task that spawned it", async () => {
    const runtime = propagating();
    const gate = new Gate<string>();
    let said: unknown;
    function* child(): Async<void> {
      yield* yieldNow(); // the parent has ended
      said = yield* fromPromise(async () => await gate);
    }
    const handle = await runtime.spawn(async () => ({ child: spawn(child()) }));
    while (gate.polls === 0) await turn();
    gate.open("opened");
    await turn();
    await turn();
    const ended = handle.child.isFinished();
    handle.child.abort();
    expect([ended, said]).toEqual([true, "opened"]);
  });
});

describe("AsyncLocalStorage without Builder.propagateContext", () => {
  it("is empty in generator tasks, whoever spawns or wakes them", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate();
    const seen: Seen = [];
    const handle = request.run("spawn", () => runtime.spawn(seesAfter(seen, () => gate)));
    await turn();
    request.run("waker", () => gate.open());
    await handle;
    expect(seen).toEqual([undefined, undefined]);
  });

  it("does not leak from a task into one that is polled behind it", async () => {
    const { runtime } = quietRuntime();
    const seen: Seen = [];
    function* generatorTask(): Async<void> {
      for (let i = 0; i < 3; i += 1) {
        seen.push(request.getStore());
        yield* yieldNow();
      }
    }
    const asyncTask = request.run("async", () =>
      runtime.spawn(async () => {
        for (let i = 0; i < 3; i += 1) {
          request.enterWith("changed");
          await yieldNow();
        }
      }),
    );
    await Promise.all([asyncTask, runtime.spawn(generatorTask())]);
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it("does not leak from a task into the code that spawned it", async () => {
    const { runtime } = quietRuntime();
    await runtime.spawn(async () => {
      request.enterWith("inside");
      await yieldNow();
    });
    expect(request.getStore()).toBe(undefined);
  });

  it("does not leak from a hook's caller into hooks of the runtime", async () => {
    const seen: Seen = [];
    const { runtime } = quietRuntime((builder) => builder.onThreadPark(() => seen.push(request.getStore())));
    await request.run("spawn", () => runtime.spawn(async () => await yieldNow()));
    await turn();
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });
});
