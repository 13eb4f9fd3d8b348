import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/rt", "dist/index.js", "5.2 kB", ["@rt/core", "@rt/core/driver"]);
