import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/fs", "dist/index.js", "9.8 kB", [
  "@rt/core",
  "@rt/io",
  "@rt/core/driver",
  "node:fs",
  "node:path",
  "node:process",
  "node:tty",
  "node:url",
]);
