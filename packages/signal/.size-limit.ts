import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/signal", "dist/index.js", "2 kB", ["@rt/core", "@rt/sync", "@rt/core/driver"]);
