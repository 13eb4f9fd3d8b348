import type { AreaDefinition } from "../harness/case.ts";
import files from "./files.bench.ts";

export default {
  cases: files,
  bars: [],
} satisfies AreaDefinition;
