/** The counters of a runtime. */
import { checkInteger, UsageError } from "./errors.ts";
import { bucketRange, type Histogram } from "./internal/counters.ts";
import type { RuntimeCore } from "./internal/runtime-core.ts";

/**
 * A live view on a runtime's counters. Numbers only grow, unless they tell a present state. Times are milliseconds.
 *
 * Counts that need a clock (`workerTotalBusyDuration`, histograms) are kept only when the {@link Builder} was told to.
 * @see Tokio `runtime::RuntimeMetrics`
 * @public
 */
export class RuntimeMetrics {
  readonly #core: RuntimeCore;

  /** @internal */
  constructor(core: RuntimeCore) {
    this.#core = core;
  }

  /** Threads that poll tasks: 1 here. */
  numWorkers(): number {
    return 1;
  }

  /** Tasks that have been spawned and have not ended. */
  numAliveTasks(): number {
    return this.#core.alive;
  }

  /** Tasks spawned since the start. */
  spawnedTasksCount(): number {
    return this.#core.counters.spawned;
  }

  /** Tasks woken from outside that have not been polled since. */
  globalQueueDepth(): number {
    return this.#core.injected;
  }

  /** Wake-ups that came from outside the scheduler: from a callback of the host, or from code outside tasks. */
  remoteScheduleCount(): number {
    return this.#core.remoteSchedules;
  }

  /** How often a task had to yield because its budget was used up. */
  budgetForcedYieldCount(): number {
    return this.#core.counters.forcedYields;
  }

  /**
   * Milliseconds spent in polls.
   * @throws {@link UsageError} without {@link Builder.enableMetricsTiming}.
   */
  workerTotalBusyDuration(worker: number): number {
    const { timed, busyMs } = this.#of(worker).counters;
    if (timed) return busyMs;
    throw new UsageError("ERR_RT_INVALID_STATE", "Polls are not timed; build with enableMetricsTiming()");
  }

  /** How often the worker went to sleep because nothing was ready. */
  workerParkCount(worker: number): number {
    return this.#of(worker).counters.parks;
  }

  /** Parks and unparks together: odd while the worker is parked. */
  workerParkUnparkCount(worker: number): number {
    const { parks, unparks } = this.#of(worker).counters;
    return parks + unparks;
  }

  /** How often the worker was roused and went back to sleep without having polled a task. */
  workerNoopCount(worker: number): number {
    return this.#of(worker).counters.noops;
  }

  /** Polls of tasks. */
  workerPollCount(worker: number): number {
    return this.#of(worker).counters.polls;
  }

  /** Wake-ups that came from tasks on this worker. */
  workerLocalScheduleCount(worker: number): number {
    return this.#of(worker).localSchedules;
  }

  /** Tasks in the worker's own queue. */
  workerLocalQueueDepth(worker: number): number {
    const core = this.#of(worker);
    return core.ready - core.injected;
  }

  /** Tasks taken from other workers: none on a current-thread runtime. */
  workerStealCount(worker: number): number {
    return this.#none(worker);
  }

  /** Successful steals: none on a current-thread runtime. */
  workerStealOperations(worker: number): number {
    return this.#none(worker);
  }

  /** How often the worker's queue spilled over: never on a current-thread runtime, whose queue grows. */
  workerOverflowCount(worker: number): number {
    return this.#none(worker);
  }

  /** True with {@link Builder.enableMetricsPollTimeHistogram}. */
  pollTimeHistogramEnabled(): boolean {
    return this.#core.counters.pollTimes !== null;
  }

  /** 0 without the histogram. */
  pollTimeHistogramNumBuckets(): number {
    return this.#core.counters.pollTimes?.ends.length ?? 0;
  }

  /** Where a bucket starts and ends; empty without the histogram. */
  pollTimeHistogramBucketRange(bucket: number): { readonly start: number; readonly end: number } {
    return range(this.#core.counters.pollTimes, bucket);
  }

  /** Polls that fell into a bucket; 0 without the histogram. */
  pollTimeHistogramBucketCount(worker: number, bucket: number): number {
    return count(this.#of(worker).counters.pollTimes, bucket);
  }

  /** True with {@link Builder.enableMetricsScheduleLatencyHistogram}. */
  scheduleLatencyHistogramEnabled(): boolean {
    return this.#core.counters.latencies !== null;
  }

  /** 0 without the histogram. */
  scheduleLatencyHistogramNumBuckets(): number {
    return this.#core.counters.latencies?.ends.length ?? 0;
  }

  /** Where a bucket starts and ends; empty without the histogram. */
  scheduleLatencyHistogramBucketRange(bucket: number): { readonly start: number; readonly end: number } {
    return range(this.#core.counters.latencies, bucket);
  }

  /** Polls that fell into a bucket; 0 without the histogram. */
  scheduleLatencyHistogramBucketCount(worker: number, bucket: number): number {
    return count(this.#of(worker).counters.latencies, bucket);
  }

  #none(worker: number): number {
    this.#of(worker);
    return 0;
  }

  #of(worker: number): RuntimeCore {
    checkInteger("worker", worker, 0, this.numWorkers() - 1);
    return this.#core;
  }
}

function range(
  histogram: Histogram | null,
  bucket: number,
): { readonly start: number; readonly end: number } {
  return histogram === null ? { start: 0, end: 0 } : bucketRange(histogram.ends, bucket);
}

function count(histogram: Histogram | null, bucket: number): number {
  if (histogram === null) return 0;
  checkInteger("bucket", bucket, 0, histogram.counts.length - 1);
  return histogram.counts[bucket] as number;
}
