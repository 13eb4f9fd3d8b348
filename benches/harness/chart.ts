/**
 * The area's timed cases as grouped bars on a log scale, in plain SVG that reads well on light and dark pages.
 *
 * It shows best samples: on a shared machine they repeat from run to run, medians less so. The JSON has both.
 */

import { NANOSECONDS } from "./case.ts";
import { type Entrant, ENTRANTS } from "./contestants.ts";
import type { CaseResult } from "./run.ts";

const WIDTH = 860;
const LEFT = 190;
const RIGHT = 76;
const BAR = 13;
const GAP = 3;
const GROUP_GAP = 20;
const TOP = 94;
const LEGEND_COLUMNS = 4;
const FONT = "font-family: ui-sans-serif, system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

const STYLE = `
  text { ${FONT}; font-size: 12px; fill: #1f2937 }
  .title { font-size: 15px; font-weight: 600 }
  .case { font-weight: 600 }
  .faint { font-size: 11px; fill: #6b7280 }
  .line { stroke: #6b7280; stroke-opacity: 0.25 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e5e7eb }
    .faint { fill: #9ca3af }
  }`;

interface Row {
  readonly name: string;
  readonly best: number;
}

interface Group {
  readonly name: string;
  readonly per: string;
  readonly rows: readonly Row[];
}

export function chart(area: string, results: readonly CaseResult[], footnote: string): string {
  const groups = results.filter(isCharted).map(groupOf);
  const values = groups.flatMap(({ rows }) => rows.map(({ best }) => best));
  if (values.length === 0) return svg(TOP, [text(16, 26, `${area}: nothing to chart`, "title")]);

  const scale = logScale(Math.min(...values), Math.max(...values));
  const parts = [
    text(16, 26, `@rt/${area}: time per operation, best sample, log scale; shorter is better`, "title"),
    ...legend(groups),
  ];
  let y = TOP;
  const bars: string[] = [];
  for (const group of groups) {
    bars.push(
      text(LEFT - 10, y + BAR, group.name, "case", "end"),
      text(LEFT - 10, y + BAR + 15, `per ${group.per}`, "faint", "end"),
    );
    for (const row of group.rows) {
      bars.push(bar(y, row, scale));
      y += BAR + GAP;
    }
    y += GROUP_GAP;
  }
  const axis = scale.ticks.flatMap((tick) => [
    `<line class="line" x1="${scale.x(tick)}" x2="${scale.x(tick)}" y1="${TOP - 6}" y2="${y - GROUP_GAP + 6}"/>`,
    text(scale.x(tick), y - GROUP_GAP + 20, duration(tick), "faint", "middle"),
  ]);
  return svg(y + 36, [...parts, ...axis, ...bars, text(16, y + 24, footnote, "faint")]);
}

function isCharted({ case: { chart: wanted, metrics } }: CaseResult): boolean {
  return wanted && metrics.includes(NANOSECONDS);
}

function groupOf({ case: { name, per }, cells }: CaseResult): Group {
  const rows = [...cells].flatMap(([contestant, cell]) => {
    const summary = cell[NANOSECONDS.name];
    const isLeftOut = summary === undefined || entrantOf(contestant)?.charted === false;
    return isLeftOut ? [] : [{ name: contestant, best: summary.best }];
  });
  return { name, per, rows };
}

function entrantOf(contestant: string): Entrant | undefined {
  return ENTRANTS.find(({ name }) => name === contestant);
}

interface Scale {
  readonly ticks: readonly number[];
  x(value: number): number;
}

/** From the power of ten below the least value to the greatest value. */
function logScale(least: number, greatest: number): Scale {
  const first = Math.floor(Math.log10(least));
  const span = Math.log10(greatest) - first;
  const count = Math.floor(first + span) - first + 1;
  return {
    ticks: Array.from({ length: count }, (_, index) => 10 ** (first + index)),
    x: (value) => round(LEFT + ((Math.log10(value) - first) / span) * (WIDTH - LEFT - RIGHT)),
  };
}

function bar(y: number, { name, best }: Row, scale: Scale): string {
  const end = scale.x(best);
  const color = entrantOf(name)?.color ?? "#888888";
  const label = `<title>${name}: ${duration(best)}</title>`;
  const shape = `<rect x="${LEFT}" y="${y}" width="${round(end - LEFT)}" height="${BAR}" rx="2" fill="${color}">${label}</rect>`;
  return `${shape}${text(end + 5, y + BAR - 2.5, duration(best), "faint")}`;
}

function legend(groups: readonly Group[]): string[] {
  const present = new Set(groups.flatMap(({ rows }) => rows.map(({ name }) => name)));
  return ENTRANTS.filter(({ name }) => present.has(name)).flatMap(({ name, color }, index) => {
    const x = 16 + (index % LEGEND_COLUMNS) * ((WIDTH - 32) / LEGEND_COLUMNS);
    const y = 40 + Math.floor(index / LEGEND_COLUMNS) * 18;
    return [
      `<rect x="${x}" y="${y}" width="10" height="10" rx="2" fill="${color}"/>`,
      text(x + 15, y + 9, name, "faint"),
    ];
  });
}

function duration(ns: number): string {
  if (ns >= 1e6) return `${significant(ns / 1e6)} ms`;
  if (ns >= 1e3) return `${significant(ns / 1e3)} µs`;
  return `${significant(ns)} ns`;
}

function significant(value: number): string {
  return String(Number(value.toPrecision(value >= 100 ? 3 : 2)));
}

function text(x: number, y: number, content: string, kind: string, anchor = "start"): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text class="${kind}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function svg(height: number, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${Math.ceil(height)}" width="${WIDTH}" role="img">`;
  return `${open}\n<style>${STYLE}\n</style>\n${parts.join("\n")}\n</svg>\n`;
}
