/* oxlint-disable require-yield -- a task need not wait for anything */
/** A report sink that throws. */
import { Builder, type Async } from "@rt/core";

function* fail(): Async<void> {
  throw new Error("the task's own");
}

const runtime = Builder.currentThread()
  .onReport(() => {
    throw new Error("the sink's own");
  })
  .build();
runtime.spawn(fail());
