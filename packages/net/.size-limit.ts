import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/net", "dist/index.js", "13.5 kB", [
  "@rt/core",
  "@rt/io",
  "@rt/core/driver",
  "node:*",
]);
