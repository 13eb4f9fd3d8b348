/** A cleanup sleeps while the runtime shuts down. */
import { Builder, pending, yieldNow, type Async } from "@rt/core";
import { sleep } from "@rt/time";

function* cleanUpSlowly(): Async<void> {
  try {
    yield* pending();
  } finally {
    yield* sleep(20);
    console.log("cleaned up");
  }
}

const runtime = Builder.currentThread().build();
runtime.spawn(cleanUpSlowly());
await runtime.blockOn(yieldNow());
await runtime.shutdownTimeout(Infinity);
console.log("shut down");
