/** What a runtime would report. */
import type { Report } from "@rt/core";
import { quietRuntime } from "./polling.ts";

/** What is reported while `fn` runs, such as wakers that throw; nothing of it is printed. */
export function reportsOf(fn: () => void): Report[] {
  const { runtime, reports } = quietRuntime();
  using _entered = runtime.enter();
  fn();
  return reports;
}
