/** Binds what `Future` needs of later modules. Evaluated once, by every entry of the package. */
import { EventLoopDriver } from "../driver/event-loop.ts";
import { Runtime } from "../runtime.ts";
import { awaitFuture, awaitTask } from "./await.ts";
import { DEFAULTS } from "./config.ts";
import { CurrentThread } from "./current-thread.ts";
import { realm } from "./realm.ts";

// A second copy of the same version finds the first one's functions here and uses them.
realm.bridge ??= {
  awaitFuture,
  awaitTask,
  ambient: () => (realm.ambient ??= makeDefault()),
};

/** Not with a builder, which programs that use no other runtime need not carry. */
function makeDefault(): Runtime {
  const driver = new EventLoopDriver();
  // Its timers keep the process alive, as those of the host do. A runtime that was built waits for a `blockOn`.
  driver.ref();
  return new Runtime(new CurrentThread({ ...DEFAULTS, name: "default", isDefault: true }, driver));
}
