/** Only things are left that keep no process alive: parked tasks, a driver's timer, a watchdog. */
import { Builder, pending, spawn, type Async } from "@rt/core";
import { LayeredDriver } from "@rt/core/driver";

class Hour extends LayeredDriver {
  override park(): boolean {
    return this.inner.park(3_600_000);
  }
}

function* forever(): Async<void> {
  yield* pending();
}

const runtime = Builder.currentThread()
  .watchdog(1000)
  .addDriver({ name: "hour", install: (inner) => new Hour(inner) })
  .build();
runtime.spawn(forever());
spawn(async () => pending());
console.log("end of main");
