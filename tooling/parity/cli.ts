/** `pnpm parity` */
import { fileURLToPath } from "node:url";
import { checkParity } from "./check.ts";

const { rows, problems } = checkParity(fileURLToPath(new URL("../..", import.meta.url)));
for (const problem of problems) console.error(problem);
console.log(`Parity table: ${rows} rows, ${problems.length} problems`);
process.exitCode = problems.length === 0 && rows > 0 ? 0 : 1;
