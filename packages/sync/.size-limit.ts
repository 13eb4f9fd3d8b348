import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/sync", "dist/index.js", "9.5 kB", ["@rt/core", "@rt/core/driver"]);
