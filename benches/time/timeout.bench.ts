import { laneBars, rivalBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { SET_TIMEOUT } from "../harness/contestants.ts";

export default [
  bench("timeout/ready", {
    about: "a timeout of 10 s around a future that is ready",
    per: "timeout",
    batch: 1_000,
    bars: laneBars("timeout/ready", 2),
  }),
  bench("timeout/job", {
    about: "a timeout of 10 s around a generator or async function that waits once, for its turn",
    per: "timeout",
    batch: 1_000,
    bars: [...laneBars("timeout/job", 2), ...rivalBars("timeout/job", [SET_TIMEOUT])],
  }),
] satisfies readonly Case[];
