import { createHook } from "node:async_hooks";
import { pollFn } from "@rt/core";
import { EventLoopDriver, LayeredDriver } from "@rt/core/driver";
import { describe, expect, it } from "vitest";
import { quietRuntime } from "./support/lanes.ts";

/** A layer whose deadline stays where it is: what it asks for is always the time until then. */
class Waiting extends LayeredDriver {
  readonly #deadline = performance.now() + 60_000;
  override park(_timeoutMs: number): boolean {
    return this.inner.park(this.#deadline - performance.now());
  }
}

/** How many host timers are made while `body` runs. */
async function timersMade(body: () => Promise<void>): Promise<number> {
  let made = 0;
  const hook = createHook({ init: (_id, type) => void (made += type === "Timeout" ? 1 : 0) }).enable();
  try {
    await body();
  } finally {
    hook.disable();
  }
  return made;
}

describe("EventLoopDriver.park", () => {
  it("keeps the host timer that the last park left when it fires at about the right time", async () => {
    const { runtime } = quietRuntime((builder) => builder.parkOn(() => new Waiting(new EventLoopDriver())));
    const made = await timersMade(async () => {
      for (let i = 0; i < 1000; i += 1) await runtime.spawn(pollFn(() => i));
    });
    // Not one: delays are whole milliseconds, so a later one may end a little earlier.
    expect(made).toBeLessThan(100);
  });
});
