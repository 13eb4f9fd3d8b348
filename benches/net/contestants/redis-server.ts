/** The real one, without persistence. */

import { spawn, spawnSync } from "node:child_process";
import type { Contestant } from "../../harness/case.ts";
import { redisCases } from "../redis.ts";

const isThere = spawnSync("redis-server", ["--version"]).status === 0;

export default (isThere
  ? redisCases((port) =>
      spawn("redis-server", ["--port", String(port), "--save", "", "--appendonly", "no"], {
        stdio: "ignore",
      }),
    )
  : {}) satisfies Contestant;
