import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/time", "dist/index.js", "5.5 kB", ["@rt/core", "@rt/core/driver"]);
