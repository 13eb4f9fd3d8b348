import { entry } from "../../tooling/size/limit.ts";

const PROGRAM = "{ spawn, JoinSet, Builder, yieldNow, Future }";

// Everything the package exports in one bundle, and what a program pays that uses the main things. The goal is 12 kB,
// which is not reached: until then this keeps what there is from growing. For Node the watchdog's thread is in it.
export default [
  ...entry("@rt/core", "dist/index.js", "24.2 kB"),
  ...entry("@rt/core, a program", "dist/index.js", "21 kB", [], PROGRAM),
];
