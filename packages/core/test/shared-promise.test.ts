import { fromPromise, intoFuture, PENDING, spawn, type Async, type Context, type Future } from "@rt/core";
import { describe, expect, it } from "vitest";
import { keepsContext, quietRuntime, rejectionOf, TestWaker, thrownBy, turn } from "./support/lanes.ts";

/** A promise of another class, which counts how often it is asked. */
class Counting<T> extends Promise<T> {
  asked = 0;
  // What `then` gives is an ordinary one.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }
  // oxlint-disable-next-line unicorn/no-thenable -- to see who asks
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.asked += 1;
    return super.then(onFulfilled, onRejected);
  }
}

interface Settleable<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A promise that many have waited for and given up. */
function longLived<T>(): Settleable<T> {
  const made = Promise.withResolvers<T>();
  const first = fromPromise(made.promise);
  first.poll(new TestWaker());
  first.drop();
  return made;
}

function* forEver(future: Future<unknown>): Async<void> {
  yield* future;
}

/** Polls it, and notes its name when it is woken. */
function waits(future: Future<unknown>, name: string, log: string[]): void {
  const waker = { wake: () => void log.push(name) };
  const cx: Context = { waker };
  expect(future.poll(cx)).toBe(PENDING);
}

describe("many waits for one promise", () => {
  it("ask a promise of another class once, one after the other", () => {
    const promise = new Counting<void>(() => {});
    for (let i = 0; i < 100; i += 1) {
      const wait = fromPromise(promise);
      wait.poll(new TestWaker());
      wait.drop();
    }
    expect(promise.asked).toBe(1);
  });

  it("ask a promise of another class once, all at the same time", async () => {
    let resolve: (value: number) => void = () => {};
    const promise = new Counting<number>((given) => {
      resolve = given;
    });
    const handles = Array.from({ length: 100 }, () => spawn(promise));
    await turn();
    expect(promise.asked).toBe(1);
    resolve(1);
    const values = await Promise.all(handles);
    expect(values).toEqual(Array.from({ length: 100 }, () => 1));
  });

  it("ask a promise with a then of its own at most twice", () => {
    const promise = new Promise<void>(() => {});
    let asked = 0;
    void Object.defineProperty(promise, "then", {
      value: (...callbacks: [() => void, () => void]) => {
        asked += 1;
        return Promise.prototype.then.apply(promise, callbacks);
      },
    });
    for (let i = 0; i < 100; i += 1) fromPromise(promise).drop();
    expect(asked).toBeLessThanOrEqual(2);
  });

  it("ask another kind of thenable each time, when it is polled and not before", () => {
    let asked = 0;
    const lazy = { then: () => void (asked += 1) } as never as PromiseLike<void>;
    const waitsForLazy = [fromPromise(lazy), fromPromise(lazy), fromPromise(lazy)];
    const before = asked;
    for (const wait of waitsForLazy) {
      wait.poll(new TestWaker());
      wait.drop();
    }
    expect([before, asked]).toEqual([0, 3]);
  });

  it("take a thenable that calls itself a promise for what it is", () => {
    let asked = 0;
    const lazy = {
      then: () => void (asked += 1),
      [Symbol.toStringTag]: "Promise",
    } as never as PromiseLike<void>;
    fromPromise(lazy);
    fromPromise(lazy).poll(new TestWaker());
    expect(asked).toBe(1);
  });

  it("are woken in the order in which they were made", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const log: string[] = [];
    const [first, second] = [fromPromise(promise), fromPromise(promise)];
    waits(second, "second", log);
    waits(first, "first", log);
    // Given up: from here on they share.
    fromPromise(promise).drop();
    const [third, fourth, fifth] = [fromPromise(promise), fromPromise(promise), fromPromise(promise)];
    waits(fifth, "fifth", log);
    waits(third, "third", log);
    waits(fourth, "fourth", log);
    resolve();
    await turn();
    expect(log).toEqual(["first", "second", "third", "fourth", "fifth"]);
  });

  it.each(["native", "of another class"])("wake only those that were not given up: %s", async (kind) => {
    const { promise, resolve } = longLived<number>();
    const shared = kind === "native" ? promise : Counting.resolve(promise);
    const log: string[] = [];
    const all = ["a", "b", "c", "d"].map((name) => ({ name, wait: fromPromise(shared) }));
    for (const { name, wait } of all) waits(wait, name, log);
    for (const { name, wait } of all) if (name === "b" || name === "d") wait.drop();
    resolve(1);
    await turn();
    expect(log).toEqual(["a", "c"]);
    expect(all[0]?.wait.poll(new TestWaker())).toBe(1);
  });

  it("wake the waker of the last poll", async () => {
    const { promise, resolve } = longLived<void>();
    const wait = fromPromise(promise);
    const [first, second] = [new TestWaker(), new TestWaker()];
    wait.poll(first);
    wait.poll(second);
    resolve();
    await turn();
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });

  it("let a waker drop those behind it", async () => {
    const { promise, resolve } = longLived<void>();
    const log: string[] = [];
    const [first, second, third] = [fromPromise(promise), fromPromise(promise), fromPromise(promise)];
    first.poll({ waker: { wake: () => second.drop() } });
    waits(second, "second", log);
    waits(third, "third", log);
    resolve();
    await turn();
    expect(log).toEqual(["third"]);
  });

  it("get the value that came before their first poll", async () => {
    const { promise, resolve } = longLived<string>();
    const wait = fromPromise(promise);
    resolve("value");
    await turn();
    expect(wait.poll(new TestWaker())).toBe("value");
  });

  it("get the value of a promise that has settled long ago", async () => {
    const { promise, resolve } = longLived<string>();
    const before = fromPromise(promise);
    before.poll(new TestWaker());
    resolve("value");
    await turn();
    expect(await fromPromise(promise)).toBe("value");
  });

  it("all throw what the promise is rejected with", async () => {
    const { promise, reject } = longLived<void>();
    const error = new Error("rejected");
    const handles = [spawn(fromPromise(promise)), spawn(fromPromise(promise))];
    await turn();
    reject(error);
    expect([await rejectionOf(handles[0] as never), await rejectionOf(handles[1] as never)]).toEqual([
      error,
      error,
    ]);
  });

  it("are in charge of the promise's error, though all were given up", async () => {
    const { promise, reject } = longLived<void>();
    fromPromise(promise).drop();
    const last = fromPromise(promise);
    last.poll(new TestWaker());
    last.drop();
    reject(new Error("nobody's"));
    await turn(); // an unhandled rejection would fail the run
    expect(last.describe()).toBe("a promise");
  });

  it("refuse a poll after completion, and after the drop", async () => {
    const { promise, resolve } = longLived<number>();
    const [done, dropped] = [fromPromise(promise), fromPromise(promise)];
    resolve(1);
    await turn();
    done.poll(new TestWaker());
    dropped.drop();
    for (const wait of [done, dropped]) {
      const error = thrownBy(() => wait.poll(new TestWaker()));
      expect(error).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
    }
  });

  it("end when their tasks are aborted, and let the others go on: both lanes", async () => {
    const { runtime, reports } = quietRuntime();
    const { promise, resolve } = longLived<void>();
    const generators = [0, 1].map(() => runtime.spawn(forEver(fromPromise(promise))));
    const functions = [0, 1].map(() => runtime.spawn(async () => await fromPromise(promise)));
    await turn();
    generators[0]?.abort();
    functions[0]?.abort();
    await turn();
    expect([...generators, ...functions].map((handle) => handle.isFinished())).toEqual([
      true,
      false,
      true,
      false,
    ]);
    resolve();
    await turn();
    expect([...generators, ...functions].map((handle) => handle.isFinished())).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(reports).toEqual([]);
  });

  it.runIf(keepsContext)(
    "let async functions go on one after the other, without a trip through the run queue",
    async () => {
      const { runtime } = quietRuntime();
      const { promise, resolve } = longLived<void>();
      const log: string[] = [];
      const handles = ["a", "b", "c"].map((name) =>
        runtime.spawn(async () => {
          await fromPromise(promise);
          log.push(name);
        }),
      );
      await turn();
      const before = runtime.metrics().workerPollCount(0);
      resolve();
      for (const handle of handles) await handle;
      expect(log).toEqual(["a", "b", "c"]);
      expect(runtime.metrics().workerPollCount(0)).toBe(before);
    },
  );

  it("give up what a function of somebody's hands out again and again", async () => {
    const promise = new Counting<void>(() => {});
    for (let i = 0; i < 20; i += 1) {
      const handle = spawn(() => promise);
      await turn();
      handle.abort();
      await rejectionOf(handle);
    }
    expect(promise.asked).toBeLessThanOrEqual(2);
  });

  it("wake the others though a waker throws", async () => {
    const { promise, resolve } = longLived<void>();
    const { runtime, reports } = quietRuntime();
    const leave = runtime.enter();
    const log: string[] = [];
    const [first, second] = [fromPromise(promise), fromPromise(promise)];
    first.poll({
      waker: {
        wake: () => {
          throw new Error("waker");
        },
      },
    });
    waits(second, "second", log);
    resolve();
    await promise;
    await Promise.resolve();
    leave.dispose();
    expect(log).toEqual(["second"]);
    expect(reports).toMatchObject([{ kind: "waker-failed", error: { message: "waker" } }]);
  });
});

describe("a function given to fromPromise", () => {
  it("may drop the very future that calls it", () => {
    let fired = false;
    const future: Future<void> = fromPromise((signal) => {
      future.drop();
      fired = signal.aborted;
      return Promise.reject(new Error("nobody's"));
    });
    const error = thrownBy(() => future.poll(new TestWaker()));
    expect([fired, (error as { code?: string }).code]).toEqual([true, "ERR_RT_POLLED_AFTER_COMPLETION"]);
  });

  it("has nothing to stop once its promise has settled, though nobody has taken the value", async () => {
    let given: AbortSignal | undefined;
    const future = fromPromise((signal) => {
      given = signal;
      return Promise.resolve(1);
    });
    future.poll(new TestWaker());
    await turn();
    future.drop();
    expect(given?.aborted).toBe(false);
  });

  it("may give a future, which is dropped with it", () => {
    let dropped = false;
    const inner = intoFuture(function* (): Async<void> {
      try {
        yield* fromPromise(new Promise(() => {}));
      } finally {
        dropped = true;
      }
    });
    const future = fromPromise(() => inner);
    future.poll(new TestWaker());
    future.drop();
    expect(dropped).toBe(true);
  });
});
