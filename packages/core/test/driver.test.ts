import { Builder, DriverSetupError, pending, spawn, yieldNow, type Async, type Handle } from "@rt/core";
import { EventLoopDriver, LayeredDriver, type Driver, type DriverKey } from "@rt/core/driver";
import { describe, expect, it } from "vitest";
import { driverSuite } from "./support/driver-suite.ts";
import { AlarmDriver, alarmKey, SimulatedDriver } from "./support/drivers.ts";
import { Gate, rejectionOf, thrownBy, turn, until } from "./support/runtime.ts";

driverSuite("EventLoopDriver", () => ({ driver: new EventLoopDriver(), now: () => performance.now() }));

driverSuite("a driver that waits by itself", () => {
  const driver = new SimulatedDriver();
  return { driver, now: () => driver.now() };
});

class Layer extends LayeredDriver {
  readonly handle: Handle;
  constructor(inner: Driver, handle: Handle) {
    super(inner);
    this.handle = handle;
  }
  get below(): Driver {
    return this.inner;
  }
}

function layerKey(name = "layer"): DriverKey<Layer> & { installs: number } {
  return {
    name,
    installs: 0,
    install(inner, handle): Layer {
      this.installs += 1;
      return new Layer(inner, handle);
    },
  };
}

function simulated() {
  const driver = new SimulatedDriver();
  const builder = Builder.currentThread()
    .parkOn(() => driver)
    .onReport(() => {});
  return { driver, builder };
}

function* yieldTimes(times: number): Async<void> {
  for (let i = 0; i < times; i += 1) yield* yieldNow();
}

describe("Builder.parkOn", () => {
  it("makes a driver for each runtime", async () => {
    let made = 0;
    const builder = Builder.currentThread().parkOn(() => {
      made += 1;
      return new EventLoopDriver();
    });
    await using _first = builder.build();
    await using _second = builder.build();
    expect(made).toBe(2);
  });

  it("starts the driver once, before anything else", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    await runtime.spawn(yieldTimes(1));
    expect(driver.calls[0]).toBe("start");
    expect(driver.count("start")).toBe(1);
  });

  it("passes hours in no time on a simulated clock", async () => {
    const { driver, builder } = simulated();
    const key = alarmKey(() => driver.now());
    await using runtime = builder.addDriver(key).build();
    await runtime.blockOn(runtime.handle().driver(key).after(3_600_000));
    expect(driver.now()).toBe(3_600_000);
  });

  it("runs a program on a simulated clock in the order of its deadlines: async lane", async () => {
    const { driver, builder } = simulated();
    const key = alarmKey(() => driver.now());
    await using runtime = builder.addDriver(key).build();
    const alarms = runtime.handle().driver(key);
    const seen: string[] = [];
    const tick = async (name: string, ms: number): Promise<void> => {
      for (let i = 0; i < 2; i += 1) {
        await alarms.after(ms);
        seen.push(`${name}@${driver.now()}`);
      }
    };
    await runtime.blockOn(async () => {
      for (const handle of [spawn(() => tick("a", 500)), spawn(() => tick("b", 300))]) await handle;
    });
    expect(seen).toEqual(["b@300", "a@500", "b@600", "a@1000"]);
  });

  it("shares the error when the function throws", () => {
    const error = new Error("no driver today");
    const builder = Builder.currentThread().parkOn(() => {
      throw error;
    });
    expect(thrownBy(() => builder.build())).toBe(error);
  });
});

describe("Driver.park", () => {
  it("is called with no bound when nothing in the stack has a deadline", async () => {
    const timeouts: number[] = [];
    class Noting extends LayeredDriver {
      override park(timeoutMs: number): boolean {
        timeouts.push(timeoutMs);
        return this.inner.park(timeoutMs);
      }
    }
    await using runtime = Builder.currentThread()
      .parkOn(() => new Noting(new EventLoopDriver()))
      .build();
    await runtime.spawn(yieldTimes(1));
    await turn();
    expect(timeouts).toEqual([Infinity]);
  });

  it("is followed by a poll when it returns true", async () => {
    const { driver, builder } = simulated();
    const key = alarmKey(() => driver.now());
    await using runtime = builder.addDriver(key).build();
    await runtime.spawn(runtime.handle().driver(key).after(10));
    const parks = driver.calls.flatMap((call, i) => (call === "park" ? [i] : []));
    expect(driver.calls[(parks[0] ?? 0) + 1]).toBe("poll");
  });

  it("is not called while a task is ready", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    const parks = await runtime.spawn(function* (): Async<number> {
      yield* yieldTimes(200);
      return driver.count("park");
    });
    expect(parks).toBe(0);
  });
});

describe("Driver.poll", () => {
  it("may wake tasks, which run before the scheduler parks again", async () => {
    const gate = new Gate();
    class Opening extends LayeredDriver {
      override poll(): void {
        this.inner.poll();
        if (gate.polls > 0) gate.open();
      }
    }
    await using runtime = Builder.currentThread()
      .parkOn(() => new Opening(new EventLoopDriver()))
      .build();
    const handle = runtime.spawn(gate);
    await until(() => gate.polls > 0);
    runtime.spawn(yieldTimes(1)); // an activation, and with it a poll of the driver
    await handle;
    expect(gate.polls).toBe(2);
  });

  it("is called between two batches of a busy scheduler", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.eventInterval(10).build();
    await runtime.spawn(yieldTimes(100));
    expect(driver.count("poll")).toBeGreaterThanOrEqual(10);
  });
});

describe("Driver.unpark", () => {
  it("is called once for many wake-ups of a parked scheduler", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    const handles = Array.from({ length: 10 }, () => runtime.spawn(yieldTimes(1)));
    const calls = driver.count("unpark");
    for (const handle of handles) await handle;
    expect(calls).toBe(1);
  });

  it("is not called for wake-ups by tasks that are being polled", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    await runtime.spawn(yieldTimes(50));
    expect(driver.count("unpark")).toBe(1);
  });

  it("is called for each wake-up that finds the scheduler parked", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    for (let i = 0; i < 3; i += 1) {
      await runtime.spawn(yieldTimes(1));
      await turn();
    }
    expect(driver.count("unpark")).toBe(3);
  });

  it("may activate before it returns", async () => {
    let activate = (): void => {};
    class Eager extends LayeredDriver {
      override start(given: () => void): void {
        activate = given;
        this.inner.start(given);
      }
      override unpark(): void {
        activate();
      }
    }
    await using runtime = Builder.currentThread()
      .parkOn(() => new Eager(new EventLoopDriver()))
      .build();
    const gate = new Gate();
    const handle = runtime.spawn(gate);
    const polls = gate.polls;
    gate.open();
    await handle;
    expect([polls, gate.polls]).toEqual([1, 2]);
  });
});

describe("Driver.turn", () => {
  it("is forced after exactly the interval that the builder was given", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.eventInterval(10).build();
    await runtime.spawn(yieldTimes(95)); // 96 polls
    expect([driver.count("turn!"), driver.count("turn")]).toEqual([9, 0]);
  });

  it("is offered, not forced, every 61 polls by default", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    await runtime.spawn(yieldTimes(61 * 4)); // 245 polls
    expect([driver.count("turn!"), driver.count("turn")]).toEqual([0, 4]);
  });

  it("stops the polling when it returns false, until the driver activates", async () => {
    let activate = (): void => {};
    class Stopping extends LayeredDriver {
      override start(given: () => void): void {
        activate = given;
        this.inner.start(given);
      }
      override turn(): boolean {
        return false;
      }
    }
    await using runtime = Builder.currentThread()
      .parkOn(() => new Stopping(new EventLoopDriver()))
      .eventInterval(5)
      .build();
    let polls = 0;
    const handle = runtime.spawn(function* (): Async<void> {
      for (; polls < 6; polls += 1) yield* yieldNow();
    });
    await turn();
    const stopped = polls;
    activate();
    await handle;
    expect([stopped, polls]).toEqual([4, 6]);
  });
});

describe("Driver.ref", () => {
  it("is held exactly while a blockOn waits", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    const gate = new Gate();
    const before = driver.refs;
    const promise = runtime.blockOn(gate);
    const during = driver.refs;
    await turn();
    gate.open();
    await promise;
    expect([before, during, driver.refs]).toEqual([0, 1, 0]);
  });

  it("is held until the last of several blockOns is over", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    const gate = new Gate();
    const last = runtime.blockOn(gate);
    await runtime.blockOn(yieldTimes(3));
    const during = driver.refs;
    gate.open();
    await last;
    expect([during, driver.refs]).toEqual([1, 0]);
  });

  it("is held while a blockOn of another runtime waits", async () => {
    const { driver, builder } = simulated();
    await using _runtime = builder.build();
    await using other = Builder.currentThread().build();
    const gate = new Gate();
    const waiting = other.blockOn(gate);
    const during = driver.refs;
    gate.open();
    await waiting;
    expect([during, driver.refs]).toEqual([1, 0]);
  });

  it("is held by a runtime that is built while a blockOn of another one waits", async () => {
    await using other = Builder.currentThread().build();
    const gate = new Gate();
    const waiting = other.blockOn(gate);
    const { driver, builder } = simulated();
    await using _runtime = builder.build();
    const during = driver.refs;
    gate.open();
    await waiting;
    expect([during, driver.refs]).toEqual([1, 0]);
  });

  it("is held while a shutdown waits for a cleanup", async () => {
    const { driver, builder } = simulated();
    const runtime = builder.build();
    const gate = new Gate();
    const cleanUp = function* (): Async<void> {
      try {
        yield* pending();
      } finally {
        yield* gate;
      }
    };
    runtime.spawn(cleanUp());
    await runtime.spawn(yieldNow());
    const down = runtime.shutdownTimeout(Infinity);
    const during = driver.refs;
    gate.open();
    await down;
    expect(during).toBe(1);
  });

  it("is given back when the body of the blockOn fails", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    await rejectionOf(
      runtime.blockOn(async () => {
        throw new Error("broken");
      }),
    );
    expect(driver.refs).toBe(0);
  });

  it("is given back when the runtime shuts down under a blockOn", async () => {
    const { driver, builder } = simulated();
    const runtime = builder.build();
    const promise = rejectionOf(runtime.blockOn(pending()));
    runtime.shutdownBackground();
    await promise;
    expect(driver.refs).toBe(0);
  });

  it("is given back on a runtime that has shut down", async () => {
    const { driver, builder } = simulated();
    const runtime = builder.build();
    runtime.shutdownBackground();
    await rejectionOf(runtime.blockOn(yieldTimes(1)));
    expect(driver.refs).toBe(0);
  });

  it("is balanced at the bottom when a layer is added while a blockOn waits", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    const gate = new Gate();
    const promise = runtime.blockOn(gate);
    await turn();
    runtime.handle().driver(layerKey());
    gate.open();
    await promise;
    expect(driver.refs).toBe(0);
  });

  it("reaches a layer that is added while a blockOn waits", async () => {
    const { builder } = simulated();
    await using runtime = builder.build();
    const gate = new Gate();
    const promise = runtime.blockOn(gate);
    let refs = 0;
    class Counting extends LayeredDriver {
      override ref(): void {
        refs += 1;
        super.ref();
      }
      override unref(): void {
        refs -= 1;
        super.unref();
      }
    }
    runtime.handle().driver({ name: "counting", install: (inner) => new Counting(inner) });
    const during = refs;
    gate.open();
    await promise;
    expect([during, refs]).toEqual([1, 0]);
  });
});

describe("Driver.shutdown", () => {
  it("is called once by shutdownBackground", () => {
    const { driver, builder } = simulated();
    builder.build().shutdownBackground();
    expect(driver.count("shutdown")).toBe(1);
  });

  it("is called once though the runtime is shut down twice", async () => {
    const { driver, builder } = simulated();
    const runtime = builder.build();
    runtime.shutdownBackground();
    await runtime[Symbol.asyncDispose]();
    expect(driver.count("shutdown")).toBe(1);
  });

  it("comes after the cleanup of every task", async () => {
    const { driver, builder } = simulated();
    const runtime = builder.build();
    let before = -1;
    runtime.spawn(function* (): Async<void> {
      try {
        yield* pending();
      } finally {
        yield* yieldTimes(5);
        before = driver.count("shutdown");
      }
    });
    await turn();
    await runtime[Symbol.asyncDispose]();
    expect([before, driver.count("shutdown")]).toEqual([0, 1]);
  });

  it("reaches every layer of the stack", async () => {
    const { driver, builder } = simulated();
    let reached = false;
    class Closing extends LayeredDriver {
      override shutdown(): void {
        reached = true;
        super.shutdown();
      }
    }
    const runtime = builder.addDriver({ name: "closing", install: (inner) => new Closing(inner) }).build();
    await runtime[Symbol.asyncDispose]();
    expect([reached, driver.count("shutdown")]).toEqual([true, 1]);
  });
});

describe("Handle.driver", () => {
  it("installs the driver on first use", async () => {
    const { builder } = simulated();
    await using runtime = builder.build();
    const key = layerKey();
    runtime.handle().driver(key);
    expect(key.installs).toBe(1);
  });

  it("gives the same driver for the same key", async () => {
    const { builder } = simulated();
    await using runtime = builder.build();
    const key = layerKey();
    const first = runtime.handle().driver(key);
    expect(runtime.handle().driver(key)).toBe(first);
    expect(key.installs).toBe(1);
  });

  it("gives each runtime a driver of its own", async () => {
    await using first = simulated().builder.build();
    await using second = simulated().builder.build();
    const key = layerKey();
    expect(first.handle().driver(key)).not.toBe(second.handle().driver(key));
  });

  it("puts each new driver on top of those before", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    const lower = runtime.handle().driver(layerKey("lower"));
    const upper = runtime.handle().driver(layerKey("upper"));
    expect([upper.below, lower.below]).toEqual([lower, driver]);
  });

  it("hands the handle to the driver it installs", async () => {
    const { builder } = simulated();
    await using runtime = builder.build();
    expect(runtime.handle().driver(layerKey()).handle.id()).toBe(runtime.handle().id());
  });

  it("may be called by a task", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    const key = alarmKey(() => driver.now());
    await runtime.spawn(function* (): Async<void> {
      yield* runtime.handle().driver(key).after(7);
    });
    expect(driver.now()).toBe(7);
  });

  it("keeps a layer in the stack that another layer asks for while it is installed", async () => {
    const { builder } = simulated();
    await using runtime = builder.build();
    const lowerKey = layerKey("lower");
    const upper = runtime.handle().driver({
      name: "upper",
      install(inner, handle) {
        handle.driver(lowerKey);
        return new Layer(inner, handle);
      },
    });
    const lower = runtime.handle().driver(lowerKey);
    expect([upper.below, lower.below]).toContain(lower);
  });

  it("leaves the stack as it was when install throws, and tries again the next time", async () => {
    const { driver, builder } = simulated();
    await using runtime = builder.build();
    let fails = true;
    const key: DriverKey<Layer> = {
      name: "shy",
      install(inner, handle) {
        if (fails) throw new Error("not yet");
        return new Layer(inner, handle);
      },
    };
    thrownBy(() => runtime.handle().driver(key));
    fails = false;
    expect(runtime.handle().driver(key).below).toBe(driver);
  });

  it("throws a DriverSetupError that names the driver after the shutdown", () => {
    const runtime = simulated().builder.build();
    runtime.shutdownBackground();
    const error = thrownBy(() => runtime.handle().driver(layerKey("time")));
    expect(error).toBeInstanceOf(DriverSetupError);
    expect(error).toMatchObject({ code: "ERR_RT_SHUTDOWN", message: expect.stringContaining("time") });
  });

  it("installs a driver that a cleanup asks for during the shutdown", async () => {
    const runtime = simulated().builder.build();
    const key = layerKey();
    const cleanUp = function* (): Async<void> {
      try {
        yield* pending();
      } finally {
        runtime.handle().driver(key);
      }
    };
    runtime.spawn(cleanUp());
    await runtime.spawn(yieldNow());
    await runtime.shutdownTimeout(Infinity);
    expect(key.installs).toBe(1);
  });

  it("still gives a driver after the shutdown that was installed before", () => {
    const runtime = simulated().builder.build();
    const key = layerKey();
    const driver = runtime.handle().driver(key);
    runtime.shutdownBackground();
    expect(runtime.handle().driver(key)).toBe(driver);
  });
});

describe("Builder.addDriver", () => {
  it("installs the driver when the runtime is built", async () => {
    const key = layerKey();
    await using _runtime = simulated().builder.addDriver(key).build();
    expect(key.installs).toBe(1);
  });

  it("installs several drivers in the order in which they were added", async () => {
    const [lower, upper] = [layerKey("lower"), layerKey("upper")];
    await using runtime = simulated().builder.addDriver(lower).addDriver(upper).build();
    expect(runtime.handle().driver(upper).below).toBe(runtime.handle().driver(lower));
  });

  it("installs a driver once that was added twice", async () => {
    const key = layerKey();
    await using _runtime = simulated().builder.addDriver(key).addDriver(key).build();
    expect(key.installs).toBe(1);
  });
});

describe("LayeredDriver", () => {
  it("passes every call on to the driver below it", () => {
    const inner = new SimulatedDriver();
    const layer = new (class extends LayeredDriver {})(inner);
    layer.start(() => {});
    layer.poll();
    layer.park(1);
    layer.unpark();
    layer.turn(true);
    layer.shutdown();
    expect(inner.calls).toEqual(["start", "poll", "park", "unpark", "turn!", "shutdown"]);
  });

  it("passes ref and unref on", () => {
    const inner = new SimulatedDriver();
    const layer = new AlarmDriver(inner, () => 0);
    layer.ref();
    layer.ref();
    layer.unref();
    expect(inner.refs).toBe(1);
  });

  it("gives what the driver below says to a park and a turn", () => {
    const layer = new AlarmDriver(new SimulatedDriver(), () => 0);
    expect([layer.park(Infinity), layer.park(1), layer.turn(false)]).toEqual([false, true, true]);
  });
});
