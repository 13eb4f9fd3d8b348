import { atMostTimes } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ASYNC, GENERATOR, NODE_NET } from "../harness/contestants.ts";
import { ECHOES } from "./sizes.ts";

/** Some 0.3 s each. */
const MESSAGES = { small: 32_768, large: 4_096 };

export default Object.entries(ECHOES).map(([name, { connections, bytes }]) => {
  const at = (contestant: string) => ({ case: name, contestant, metric: "cpu" });
  return bench(name, {
    about: `${bytes} bytes sent back over ${connections === 1 ? "one connection, which waits for each answer" : `${connections} connections, each of which waits for its answer`}; the load is another process`,
    per: "message",
    batch: 1,
    metrics: [
      { name: "cpu", unit: "ns" },
      { name: "rate", unit: "/s", more: true },
    ],
    headline: "cpu",
    ops: { default: bytes < 1_024 ? MESSAGES.small : MESSAGES.large },
    warmUps: 8,
    bars:
      connections === 1
        ? []
        : [atMostTimes(at(GENERATOR), 1.1, at(NODE_NET)), atMostTimes(at(ASYNC), 1.25, at(NODE_NET))],
  });
}) satisfies readonly Case[];
