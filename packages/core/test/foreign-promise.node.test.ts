import { runInNewContext } from "node:vm";
import { fromPromise, spawn } from "@rt/core";
import { describe, expect, it } from "vitest";
import { TestWaker, turn } from "./support/lanes.ts";

interface Foreign {
  readonly promise: Promise<string>;
  readonly resolve: (value: string) => void;
  readonly reject: (error: unknown) => void;
}

function foreign(): Foreign {
  return runInNewContext("Promise.withResolvers()") as Foreign;
}

describe("a promise of another realm", () => {
  it("is asked once, however many wait for it", () => {
    const { promise } = foreign();
    let asked = 0;
    const { then } = promise;
    void Object.defineProperty(promise, "then", {
      value: (...callbacks: [() => void, () => void]) => {
        asked += 1;
        return then.apply(promise, callbacks);
      },
    });
    for (let i = 0; i < 100; i += 1) {
      const wait = fromPromise(promise);
      wait.poll(new TestWaker());
      wait.drop();
    }
    expect(asked).toBe(1);
  });

  it("gives its value to all that wait for it", async () => {
    const { promise, resolve } = foreign();
    const handles = [spawn(promise), spawn(promise)];
    await turn();
    resolve("value");
    expect([await handles[0], await handles[1]]).toEqual(["value", "value"]);
  });

  it("is in our charge from the start, as one of ours is", async () => {
    const { promise, reject } = foreign();
    fromPromise(promise).drop();
    reject(new Error("nobody's"));
    await turn(); // an unhandled rejection would fail the run
    expect(fromPromise(promise).poll(new TestWaker())).not.toBe("value");
  });
});
