import { describe, expect, it } from "vitest";
import fc from "fast-check";
import {
  Builder,
  Cancelled,
  fromPromise,
  Future,
  PENDING,
  spawn,
  type Async,
  type Context,
  type Poll,
  type Waker,
} from "@rt/core";
import { iterate, madeProgress, pollProceed } from "@rt/core/driver";
import { Gate, rejection, settle } from "./support/tasks.ts";

/** Gives what was put into it to one who waits, as a channel does. */
class Source<T> {
  readonly left: T[] = [];
  /** What the next take fails with. */
  failure: Error | null = null;
  isClosed = false;
  waiting: Take<T> | null = null;
  waker: Waker | null = null;
  takes = 0;
  ends = 0;

  put(...items: T[]): void {
    this.left.push(...items);
    this.wake();
  }
  fail(error: Error): void {
    this.failure = error;
    this.wake();
  }
  close(): void {
    this.isClosed = true;
    this.wake();
  }
  wake(): void {
    this.waiting = null;
    this.waker?.wake();
  }
  take(): Future<T | undefined> {
    this.takes += 1;
    return new Take(this);
  }
  iterator(): AsyncGenerator<T, void, undefined> {
    return iterate(this as Source<T>, (source) => source.take(), {
      end: (source) => void (source.ends += 1),
    });
  }
}

class Take<T> extends Future<T | undefined> {
  readonly #source: Source<T>;
  constructor(source: Source<T>) {
    super();
    this.#source = source;
  }
  override poll(cx: Context): Poll<T | undefined> {
    const source = this.#source;
    if (source.failure !== null) {
      const { failure } = source;
      source.failure = null;
      throw failure;
    }
    if (source.left.length > 0) return source.left.shift();
    if (source.isClosed) return undefined;
    if (source.waiting !== null && source.waiting !== this) throw new Error("two wait");
    source.waiting = this;
    source.waker = cx.waker;
    return PENDING;
  }
  override drop(): void {
    if (this.#source.waiting === this) this.#source.waiting = null;
  }
  override describe(): string {
    return "something to take";
  }
}

const DONE = { done: true, value: undefined };
const item = <T>(value: T) => ({ done: false, value });

/** A result that is there already, and costs what every operation costs. */
class Charged<T> extends Future<T> {
  readonly #value: T;
  constructor(value: T) {
    super();
    this.#value = value;
  }
  override poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return PENDING;
    madeProgress();
    return this.#value;
  }
}

describe("iterate", () => {
  it("gives items until the result is undefined", async () => {
    const source = new Source<number>();
    source.put(1, 2);
    source.close();
    expect([await Array.fromAsync(source.iterator()), source.ends]).toEqual([[1, 2], 1]);
  });

  it("gives items that come later", async () => {
    const source = new Source<number>();
    const all = Array.fromAsync(source.iterator());
    for (const n of [1, 2, 3]) {
      source.put(n);
      await settle();
    }
    source.close();
    expect(await all).toEqual([1, 2, 3]);
  });

  it("asks for nothing before next() is called, nor between", async () => {
    const source = new Source<number>();
    source.put(1, 2);
    const iterator = source.iterator();
    const before = source.takes;
    await iterator.next();
    await settle();
    expect([before, source.takes, source.left]).toEqual([0, 1, [2]]);
  });

  it("is its own iterable, and gives as items what `item` makes of the results", async () => {
    const source = new Source<{ n: unknown }>();
    source.put({ n: undefined }, { n: null }, { n: 3 });
    source.close();
    const iterator = iterate(source, () => source.take(), { item: ({ n }) => n });
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
    expect(await Array.fromAsync(iterator)).toEqual([undefined, null, 3]);
  });

  it("gives an item that is a future or a promise as it is", async () => {
    const source = new Source<PromiseLike<number>>();
    const [future, promise] = [new Source<number>().take() as Future<number>, Promise.resolve(1)];
    source.put(future, promise);
    const iterator = source.iterator();
    expect([(await iterator.next()).value === future, (await iterator.next()).value === promise]).toEqual([
      true,
      true,
    ]);
  });

  it("takes what `now` gives without a wait, and waits when it gives nothing", async () => {
    const source = new Source<number>();
    source.put(1, 2);
    const iterator = iterate(source, () => source.take(), { now: () => source.left.shift() });
    const seen = [await iterator.next(), await iterator.next()];
    const before = source.takes;
    const third = iterator.next();
    source.put(3);
    expect([seen, before, await third]).toEqual([[item(1), item(2)], 0, item(3)]);
  });

  it("gives way to others when every item is there already", async () => {
    let hadTurn = false;
    let items = 0;
    const loop = spawn(async () => {
      for await (const n of iterate(null, () => new Charged(1))) {
        items += n;
        if (hadTurn) break;
      }
    });
    const other = spawn(async () => {
      hadTurn = true;
    });
    await Promise.all([loop, other]);
    expect(items).toBeLessThan(200);
  });
});

describe("an iterator's return()", () => {
  it("answers at once while next() waits, which gives done and takes nothing", async () => {
    const source = new Source<number>();
    const iterator = source.iterator();
    const next = iterator.next();
    expect([await iterator.return(), await next, source.ends]).toEqual([DONE, DONE, 1]);
    source.put(1);
    await settle();
    expect(source.left).toEqual([1]);
  });

  it("leaves in the source what has woken next() but was not taken", async () => {
    const source = new Source<number>();
    const iterator = source.iterator();
    const next = iterator.next();
    await settle();
    source.put(1);
    const returned = iterator.return();
    expect([await next, await returned, source.left]).toEqual([DONE, DONE, [1]]);
  });

  it("lets next() deliver what it has taken", async () => {
    const source = new Source<number>();
    source.put(1);
    const iterator = source.iterator();
    const next = iterator.next();
    expect([await iterator.return(), await next, source.left]).toEqual([DONE, item(1), []]);
  });

  it("ends the iteration: from then on next() gives done, and nothing is asked for", async () => {
    const source = new Source<number>();
    source.put(1);
    const iterator = source.iterator();
    await iterator.return();
    expect([await iterator.next(), await iterator.return(), source.takes, source.ends]).toEqual([
      DONE,
      DONE,
      0,
      1,
    ]);
  });

  it("gives back its argument, awaited", async () => {
    const iterator = new Source<number>().iterator() as AsyncGenerator<number, unknown, undefined>;
    expect([await iterator.return(5), await iterator.return(Promise.resolve(6))]).toEqual([
      { done: true, value: 5 },
      { done: true, value: 6 },
    ]);
  });

  it("rejects with what `end` throws, and next() gives done all the same", async () => {
    const error = new Error("no end");
    const source = new Source<number>();
    const iterator: AsyncGenerator<number, void, undefined> = iterate(source, () => source.take(), {
      end: () => {
        throw error;
      },
    });
    const next = iterator.next();
    expect([await rejection(iterator.return()), await next, await iterator.next()]).toEqual([
      error,
      DONE,
      DONE,
    ]);
  });

  it("is what Symbol.asyncDispose calls", async () => {
    const source = new Source<number>();
    const iterator = source.iterator();
    const next = iterator.next();
    await iterator[Symbol.asyncDispose]();
    expect([await next, source.ends]).toEqual([DONE, 1]);
  });

  it("ends every next() that waits, in order", async () => {
    const source = new Source<number>();
    const iterator = source.iterator();
    const settled: unknown[] = [];
    const nexts = [0, 1, 2].map(async (n) => settled.push(n, await iterator.next()));
    settled.push("return", await iterator.return());
    await Promise.all(nexts);
    expect([settled, source.takes]).toEqual([[0, DONE, 1, DONE, 2, DONE, "return", DONE], 1]);
  });

  it("leaves no wait behind in the task that has called next()", async () => {
    const runtime = Builder.currentThread().build();
    const task = runtime.spawn(async () => {
      const iterator = new Source<number>().iterator();
      const nexts = [iterator.next(), iterator.next()];
      await iterator.return();
      await Promise.all(nexts);
      await new Gate();
    });
    await settle();
    const dump = JSON.stringify(runtime.handle().dump());
    runtime.shutdownBackground();
    await rejection(task);
    expect(dump).toContain("Gate");
    expect(dump).not.toMatch(/something to take|its turn/);
  });

  it("may be called by whoever the poll of a next() wakes", async () => {
    let iterator: AsyncGenerator<number, void, undefined>;
    class Reentrant extends Future<number> {
      readonly #value: Poll<number>;
      constructor(value: Poll<number>) {
        super();
        this.#value = value;
      }
      override poll(): Poll<number> {
        void iterator.return();
        return this.#value;
      }
    }
    iterator = iterate(null, () => new Reentrant(PENDING));
    const pending = await iterator.next();
    iterator = iterate(null, () => new Reentrant(1));
    expect([pending, await iterator.next(), await iterator.next()]).toEqual([DONE, item(1), DONE]);
  });
});

describe("an iterator's throw()", () => {
  it("rejects at once with its argument while next() waits, which gives done and takes nothing", async () => {
    const source = new Source<number>();
    const iterator = source.iterator();
    const next = iterator.next();
    const error = new Error("stop");
    expect([await rejection(iterator.throw(error)), await next]).toEqual([error, DONE]);
    source.put(1);
    await settle();
    expect([source.left, await iterator.next(), source.ends]).toEqual([[1], DONE, 1]);
  });

  it("rejects with its argument when the iteration is over, too", async () => {
    const iterator = new Source<number>().iterator();
    await iterator.return();
    const error = new Error("stop");
    expect(await rejection(iterator.throw(error))).toBe(error);
  });
});

describe("an iterator's next()", () => {
  it("may be called before the last one has settled: each gives the item of its turn", async () => {
    const source = new Source<number>();
    source.put(1);
    const iterator = source.iterator();
    const nexts = Array.from({ length: 4 }, () => iterator.next());
    await settle();
    source.put(2, 3);
    source.close();
    expect(await Promise.all(nexts)).toEqual([item(1), item(2), item(3), DONE]);
  });

  it("waits for its turn behind those that were called before, however late", async () => {
    const source = new Source<number>();
    const iterator = source.iterator();
    const nexts = [iterator.next(), iterator.next()];
    source.put(1);
    await nexts[0];
    nexts.push(iterator.next());
    source.put(2, 3);
    expect(await Promise.all(nexts)).toEqual([item(1), item(2), item(3)]);
    source.put(4);
    expect(await iterator.next()).toEqual(item(4));
  });

  it("may wait ten thousand times", async () => {
    const source = new Source<number>();
    const iterator = source.iterator();
    const numbers = Array.from({ length: 10_000 }, (_, n) => n);
    const nexts = numbers.map(() => iterator.next());
    source.put(...numbers);
    expect((await Promise.all(nexts)).map(({ value }) => value)).toEqual(numbers);
  });

  it("throws the error of a wait, which ends the iteration", async () => {
    const source = new Source<number>();
    const error = new Error("broken");
    const iterator = source.iterator();
    const nexts = [iterator.next(), iterator.next(), iterator.next()];
    source.put(1);
    await nexts[0];
    source.fail(error);
    expect([await rejection(nexts[1]!), await nexts[2], await iterator.next(), source.ends]).toEqual([
      error,
      DONE,
      DONE,
      1,
    ]);
  });

  it.each(["later", "now", "item"] as const)(
    "throws what `%s` throws, which ends the iteration",
    async (name) => {
      const source = new Source<number>();
      source.put(1);
      const error = new Error("broken");
      const fail = (): never => {
        throw error;
      };
      const iterator =
        name === "later" ? iterate(source, fail) : iterate(source, () => source.take(), { [name]: fail });
      expect([await rejection(iterator.next()), await iterator.next()]).toEqual([error, DONE]);
    },
  );

  it("throws Cancelled when the task that has called it is dropped, and takes nothing", async () => {
    const source = new Source<number>();
    const iterator = source.iterator();
    let thrown: unknown;
    const task = spawn(async () => {
      try {
        await iterator.next();
      } catch (error) {
        thrown = error;
        throw error;
      }
    });
    await settle();
    task.abort();
    await rejection(task);
    source.put(1);
    await settle();
    expect(thrown).toBeInstanceOf(Cancelled);
    expect([source.left, await iterator.next(), source.ends]).toEqual([[1], DONE, 1]);
  });

  it("leaves the others their turns when its task is dropped before its own", async () => {
    const source = new Source<number>();
    const iterator = source.iterator();
    const first = iterator.next();
    const second = spawn(async () => await iterator.next());
    await settle();
    const third = iterator.next();
    second.abort();
    await rejection(second);
    source.put(1, 2);
    expect([await first, await third]).toEqual([item(1), item(2)]);
  });

  it("waits in the task that calls it, which says what for", async () => {
    const source = new Source<number>();
    const runtime = Builder.currentThread().build();
    const iterator = source.iterator();
    void runtime.spawn(async () => await Promise.all([iterator.next(), iterator.next()]));
    await settle();
    const dump = JSON.stringify(runtime.handle().dump());
    runtime.shutdownBackground();
    expect(dump).toContain("something to take");
    expect(dump).toContain("its turn in an iteration");
  });

  it("may be called from a task of the generator lane", async () => {
    const source = new Source<number>();
    const iterator = source.iterator();
    const task = spawn(function* (): Async<unknown> {
      return yield* fromPromise(iterator.next());
    });
    await settle();
    source.put(1);
    expect(await task).toEqual(item(1));
  });
});

type Step = "put" | "next" | "return" | "throw" | "turn" | "anew";

describe("an iterator in a random program", () => {
  it("gives every item once, in order, and leaves in the source what it has not given", async () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom<Step>("put", "next") },
        { weight: 1, arbitrary: fc.constantFrom<Step>("return", "throw", "turn", "anew") },
      ),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        const source = new Source<number>();
        let iterator = source.iterator();
        let isOver = false;
        let put = 0;
        /** What each next() may give: of one that is over before it, done alone. */
        const nexts: { readonly promise: Promise<IteratorResult<number, void>>; readonly isOver: boolean }[] =
          [];
        for (const step of program) {
          if (step === "put") source.put(put++);
          else if (step === "next") nexts.push({ promise: iterator.next(), isOver });
          else if (step === "turn") await settle();
          else if (step === "return") {
            isOver = true;
            void iterator.return();
          } else if (step === "throw") {
            isOver = true;
            iterator.throw(new Error("stop")).catch(() => {});
          } else {
            void iterator.return();
            iterator = source.iterator();
            isOver = false;
          }
        }
        await iterator.return();
        const given: number[] = [];
        for (const next of nexts) {
          const result = await next.promise;
          expect(result.done === true && result.value === undefined).toBe(result.done);
          if (next.isOver) expect(result).toEqual(DONE);
          if (result.done !== true) given.push(result.value);
        }
        await settle();
        expect([...given, ...source.left]).toEqual(Array.from({ length: put }, (_, n) => n));
      }),
      { numRuns: 200 },
    );
  });
});
