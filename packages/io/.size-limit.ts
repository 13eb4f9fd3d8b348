import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/io", "dist/index.js", "15.5 kB", ["@rt/core", "@rt/core/driver"]);
