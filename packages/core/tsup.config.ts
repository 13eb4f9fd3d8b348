import { library } from "../../tooling/build/tsup.ts";

export default library({
  faces: ["src/index.ts", "src/driver.ts"],
  inner: ["src/platform/node.ts", "src/platform/web.ts", "src/platform/watchdog-worker.ts"],
  // Bits of it are free for the leaf futures of others.
  keep: ["_state"],
});
