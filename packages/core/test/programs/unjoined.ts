/** A task fails and nobody joins it. */
import { TaskBuilder, yieldNow, type Async } from "@rt/core";

function* fail(): Async<void> {
  yield* yieldNow();
  throw new Error("out of stamps");
}

const handle = new TaskBuilder().name("mailer").spawn(fail());
console.log(handle.id());
