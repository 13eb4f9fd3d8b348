/**
 * What the results must reach.
 *
 * A ratio is judged twice, best against best and median against median. Both must hold for `pass`; one alone is
 * `close`, which on a noisy machine asks for another run.
 */

import { NANOSECONDS } from "./case.ts";
import { ASYNC, EFFECT, GENERATOR, TOKIO } from "./contestants.ts";
import type { CaseResult } from "./run.ts";
import type { Summary } from "./stats.ts";

export type Outcome = "pass" | "close" | "fail" | "unknown" | "figure";

export interface Verdict {
  readonly bar: string;
  readonly outcome: Outcome;
  readonly detail: string;
}

export interface Bar {
  readonly title: string;
  judge(results: readonly CaseResult[]): Verdict;
}

interface Ratio {
  readonly best: number;
  readonly median: number;
}

/** Where a number stands: a contestant's metric in a case. */
export interface Place {
  readonly case: string;
  readonly contestant: string;
  readonly metric?: string;
}

function find(results: readonly CaseResult[], place: Place): Summary | undefined {
  const result = results.find((candidate) => candidate.case.name === place.case);
  return result?.cells.get(place.contestant)?.[place.metric ?? NANOSECONDS.name];
}

export function ratioOf(over: Summary | undefined, under: Summary | undefined): Ratio | undefined {
  if (over === undefined || under === undefined) return undefined;
  return { best: over.best / under.best, median: over.median / under.median };
}

function outcomeOf(holdsForBest: boolean, holdsForMedian: boolean): Outcome {
  if (holdsForBest && holdsForMedian) return "pass";
  return holdsForBest || holdsForMedian ? "close" : "fail";
}

/** The place as words; of a metric that is not the time, its name too. */
function words({ case: name, contestant, metric }: Place): string {
  return `${name}: ${contestant}${metric === undefined || metric === NANOSECONDS.name ? "" : ` ${metric}`}`;
}

/** What `other` is in a sentence about `place`. */
function otherWords(place: Place, other: Place): string {
  return place.case === other.case ? other.contestant : `in ${other.case}`;
}

function missing(bar: string): Verdict {
  return { bar, outcome: "unknown", detail: "a contestant is missing" };
}

/** `place` takes at most `limit` times as long as `other`. */
export function atMostTimes(place: Place, limit: number, other: Place): Bar {
  const title = `${words(place)} at most ${limit}x ${otherWords(place, other)}`;
  return {
    title,
    judge(results) {
      const ratio = ratioOf(find(results, place), find(results, other));
      if (ratio === undefined) return missing(title);
      const detail = `best ${ratio.best.toFixed(2)}x, median ${ratio.median.toFixed(2)}x`;
      return { bar: title, outcome: outcomeOf(ratio.best <= limit, ratio.median <= limit), detail };
    },
  };
}

/** `place` is at least `factor` times as fast as `other`. */
export function timesFaster(place: Place, factor: number, other: Place): Bar {
  const title = `${words(place)} at least ${factor}x faster than ${otherWords(place, other)}`;
  return {
    title,
    judge(results) {
      const ratio = ratioOf(find(results, other), find(results, place));
      if (ratio === undefined) return missing(title);
      const detail = `best ${ratio.best.toFixed(1)}x, median ${ratio.median.toFixed(1)}x`;
      return { bar: title, outcome: outcomeOf(ratio.best >= factor, ratio.median >= factor), detail };
    },
  };
}

/** Every sample's metric stays at or under `limit`. */
export function atMost(place: Place, limit: number, unit: string): Bar {
  const title = `${words(place)} at most ${limit} ${unit}`;
  return {
    title,
    judge(results) {
      const summary = find(results, place);
      if (summary === undefined) return missing(title);
      const { best, median } = summary;
      const detail = `best ${best.toFixed(2)} ${unit}, median ${median.toFixed(2)} ${unit}`;
      return { bar: title, outcome: outcomeOf(best <= limit, median <= limit), detail };
    },
  };
}

/** A metric of `place` exceeds that of `other` by at most `limit`. */
export function atMostMore(place: Place, limit: number, unit: string, other: Place): Bar {
  const title = `${words(place)} at most ${limit} ${unit} more than ${otherWords(place, other)}`;
  return {
    title,
    judge(results) {
      const [more, less] = [find(results, place), find(results, other)];
      if (more === undefined || less === undefined) return missing(title);
      const best = more.best - less.best;
      const median = more.median - less.median;
      const detail = `best ${best.toFixed(0)} ${unit}, median ${median.toFixed(0)} ${unit}`;
      return { bar: title, outcome: outcomeOf(best <= limit, median <= limit), detail };
    },
  };
}

/** In at least half of `cases` the first takes at most `limit` times as long as the second. */
export function inHalfAtMostTimes(
  cases: readonly Pick<Place, "case" | "metric">[],
  contestant: string,
  limit: number,
  other: string,
): Bar {
  const title = `${contestant} at most ${limit}x ${other} in at least half of ${cases.length} cases`;
  return {
    title,
    judge(results) {
      const ratios = cases.map((place) =>
        ratioOf(find(results, { ...place, contestant }), find(results, { ...place, contestant: other })),
      );
      const known = ratios.filter((ratio) => ratio !== undefined);
      if (known.length < cases.length) return missing(title);
      const best = known.filter((ratio) => ratio.best <= limit).length;
      const median = known.filter((ratio) => ratio.median <= limit).length;
      const detail = `in ${best} by best, in ${median} by median`;
      return { bar: title, outcome: outcomeOf(best * 2 >= cases.length, median * 2 >= cases.length), detail };
    },
  };
}

/** No bar: how much longer `place` takes than `other`, in per cent. */
export function extraCost(title: string, place: Place, other: Place): Bar {
  return {
    title,
    judge(results) {
      const ratio = ratioOf(find(results, place), find(results, other));
      if (ratio === undefined) return missing(title);
      const percent = (value: number): string =>
        `${value >= 1 ? "+" : ""}${((value - 1) * 100).toFixed(0)} %`;
      return {
        bar: title,
        outcome: "figure",
        detail: `best ${percent(ratio.best)}, median ${percent(ratio.median)}`,
      };
    },
  };
}

function placesOf(caseName: string, metric = NANOSECONDS.name): (contestant: string) => Place {
  return (contestant) => ({ case: caseName, contestant, metric });
}

/** The generator lane takes at most 1.5 times as long as Tokio. */
export function tokioBar(caseName: string, metric?: string): Bar {
  const at = placesOf(caseName, metric);
  return atMostTimes(at(GENERATOR), 1.5, at(TOKIO));
}

/** How much faster than effect both lanes must be. */
export function effectBars(caseName: string, asyncFactor: number, metric?: string): Bar[] {
  const at = placesOf(caseName, metric);
  return [timesFaster(at(GENERATOR), 5, at(EFFECT)), timesFaster(at(ASYNC), asyncFactor, at(EFFECT))];
}

/** The async lane is at least as fast as each of `rivals`. */
export function rivalBars(caseName: string, rivals: readonly string[], metric?: string): Bar[] {
  const at = placesOf(caseName, metric);
  return rivals.map((rival) => atMostTimes(at(ASYNC), 1, at(rival)));
}

/** What every throughput case of the generator lane and the async lane must reach. */
export function laneBars(caseName: string, asyncFactor = 1.5): Bar[] {
  return [tokioBar(caseName), ...effectBars(caseName, asyncFactor)];
}
