/**
 * What a bench file declares, and what a contestant implements.
 *
 * `<area>/*.bench.ts` say which cases exist and what they must reach, `<area>/area.ts` lists them; the files in
 * `<area>/contestants/` say how each contestant does them. The two meet by the case's name only, so that a contestant's process loads its own code alone.
 */

import type { Bar } from "./bars.ts";

/** One number that a sample yields, beside or instead of the time it took. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
}

/** The metric of cases that declare none: how long one operation took. */
export const NANOSECONDS: Metric = { name: "time", unit: "ns" };

export interface Case {
  /** `concept/situation`. */
  readonly name: string;
  /** One sentence for the table and the results. */
  readonly about: string;
  /** What one operation is, as in "ns per task". */
  readonly per: string;
  /** A sample's operations are a multiple of this. */
  readonly batch: number;
  readonly metrics: readonly Metric[];
  /** The name of the one that the table of all ratios shows. */
  readonly headline: string;
  /** Operations of each sample where time does not decide it; by contestant, `default` for the rest. */
  readonly ops: Readonly<Record<string, number>> | undefined;
  /** Each sample in a process of its own, without warm-up. */
  readonly fresh: boolean;
  /** Samples that warm up where time does not tell when that is done. */
  readonly warmUps: number;
  /** At most this many rounds. */
  readonly rounds: number;
  /** Whether the area's chart shows it. */
  readonly chart: boolean;
  readonly bars: readonly Bar[];
}

/** The default export of `<area>/area.ts`. */
export interface AreaDefinition {
  /** In the order of the tables. */
  readonly cases: readonly Case[];
  /** Bars that span cases. */
  readonly bars: readonly Bar[];
}

type Optional = "metrics" | "headline" | "ops" | "fresh" | "warmUps" | "rounds" | "chart" | "bars";

export function bench(
  name: string,
  options: Omit<Case, "name" | Optional> & Partial<Pick<Case, Optional>>,
): Case {
  return {
    metrics: [NANOSECONDS],
    headline: NANOSECONDS.name,
    ops: undefined,
    fresh: false,
    warmUps: 1,
    rounds: Number.POSITIVE_INFINITY,
    chart: true,
    bars: [],
    ...options,
    name,
  };
}

/** Metric name to value. */
export type Measurement = Readonly<Record<string, number>>;

/**
 * Does `ops` operations of a case, rounded up to whole batches. The process around it times the call, unless the
 * sample answers with its own measurement.
 */
export type Sample = (ops: number) => PromiseLike<Measurement | void>;

/** All that a contestant can do: the default export of `<area>/contestants/<name>.ts`. */
export type Contestant = Readonly<Record<string, Sample>>;
