import { atMostMore, inHalfAtMostTimes } from "../harness/bars.ts";
import type { AreaDefinition } from "../harness/case.ts";
import { GENERATOR, TOKIO } from "../harness/contestants.ts";
import interval from "./interval.bench.ts";
import memory from "./memory.bench.ts";
import sleep from "./sleep.bench.ts";
import timeout from "./timeout.bench.ts";
import timers from "./timers.bench.ts";

const bytes = (name: string) => ({ case: name, contestant: GENERATOR, metric: "bytes" });

export default {
  cases: [...sleep, ...timeout, ...timers, ...memory, ...interval],
  bars: [
    inHalfAtMostTimes(
      [
        { case: "sleep/create-poll-drop" },
        { case: "sleep/100k-concurrent", metric: "cpu" },
        { case: "timeout/ready" },
        { case: "timeout/job" },
      ],
      GENERATOR,
      1,
      TOKIO,
    ),
    atMostMore(bytes("memory/sleeping-tasks"), 250, "B", bytes("memory/tasks")),
  ],
} satisfies AreaDefinition;
