import { Cancelled, fromPromise, PENDING, type Runtime, spawn, yieldNow, type Async } from "@rt/core";
import { describe, expect, it } from "vitest";
import { Gate, keepsContext, quietRuntime, rejectionOf, TestWaker, thrownBy, turn } from "./support/lanes.ts";

function* waitFor(source: Promise<string>): Async<string> {
  return yield* fromPromise(source);
}

describe("fromPromise", () => {
  it("gives the value of the promise", async () => {
    expect(await spawn(waitFor(Promise.resolve("value")))).toBe("value");
  });

  it("throws what the promise was rejected with", async () => {
    const error = new Error("rejected");
    expect(await rejectionOf(spawn(waitFor(Promise.reject(error))))).toBe(error);
  });

  it("wakes its waker once when the promise settles", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const future = fromPromise(promise);
    const cx = new TestWaker();
    expect(future.poll(cx)).toBe(PENDING);
    resolve(1);
    await turn();
    expect([cx.wakes, future.poll(cx)]).toEqual([1, 1]);
  });

  it("wakes only the waker of its last poll", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const future = fromPromise(promise);
    const [first, second] = [new TestWaker(), new TestWaker()];
    future.poll(first);
    future.poll(second);
    resolve();
    await turn();
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });

  it("calls a function when first polled, once", () => {
    let calls = 0;
    const future = fromPromise(() => {
      calls += 1;
      return new Promise<void>(() => {});
    });
    expect(calls).toBe(0);
    future.poll(new TestWaker());
    future.poll(new TestWaker());
    expect(calls).toBe(1);
  });

  it("fires the function's signal when dropped", () => {
    let given: AbortSignal | undefined;
    const future = fromPromise((signal) => {
      given = signal;
      return new Promise<void>(() => {});
    });
    future.poll(new TestWaker());
    expect(given?.aborted).toBe(false);
    future.drop();
    expect(given?.reason).toBeInstanceOf(Cancelled);
  });

  it("does not fire the function's signal when dropped after the promise has settled", async () => {
    let given: AbortSignal | undefined;
    const future = fromPromise((signal) => {
      given = signal;
      return Promise.resolve(1);
    });
    const cx = new TestWaker();
    future.poll(cx);
    await turn();
    future.poll(cx);
    future.drop();
    expect(given?.aborted).toBe(false);
  });

  it("calls no function when dropped before its first poll", () => {
    let calls = 0;
    const future = fromPromise(() => {
      calls += 1;
      return Promise.resolve();
    });
    future.drop();
    expect(calls).toBe(0);
  });

  it("wakes nobody when the promise settles after the drop", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const future = fromPromise(promise);
    const cx = new TestWaker();
    future.poll(cx);
    future.drop();
    resolve();
    await turn();
    expect(cx.wakes).toBe(0);
  });

  it("loses the error of a promise that is dropped while it is waited for", async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const future = fromPromise(promise);
    future.poll(new TestWaker());
    future.drop();
    reject(new Error("nobody's"));
    await turn(); // an unhandled rejection would fail the run
    expect(future.describe()).toBe("a promise");
  });

  it("takes charge of the error of a promise that is dropped before its first poll", () => {
    let handled = false;
    class Watched<T> extends Promise<T> {
      // oxlint-disable-next-line unicorn/no-thenable -- to see who listens
      override then<A = T, B = never>(
        onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
        onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
      ): Promise<A | B> {
        handled ||= onRejected != null;
        return super.then(onFulfilled, onRejected);
      }
    }
    fromPromise(new Watched<void>((_resolve, reject) => reject(new Error("nobody's")))).drop();
    expect(handled).toBe(true);
  });

  it("takes any thenable, also one that answers at once", async () => {
    const thenable = {
      then(onFulfilled: (value: string) => void): void {
        onFulfilled("at once");
      },
    } as PromiseLike<string>;
    expect(await spawn(waitFor(thenable as Promise<string>))).toBe("at once");
  });

  it("takes the first answer of a thenable that gives several", async () => {
    const thenable = {
      then(onFulfilled: (value: string) => void, onRejected: (error: unknown) => void): void {
        onFulfilled("first");
        onFulfilled("second");
        onRejected(new Error("third"));
      },
    } as PromiseLike<string>;
    expect(await spawn(waitFor(thenable as Promise<string>))).toBe("first");
  });

  it("throws what a thenable's own then throws", () => {
    const error = new Error("then");
    const thenable = {
      then(): never {
        throw error;
      },
    } as PromiseLike<string>;
    expect(thrownBy(() => fromPromise(thenable).poll(new TestWaker()))).toBe(error);
  });

  it("throws what the function throws", () => {
    const error = new Error("function");
    const future = fromPromise((): Promise<void> => {
      throw error;
    });
    expect(thrownBy(() => future.poll(new TestWaker()))).toBe(error);
  });

  it("refuses a poll after completion", async () => {
    const future = fromPromise(Promise.resolve(1));
    const cx = new TestWaker();
    future.poll(cx);
    await turn();
    future.poll(cx);
    expect(thrownBy(() => future.poll(cx))).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });

  it("refuses a poll after the promise's error was thrown", async () => {
    const future = fromPromise(Promise.reject(new Error("once")));
    const cx = new TestWaker();
    future.poll(cx);
    await turn();
    thrownBy(() => future.poll(cx));
    expect(thrownBy(() => future.poll(cx))).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });

  it.each([5, undefined, null, "text", {}])("refuses %s, which is neither promise nor function", (value) => {
    const error = thrownBy(() => fromPromise(value as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("refuses a function that gives no promise, and names what it gave", () => {
    const error = thrownBy(() => fromPromise((() => 5) as never).poll(new TestWaker()));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
      message: expect.stringContaining("5") as string,
    });
  });

  it("ends the wait of an aborted task at once, though the promise never settles", async () => {
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(waitFor(new Promise(() => {})));
    await turn();
    handle.abort();
    await turn();
    expect(handle.isFinished()).toBe(true);
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
  });

  it("drops a future that is given as a promise", () => {
    const gate = new Gate<string>();
    const future = fromPromise(gate);
    future.poll(new TestWaker());
    future.drop();
    expect(gate.drops).toBe(1);
  });

  it("does not detach a task whose handle is given as a promise", async () => {
    const { runtime, reports } = quietRuntime();
    const gate = new Gate<string>();
    const handle = runtime.spawn(gate);
    fromPromise(handle).drop();
    gate.fail(new Error("joined"));
    await rejectionOf(handle);
    await turn();
    expect(reports).toEqual([]);
  });

  it("is what spawn makes of a promise", async () => {
    const { runtime } = quietRuntime();
    expect(await runtime.spawn(Promise.resolve("given"))).toBe("given");
  });

  it.runIf(keepsContext)("lets an async function go on without a trip through the run queue", async () => {
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(async () => {
      await fromPromise(turn());
      const { polls, parks } = counts(runtime);
      for (let i = 0; i < 10; i += 1) await fromPromise(Promise.resolve(i));
      const after = counts(runtime);
      return [after.polls - polls, after.parks - parks];
    });
    expect(await handle).toEqual([0, 0]);
  });

  it("keeps an async function that has been aborted from going on, though its promise has settled", async () => {
    const { runtime } = quietRuntime();
    const { promise, resolve } = Promise.withResolvers<void>();
    const log: string[] = [];
    const handle = runtime.spawn(async () => {
      try {
        await fromPromise(promise);
        log.push("went on");
      } finally {
        log.push("cleanup");
      }
    });
    await turn();
    resolve();
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
    expect(log).toEqual(["cleanup"]);
  });

  it("gives other tasks their turn while an async function waits for one settled promise after the other", async () => {
    const { runtime } = quietRuntime();
    let others = 0;
    const other = runtime.spawn(function* (): Async<void> {
      for (;;) {
        yield* yieldNow();
        others += 1;
      }
    });
    await runtime.spawn(async () => {
      for (let i = 0; i < 1_000; i += 1) await fromPromise(Promise.resolve());
      other.abort();
    });
    expect(others).toBeGreaterThanOrEqual(7); // a budget is 128
  });

  it("lets other awaits of an async function that were woken before go first", async () => {
    const { runtime } = quietRuntime();
    const { promise, resolve } = Promise.withResolvers<string>();
    const gate = new Gate<string>();
    const order: string[] = [];
    const note = (name: string): void => void order.push(name);
    const handle = runtime.spawn(async () => {
      await Promise.all([fromPromise(promise).then(note), gate.then(note)]);
    });
    await turn();
    gate.open("the gate");
    resolve("the promise");
    await handle;
    expect(order).toEqual(["the gate", "the promise"]);
  });

  it("wakes in the run queue where a thenable of another kind answers in the middle of something", async () => {
    const { runtime } = quietRuntime();
    let answer: (value: string) => void = () => {};
    const thenable = { then: (resolve: (value: string) => void) => (answer = resolve) } as never;
    const log: string[] = [];
    const handle = runtime.spawn(async () => {
      log.push(await fromPromise<string>(thenable));
    });
    await turn();
    const before = counts(runtime).polls;
    answer("answer");
    await handle;
    expect([log, counts(runtime).polls - before]).toEqual([["answer"], 1]);
  });
});

function counts(runtime: Runtime): { polls: number; parks: number } {
  const metrics = runtime.metrics();
  return { polls: metrics.workerPollCount(0), parks: metrics.workerParkCount(0) };
}
