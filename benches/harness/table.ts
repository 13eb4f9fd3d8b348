/** The results as text. */

import type { Bar, Outcome, Verdict } from "./bars.ts";
import { ratioOf } from "./bars.ts";
import { type Metric, NANOSECONDS } from "./case.ts";
import { ASYNC, EFFECT, ENTRANTS, GENERATOR, TOKIO } from "./contestants.ts";
import type { CaseResult } from "./run.ts";
import type { Summary } from "./stats.ts";

/** One case: a line per contestant and metric. */
export function caseTable(result: CaseResult): string {
  const { case: definition, cells, failures } = result;
  const timed = definition.metrics.includes(NANOSECONDS);
  const rows = [timed ? TIMED_HEADER : METRIC_HEADER];
  for (const [name, cell] of cells) {
    for (const metric of definition.metrics) {
      const summary = cell[metric.name];
      if (summary !== undefined)
        rows.push(timed ? timedRow(name, summary, result) : metricRow(name, metric, summary));
    }
  }
  for (const [name, failure] of failures) rows.push([name, `FAILED: ${failure.split("\n", 1)[0] ?? ""}`]);
  return `${definition.name} (per ${definition.per}): ${definition.about}\n${align(rows)}\n`;
}

const TIMED_HEADER = ["", "best", "median", "x tokio", "(median)", "x effect", "(median)", ""];
/** Arbitrary: a median so far above the best says more about the machine, or the collector, than about the code. */
const UNSTEADY = 1.2;
const METRIC_HEADER = ["", "", "best", "median"];

function timedRow(name: string, summary: Summary, { cells }: CaseResult): string[] {
  const ratios = [TOKIO, EFFECT].flatMap((rival) => {
    const ratio = ratioOf(summary, cells.get(rival)?.[NANOSECONDS.name]);
    return ratio === undefined ? ["", ""] : [ratio.best.toFixed(2), ratio.median.toFixed(2)];
  });
  const remark = summary.median > UNSTEADY * summary.best ? "unsteady" : "";
  return [name, quantity(summary.best, "ns"), quantity(summary.median, "ns"), ...ratios, remark];
}

function metricRow(name: string, metric: Metric, summary: Summary): string[] {
  return [name, metric.name, quantity(summary.best, metric.unit), quantity(summary.median, metric.unit)];
}

export function quantity(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

/** The first column to the left, the others to the right; a row's last text may be of any length. */
function align(rows: readonly (readonly string[])[]): string {
  const complete = rows.filter((row) => row.length === rows[0]?.length);
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...complete.map((row) => row[column]?.length ?? 0)),
  );
  const first = Math.max(...rows.map((row) => row[0]?.length ?? 0));
  return rows
    .map((row) => {
      const [name = "", ...numbers] = row;
      const cells = numbers.map((cell, index) => cell.padStart(widths[index + 1] ?? 0));
      return `  ${name.padEnd(first)}  ${cells.join("  ")}`.trimEnd();
    })
    .join("\n");
}

const MARKS: Readonly<Record<Outcome, string>> = {
  pass: "PASS   ",
  close: "CLOSE  ",
  fail: "FAIL   ",
  unknown: "UNKNOWN",
  figure: "       ",
};

export function verdictTable(verdicts: readonly Verdict[]): string {
  const width = Math.max(...verdicts.map(({ bar }) => bar.length));
  return verdicts
    .map(({ bar, outcome, detail }) => `  ${MARKS[outcome]}  ${bar.padEnd(width)}  ${detail}`)
    .join("\n");
}

/** The bars of the cases that ran, then those of the whole area. */
export function judge(results: readonly CaseResult[], areaBars: readonly Bar[]): Verdict[] {
  const bars = [...results.flatMap((result) => result.case.bars), ...areaBars];
  return bars.map((bar) => bar.judge(results));
}

/** Both lanes in all cases at a glance: how many times as long as each rival they take, best against best. */
export function ratioTable(results: readonly CaseResult[]): string {
  const compared = results.filter(({ case: { headline }, cells }) =>
    [...cells.values()].some((cell) => cell[headline] !== undefined),
  );
  const rivals = ENTRANTS.map(({ name }) => name).filter(
    (name) => name !== GENERATOR && name !== ASYNC && compared.some(({ cells }) => cells.has(name)),
  );
  const rows = [["", "", ...rivals.map((rival) => `x ${rival}`)]];
  for (const result of compared) {
    for (const lane of [GENERATOR, ASYNC]) {
      const own = headlineOf(result, lane);
      if (own === undefined) continue;
      const ratios = rivals.map((rival) => ratioOf(own, headlineOf(result, rival))?.best.toFixed(2) ?? "");
      rows.push([`${result.case.name}, ${lane}`, quantity(own.best, "ns"), ...ratios]);
    }
  }
  return `All cases, best samples\n${align(rows)}\n\n${againstTokio(compared)}\n`;
}

function headlineOf({ case: { headline }, cells }: CaseResult, contestant: string): Summary | undefined {
  return cells.get(contestant)?.[headline];
}

function againstTokio(results: readonly CaseResult[]): string {
  const ratios = results.flatMap((result) => {
    const ratio = ratioOf(headlineOf(result, GENERATOR), headlineOf(result, TOKIO));
    return ratio === undefined ? [] : [ratio];
  });
  const within = (limit: number): string => {
    const count = (key: "best" | "median"): number => ratios.filter((ratio) => ratio[key] <= limit).length;
    return `at most ${limit}x in ${count("best")} by best (${count("median")} by median)`;
  };
  return `${GENERATOR} against ${TOKIO} in ${ratios.length} cases: ${within(1)}, ${within(1.5)}`;
}
