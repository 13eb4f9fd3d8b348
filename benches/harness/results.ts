/** Writes `results/<area>.json` and `results/<area>.svg`: what was measured, with what, and on what processor. */

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Verdict } from "./bars.ts";
import { chart } from "./chart.ts";
import { versionOf } from "./packages.ts";
import type { CaseResult } from "./run.ts";
import type { TokioBinary } from "./tokio.ts";

const FOLDER = join(import.meta.dirname, "../results");
const OTHERS = ["async-mutex", "p-limit", "p-queue"];

export interface Environment {
  readonly date: string;
  readonly node: string;
  readonly v8: string;
  readonly tokio: string | null;
  readonly effect: string;
  readonly effection: string;
  /** Versions of those that take part in some cases only. */
  readonly others: Readonly<Record<string, string>>;
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
}

export function environment(tokio: TokioBinary | undefined): Environment {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    v8: process.versions.v8,
    tokio: tokio?.version ?? null,
    effect: versionOf("effect"),
    effection: versionOf("effection"),
    others: Object.fromEntries(OTHERS.map((name) => [name, versionOf(name)])),
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    platform: `${process.platform} ${process.arch}`,
  };
}

export function describe({ date, node, tokio, effect, effection, cpu, cores }: Environment): string {
  const rust = tokio === null ? "" : `Tokio ${tokio}, `;
  return `Node ${node}, ${rust}effect ${effect}, effection ${effection}; ${cpu}, ${cores} cores; ${date}`;
}

export function writeResults(
  area: string,
  facts: Environment,
  results: readonly CaseResult[],
  verdicts: readonly Verdict[],
): void {
  mkdirSync(FOLDER, { recursive: true });
  const cases = results.map(({ case: { name, about, per, metrics }, cells, failures }) => ({
    name,
    about,
    per,
    metrics,
    results: Object.fromEntries([...cells].map(([contestant, cell]) => [contestant, rounded(cell)])),
    failures: [...failures.keys()],
  }));
  const json = JSON.stringify({ area, environment: facts, cases, verdicts }, null, 2);
  // One line per list of samples: the file is committed and its diffs are read.
  const text = json.replace(
    /\[\s+([-\d.,\s]+?)\s+\]/g,
    (_, list: string) => `[${list.replace(/\s+/g, " ")}]`,
  );
  writeFileSync(join(FOLDER, `${area}.json`), `${text}\n`);
  writeFileSync(join(FOLDER, `${area}.svg`), chart(area, results, describe(facts)));
}

function rounded(cell: CaseResult["cells"] extends ReadonlyMap<string, infer C> ? C : never): unknown {
  const round = (value: number): number => Number(value.toPrecision(5));
  return Object.fromEntries(
    Object.entries(cell).map(([metric, { best, median, samples }]) => [
      metric,
      { best: round(best), median: round(median), samples: samples.map(round) },
    ]),
  );
}
