/* oxlint-disable require-yield -- a task need not wait for anything */
import { fromCallback, PENDING, spawn, type Async, type Future } from "@rt/core";
import { describe, expect, it } from "vitest";
import { quietRuntime, rejectionOf, TestWaker, thrownBy, turn } from "./support/lanes.ts";

function* waitFor<T>(future: Future<T>): Async<T> {
  return yield* future;
}

/** An operation that the test ends by hand. */
class Operation {
  starts = 0;
  stops = 0;
  resolve: (value: string) => void = () => {};
  reject: (error: unknown) => void = () => {};
  readonly future: Future<string> = fromCallback<string>((resolve, reject) => {
    this.starts += 1;
    this.resolve = resolve;
    this.reject = reject;
    return () => {
      this.stops += 1;
    };
  });
}

describe("fromCallback", () => {
  it("starts the operation when first polled, once", () => {
    const operation = new Operation();
    expect(operation.starts).toBe(0);
    operation.future.poll(new TestWaker());
    operation.future.poll(new TestWaker());
    expect(operation.starts).toBe(1);
  });

  it("gives the value of resolve", async () => {
    const operation = new Operation();
    const handle = spawn(waitFor(operation.future));
    await turn();
    operation.resolve("done");
    expect(await handle).toBe("done");
  });

  it("throws the error of reject", async () => {
    const operation = new Operation();
    const handle = spawn(async () => await operation.future);
    await turn();
    const error = new Error("failed");
    operation.reject(error);
    expect(await rejectionOf(handle)).toBe(error);
  });

  it("is ready in its first poll when the callback comes at once", () => {
    const future = fromCallback<number>((resolve) => resolve(1));
    expect(future.poll(new TestWaker())).toBe(1);
  });

  it("throws in its first poll when the failure comes at once", () => {
    const error = new Error("at once");
    const future = fromCallback<number>((_, reject) => reject(error));
    expect(thrownBy(() => future.poll(new TestWaker()))).toBe(error);
  });

  it("takes the first of several calls", () => {
    const operation = new Operation();
    const cx = new TestWaker();
    operation.future.poll(cx);
    operation.resolve("first");
    operation.resolve("second");
    operation.reject(new Error("third"));
    expect([operation.future.poll(cx), cx.wakes]).toEqual(["first", 1]);
  });

  it("wakes only the waker of its last poll", () => {
    const operation = new Operation();
    const [first, second] = [new TestWaker(), new TestWaker()];
    operation.future.poll(first);
    operation.future.poll(second);
    operation.resolve("done");
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });

  it("throws what register throws", () => {
    const error = new Error("register");
    const future = fromCallback<number>(() => {
      throw error;
    });
    expect(thrownBy(() => future.poll(new TestWaker()))).toBe(error);
  });

  it("ignores a callback that comes after register has thrown", () => {
    let late: (value: number) => void = () => {};
    const future = fromCallback<number>((resolve) => {
      late = resolve;
      throw new Error("register");
    });
    const cx = new TestWaker();
    thrownBy(() => future.poll(cx));
    late(1);
    expect(cx.wakes).toBe(0);
  });

  it("refuses a poll after completion", () => {
    const future = fromCallback<number>((resolve) => resolve(1));
    const cx = new TestWaker();
    future.poll(cx);
    expect(thrownBy(() => future.poll(cx))).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });

  it("refuses what is no function", () => {
    const error = thrownBy(() => fromCallback(5 as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
      message: expect.stringContaining("5") as string,
    });
  });
});

describe("fromCallback: drop", () => {
  it("stops the operation once", () => {
    const operation = new Operation();
    operation.future.poll(new TestWaker());
    operation.future.drop();
    operation.future.drop();
    expect(operation.stops).toBe(1);
  });

  it("starts and stops nothing before the first poll", () => {
    const operation = new Operation();
    operation.future.drop();
    expect([operation.starts, operation.stops]).toEqual([0, 0]);
  });

  it("stops nothing after the callback has come", () => {
    const operation = new Operation();
    operation.future.poll(new TestWaker());
    operation.resolve("done");
    operation.future.drop();
    expect(operation.stops).toBe(0);
  });

  it("wakes nobody when the callback comes later", () => {
    const operation = new Operation();
    const cx = new TestWaker();
    operation.future.poll(cx);
    operation.future.drop();
    operation.resolve("late");
    expect(cx.wakes).toBe(0);
  });

  it("lets an error of the stop function out, and stops once all the same", () => {
    let stops = 0;
    const error = new Error("stop");
    const future = fromCallback<number>(() => () => {
      stops += 1;
      throw error;
    });
    future.poll(new TestWaker());
    expect(thrownBy(() => future.drop())).toBe(error);
    future.drop();
    expect(stops).toBe(1);
  });

  it("ignores a callback that the stop function makes", () => {
    let late: (value: number) => void = () => {};
    const cx = new TestWaker();
    const future = fromCallback<number>((resolve) => {
      late = resolve;
      return () => late(1);
    });
    future.poll(cx);
    future.drop();
    expect(cx.wakes).toBe(0);
  });

  it("stops the operation though it comes from register itself", () => {
    let stops = 0;
    let future: Future<number> | null = null;
    future = fromCallback<number>(() => {
      future?.drop();
      return () => {
        stops += 1;
      };
    });
    try {
      future.poll(new TestWaker());
    } catch {
      // polling what was dropped may be refused
    }
    expect(stops).toBe(1);
  });

  it.each(["generator", "async"])("stops the operation of an aborted task in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const operation = new Operation();
    const handle =
      lane === "generator"
        ? runtime.spawn(waitFor(operation.future))
        : runtime.spawn(async () => await operation.future);
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(operation.stops).toBe(1);
  });
});

describe("fromCallback: re-entrancy", () => {
  it("may be resolved by the very poll of another task", async () => {
    const { runtime } = quietRuntime();
    const operation = new Operation();
    const waiter = runtime.spawn(waitFor(operation.future));
    await turn();
    function* resolver(): Async<void> {
      operation.resolve("from a task");
    }
    await runtime.spawn(resolver());
    expect(await waiter).toBe("from a task");
  });

  it("tolerates being polled again from its own waker", () => {
    const operation = new Operation();
    let seen: unknown = PENDING;
    const cx = {
      waker: {
        wake(): void {
          seen = operation.future.poll(new TestWaker());
        },
      },
    };
    operation.future.poll(cx);
    operation.resolve("polled by the waker");
    expect(seen).toBe("polled by the waker");
  });
});
