import { pending, yieldNow, type Async } from "@rt/core";
import { branch, join, joinSettled, select, tryJoin } from "@rt/macros";
import { describe, expect, it } from "vitest";

/** What compilers for engines without generators make: an object without a class. */
function asObject<T>(generator: Async<T>): Async<T> {
  return {
    next: () => generator.next(),
    throw: (error: unknown) => generator.throw(error),
    return: (value: T) => generator.return(value),
    [Symbol.iterator]() {
      return this;
    },
  } as Async<T>;
}

function* later<T>(value: T): Async<T> {
  yield* yieldNow();
  return value;
}

function other<T>(value: T): Async<T> {
  return asObject(later(value));
}

describe("a plain object that behaves as a generator", () => {
  it("is a branch of select, in a record and in a list", async () => {
    expect(await select({ a: other(1), never: pending() })).toEqual({ branch: "a", value: 1 });
    expect(await select([other(1), pending()])).toBe(1);
    expect(await select([branch(other(1), { run: (value) => value + 1 }), pending()])).toBe(2);
  });

  it("is run where a handler of select gives it", async () => {
    expect(await select([[other(1), (value) => other(value + 1)]])).toBe(2);
  });

  it.each([
    ["join", join],
    ["tryJoin", tryJoin],
  ])("is one of the futures of %s, not a record of them", async (_, all) => {
    expect(await all(other(1), other(2))).toEqual([1, 2]);
    expect(await all(other(1))).toEqual([1]);
    expect(await all({ a: other(1) })).toEqual({ a: 1 });
  });

  it("is one of the futures of joinSettled", async () => {
    expect(await joinSettled(other(1))).toEqual([{ status: "fulfilled", value: 1 }]);
  });
});
