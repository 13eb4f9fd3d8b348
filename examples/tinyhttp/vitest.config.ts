import { suite } from "../../tooling/vitest/config.ts";

export default suite();
