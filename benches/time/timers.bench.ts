import { type Bar, atMostTimes } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { GENERATOR } from "../harness/contestants.ts";
import { BATCH } from "./sizes.ts";

const FEW = "timers/1k-pending";
const MANY = "timers/1m-pending";
const METRICS = ["add", "reset", "cancel", "reset any"].map((name) => ({ name, unit: "ns" }));
const OPS = { default: 200 * BATCH };

/** Not of `reset any`: which of a million timers it will be no cache can know, whatever keeps them. */
function sameCost(metric: string): Bar {
  const at = (name: string) => ({ case: name, contestant: GENERATOR, metric });
  return atMostTimes(at(MANY), 1.5, at(FEW));
}

export default [
  bench(FEW, {
    about: "sleeps polled by hand among 1,000 others: added, reset, cancelled; one of the others is reset",
    per: "timer",
    batch: BATCH,
    metrics: METRICS,
    ops: OPS,
    warmUps: 5,
  }),
  bench(MANY, {
    about: "the same among 1,000,000 others",
    per: "timer",
    batch: BATCH,
    metrics: METRICS,
    ops: OPS,
    warmUps: 5,
    bars: [sameCost("add"), sameCost("reset"), sameCost("cancel")],
  }),
] satisfies readonly Case[];
