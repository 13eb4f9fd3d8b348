import { entry } from "../../tooling/size/limit.ts";

export default entry("@rt/core", "dist/index.js", "12 kB");
