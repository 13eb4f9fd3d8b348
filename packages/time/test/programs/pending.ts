/** Timers of all kinds are pending, and nothing else. */
import { Builder, pending, spawn, type Async } from "@rt/core";
import { wakeAfter } from "@rt/core/driver";
import { interval, sleep, timeout } from "@rt/time";

function* tick(): Async<void> {
  const every = interval(60_000);
  for (;;) yield* every.tick();
}

spawn(tick());
spawn(sleep(60_000));
spawn(async () => timeout(60_000, pending()));
void sleep(60_000).then(() => console.log("never"));
wakeAfter(60_000, { wake() {} });
// A blockOn that has ended does not count any more.
const runtime = Builder.currentThread().build();
runtime.spawn(sleep(60_000));
await runtime.blockOn(sleep(1));
console.log("end of main");
