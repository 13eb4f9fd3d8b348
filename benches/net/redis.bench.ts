import { timesAs } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { GENERATOR, REDIS_SERVER } from "../harness/contestants.ts";
import { REDIS_CASES } from "./sizes.ts";

/** About a second each. */
const REQUESTS = { one: 100_000, pipelined: 500_000 };

export default Object.entries(REDIS_CASES).map(([name, { test, pipeline }]) => {
  const at = (contestant: string, metric: string) => ({ case: name, contestant, metric });
  return bench(name, {
    about: `redis-benchmark -t ${test} -c 50 -P ${pipeline} against mini-redis and redis-server`,
    per: "request",
    batch: 1,
    metrics: [
      { name: "cpu", unit: "ns" },
      { name: "rate", unit: "/s", more: true },
    ],
    headline: "cpu",
    ops: { default: pipeline === 1 ? REQUESTS.one : REQUESTS.pipelined },
    warmUps: 2,
    rounds: 5,
    bars: [
      timesAs(
        `${name}: mini-redis's rate beside redis-server's`,
        at(GENERATOR, "rate"),
        at(REDIS_SERVER, "rate"),
      ),
    ],
  });
}) satisfies readonly Case[];
