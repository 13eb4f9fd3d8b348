import { type Async, Builder, spawn, yieldNow } from "@rt/core";
import { advance } from "@rt/time";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Deadlines } from "../src/server/deadlines.ts";
import { now, Store } from "../src/server/store.ts";

async function paused<T>(body: () => Async<T>): Promise<T> {
  await using runtime = Builder.currentThread().startPaused(true).build();
  return await runtime.blockOn(body);
}

describe("Deadlines.takeDue", () => {
  it("takes keys in the order of their last deadline, as a plain map would", () => {
    const change = fc.record({ key: fc.nat(9).map(String), at: fc.option(fc.nat(50)) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
        const [deadlines, model] = [new Deadlines(), new Map<string, number>()];
        for (const { key, at } of changes) {
          if (at === null) {
            deadlines.delete(key);
            model.delete(key);
          } else {
            deadlines.set(key, at);
            model.set(key, at);
          }
        }
        const taken: [string, number][] = [];
        for (let time = 0; time <= 50; time += 1)
          for (let key = deadlines.takeDue(time); key !== undefined; key = deadlines.takeDue(time))
            taken.push([key, time]);
        expect(new Map(taken)).toEqual(model);
        expect(deadlines.size).toBe(0);
      }),
    );
  });
});

function* expired(): Async<[number, number, number]> {
  const store = new Store();
  const task = spawn(store.expire());
  for (let key = 0; key < 1_000; key += 1) store.set(`${key}`, "x", now() + 100 + (key % 2) * 100);
  store.set("kept", "x");
  yield* yieldNow();
  const before = store.size;
  yield* advance(150);
  yield* settle();
  const half = store.size;
  yield* advance(100);
  yield* settle();
  task.abort();
  return [before, half, store.size];
}

function* settle(): Async<void> {
  for (let turn = 0; turn < 20; turn += 1) yield* yieldNow();
}

function* nearer(): Async<number> {
  const store = new Store();
  const task = spawn(store.expire());
  store.set("late", "x", now() + 10_000);
  yield* settle();
  store.set("soon", "x", now() + 10);
  yield* advance(20);
  yield* settle();
  task.abort();
  return store.size;
}

describe("Store.expire", () => {
  it("removes keys as their time comes, without anybody asking for them", async () => {
    expect(await paused(expired)).toEqual([1_001, 501, 1]);
  });

  it("notices a deadline that is nearer than the one it waits for", async () => {
    expect(await paused(nearer)).toBe(1);
  });
});

describe("Store.get", () => {
  it("does not give a key whose time has come, though the task has not removed it", async () => {
    const got = await paused(function* () {
      const store = new Store();
      store.set("key", "x", now() + 10);
      yield* advance(10);
      return [store.size, store.get("key")];
    });
    expect(got).toEqual([1, undefined]);
  });
});

describe("Store.set", () => {
  it("makes a key stay that was to expire", async () => {
    const got = await paused(function* () {
      const store = new Store();
      store.set("key", "x", now() + 10);
      store.set("key", "y");
      yield* advance(20);
      return store.get("key");
    });
    expect(got).toBe("y");
  });
});
