import { library } from "../../tooling/build/tsup.ts";

export default library({ faces: ["src/index.ts", "src/vitest.ts", "src/node-test.ts"] });
