import { createHook } from "node:async_hooks";
import { pollFn } from "@rt/core";
import { EventLoopDriver, LayeredDriver } from "@rt/core/driver";
import { describe, expect, it } from "vitest";
import { quietRuntime } from "./support/lanes.ts";

/** A layer that always has a deadline at a fixed distance. */
class Ticking extends LayeredDriver {
  override park(_timeoutMs: number): boolean {
    return this.inner.park(50);
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
    const { runtime } = quietRuntime((builder) => builder.parkOn(() => new Ticking(new EventLoopDriver())));
    const made = await timersMade(async () => {
      for (let i = 0; i < 10; i += 1) await runtime.spawn(pollFn(() => i));
    });
    expect(made).toBeLessThan(5);
  });
});
