import { inHalfAtMostTimes } from "../harness/bars.ts";
import type { AreaDefinition } from "../harness/case.ts";
import { GENERATOR, TOKIO } from "../harness/contestants.ts";
import als from "./als.bench.ts";
import fairness from "./fairness.bench.ts";
import joinSet from "./join-set.bench.ts";
import memory from "./memory.bench.ts";
import pingPong from "./ping-pong.bench.ts";
import spawn from "./spawn.bench.ts";
import yieldNow from "./yield.bench.ts";

const throughput = [...spawn, ...pingPong, ...yieldNow, ...joinSet];
/** Those that show one of the others from another side. */
const VARIANTS: readonly string[] = ["yield/one-task", "join-set/10k-values"];

export default {
  cases: [...throughput, ...memory, ...fairness, ...als],
  bars: [
    inHalfAtMostTimes(
      throughput.filter(({ name }) => !VARIANTS.includes(name)).map(({ name }) => ({ case: name })),
      GENERATOR,
      1,
      TOKIO,
    ),
  ],
} satisfies AreaDefinition;
