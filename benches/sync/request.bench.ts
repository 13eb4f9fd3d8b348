import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ROUNDS } from "./sizes.ts";

export default [
  bench("request/reply", {
    about: "a client sends a oneshot over mpsc(128) to a server task, which answers through it",
    per: "request",
    batch: ROUNDS,
    bars: laneBars("request/reply", 2),
  }),
] satisfies readonly Case[];
