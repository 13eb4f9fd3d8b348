import { inHalfAtMostTimes } from "../harness/bars.ts";
import type { AreaDefinition } from "../harness/case.ts";
import { GENERATOR, TOKIO } from "../harness/contestants.ts";
import join from "./join.bench.ts";
import select from "./select.bench.ts";

const cases = [...select, ...join];

export default {
  cases,
  bars: [
    inHalfAtMostTimes(
      cases.map(({ name }) => ({ case: name })),
      GENERATOR,
      1,
      TOKIO,
    ),
  ],
} satisfies AreaDefinition;
