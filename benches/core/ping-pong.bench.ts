import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";

export default [
  bench("ping-pong/spawned", {
    about: "1,000 tasks spawn a partner each and exchange two oneshots with it",
    per: "pair",
    batch: 1_000,
    bars: laneBars("ping-pong/spawned"),
  }),
] satisfies readonly Case[];
