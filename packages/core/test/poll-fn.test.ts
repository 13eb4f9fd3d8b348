import {
  fromPromise,
  Future,
  intoFuture,
  JoinHandle,
  PENDING,
  pending,
  pollFn,
  ready,
  spawn,
  yieldNow,
  type Async,
  type IntoFuture,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { Gate, quietRuntime, rejectionOf, TestWaker, thrownBy, turn } from "./support/lanes.ts";

function* five(): Async<number> {
  yield* yieldNow();
  return 5;
}

describe("pollFn", () => {
  it("calls the function at each poll, with the context", () => {
    const seen: unknown[] = [];
    const future = pollFn((cx) => {
      seen.push(cx);
      return PENDING;
    });
    const [first, second] = [new TestWaker(), new TestWaker()];
    future.poll(first);
    future.poll(second);
    expect(seen).toEqual([first, second]);
  });

  it("is not called before it is polled", () => {
    let calls = 0;
    pollFn(() => {
      calls += 1;
      return PENDING;
    });
    expect(calls).toBe(0);
  });

  it("gives the value or throws the error of the function", () => {
    const error = new Error("poll");
    expect(pollFn(() => "value").poll(new TestWaker())).toBe("value");
    expect(
      thrownBy(() =>
        pollFn(() => {
          throw error;
        }).poll(new TestWaker()),
      ),
    ).toBe(error);
  });

  it.each(["generator", "async"])("is polled again after each wake-up in the %s lane", async (lane) => {
    let calls = 0;
    const third = pollFn<number>((cx) => {
      calls += 1;
      if (calls === 3) return calls;
      cx.waker.wake();
      return PENDING;
    });
    function* body(): Async<number> {
      return yield* third;
    }
    expect(await spawn(lane === "generator" ? body() : async () => await third)).toBe(3);
  });

  it("takes its description from the function's name", () => {
    expect(pollFn(function readLine() {}).describe()).toBe("readLine");
  });

  it("calls the function without a receiver", () => {
    let receiver: unknown = "untouched";
    pollFn(function (this: unknown) {
      receiver = this;
    }).poll(new TestWaker());
    expect(receiver).toBe(undefined);
  });

  it("refuses what is no function, and names it", () => {
    const error = thrownBy(() => pollFn({} as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
      message: expect.stringContaining("Object") as string,
    });
  });
});

describe("ready", () => {
  it("completes in its first poll, without waking anybody", () => {
    const cx = new TestWaker();
    expect([ready("value").poll(cx), cx.wakes]).toEqual(["value", 0]);
  });

  it("keeps a value that is undefined", () => {
    expect(ready(undefined).poll(new TestWaker())).toBe(undefined);
  });
});

describe("pending", () => {
  it("never completes and wakes nobody", () => {
    const future = pending();
    const cx = new TestWaker();
    expect([future.poll(cx), future.poll(cx), cx.wakes]).toEqual([PENDING, PENDING, 0]);
  });

  it.each(["generator", "async"])("ends when its task is aborted in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    function* body(): Async<void> {
      yield* pending();
    }
    const handle = runtime.spawn<void>(lane === "generator" ? body() : async () => await pending());
    await turn();
    handle.abort();
    expect(await rejectionOf(handle)).toMatchObject({ code: "ERR_RT_CANCELLED" });
  });
});

describe("intoFuture", () => {
  const kinds: [string, () => IntoFuture<number>][] = [
    ["a future", () => ready(5)],
    ["a generator", () => five()],
    ["a generator function", () => five],
    ["a bound generator function", () => five.bind(null)],
    ["a function that makes a generator", () => () => five()],
    ["an async function", () => async () => 5],
    ["a function that makes a promise", () => () => Promise.resolve(5)],
    ["a function that makes a future", () => () => ready(5)],
    ["a promise", () => Promise.resolve(5)],
    ["a thenable", () => ({ then: (ok: (n: number) => void) => ok(5) }) as unknown as PromiseLike<number>],
    ["a join handle", () => spawn(five())],
  ];

  it.each(kinds)("makes a future of %s", async (_, make) => {
    const future = intoFuture(make());
    expect(future).toBeInstanceOf(Future);
    expect(await future).toBe(5);
  });

  it.each(kinds)("makes what a task can run of %s", async (_, make) => {
    expect(await spawn(make())).toBe(5);
  });

  it.each(kinds)("makes what a generator can wait for of %s", async (_, make) => {
    function* body(): Async<number> {
      return yield* intoFuture(make());
    }
    expect(await spawn(body())).toBe(5);
  });

  it("gives a future back as it is", () => {
    const future = ready(1);
    expect(intoFuture(future)).toBe(future);
  });

  it("calls a function when first polled, not before", () => {
    let calls = 0;
    const future = intoFuture(() => {
      calls += 1;
      return five();
    });
    expect(calls).toBe(0);
    future.poll(new TestWaker());
    expect(calls).toBe(1);
  });

  it("calls a function once, however often it is polled", async () => {
    let calls = 0;
    const gate = new Gate<number>();
    const future = intoFuture(async () => {
      calls += 1;
      return await gate;
    });
    const cx = new TestWaker();
    future.poll(cx);
    await turn();
    future.poll(cx);
    gate.open(1);
    future.poll(cx);
    await turn();
    expect([future.poll(cx), calls]).toEqual([1, 1]);
  });

  it("makes a wait of its own of a join handle, whose drop does not detach the task", async () => {
    const { runtime, reports } = quietRuntime();
    const gate = new Gate();
    const handle = runtime.spawn(async () => await gate);
    const wait = intoFuture(handle);
    wait.poll(new TestWaker());
    wait.drop();
    expect(wait).not.toBe(handle);
    expect(wait).not.toBeInstanceOf(JoinHandle);
    gate.open();
    await handle;
    expect(reports).toEqual([]);
  });

  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a number", 5],
    ["a string", "body"],
    ["an object", { a: 1 }],
    ["an iterable", [ready(1)]],
    ["an iterator", [ready(1)].values()],
    ["a symbol", Symbol("s")],
  ])("refuses %s", (_, value) => {
    const error = thrownBy(() => intoFuture(value as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("names the refused value and what would do", () => {
    expect(thrownBy(() => intoFuture(5 as never))).toMatchObject({
      message: expect.stringMatching(/\b5\b.*generator.*promise/s) as string,
    });
  });

  it.each([
    ["a number", () => 5],
    ["nothing", () => {}],
    ["an object", () => ({})],
    [
      "an async generator",
      async function* () {
        yield 1;
      },
    ],
  ])("refuses a function that gives %s, with a code, when it is polled", (_, fn) => {
    const error = thrownBy(() => intoFuture(fn as never).poll(new TestWaker()));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("drops the promise side of a function that makes a fromPromise future", async () => {
    const { runtime } = quietRuntime();
    let given: AbortSignal | undefined;
    const handle = runtime.spawn(() =>
      fromPromise((signal) => {
        given = signal;
        return new Promise<void>(() => {});
      }),
    );
    await turn();
    handle.abort();
    await turn();
    expect(given?.aborted).toBe(true);
  });
});
