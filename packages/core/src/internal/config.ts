/** What a `Builder` collects and a runtime is made of. */
import type { Driver, DriverKey } from "../driver/driver.ts";
import type { WatchdogThread } from "../platform/platform.ts";
import type { Report } from "../report.ts";
import type { TaskMeta } from "../task-meta.ts";

export type UnhandledPanic = "report" | "ignore" | "shutdownRuntime";

/** Named as the setters are. What is off is not there. */
export interface Config {
  name?: string;
  /** The process's own runtime, which nobody has built. */
  isDefault?: true;
  threadNameFn: () => string;
  /** Polls between turns of the driver; without it, that adapts to the time they take. */
  eventInterval?: number;
  globalQueueInterval: number;
  disableLifoSlot?: boolean;
  startPaused?: boolean;
  rngSeed?: number;
  unhandledPanic?: UnhandledPanic;
  /** How long what was dropped may wait for promises of others, where it is waited for. */
  foreignGrace: number;
  /** How long any cleanup may take. */
  cleanupTimeout?: number;
  traceSpawns?: boolean;
  propagateContext?: boolean;
  enableMetricsTiming?: boolean;
  trackTaskScheduleLatency?: boolean;
  slowPollThreshold?: number;
  watchdog?: () => WatchdogThread | null;
  enableMetricsPollTimeHistogram?: boolean;
  /** Where the buckets of a histogram end. */
  metricsPollTimeHistogramConfiguration?: readonly number[];
  enableMetricsScheduleLatencyHistogram?: boolean;
  metricsScheduleLatencyHistogramConfiguration?: readonly number[];
  parkOn?: () => Driver;
  addDriver: readonly DriverKey<Driver>[];
  onReport?: (report: Report) => void;
  onTaskSpawn?: (meta: TaskMeta) => void;
  onTaskTerminate?: (meta: TaskMeta) => void;
  onBeforeTaskPoll?: (meta: TaskMeta) => void;
  onAfterTaskPoll?: (meta: TaskMeta) => void;
  onThreadPark?: () => void;
  onThreadUnpark?: () => void;
}

export const DEFAULTS: Config = {
  threadNameFn: () => "rt-worker",
  globalQueueInterval: 31,
  foreignGrace: 100,
  addDriver: [],
};
