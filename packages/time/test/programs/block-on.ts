/** A blockOn waits for a timer, and a plain async function beside it for another. */
import { Builder } from "@rt/core";
import { sleep } from "@rt/time";

async function plain(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await sleep(10);
  console.log("plain");
}

const runtime = Builder.currentThread().build();
const guard = runtime.enter();
void plain();
guard.dispose();
await runtime.blockOn(async () => sleep(80));
console.log("due");
