import { atMost, atMostTimes, type Bar } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ASYNC, GENERATOR, NODE_FS } from "../harness/contestants.ts";
import { MIB_OF_INPUT } from "./input.ts";

/** 0.95 times the throughput of plain Node. */
const TIMES = 1.05;
/** Far below the file's size, and above what any contestant takes: whether memory is constant. */
const MOST_MEMORY_MIB = 256;

function bars(name: string, contestants: readonly string[]): Bar[] {
  return contestants.flatMap((contestant) => [
    atMostTimes({ case: name, contestant }, TIMES, { case: name, contestant: NODE_FS }),
    atMost({ case: name, contestant, metric: "rss" }, MOST_MEMORY_MIB, "MiB"),
  ]);
}

/** A process for each sample, because of its peak of memory. */
function file(name: string, about: string, contestants: readonly string[]): Case {
  return bench(name, {
    about,
    per: "MiB",
    batch: MIB_OF_INPUT,
    ops: { default: MIB_OF_INPUT },
    metrics: [
      { name: "time", unit: "ns" },
      { name: "rss", unit: "MiB" },
    ],
    fresh: true,
    bars: bars(name, contestants),
  });
}

const BOTH = [GENERATOR, ASYNC];

export default [
  file("file/read", "a file of 1 GiB, which the system has in memory, is read in chunks", BOTH),
  file("file/copy", "it is copied into another file", BOTH),
  file("file/lines", "its 13 million lines are read; by Node with the events of readline", [GENERATOR]),
  file("file/lines-for-await", "the same with for await", [ASYNC]),
] satisfies readonly Case[];
