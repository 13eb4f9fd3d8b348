/** The numbers behind `RuntimeMetrics`. Counting is free enough to be always on; taking times is not. */
import type { HistogramConfiguration } from "../histogram.ts";
import type { Config } from "./config.ts";
import { debug } from "#platform";

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
    this.pollTimes = config.pollTimes ? new Histogram(config.pollTimeHistogram) : null;
    this.latencies = config.latencies ? new Histogram(config.scheduleLatencyHistogram) : null;
    this.tracksLatency = config.trackScheduleLatency || this.latencies !== null;
    this.timed = config.trackTiming || this.pollTimes !== null || debug;
  }
}

export class Histogram {
  readonly configuration: HistogramConfiguration;
  readonly counts: number[];

  constructor(configuration: HistogramConfiguration) {
    this.configuration = configuration;
    this.counts = new Array<number>(configuration.numBuckets).fill(0);
  }

  add(ms: number): void {
    const bucket = this.configuration._bucketOf(ms);
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
  }
}
