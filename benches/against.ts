/**
 * Compares this checkout's build with that of another one, case by case, both of our lanes.
 *
 *     node benches/against.ts <other checkout> [area …] [--filter text] [--samples n]
 *
 * Both must be built. The two take turns sample by sample, each in a process of its own that is stopped meanwhile; what
 * is printed is the time of this one over that of the other, by best and by median.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Child } from "./harness/child.ts";
import { ASYNC, commandOf, ENTRANTS, GENERATOR } from "./harness/contestants.ts";

const AREAS = ["core", "sync", "time", "macros", "net", "fs"];
/** How long a sample takes. */
const SAMPLE_NS = 100e6;
/** How long both run before anything counts: V8 compiles in that time. */
const WARM_UP_MS = 2000;
/** Cases that measure something else than a time are left out. */
const NOT_TIMED = /memory|fairness|heap/;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { filter: { type: "string", default: "" }, samples: { type: "string", default: "15" } },
});
const [other, ...areas] = positionals;
if (other === undefined) throw new Error("Name the folder of the other checkout");

/** The median of numbers. */
function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

function mean(ratios: readonly number[]): string {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length).toFixed(3);
}

const sides = [join(import.meta.dirname, ".."), resolve(other)];

/** Both sides of one lane of an area, or null where one has none. */
function start(area: string, lane: string): Child[] | null {
  const entrant = ENTRANTS.find(({ name }) => name === lane);
  if (entrant === undefined) return null;
  const children: Child[] = [];
  for (const side of sides) {
    const command = commandOf(entrant, join(side, "benches", area), undefined, false);
    if (command === undefined) return null;
    const [lanePath, ...rest] = command.args.slice(-2);
    const own = (lanePath ?? "").replace(sides[0] ?? "", side);
    children.push(new Child({ file: command.file, args: [...command.args.slice(0, -2), own, ...rest] }));
  }
  return children;
}

function casesOf(area: string, lane: string): string[] {
  const word = ENTRANTS.find(({ name }) => name === lane)?.word;
  const source = readFileSync(join(import.meta.dirname, area, "contestants", `${word}.ts`), "utf8");
  const names = [...source.matchAll(/^ {2}"([\w/().-]+)":/gm)].map(([, name]) => name ?? "");
  return names.filter((name) => name.includes(values.filter) && !NOT_TIMED.test(name));
}

for (const area of areas.length > 0 ? areas : AREAS) {
  for (const lane of [GENERATOR, ASYNC]) {
    const bests: number[] = [];
    const medians: number[] = [];
    for (const name of casesOf(area, lane)) {
      const children = start(area, lane);
      if (children === null) continue;
      const word = "x";
      const loaded = await Promise.all(children.map((child) => child.load(name, word)));
      if (!loaded.every(Boolean)) continue;
      const times: [number[], number[]] = [[], []];
      try {
        let ops = 256;
        for (const until = performance.now() + 2 * WARM_UP_MS; performance.now() < until; ) {
          let longest = 0;
          for (const child of children)
            longest = Math.max(longest, (await child.sample(name, word, ops))["ns"] ?? 0);
          ops = Math.max(1, Math.round(ops * Math.min(8, SAMPLE_NS / Math.max(longest, 1))));
        }
        for (let i = 0; i < Number(values.samples); i += 1) {
          // The one that comes first changes: what is left of the last sample is its burden.
          for (const at of i % 2 === 0 ? [0, 1] : [1, 0]) {
            const { ns = NaN } = await children[at].sample(name, word, ops);
            times[at].push(ns / ops);
          }
        }
      } finally {
        for (const child of children) child.end();
      }
      const [here, there] = times;
      const best = Math.min(...here) / Math.min(...there);
      const middle = median(here) / median(there);
      bests.push(best);
      medians.push(middle);
      console.log(
        `${area} ${lane.slice(4, 7)} ${name.padEnd(32)} ${Math.min(...there)
          .toFixed(1)
          .padStart(9)} → ${Math.min(...here)
          .toFixed(1)
          .padStart(9)} ns  best ${best.toFixed(3)}  median ${middle.toFixed(3)}`,
      );
    }
    if (bests.length > 0)
      console.log(`${area} ${lane}: geometric mean, best ${mean(bests)}, median ${mean(medians)}`);
  }
}
