import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/fs", "dist/index.js", "6.5 kB", [
  "@rt/core",
  "@rt/io",
  "@rt/core/driver",
  "node:fs",
  "node:path",
  "node:url",
]);
