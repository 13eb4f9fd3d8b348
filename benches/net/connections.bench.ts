import { atMost, atMostMore } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ASYNC, GENERATOR, NODE_NET } from "../harness/contestants.ts";

const CASE = "connections/19k";
const at = (contestant: string, metric: string) => ({ case: CASE, contestant, metric });

export default [
  bench(CASE, {
    about: "19,000 connections to one server, each of which is asked every 10 s for a minute",
    per: "connection",
    batch: 1,
    metrics: [
      { name: "heap", unit: "B" },
      { name: "resident", unit: "B" },
      { name: "heap after", unit: "B" },
      { name: "answered", unit: "pings", more: true },
      { name: "lost", unit: "pings" },
    ],
    headline: "heap",
    fresh: true,
    rounds: 1,
    chart: false,
    bars: [GENERATOR, ASYNC].flatMap((lane) => [
      atMost(at(lane, "lost"), 0, "pings"),
      atMostMore(at(lane, "heap"), 3_072, "B", at(NODE_NET, "heap")),
      atMostMore(at(lane, "resident"), 3_072, "B", at(NODE_NET, "resident")),
    ]),
  }),
] satisfies readonly Case[];
