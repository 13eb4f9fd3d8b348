/** What a leaf future needs to take part in cooperative scheduling. */
import type { Context } from "../future.ts";
import { charge, proceed } from "../internal/budget.ts";

/**
 * Asks whether the current poll may go on. When it may not, the task is put behind all that are ready, and the leaf
 * must return `PENDING` without having done anything.
 *
 * Asking costs nothing: only {@link madeProgress} takes a unit, so a leaf that turns out to be pending has nothing to
 * give back.
 *
 * @see Tokio `coop::poll_proceed`, which takes the unit at once and restores it when its token is dropped
 * @public
 */
export function pollProceed(cx: Context): boolean {
  return proceed(cx);
}

/** Takes one unit of the budget, for an operation that has completed. @see Tokio `RestoreOnPending::made_progress` @public */
export function madeProgress(): void {
  charge();
}
