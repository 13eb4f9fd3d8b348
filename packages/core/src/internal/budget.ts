/** The budget of the current poll, as the leaves of this package use it. */
import type { Context } from "../future.ts";
import { realm } from "./realm.ts";

/** True while the budget lasts. At its end the task is put behind all that are ready, and the leaf must say PENDING. */
export function proceed(cx: Context): boolean {
  // Outside any poll nobody would refill the budget.
  if (realm.budget > 0 || realm.now.task === null) return true;
  realm.now.task._scheduler.core.counters.forcedYields += 1;
  cx.waker.wake();
  return false;
}

/** Takes one unit, for an operation that has completed. */
export function charge(): void {
  realm.budget -= 1;
}
