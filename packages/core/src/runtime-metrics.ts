/** The counters of a runtime. */
import { checkInteger, UsageError } from "./errors.ts";
import type { Histogram } from "./internal/counters.ts";
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
    this.#check(worker);
    if (this.#core.counters.timed) return this.#core.counters.busyMs;
    throw new UsageError(
      "ERR_RT_INVALID_STATE",
      "Cannot tell the busy time: polls are not timed; build the runtime with enableMetricsTiming()",
    );
  }

  /** How often the worker went to sleep because nothing was ready. */
  workerParkCount(worker: number): number {
    this.#check(worker);
    return this.#core.counters.parks;
  }

  /** Parks and unparks together: odd while the worker is parked. */
  workerParkUnparkCount(worker: number): number {
    this.#check(worker);
    return this.#core.counters.parks + this.#core.counters.unparks;
  }

  /** How often the worker was roused and went back to sleep without having polled a task. */
  workerNoopCount(worker: number): number {
    this.#check(worker);
    return this.#core.counters.noops;
  }

  /** Polls of tasks. */
  workerPollCount(worker: number): number {
    this.#check(worker);
    return this.#core.counters.polls;
  }

  /** Wake-ups that came from tasks on this worker. */
  workerLocalScheduleCount(worker: number): number {
    this.#check(worker);
    return this.#core.localSchedules;
  }

  /** Tasks in the worker's own queue. */
  workerLocalQueueDepth(worker: number): number {
    this.#check(worker);
    return this.#core.ready - this.#core.injected;
  }

  /** Tasks taken from other workers: none on a current-thread runtime. */
  workerStealCount(worker: number): number {
    this.#check(worker);
    return 0;
  }

  /** Successful steals: none on a current-thread runtime. */
  workerStealOperations(worker: number): number {
    this.#check(worker);
    return 0;
  }

  /** How often the worker's queue spilled over: never on a current-thread runtime, whose queue grows. */
  workerOverflowCount(worker: number): number {
    this.#check(worker);
    return 0;
  }

  /** True with {@link Builder.enableMetricsPollTimeHistogram}. */
  pollTimeHistogramEnabled(): boolean {
    return this.#core.counters.pollTimes !== null;
  }

  /** 0 without the histogram. */
  pollTimeHistogramNumBuckets(): number {
    return this.#core.counters.pollTimes?.configuration.numBuckets ?? 0;
  }

  /** Where a bucket starts and ends; empty without the histogram. */
  pollTimeHistogramBucketRange(bucket: number): { readonly start: number; readonly end: number } {
    return range(this.#core.counters.pollTimes, bucket);
  }

  /** Polls that fell into a bucket; 0 without the histogram. */
  pollTimeHistogramBucketCount(worker: number, bucket: number): number {
    this.#check(worker);
    return count(this.#core.counters.pollTimes, bucket);
  }

  /** True with {@link Builder.enableMetricsScheduleLatencyHistogram}. */
  scheduleLatencyHistogramEnabled(): boolean {
    return this.#core.counters.latencies !== null;
  }

  /** 0 without the histogram. */
  scheduleLatencyHistogramNumBuckets(): number {
    return this.#core.counters.latencies?.configuration.numBuckets ?? 0;
  }

  /** Where a bucket starts and ends; empty without the histogram. */
  scheduleLatencyHistogramBucketRange(bucket: number): { readonly start: number; readonly end: number } {
    return range(this.#core.counters.latencies, bucket);
  }

  /** Polls that fell into a bucket; 0 without the histogram. */
  scheduleLatencyHistogramBucketCount(worker: number, bucket: number): number {
    this.#check(worker);
    return count(this.#core.counters.latencies, bucket);
  }

  #check(worker: number): void {
    checkInteger("worker", worker, 0, this.numWorkers() - 1);
  }
}

function range(
  histogram: Histogram | null,
  bucket: number,
): { readonly start: number; readonly end: number } {
  return histogram?.configuration.bucketRange(bucket) ?? { start: 0, end: 0 };
}

function count(histogram: Histogram | null, bucket: number): number {
  if (histogram === null) return 0;
  checkInteger("bucket", bucket, 0, histogram.counts.length - 1);
  return histogram.counts[bucket] as number;
}
