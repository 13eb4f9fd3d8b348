import type { AreaDefinition } from "../harness/case.ts";
import connections from "./connections.bench.ts";
import echo from "./echo.bench.ts";
import redis from "./redis.bench.ts";

export default {
  cases: [...echo, ...redis, ...connections],
  bars: [],
} satisfies AreaDefinition;
