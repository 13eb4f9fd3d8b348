/* oxlint-disable require-yield -- a task need not wait for anything */
import {
  Builder,
  Cancelled,
  consumeBudget,
  Handle,
  intoFuture,
  JoinError,
  PENDING,
  pending,
  pollFn,
  ready,
  signal,
  spawn,
  yieldNow,
  type Async,
  type Future,
} from "@rt/core";
import { stepCount, stepsOn } from "@rt/core/driver";
import { describe, expect, it, onTestFinished } from "vitest";
import { Gate, keepsContext, quietRuntime, rejectionOf, TestWaker, thrownBy, turn } from "./support/lanes.ts";

/** A promise that the test settles, with the functions that do it. */
function deferred<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  return Promise.withResolvers<T>();
}

describe("async lane", () => {
  it("calls the function when first polled, not before", () => {
    let called = false;
    const future = intoFuture(async () => {
      called = true;
    });
    expect(called).toBe(false);
    future.poll(new TestWaker());
    expect(called).toBe(true);
  });

  it("wakes the waker when the function has returned", async () => {
    const future = intoFuture(async () => "done");
    const cx = new TestWaker();
    expect(future.poll(cx)).toBe(PENDING);
    await turn();
    expect([cx.wakes, future.poll(cx)]).toEqual([1, "done"]);
  });

  it("throws what the function throws", async () => {
    const error = new Error("body");
    const future = intoFuture(async () => {
      throw error;
    });
    const cx = new TestWaker();
    future.poll(cx);
    await turn();
    expect(thrownBy(() => future.poll(cx))).toBe(error);
  });

  it("throws at once what a plain function throws before it makes a promise", () => {
    const error = new Error("before");
    const future = intoFuture((): Promise<void> => {
      throw error;
    });
    expect(thrownBy(() => future.poll(new TestWaker()))).toBe(error);
  });

  it("runs a function that turns out to make a generator in the generator lane", () => {
    function* body(): Async<string> {
      return yield* ready("generated");
    }
    expect(intoFuture(() => body()).poll(new TestWaker())).toBe("generated");
  });

  it("gives awaited values and errors to the function", async () => {
    const gate = new Gate();
    gate.fail(new Error("closed"));
    const said = await spawn(async () => {
      const n = await ready(1);
      try {
        await gate;
      } catch (error) {
        return `${n} and ${(error as Error).message}`;
      }
      return "no error";
    });
    expect(said).toBe("1 and closed");
  });

  it("polls a leaf once when awaited and once for each wake-up", async () => {
    const gate = new Gate();
    const handle = spawn(async () => {
      await gate;
    });
    await turn();
    gate.open();
    await handle;
    expect(gate.polls).toBe(2);
  });

  it("finishes the task's handle with the same outcome for many waiters", async () => {
    const handle = spawn(async () => ({ n: 1 }));
    const [first, second] = await Promise.all([handle, handle]);
    expect(first).toBe(second);
  });

  it("moves to the waker of its last poll", async () => {
    const gate = new Gate();
    const future = intoFuture(async () => {
      await gate;
    });
    const [first, second] = [new TestWaker(), new TestWaker()];
    future.poll(first);
    await turn();
    future.poll(second);
    gate.open();
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });

  it.runIf(keepsContext)(
    "asks for a poll before it takes anything behind somebody else's promise",
    async () => {
      const gate = new Gate();
      gate.open();
      const { promise, resolve } = deferred<void>();
      const future = intoFuture(async () => {
        await promise;
        await gate;
      });
      const cx = new TestWaker();
      const since = stepCount();
      future.poll(cx);
      expect(stepsOn(since, cx)).toBe(true);
      await turn();
      resolve();
      await turn();
      expect([gate.polls, cx.wakes]).toEqual([0, 2]); // for the others, and for itself
      future.poll(cx);
      expect(gate.polls).toBe(1);
    },
  );

  it("waits for awaits that inner async functions make", async () => {
    const gate = new Gate<string>();
    const inner = async (): Promise<string> => await gate;
    const handle = spawn(async () => `inner ${await inner()}`);
    await turn();
    gate.open("opened");
    expect(await handle).toBe("inner opened");
  });

  it("goes on though another await of the same function never does", async () => {
    const gate = new Gate<string>();
    const handle = spawn(async () => await Promise.race([pending(), gate]));
    await turn();
    gate.open("won");
    expect(await handle).toBe("won");
  });
});

describe("async lane: join handles", () => {
  it("waits for a task that fails in its first poll without a report", async () => {
    const { runtime, reports } = quietRuntime();
    function* fails(): Async<void> {
      throw new Error("at once");
    }
    const said = await runtime.blockOn(async () => {
      try {
        return await spawn(fails());
      } catch (error) {
        return (error as Error).message;
      }
    });
    await turn();
    expect([said, reports]).toEqual(["at once", []]);
  });

  it("waits for a task that fails while the function that woke it goes on to await it", async () => {
    const { runtime, reports } = quietRuntime();
    const gate = new Gate();
    function* fails(): Async<void> {
      yield* gate;
      throw new Error("when woken");
    }
    const handle = runtime.spawn(fails());
    await turn();
    const said = await runtime.spawn(async () => {
      await yieldNow();
      gate.open();
      return await rejectionOf(handle);
    });
    await turn();
    expect([(said as Error).message, reports]).toEqual(["when woken", []]);
  });
});

describe("async lane: several awaits at once", () => {
  it("completes each await on its own", async () => {
    const gates = [new Gate<number>(), new Gate<number>(), new Gate<number>()];
    const seen: number[] = [];
    const handle = spawn(async () => {
      await Promise.all(gates.map(async (gate) => seen.push(await gate)));
    });
    await turn();
    gates[2]?.open(2);
    await turn();
    gates[0]?.open(0);
    await turn();
    gates[1]?.open(1);
    await handle;
    expect(seen).toEqual([2, 0, 1]);
  });

  it("polls only the awaits that were woken", async () => {
    const gates = [new Gate(), new Gate(), new Gate()];
    const handle = spawn(async () => {
      await Promise.all(gates);
    });
    await turn();
    gates[1]?.open();
    await turn();
    const polls = gates.map((gate) => gate.polls);
    handle.abort();
    await rejectionOf(handle);
    expect(polls).toEqual([1, 2, 1]);
  });

  it("takes a thousand awaits at once", async () => {
    const gates = Array.from({ length: 1000 }, () => new Gate<number>());
    const handle = spawn(async () => await Promise.all(gates));
    await turn();
    for (const [i, gate] of gates.entries()) gate.open(i);
    expect(await handle).toEqual(gates.map((_, i) => i));
  });

  it("rejects every one of them with Cancelled when dropped", async () => {
    const { runtime } = quietRuntime();
    const gates = [new Gate(), new Gate(), new Gate()];
    let outcomes: PromiseSettledResult<void>[] = [];
    const handle = runtime.spawn(async () => {
      outcomes = await Promise.allSettled(gates);
    });
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(
      outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason instanceof Cancelled),
    ).toEqual([true, true, true]);
  });

  it("drops each leaf once when dropped", async () => {
    const { runtime } = quietRuntime();
    const gates = [new Gate(), new Gate(), new Gate()];
    const handle = runtime.spawn(async () => {
      await Promise.all(gates);
    });
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(gates.map((gate) => gate.drops)).toEqual([1, 1, 1]);
  });

  it("rejects the others when the drop of one leaf throws", async () => {
    const { runtime } = quietRuntime();
    const gates = [new Gate(), new Gate(), new Gate()];
    (gates[0] as Gate).onDrop = () => {
      throw new Error("drop");
    };
    let outcomes: PromiseSettledResult<void>[] = [];
    const handle = runtime.spawn(async () => {
      outcomes = await Promise.allSettled(gates);
    });
    await turn();
    handle.abort();
    await turn();
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["rejected", "rejected", "rejected"]);
  });

  it("leaves the leaf that lost a promise's race to the root when the function returns", async () => {
    const { runtime } = quietRuntime();
    const loser = new Gate();
    await runtime.spawn(async () => {
      await Promise.race([loser, ready(1)]);
    });
    await turn();
    expect([loser.isWaiting, loser.drops]).toEqual([true, 0]);
  });
});

describe("async lane: then called by hand", () => {
  it("belongs to the function that calls it before its first await", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate();
    const handle = runtime.spawn(async () => {
      await gate.then(null);
    });
    await turn();
    handle.abort();
    await turn();
    expect(gate.drops).toBe(1);
  });

  it("belongs to the function that calls it behind an await", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate();
    const handle = runtime.spawn(async () => {
      await yieldNow();
      await gate.then(null);
    });
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(gate.drops).toBe(1);
  });

  it("belongs to a function that returns the future instead of awaiting it", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate();
    const handle = runtime.spawn(() => gate);
    await turn();
    handle.abort();
    await turn();
    expect(gate.drops).toBe(1);
  });
});

describe("async lane: drop", () => {
  it("runs nothing of a function that was never polled", async () => {
    let called = false;
    intoFuture(async () => {
      called = true;
    }).drop();
    await turn();
    expect(called).toBe(false);
  });

  it("drops the awaited leaf before it returns", async () => {
    const gate = new Gate();
    const future = intoFuture(async () => {
      await gate;
    });
    future.poll(new TestWaker());
    await turn();
    future.drop();
    expect(gate.drops).toBe(1);
  });

  it("rejects the awaited leaf with Cancelled, so that finally runs", async () => {
    const log: unknown[] = [];
    const future = intoFuture(async () => {
      try {
        await new Gate();
      } catch (error) {
        log.push((error as Cancelled).code);
        throw error;
      } finally {
        log.push("finally");
      }
    });
    future.poll(new TestWaker());
    await turn();
    future.drop();
    await turn();
    expect(log).toEqual(["ERR_RT_CANCELLED", "finally"]);
  });

  it("rejects with Cancelled once: awaits behind it are cleanup and wait", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const cleanup = new Gate<string>();
    const handle = runtime.spawn(async () => {
      try {
        await new Gate();
      } finally {
        log.push(await cleanup);
        await yieldNow();
        log.push("finally is over");
      }
    });
    await turn();
    handle.abort();
    await turn();
    expect([handle.isFinished(), log]).toEqual([false, []]);
    cleanup.open("cleanup waited");
    expect(await rejectionOf(handle)).toBeInstanceOf(JoinError);
    expect(log).toEqual(["cleanup waited", "finally is over"]);
  });

  it("drops what a function that catches Cancelled returns", async () => {
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(async () => {
      try {
        await new Gate();
      } catch {
        // swallowed
      }
      return "as if nothing had happened";
    });
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
  });

  it("lets the task fail with another error that cleanup throws", async () => {
    const { runtime } = quietRuntime();
    const error = new Error("cleanup");
    const handle = runtime.spawn(async () => {
      try {
        await new Gate();
      } finally {
        await yieldNow();
        // oxlint-disable-next-line no-unsafe-finally -- the point of the test
        throw error;
      }
    });
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toBe(error);
  });

  it("runs finally blocks of inner async functions first", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const inner = async (): Promise<void> => {
      try {
        await new Gate();
      } finally {
        await yieldNow();
        log.push("inner");
      }
    };
    const handle = runtime.spawn(async () => {
      try {
        await inner();
      } finally {
        log.push("outer");
      }
    });
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(log).toEqual(["inner", "outer"]);
  });

  it("keeps its task from ending before the cleanup of a function raced inside it has", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    const handle = runtime.spawn(async () => {
      const inner = intoFuture(async () => {
        try {
          await new Gate();
        } finally {
          await cleanup;
        }
      });
      const started = inner.then(null).catch(() => "dropped");
      await yieldNow();
      inner.drop();
      void started;
      return "value";
    });
    await turn();
    const endedEarly = handle.isFinished();
    cleanup.open();
    expect([endedEarly, await handle]).toEqual([false, "value"]);
  });

  it("keeps an aborted task from ending before the cleanup of a generator it awaited has", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    function* inner(): Async<void> {
      try {
        yield* new Gate();
      } finally {
        yield* cleanup;
      }
    }
    const handle = runtime.spawn(async () => {
      await intoFuture(inner());
    });
    await turn();
    handle.abort();
    await turn();
    const endedEarly = handle.isFinished();
    cleanup.open();
    await rejectionOf(handle);
    expect(endedEarly).toBe(false);
  });

  it("keeps a task from ending before the cleanup of a generator it dropped behind an await has", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    function* inner(): Async<void> {
      try {
        yield* new Gate();
      } finally {
        yield* cleanup;
      }
    }
    const handle = runtime.spawn(async () => {
      const future = intoFuture(inner());
      future.poll(new TestWaker());
      await yieldNow();
      future.drop();
      return "value";
    });
    await turn();
    const endedEarly = handle.isFinished();
    cleanup.open();
    expect([endedEarly, await handle]).toEqual([false, "value"]);
  });

  it("waits for cleanup though the drop of the awaited leaf throws", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const cleanup = new Gate();
    const gate = new Gate();
    gate.onDrop = () => {
      throw new Error("drop");
    };
    const handle = runtime.spawn(async () => {
      try {
        await gate;
      } finally {
        await cleanup;
        log.push("clean");
      }
    });
    await turn();
    handle.abort();
    await turn();
    expect(handle.isFinished()).toBe(false);
    cleanup.open();
    await rejectionOf(handle);
    expect(log).toEqual(["clean"]);
  });

  it("tolerates a leaf whose drop drops the whole computation again", async () => {
    let finallyRuns = 0;
    const gate = new Gate();
    const future = intoFuture(async () => {
      try {
        await gate;
      } finally {
        finallyRuns += 1;
      }
    });
    gate.onDrop = () => future.drop();
    future.poll(new TestWaker());
    await turn();
    future.drop();
    await turn();
    expect([finallyRuns, gate.drops]).toEqual([1, 1]);
  });

  it("tolerates being called by the very leaf that is polled", async () => {
    const log: string[] = [];
    const inner = new Gate<string>();
    let future: Future<unknown> | null = null;
    const leaf = pollFn((cx) => {
      const value = inner.poll(cx);
      if (value !== PENDING) future?.drop();
      return value;
    });
    future = intoFuture(async () => {
      try {
        await leaf;
      } catch (error) {
        log.push((error as Error).name);
      } finally {
        log.push("finally");
      }
    });
    const cx = new TestWaker();
    future.poll(cx);
    await turn();
    inner.open("too late");
    future.poll(cx);
    await turn();
    expect(log).toEqual(["Cancelled", "finally"]);
  });

  it("loses no value that was on its way to the function", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate<string>();
    const log: string[] = [];
    const victim = runtime.spawn(async () => {
      log.push(await gate);
      try {
        await new Gate();
      } catch (error) {
        log.push((error as Error).name);
        throw error;
      }
    });
    await turn();
    function* opensAndAborts(): Async<void> {
      gate.open("taken");
      yield* yieldNow(); // the victim's await has been settled now, but its code has not run
      victim.abort();
    }
    await runtime.spawn(opensAndAborts());
    await rejectionOf(victim);
    expect(log).toEqual(["taken", "Cancelled"]);
  });

  it("throws Cancelled at the next await when the function is dropped between two", async () => {
    const { runtime } = quietRuntime();
    const next = new Gate();
    const handle = runtime.spawn(async () => {
      handle.abort();
      await next;
    });
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
    expect(next.isWaiting).toBe(false);
  });

  it("leaves its value to a function that aborts itself and returns without awaiting", async () => {
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(async () => {
      await yieldNow();
      handle.abort();
      return "kept";
    });
    expect(await handle).toBe("kept");
  });

  it("ends a cleanup that waits when the task is aborted again", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    const log: string[] = [];
    const handle = runtime.spawn(async () => {
      try {
        await new Gate();
      } finally {
        try {
          await cleanup;
        } catch (error) {
          log.push((error as Error).name);
        }
      }
    });
    await turn();
    handle.abort();
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toBeInstanceOf(JoinError);
    await turn();
    expect([cleanup.drops, log]).toEqual([1, ["Cancelled"]]);
  });

  it("throws at every await of a function that was aborted again", async () => {
    const { runtime } = quietRuntime();
    const waits: Gate[] = [];
    let throws = 0;
    const handle = runtime.spawn(async () => {
      for (let i = 0; i < 5; i += 1) {
        try {
          const gate = new Gate();
          waits.push(gate);
          await gate;
        } catch {
          throws += 1;
        }
      }
    });
    await turn();
    handle.abort();
    await turn();
    handle.abort();
    await turn();
    expect([throws, waits.filter((gate) => gate.isWaiting).length]).toEqual([5, 0]);
  });
});

describe("async lane: promises that are not ours", () => {
  it("resumes the function when the promise settles", async () => {
    const foreign = deferred<number>();
    const handle = spawn(async () => (await foreign.promise) + 1);
    await turn();
    foreign.resolve(41);
    expect(await handle).toBe(42);
  });

  it("fires signal() at once when dropped while such a promise is awaited", async () => {
    const foreign = deferred<void>();
    let abortSignal: AbortSignal | undefined;
    const future = intoFuture(async () => {
      abortSignal = signal();
      await foreign.promise;
    });
    future.poll(new TestWaker());
    await turn();
    future.drop();
    expect(abortSignal?.reason).toBeInstanceOf(Cancelled);
    foreign.resolve();
  });

  it("lets an aborted task end before the promise has settled", async () => {
    const { runtime } = quietRuntime();
    const foreign = deferred<void>();
    const handle = runtime.spawn(async () => {
      await foreign.promise;
    });
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toBeInstanceOf(JoinError);
    foreign.resolve();
  });

  it("does not wait for the promise when the task is aborted again", async () => {
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(async () => {
      await deferred<void>().promise;
    });
    await turn();
    handle.abort();
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toBeInstanceOf(JoinError);
  });

  it("lets the function stop by listening to signal()", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const handle = runtime.spawn(async () => {
      const abortSignal = signal();
      await new Promise<void>((_, reject) => {
        abortSignal.addEventListener("abort", () => {
          log.push("stopped");
          reject(abortSignal.reason as Error);
        });
      });
    });
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toBeInstanceOf(JoinError);
    expect(log).toEqual(["stopped"]);
  });

  // Elsewhere nothing tells which function goes on behind such a promise.
  it.runIf(keepsContext)("throws Cancelled at the next await of a future, once", async () => {
    const { runtime } = quietRuntime();
    const foreign = deferred<void>();
    const log: string[] = [];
    const first = new Gate();
    const handle = runtime.spawn(async () => {
      await foreign.promise;
      try {
        await first;
      } catch (error) {
        log.push((error as Error).name);
      }
      await yieldNow();
      log.push("cleanup waited");
    });
    await turn();
    handle.abort();
    await turn();
    foreign.resolve();
    await rejectionOf(handle);
    await turn();
    expect([log, first.polls]).toEqual([["Cancelled", "cleanup waited"], 0]);
  });

  it.runIf(keepsContext)("drops futures that are awaited behind such a promise", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate();
    const handle = runtime.spawn(async () => {
      await Promise.resolve();
      await gate;
    });
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(gate.drops).toBe(1);
  });

  it.runIf(keepsContext)("goes on in a callback that outlives its task", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate<string>();
    const late = deferred<string>();
    await runtime.spawn(async () => {
      setTimeout(() => void (async () => late.resolve(await gate))(), 0);
    });
    while (gate.polls === 0) await turn();
    gate.open("went on");
    expect(
      await Promise.race([
        late.promise,
        turn()
          .then(turn)
          .then(() => "stuck"),
      ]),
    ).toBe("went on");
  });

  it.runIf(keepsContext)("settles an await that the function left behind when it returned", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate<string>();
    const left = deferred<string>();
    await runtime.spawn(async () => {
      void (async () => await gate)().then(left.resolve, (error: unknown) =>
        left.resolve((error as Error).name),
      );
    });
    await turn();
    gate.open("went on");
    const outcome = await Promise.race([
      left.promise,
      turn()
        .then(turn)
        .then(() => "stuck"),
    ]);
    expect(["went on", "Cancelled"]).toContain(outcome);
  });
});

describe("await outside any task", () => {
  it("needs no runtime: what is spawned there goes to the default one", async () => {
    expect(Handle.tryCurrent()).toBe(undefined);
    const ran = await spawn(async () => ({ handle: Handle.tryCurrent() }));
    expect(ran.handle?.id()).toBe(Handle.current().id());
  });

  it("drives a leaf that needs to be woken", async () => {
    const gate = new Gate<string>();
    setTimeout(() => gate.open("opened"), 0);
    expect(await gate).toBe("opened");
  });

  it("drives a generator", async () => {
    function* body(): Async<number> {
      yield* yieldNow();
      return 3;
    }
    expect(await intoFuture(body())).toBe(3);
  });

  it("drives an async function", async () => {
    const body = intoFuture(async () => {
      await yieldNow();
      return 3;
    });
    expect(await body).toBe(3);
  });

  it("drives many futures at once", async () => {
    const gates = Array.from({ length: 200 }, () => new Gate<number>());
    const all = Promise.all(gates);
    await turn();
    for (const [i, gate] of gates.entries()) gate.open(i);
    expect(await all).toHaveLength(200);
  });

  it("rejects with the error of a generator", async () => {
    const error = new Error("thrown");
    function* body(): Async<void> {
      yield* yieldNow();
      throw error;
    }
    expect(await rejectionOf(intoFuture(body()))).toBe(error);
  });

  it("goes on when another such await fails", async () => {
    const bad = new Gate();
    const good = new Gate<string>();
    const both = Promise.allSettled([bad, good]);
    await turn();
    bad.fail(new Error("bad"));
    good.open("good");
    expect((await both).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  });

  it("counts as waiting for a task that fails in its first poll", async () => {
    const { runtime, reports } = quietRuntime();
    const error = new Error("at once");
    function* fails(): Async<void> {
      throw error;
    }
    expect(await rejectionOf(runtime.spawn(fails()))).toBe(error);
    await turn();
    expect(reports).toEqual([]);
  });

  it("acts on the runtime that was entered", async () => {
    const { runtime } = quietRuntime();
    const guard = runtime.enter();
    const waiting = new Gate().then(null);
    guard.dispose();
    runtime.shutdownBackground();
    expect(await rejectionOf(waiting)).toBeInstanceOf(Cancelled);
  });

  it("rejects with Cancelled on a runtime that has shut down", async () => {
    const runtime = Builder.currentThread().build();
    runtime.shutdownBackground();
    const guard = runtime.enter();
    const gate = new Gate();
    const waiting = gate.then(null);
    guard.dispose();
    expect(await rejectionOf(waiting)).toBeInstanceOf(Cancelled);
  });

  it("lets timers fire though futures in a loop are always ready", async () => {
    expect(await loopUntilTimer(() => consumeBudget())).toBe("timer fired");
  });

  it("lets timers fire though a loop always yields", async () => {
    expect(await loopUntilTimer(() => yieldNow())).toBe("timer fired");
  });

  it("lets tasks run though futures in a loop are always ready", async () => {
    const other = spawn(async () => {});
    for (let round = 0; round < 10_000 && !other.isFinished(); round += 1) await consumeBudget();
    expect(other.isFinished()).toBe(true);
  });
});

/** Awaits in a loop until a timer has fired; gives up after a second, in which the loop's own thread never slept. */
async function loopUntilTimer(make: () => Future<void>): Promise<string> {
  const fired = new AbortController();
  const timer = setTimeout(() => fired.abort(), 1);
  onTestFinished(() => clearTimeout(timer));
  const end = performance.now() + 1000;
  while (!fired.signal.aborted && performance.now() < end) await make();
  return fired.signal.aborted ? "timer fired" : "timer starved";
}
