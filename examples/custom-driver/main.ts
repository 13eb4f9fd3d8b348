/** A day passes in a few milliseconds: tasks that sleep on a simulated clock. */
import { type Async, Builder, spawn } from "@rt/core";
import { SimulatedClock, sleep } from "./simulated-clock.ts";

const HOUR = 3_600_000;

function* every(hours: number, name: string): Async<number> {
  let times = 0;
  for (let now = 0; now < 24 * HOUR; times += 1) {
    now = yield* sleep(hours * HOUR);
    console.log(`${String(now / HOUR).padStart(2)} h  ${name}`);
  }
  return times;
}

function* day(): Async<number> {
  const meals = spawn(every(6, "meal"));
  const walks = spawn(every(8, "walk"));
  return (yield* meals) + (yield* walks);
}

await using runtime = Builder.currentThread().addDriver(SimulatedClock.KEY).build();
const start = performance.now();
const times = await runtime.blockOn(day());
console.log(`${times} times in ${(performance.now() - start).toFixed(0)} ms`);
