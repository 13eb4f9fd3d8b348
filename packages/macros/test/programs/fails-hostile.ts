/** Fails with an error that no console gets through. */
import { main } from "@rt/macros";

class Broken extends Error {
  override get stack(): string {
    throw new Error("hostile");
  }
}

const value = await main({ meta: import.meta }, async () => {
  await Promise.resolve();
  throw new Broken("the body broke");
});
console.log(`went on with ${String(value)}`);
