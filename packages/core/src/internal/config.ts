/** What a `Builder` collects and a runtime is made of. */
import type { Driver, DriverKey } from "../driver/driver.ts";
import type { Report } from "../report.ts";
import type { TaskMeta } from "../task-meta.ts";

export type UnhandledPanic = "report" | "ignore" | "shutdownRuntime";

/** Named as the setters are where both have the same value. What is off is not there. */
export interface Config {
  name?: string;
  threadNameFn: () => string;
  /** Polls between turns of the driver; without it, that adapts to the time they take. */
  eventInterval?: number;
  globalQueueInterval: number;
  disableLifoSlot?: boolean;
  startPaused?: boolean;
  rngSeed?: number;
  unhandledPanic?: UnhandledPanic;
  traceSpawns?: boolean;
  propagateContext?: boolean;
  timesPolls?: boolean;
  tracksLatency?: boolean;
  slowPollMs?: number;
  watchdogMs?: number;
  pollTimes?: boolean;
  /** Where the buckets of a histogram end. */
  pollTimeEnds?: readonly number[];
  latencies?: boolean;
  latencyEnds?: readonly number[];
  parkOn?: () => Driver;
  drivers: readonly DriverKey<Driver>[];
  onReport?: (report: Report) => void;
  onTaskSpawn?: (meta: TaskMeta) => void;
  onTaskTerminate?: (meta: TaskMeta) => void;
  onBeforeTaskPoll?: (meta: TaskMeta) => void;
  onAfterTaskPoll?: (meta: TaskMeta) => void;
  onThreadPark?: () => void;
  onThreadUnpark?: () => void;
}
