import { Cancelled, fromPromise, PENDING, spawn, type Async } from "@rt/core";
import { describe, expect, it } from "vitest";
import { Gate, quietRuntime, rejectionOf, TestWaker, thrownBy, turn } from "./support/lanes.ts";

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
});
