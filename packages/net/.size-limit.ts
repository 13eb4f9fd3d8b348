import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/net", "dist/index.js", "16.1 kB", [
  "@rt/core",
  "@rt/io",
  "@rt/core/driver",
  "node:*",
]);
