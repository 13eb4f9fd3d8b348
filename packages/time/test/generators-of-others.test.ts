import { type Async, yieldNow } from "@rt/core";
import { sleep, timeout } from "@rt/time";
import { describe, expect, it } from "vitest";
import { pausedRuntime } from "./support/runtime.ts";

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

function* slow(log: string[]): Async<string> {
  try {
    yield* sleep(100);
    return "done";
  } finally {
    yield* yieldNow();
    log.push("closed");
  }
}

describe("timeout around a plain object that behaves as a generator", () => {
  it("gives its value", async () => {
    const { runtime } = pausedRuntime();
    expect(await runtime.blockOn(timeout(200, asObject(slow([]))))).toBe("done");
  });

  it("closes it when the time is over", async () => {
    const { runtime } = pausedRuntime();
    const log: string[] = [];
    const seen = await runtime.blockOn(async () =>
      timeout(50, asObject(slow(log))).then(null, (error: unknown) => (error as Error).name),
    );
    expect(seen).toBe("Elapsed");
    await runtime.shutdownTimeout(Infinity);
    expect(log).toEqual(["closed"]);
  });
});
