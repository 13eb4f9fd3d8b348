import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/process", "dist/index.js", "4 kB", [
  "@rt/core",
  "@rt/io",
  "@rt/signal",
  "@rt/core/driver",
]);
