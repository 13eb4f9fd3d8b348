/* oxlint-disable require-yield -- a task need not wait for anything */
/** Reports to a standard error that nobody reads any more. */
import { Builder, type Async } from "@rt/core";

function* fail(error: unknown): Async<void> {
  throw error;
}

const runtime = Builder.currentThread().build();
for (let i = 0; i < 20; i += 1) {
  runtime.spawn(fail(new Error("unnoticed")));
  await new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}
console.log(`went on, with ${process.stderr.listenerCount("error")} listeners at most 1`);
