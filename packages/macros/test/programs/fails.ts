import { main } from "@rt/macros";

class Broken extends Error {}

const value = await main({ meta: import.meta }, async () => {
  if (process.argv[2] !== undefined) process.exitCode = Number(process.argv[2]);
  await Promise.resolve();
  throw new Broken("the body broke", { cause: new Error("because of this") });
});
if (process.argv[1] === import.meta.filename) console.log(`went on with ${String(value)}`);
