import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/macros", "dist/index.js", "4.9 kB", ["@rt/core", "@rt/core/driver"]);
