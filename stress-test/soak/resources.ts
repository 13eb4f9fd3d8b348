/** What a process holds that it must give back. */
import { readdirSync } from "node:fs";
import type { Handle } from "@rt/core";
import { ioKey } from "@rt/net";

export interface Resources {
  /** Open descriptors; undefined where the system does not tell. */
  readonly descriptors: number | undefined;
  readonly sockets: number;
  readonly tasks: number;
  /** Timers of the event loop. */
  readonly timers: number;
  readonly heapMb: number;
}

export function resources(handle: Handle): Resources {
  globalThis.gc?.();
  globalThis.gc?.(); // what the first one only made unreachable
  return {
    descriptors: descriptors(),
    sockets: handle.driver(ioKey).openSockets(),
    tasks: handle.metrics().numAliveTasks(),
    timers: process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length,
    heapMb: process.memoryUsage().heapUsed / 2 ** 20,
  };
}

function descriptors(): number | undefined {
  return process.platform === "linux" ? readdirSync("/proc/self/fd").length : undefined;
}
