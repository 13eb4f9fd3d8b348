/** An async task fails and nobody joins it. */
import { TaskBuilder, yieldNow } from "@rt/core";

async function fail(): Promise<void> {
  await yieldNow();
  throw new Error("out of stamps");
}

const handle = new TaskBuilder().name("mailer").spawn(fail);
console.log(handle.id());
