/** On a paused clock: timers are no deadlock, but what comes behind them is. */
import { Builder, DeadlockError, pending } from "@rt/core";
import { sleep } from "@rt/time";

const runtime = Builder.currentThread().startPaused(true).build();
await runtime.blockOn(sleep({ hours: 24 }));
console.log("slept");
try {
  await runtime.blockOn(async () => {
    await sleep({ hours: 24 });
    await pending();
  });
} catch (error) {
  console.log(error instanceof DeadlockError ? "deadlock" : error);
}
