import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/macros", "dist/index.js", "5 kB", ["@rt/core", "@rt/core/driver"]);
