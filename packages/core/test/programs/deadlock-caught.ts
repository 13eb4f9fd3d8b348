/** Goes on after a deadlock was told. */
import { Builder, DeadlockError, pending, ready } from "@rt/core";

const runtime = Builder.currentThread().build();
try {
  await runtime.blockOn(pending());
} catch (error) {
  console.log(error instanceof DeadlockError ? error.code : "another error");
}
console.log(await runtime.blockOn(ready("again")));
