import { library } from "../../tooling/build/tsup.ts";

export default library({ faces: ["src/index.ts"], flat: ["Guard"] });
