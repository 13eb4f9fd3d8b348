import { tokioBar } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ROUNDS, WATCHERS } from "./sizes.ts";

export default [
  bench("watch/1-to-8", {
    about: `a task sends a value when ${WATCHERS} tasks have seen the one before; the last of them notifies it`,
    per: "value that all have seen",
    batch: ROUNDS,
    bars: [tokioBar("watch/1-to-8")],
  }),
] satisfies readonly Case[];
