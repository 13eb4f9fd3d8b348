/** `pnpm boundaries` */
import { fileURLToPath } from "node:url";
import { checkBoundaries } from "./check.ts";

const breaches = checkBoundaries(fileURLToPath(new URL("../../packages", import.meta.url)));
for (const breach of breaches) console.error(breach);
console.log(
  breaches.length === 0 ? "Package boundaries hold" : `Package boundaries: ${breaches.length} breached`,
);
process.exitCode = breaches.length === 0 ? 0 : 1;
