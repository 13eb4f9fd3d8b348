import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/sync", "dist/index.js", "9.4 kB", ["@rt/core", "@rt/core/driver"]);
