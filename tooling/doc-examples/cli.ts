/** `node tooling/doc-examples/cli.ts`, in a package: writes its examples, for `tsc` to check them. */
import { generate } from "./generate.ts";

generate(".");
