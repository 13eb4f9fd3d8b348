/** The numbers behind `RuntimeMetrics`. Counting is free enough to be always on; taking times is not. */
import { debug } from "#platform";
import { checkInteger } from "../errors.ts";
import type { Config } from "./config.ts";

export class Counters {
  spawned = 0;
  ended = 0;
  polls = 0;
  parks = 0;
  unparks = 0;
  noops = 0;
  forcedYields = 0;
  /** Polls are timed, so `busyMs` and the histograms mean something. */
  readonly timed: boolean;
  readonly tracksLatency: boolean;
  busyMs = 0;
  readonly pollTimes: Histogram | null;
  readonly latencies: Histogram | null;

  constructor(config: Config) {
    this.pollTimes =
      config.enableMetricsPollTimeHistogram === true
        ? new Histogram(config.metricsPollTimeHistogramConfiguration)
        : null;
    this.latencies =
      config.enableMetricsScheduleLatencyHistogram === true
        ? new Histogram(config.metricsScheduleLatencyHistogramConfiguration)
        : null;
    this.tracksLatency = config.trackTaskScheduleLatency === true || this.latencies !== null;
    this.timed = config.enableMetricsTiming === true || this.pollTimes !== null || debug;
  }
}

export class Histogram {
  readonly ends: readonly number[];
  readonly counts: number[];

  /** @param ends - by default 10 buckets of 0.1 ms, as in Tokio. */
  constructor(ends: readonly number[] = linearEnds(0.1, 10)) {
    this.ends = ends;
    this.counts = new Array<number>(ends.length).fill(0);
  }

  add(ms: number): void {
    let low = 0;
    let high = this.ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ms < (this.ends[middle] as number)) high = middle;
      else low = middle + 1;
    }
    this.counts[low] = (this.counts[low] as number) + 1;
  }
}

/** Where buckets of one width end; the last one never does. */
export function linearEnds(widthMs: number, buckets: number): number[] {
  return Array.from({ length: buckets }, (_, i) => (i === buckets - 1 ? Infinity : (i + 1) * widthMs));
}

export function bucketRange(
  ends: readonly number[],
  index: number,
): { readonly start: number; readonly end: number } {
  checkInteger("bucket", index, 0, ends.length - 1);
  // The index was checked just now.
  return { start: ends[index - 1] ?? 0, end: ends[index] as number };
}
