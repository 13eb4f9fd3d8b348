import { library } from "../../tooling/build/tsup.ts";

export default library({
  faces: [
    "src/index.ts",
    "src/task.ts",
    "src/runtime.ts",
    "src/runtime/driver.ts",
    "src/macros.ts",
    "src/macros/vitest.ts",
    "src/macros/node-test.ts",
    "src/time.ts",
    "src/time/testing.ts",
    "src/sync.ts",
    "src/io.ts",
    "src/net.ts",
    "src/fs.ts",
    "src/signal.ts",
    "src/process.ts",
  ],
});
