import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { MESSAGES, PRODUCERS } from "./sizes.ts";

function pair(name: string, channel: string): Case[] {
  const one = `mpsc/${name}`;
  const many = `${one}-${PRODUCERS}-producers`;
  return [
    bench(one, {
      about: `a task sends ${MESSAGES} numbers to another one, ${channel}`,
      per: "message",
      batch: MESSAGES,
      bars: laneBars(one, 2),
    }),
    bench(many, {
      about: `${PRODUCERS} tasks send ${MESSAGES} numbers to one, ${channel}`,
      per: "message",
      batch: MESSAGES,
      bars: laneBars(many, 2),
    }),
  ];
}

export default [
  ...pair("bounded-1", "room for one"),
  ...pair("bounded-128", "room for 128"),
  ...pair("unbounded", "without bound"),
] satisfies readonly Case[];
