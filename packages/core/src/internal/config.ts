/** What a `Builder` collects and a runtime is made of. */
import type { Driver, DriverKey } from "../driver/driver.ts";
import type { HistogramConfiguration } from "../histogram.ts";
import type { Report } from "../report.ts";
import type { TaskMeta } from "../task-meta.ts";

export type UnhandledPanic = "report" | "ignore" | "shutdownRuntime";

export interface Config {
  name: string | undefined;
  threadName: () => string;
  /** Polls between turns of the driver; null adapts to the time they take. */
  eventInterval: number | null;
  globalQueueInterval: number;
  disableLifoSlot: boolean;
  startPaused: boolean;
  rngSeed: number | null;
  unhandledPanic: UnhandledPanic;
  traceSpawns: boolean;
  propagateContext: boolean;
  trackTiming: boolean;
  trackScheduleLatency: boolean;
  slowPollMs: number;
  watchdogMs: number;
  pollTimes: boolean;
  pollTimeHistogram: HistogramConfiguration;
  latencies: boolean;
  scheduleLatencyHistogram: HistogramConfiguration;
  makeDriver: (() => Driver) | null;
  drivers: DriverKey<Driver>[];
  onReport: ((report: Report) => void) | null;
  onTaskSpawn: ((meta: TaskMeta) => void) | null;
  onTaskTerminate: ((meta: TaskMeta) => void) | null;
  onBeforeTaskPoll: ((meta: TaskMeta) => void) | null;
  onAfterTaskPoll: ((meta: TaskMeta) => void) | null;
  onThreadPark: (() => void) | null;
  onThreadUnpark: (() => void) | null;
}
