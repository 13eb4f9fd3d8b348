/* oxlint-disable require-yield -- a task need not wait for anything */
import {
  Cancelled,
  fromPromise,
  intoFuture,
  PENDING,
  pending,
  pollFn,
  ready,
  signal,
  spawn,
  UsageError,
  withSignal,
  yieldNow,
  type Async,
  type Future,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { Gate, keepsContext, quietRuntime, rejectionOf, TestWaker, thrownBy, turn } from "./support/lanes.ts";

function* waitFor<T>(future: Future<T>): Async<T> {
  return yield* future;
}

/** Hands its signal out, then waits for ever. */
function* showsSignal(show: (given: AbortSignal) => void): Async<void> {
  show(signal());
  yield* pending();
}

/** A long-lived signal whose listeners are counted. */
class Counted {
  readonly controller = new AbortController();
  listeners = 0;
  most = 0;
  constructor() {
    const { signal: target } = this.controller;
    const add = target.addEventListener.bind(target) as (...args: unknown[]) => void;
    const remove = target.removeEventListener.bind(target) as (...args: unknown[]) => void;
    target.addEventListener = (...args: unknown[]) => {
      this.listeners += 1;
      this.most = Math.max(this.most, this.listeners);
      add(...args);
    };
    target.removeEventListener = (...args: unknown[]) => {
      this.listeners -= 1;
      remove(...args);
    };
  }
  get signal(): AbortSignal {
    return this.controller.signal;
  }
}

describe("signal", () => {
  it("throws ERR_RT_OUTSIDE_TASK outside any task", () => {
    const error = thrownBy(() => signal());
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_OUTSIDE_TASK" });
  });

  it("fires with Cancelled when a generator task is aborted", async () => {
    const { runtime } = quietRuntime();
    let given: AbortSignal | undefined;
    const handle = runtime.spawn(showsSignal((shown) => (given = shown)));
    await turn();
    expect(given?.aborted).toBe(false);
    handle.abort();
    await rejectionOf(handle);
    expect(given?.reason).toBeInstanceOf(Cancelled);
  });

  it("fires with Cancelled when an async task is aborted", async () => {
    const { runtime } = quietRuntime();
    let given: AbortSignal | undefined;
    const handle = runtime.spawn(async () => {
      given = signal();
      await pending();
    });
    await turn();
    expect(given?.aborted).toBe(false);
    handle.abort();
    await rejectionOf(handle);
    expect(given?.reason).toBeInstanceOf(Cancelled);
  });

  it("fires with Cancelled when a task that runs a plain future is aborted", async () => {
    const { runtime } = quietRuntime();
    let given: AbortSignal | undefined;
    const handle = runtime.spawn(
      pollFn(() => {
        given = signal();
        return PENDING;
      }),
    );
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(given?.reason).toBeInstanceOf(Cancelled);
  });

  it("fires with Cancelled when the body of blockOn is dropped", async () => {
    const { runtime } = quietRuntime();
    let given: AbortSignal | undefined;
    const blocked = runtime.blockOn(showsSignal((shown) => (given = shown)));
    await turn();
    runtime.shutdownBackground();
    await rejectionOf(blocked);
    expect(given?.reason).toBeInstanceOf(Cancelled);
  });

  it("has a reason of its own that others may write on, as fetch does", async () => {
    const { runtime } = quietRuntime();
    const given: AbortSignal[] = [];
    const first = runtime.spawn(showsSignal((one) => given.push(one)));
    const second = runtime.spawn(async () => {
      given.push(signal());
      await pending();
    });
    await turn();
    first.abort();
    second.abort();
    await rejectionOf(first);
    await rejectionOf(second);
    const reasons = given.map((one) => one.reason as Error);
    for (const reason of reasons) Error.captureStackTrace(reason);
    expect(reasons[0]).toBeInstanceOf(Cancelled);
    expect(reasons[1]).not.toBe(reasons[0]);
  });

  it("ends a task as cancelled whose foreign promise fails with the reason", async () => {
    const { runtime } = quietRuntime();
    const task = runtime.spawn(async () => {
      const abortSignal = signal();
      await new Promise((_, reject) => {
        abortSignal.addEventListener("abort", () => {
          Error.captureStackTrace(abortSignal.reason as Error);
          reject(abortSignal.reason as Error);
        });
      });
    });
    await turn();
    task.abort();
    expect(await rejectionOf(task)).toMatchObject({ name: "JoinError", code: "ERR_RT_CANCELLED" });
  });

  it("has fired before the finally blocks run in a generator", async () => {
    const { runtime } = quietRuntime();
    let aborted = false;
    function* body(): Async<void> {
      const given = signal();
      try {
        yield* pending();
      } finally {
        aborted = given.aborted;
      }
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(aborted).toBe(true);
  });

  it("has fired before the finally blocks run in an async function", async () => {
    const { runtime } = quietRuntime();
    let aborted = false;
    const handle = runtime.spawn(async () => {
      const given = signal();
      try {
        await pending();
      } finally {
        aborted = given.aborted;
      }
    });
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(aborted).toBe(true);
  });

  it("does not fire when a task ends by itself", async () => {
    const { runtime } = quietRuntime();
    function* gives(): Async<{ given: AbortSignal }> {
      yield* yieldNow();
      return { given: signal() };
    }
    const fromGenerator = await runtime.spawn(gives());
    const fromAsync = await runtime.spawn(async () => ({ given: signal() }));
    await turn();
    expect([fromGenerator.given.aborted, fromAsync.given.aborted]).toEqual([false, false]);
  });

  it("gives the same signal each time, behind suspensions too", async () => {
    const { runtime } = quietRuntime();
    function* body(): Async<boolean> {
      const first = signal();
      yield* yieldNow();
      return signal() === first;
    }
    const inGenerator = await runtime.spawn(body());
    const inAsync = await runtime.spawn(async () => {
      const first = signal();
      await yieldNow();
      return signal() === first;
    });
    expect([inGenerator, inAsync]).toEqual([true, true]);
  });

  it("gives each task a signal of its own", async () => {
    const { runtime } = quietRuntime();
    const given: AbortSignal[] = [];
    const first = runtime.spawn(showsSignal((shown) => given.push(shown)));
    runtime.spawn(showsSignal((shown) => given.push(shown)));
    await turn();
    first.abort();
    await rejectionOf(first);
    expect(given.map((shown) => shown.aborted)).toEqual([true, false]);
  });

  it("gives a nested generator the signal of its task", async () => {
    const { runtime } = quietRuntime();
    function* inner(): Async<AbortSignal> {
      return signal();
    }
    function* outer(): Async<boolean> {
      return (yield* inner()) === signal();
    }
    expect(await runtime.spawn(outer())).toBe(true);
  });

  it("gives a raced generator a signal of its own, which fires when it loses", async () => {
    const { runtime } = quietRuntime();
    let ofLoser: AbortSignal | undefined;
    let ofTask: AbortSignal | undefined;
    const controller = new AbortController();
    function* body(): Async<void> {
      ofTask = signal();
      try {
        yield* withSignal(
          controller.signal,
          showsSignal((shown) => (ofLoser = shown)),
        );
      } catch {
        // lost
      }
    }
    const handle = runtime.spawn(body());
    await turn();
    controller.abort();
    await handle;
    expect([ofLoser?.aborted, ofTask?.aborted]).toEqual([true, false]);
  });

  it("gives a raced async function a signal of its own, which fires when it loses", async () => {
    const { runtime } = quietRuntime();
    let ofLoser: AbortSignal | undefined;
    let ofTask: AbortSignal | undefined;
    const controller = new AbortController();
    await runtime.spawn(async () => {
      ofTask = signal();
      const race = withSignal(controller.signal, async () => {
        ofLoser = signal();
        await pending();
      });
      setTimeout(() => controller.abort(), 0);
      await race.then(null, () => "lost");
    });
    expect([ofLoser?.aborted, ofTask?.aborted]).toEqual([true, false]);
  });

  it("gives a generator that an async function waits for a signal of its own", async () => {
    const { runtime } = quietRuntime();
    function* inner(): Async<{ given: AbortSignal }> {
      return { given: signal() };
    }
    const same = await runtime.spawn(async () => (await intoFuture(inner())).given === signal());
    expect(same).toBe(false);
  });

  it("fires the signals of a task and of what is raced in it when the task is aborted", async () => {
    const { runtime } = quietRuntime();
    const given: AbortSignal[] = [];
    function* body(): Async<void> {
      given.push(signal());
      yield* intoFuture(showsSignal((shown) => given.push(shown)));
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(given.map((shown) => shown.aborted)).toEqual([true, true]);
  });

  it("is that of the running task again after a raced generator was polled", async () => {
    const { runtime } = quietRuntime();
    function* inner(): Async<void> {
      signal();
      yield* yieldNow();
    }
    function* body(): Async<boolean> {
      const before = signal();
      yield* intoFuture(inner());
      return signal() === before;
    }
    expect(await runtime.spawn(body())).toBe(true);
  });

  it("lets a listener abort the task again without harm", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    function* body(): Async<void> {
      signal().addEventListener("abort", () => handle.abort());
      try {
        yield* pending();
      } finally {
        log.push("finally");
      }
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(log).toEqual(["finally"]);
  });

  it("can be handed to a promise's function, which then stops with its task", async () => {
    const { runtime } = quietRuntime();
    let stopped = false;
    function* body(): Async<void> {
      const given = signal();
      yield* fromPromise(
        new Promise<void>((_, reject) => {
          given.addEventListener("abort", () => {
            stopped = true;
            reject(given.reason as Error);
          });
        }),
      );
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(stopped).toBe(true);
  });

  it.runIf(keepsContext)(
    "is that of the async function behind an await of a promise that is not ours",
    async () => {
      const { runtime } = quietRuntime();
      const same = await runtime.spawn(async () => {
        const first = signal();
        await Promise.resolve();
        return signal() === first;
      });
      expect(same).toBe(true);
    },
  );
});

describe("withSignal", () => {
  it("gives the value of the body", async () => {
    expect(await withSignal(new AbortController().signal, ready(5))).toBe(5);
  });

  it("throws the error of the body", async () => {
    const error = new Error("body");
    const failed = withSignal(new AbortController().signal, async () => {
      throw error;
    });
    expect(await rejectionOf(failed)).toBe(error);
  });

  it("throws the signal's reason and drops the body when the signal fires", () => {
    const controller = new AbortController();
    const gate = new Gate();
    const future = withSignal(controller.signal, gate);
    const cx = new TestWaker();
    future.poll(cx);
    const reason = new Error("stop");
    controller.abort(reason);
    expect(cx.wakes).toBe(1);
    expect(thrownBy(() => future.poll(cx))).toBe(reason);
    expect(gate.drops).toBe(1);
  });

  it("looks at a signal that has fired already before it polls the body", () => {
    const controller = new AbortController();
    const gate = new Gate();
    gate.open();
    controller.abort("too late");
    expect(thrownBy(() => withSignal(controller.signal, gate).poll(new TestWaker()))).toBe("too late");
    expect(gate.polls).toBe(0);
  });

  it("gives the value when the signal fires after completion", async () => {
    const controller = new AbortController();
    const value = await withSignal(controller.signal, ready("in time"));
    controller.abort();
    expect(value).toBe("in time");
  });

  it("notices a signal that its own body fires in the middle of a poll", async () => {
    const { runtime } = quietRuntime();
    const controller = new AbortController();
    function* body(): Async<void> {
      controller.abort(new Error("fired by the body"));
      yield* pending();
    }
    const handle = runtime.spawn(withSignal(controller.signal, body()));
    await turn();
    expect(handle.isFinished()).toBe(true);
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ message: "fired by the body" });
  });

  it("wakes only the waker of its last poll", () => {
    const controller = new AbortController();
    const future = withSignal(controller.signal, new Gate());
    const [first, second] = [new TestWaker(), new TestWaker()];
    future.poll(first);
    future.poll(second);
    controller.abort();
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });

  it("takes its listener away when the body completes, fails or is dropped", () => {
    const counted = new Counted();
    const [completes, fails, dropped] = [new Gate(), new Gate(), new Gate()];
    const futures = [completes, fails, dropped].map((gate) => withSignal(counted.signal, gate));
    const cx = new TestWaker();
    for (const future of futures) future.poll(cx);
    expect(counted.listeners).toBe(3);
    completes.open();
    fails.fail(new Error("failed"));
    futures[0]?.poll(cx);
    thrownBy(() => futures[1]?.poll(cx));
    futures[2]?.drop();
    expect(counted.listeners).toBe(0);
  });

  it("adds no listener for a body that is ready at once", () => {
    const counted = new Counted();
    withSignal(counted.signal, ready(1)).poll(new TestWaker());
    expect(counted.most).toBe(0);
  });

  it("adds one listener however often it is polled", () => {
    const counted = new Counted();
    const future = withSignal(counted.signal, new Gate());
    for (let i = 0; i < 10; i += 1) future.poll(new TestWaker());
    expect(counted.listeners).toBe(1);
  });

  it("takes its listener away though the drop of the body throws", () => {
    const counted = new Counted();
    const gate = new Gate();
    gate.onDrop = () => {
      throw new Error("drop");
    };
    const future = withSignal(counted.signal, gate);
    future.poll(new TestWaker());
    thrownBy(() => future.drop());
    expect(counted.listeners).toBe(0);
  });

  it.each(["generator", "async"])(
    "leaves no listener on a long-lived signal over 10,000 rounds in the %s lane",
    async (lane) => {
      const counted = new Counted();
      function* rounds(): Async<void> {
        for (let i = 0; i < 10_000; i += 1) yield* withSignal(counted.signal, yieldNow());
      }
      const handle =
        lane === "generator"
          ? spawn(rounds())
          : spawn(async () => {
              for (let i = 0; i < 10_000; i += 1) await withSignal(counted.signal, yieldNow());
            });
      await handle;
      expect([counted.listeners, counted.most]).toEqual([0, 1]);
    },
  );

  it("leaves no listener on a long-lived signal over 10,000 tasks aborted in the middle", async () => {
    const { runtime } = quietRuntime();
    const counted = new Counted();
    for (let i = 0; i < 100; i += 1) {
      const handles = Array.from({ length: 100 }, () => runtime.spawn(withSignal(counted.signal, pending())));
      await turn();
      for (const handle of handles) handle.abort();
      await Promise.allSettled(handles);
    }
    expect([counted.listeners, counted.most]).toEqual([0, 100]);
  });

  it("stops a whole generator, running its finally blocks", async () => {
    const controller = new AbortController();
    const log: string[] = [];
    function* body(): Async<void> {
      try {
        yield* pending();
      } finally {
        log.push("finally");
      }
    }
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(withSignal(controller.signal, body()));
    await turn();
    controller.abort("enough");
    expect(await rejectionOf(handle)).toBe("enough");
    expect(log).toEqual(["finally"]);
  });

  it("stops an async function at its await", async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(
      withSignal(controller.signal, async () => {
        try {
          await pending();
        } catch (error) {
          log.push((error as Error).name);
          throw error;
        }
      }),
    );
    await turn();
    controller.abort("enough");
    expect(await rejectionOf(handle)).toBe("enough");
    expect(log).toEqual(["Cancelled"]);
  });

  it("nests: the signal that fires is the one whose reason is thrown", async () => {
    const [outer, inner] = [new AbortController(), new AbortController()];
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(withSignal(outer.signal, withSignal(inner.signal, pending())));
    await turn();
    inner.abort("inner");
    expect(await rejectionOf(handle)).toBe("inner");
  });

  it("goes with signal(): the abort of a task stops what runs under its signal elsewhere", async () => {
    const { runtime } = quietRuntime();
    let elsewhere: PromiseLike<void> | undefined;
    function* body(): Async<void> {
      elsewhere = spawn(withSignal<void>(signal(), pending()));
      yield* pending();
    }
    const handle = runtime.spawn(body());
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(await rejectionOf(elsewhere as PromiseLike<void>)).toBeInstanceOf(Cancelled);
  });

  it("says what its body waits for", () => {
    const future = withSignal(new AbortController().signal, waitFor(new Gate()));
    future.poll(new TestWaker());
    expect(future.describe()).toBe("a gate");
  });

  it.each([
    ["undefined", undefined],
    ["a controller", new AbortController()],
    ["an object", {}],
  ])("refuses %s in place of a signal, at once", (_, value) => {
    const error = thrownBy(() => withSignal(value as never, ready(1)));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});
