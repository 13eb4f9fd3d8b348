import { beforeEach, describe, expect, it } from "vitest";
import { Gather } from "../../src/internal/gather.ts";

/** What a scheduler does: asks once for an activation, which comes in a microtask behind the callback that asked. */
class Scheduler {
  readonly gather: Gather = new Gather(() => this.#activateSoon());
  activations = 0;
  #active = false;

  wake(): void {
    if (this.#active) return;
    this.#active = true;
    if (!this.gather.holds()) this.#activateSoon();
  }

  #activateSoon(): void {
    void Promise.resolve().then(() => {
      this.#active = false;
      this.activations += 1;
    });
  }
}

describe("Gather, of events that each wake a task,", () => {
  let scheduler: Scheduler;

  beforeEach(() => {
    scheduler = new Scheduler();
  });

  /** A turn of the loop with so many callbacks, each with its microtasks behind it: how many activations it took. */
  async function turn(events: number, bytes = 64): Promise<number> {
    const before = scheduler.activations;
    for (let event = 0; event < events; event += 1) {
      scheduler.gather.begin();
      scheduler.wake();
      scheduler.gather.end(bytes);
      await settled();
    }
    await new Promise((resolve) => setImmediate(resolve));
    await settled();
    return scheduler.activations - before;
  }

  async function settled(): Promise<void> {
    for (let hop = 0; hop < 4; hop += 1) await Promise.resolve();
  }

  async function underLoad(): Promise<void> {
    for (let count = 0; count < 100; count += 1) await turn(8);
  }

  it("has an activation behind each as long as there is one to a turn", async () => {
    for (let count = 0; count < 500; count += 1) expect(await turn(1)).toBe(1);
  });

  it("has one at the end of the turn once there are many", async () => {
    await underLoad();
    expect(await turn(8)).toBe(1);
    expect(await turn(1)).toBe(1);
  });

  it("goes back when the load is over", async () => {
    await underLoad();
    for (let count = 0; count < 20; count += 1) await turn(1);
    scheduler.gather.begin();
    scheduler.wake();
    scheduler.gather.end(64);
    const before = scheduler.activations;
    await settled();
    expect(scheduler.activations - before).toBe(1);
  });

  it("holds up no more than 16 of them", async () => {
    await underLoad();
    expect(await turn(40)).toBe(3);
  });

  it("holds up no more than 64 KiB of them", async () => {
    await underLoad();
    expect(await turn(8, 64 * 1024)).toBe(8);
    expect(await turn(8, 16 * 1024)).toBe(2);
  });

  it("never holds up what is woken by something else", async () => {
    await underLoad();
    const before = scheduler.activations;
    scheduler.wake();
    await settled();
    expect(scheduler.activations - before).toBe(1);
  });

  it("loses no wake whatever comes in which order", async () => {
    for (let count = 0; count < 2_000; count += 1) {
      const events = (count * 7919) % 23;
      const activations = await turn(events, (count * 104_729) % 40_000);
      if (events > 0) expect(activations).toBeGreaterThan(0);
    }
  });
});
