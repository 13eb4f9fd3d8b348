/** `prepack` and `postpack` of the packages that have sub-paths: makes their folders, and with `--remove` takes them away. */
import { removeStubs, writeStubs } from "./stubs.ts";

if (process.argv.includes("--remove")) removeStubs(process.cwd());
else writeStubs(process.cwd());
