import type { AreaDefinition } from "../harness/case.ts";
import connections from "./connections.bench.ts";
import echo from "./echo.bench.ts";

export default {
  cases: [...echo, ...connections],
  bars: [],
} satisfies AreaDefinition;
