/** What every driver at the bottom of a stack must do, whether it gives the thread back or waits itself. */
import { ready, Builder, yieldNow, type Async } from "@rt/core";
import type { Driver } from "@rt/core/driver";
import { describe, expect, it } from "vitest";
import { AlarmDriver, alarmKey } from "./drivers.ts";
import { Gate, turn, until } from "./runtime.ts";

export interface DriverUnderTest {
  readonly driver: Driver;
  /** The clock that its waits go by. */
  now(): number;
}

function* waitFor(gate: Gate): Async<string> {
  yield* gate;
  return "woken";
}

function* spin(stop: () => boolean): Async<void> {
  while (!stop()) yield* yieldNow();
}

export function driverSuite(name: string, make: () => DriverUnderTest): void {
  const setUp = () => {
    const { driver, now } = make();
    const alarms = alarmKey(now);
    const runtime = Builder.currentThread()
      .parkOn(() => driver)
      .addDriver(alarms)
      .onReport(() => {})
      .build();
    return { runtime, alarms: runtime.handle().driver(alarms) };
  };

  describe(`${name}, as every driver`, () => {
    it("activates after an unpark, and not before it has returned", async () => {
      const { driver } = make();
      let activations = 0;
      driver.start(() => void (activations += 1));
      driver.unpark();
      const during = activations;
      await until(() => activations > 0);
      expect(during).toBe(0);
    });

    it("activates once for many unparks in a row", async () => {
      const { driver } = make();
      let activations = 0;
      driver.start(() => void (activations += 1));
      for (let i = 0; i < 10; i += 1) driver.unpark();
      await turn();
      expect(activations).toBe(1);
    });

    it("lets the scheduler go on after a turn, or activates it when the turn is over", async () => {
      const { driver } = make();
      let activated = false;
      driver.start(() => void (activated = true));
      const goOn = driver.turn(true);
      if (!goOn) await until(() => activated);
      expect(goOn || activated).toBe(true);
    });

    it("does not activate a scheduler after its shutdown because of a time-out", async () => {
      const { driver } = make();
      let activations = 0;
      driver.start(() => void (activations += 1));
      driver.park(1);
      driver.shutdown();
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
      expect(activations).toBe(0);
    });

    it("runs a task that is spawned from outside", async () => {
      const { runtime } = setUp();
      const gate = new Gate();
      gate.open();
      expect(await runtime.spawn(waitFor(gate))).toBe("woken");
      runtime.shutdownBackground();
    });

    it("runs a parked task again that is woken from outside", async () => {
      const { runtime } = setUp();
      const gate = new Gate();
      const handle = runtime.spawn(waitFor(gate));
      await until(() => gate.polls === 1);
      gate.open();
      expect(await handle).toBe("woken");
      runtime.shutdownBackground();
    });

    it("ends a wait when its time is over", async () => {
      const { runtime, alarms } = setUp();
      await runtime.blockOn(alarms.after(5));
      expect(alarms.waiting).toBe(0);
      runtime.shutdownBackground();
    });

    it("ends waits in the order of their deadlines", async () => {
      const { runtime, alarms } = setUp();
      const order: number[] = [];
      const say = function* (ms: number): Async<void> {
        yield* alarms.after(ms);
        order.push(ms);
      };
      const handles = [30, 10, 20].map((ms) => runtime.spawn(say(ms)));
      await runtime.blockOn(async () => {
        for (const handle of handles) await handle;
      });
      expect(order).toEqual([10, 20, 30]);
      runtime.shutdownBackground();
    });

    it("waits no shorter than it was asked to", async () => {
      const { driver, now } = make();
      const alarms = alarmKey(now);
      const runtime = Builder.currentThread()
        .parkOn(() => driver)
        .build();
      const start = now();
      await runtime.blockOn(runtime.handle().driver(alarms).after(20));
      expect(now() - start).toBeGreaterThanOrEqual(20);
      runtime.shutdownBackground();
    });

    it("ends waits while another task is always ready", async () => {
      const { runtime, alarms } = setUp();
      const alarm = runtime.spawn(alarms.after(2));
      await runtime.spawn(spin(() => alarm.isFinished()));
      expect(alarms.waiting).toBe(0);
      runtime.shutdownBackground();
    });

    it("forgets a wait that was dropped", async () => {
      const { runtime, alarms } = setUp();
      const dropped = alarms.after(60_000);
      dropped.poll({ waker: { wake() {} } });
      dropped.drop();
      expect(await runtime.spawn(ready("quick"))).toBe("quick");
      runtime.shutdownBackground();
    });

    it("serves two blockOns at the same time", async () => {
      const { runtime, alarms } = setUp();
      await Promise.all([runtime.blockOn(alarms.after(3)), runtime.blockOn(alarms.after(1))]);
      expect(alarms).toBeInstanceOf(AlarmDriver);
      runtime.shutdownBackground();
    });
  });
}
