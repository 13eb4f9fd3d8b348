import { library } from "../../tooling/build/tsup.ts";

export default library({
  faces: ["src/index.ts", "src/testing.ts"],
  // `_state`: bits of it are free for the leaf futures of others. The others: tests look at them.
  short: { keep: ["_state", "_moveTo", "_wheel"], also: [] },
});
