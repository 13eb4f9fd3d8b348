/** Timers of all kinds are pending that are not to keep the process alive, and nothing else. */
import { Builder, pending, spawn, type Async } from "@rt/core";
import { wakeAfter } from "@rt/core/driver";
import { interval, sleep, timeout } from "@rt/time";

function* tick(): Async<void> {
  const every = interval(60_000);
  for (;;) yield* every.tick();
}

const runtime = Builder.currentThread().build();
runtime.spawn(tick());
runtime.spawn(sleep(60_000));
runtime.spawn(async () => timeout(60_000, pending()));
runtime.spawn(async () => void wakeAfter(60_000, { wake() {} }));
// A blockOn that has ended does not count any more.
await runtime.blockOn(sleep(1));
spawn(tick()).unref();
console.log("end of main");
