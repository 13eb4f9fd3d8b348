// Tells its entry from the call stack.
import { Handle, yieldNow } from "@rt/core";
import { main } from "@rt/macros";

void main(function* () {
  yield* yieldNow();
  console.log(`hello from ${Handle.current().name() ?? "nobody"}`);
});
