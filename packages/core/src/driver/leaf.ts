/** What a leaf future needs: its part in cooperative scheduling, and a `yield*` of its own where it is hot. */
import { AWAITED, FINISHED, type Context, type Future } from "../future.ts";
import { charge, proceed } from "../internal/budget.ts";
import { realm } from "../internal/realm.ts";

export { notPolled } from "../future.ts";
export { currentContext } from "../internal/realm.ts";

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

/**
 * What {@link Future.next} gives for "not yet".
 *
 * The inherited `next()` serves every class and so calls `poll` through a lookup. A leaf that is waited for millions
 * of times a second overrides it, and must then do the same:
 *
 * ```ts no-run
 * override next(): IteratorResult<Future<unknown>, number> {
 *   const cx = currentContext();
 *   if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
 *   this._state |= FINISHED; // before the poll, so that a future that fails counts as finished as well
 *   const value = this.poll(cx);
 *   if (value !== PENDING) return { done: true, value };
 *   this._state &= ~FINISHED;
 *   return suspension;
 * }
 * ```
 * @public
 */
export const suspension: IteratorYieldResult<Future<unknown>> = realm.suspension;

/** The bits of `_state` that say that the result was handed out, or promised to an `await`. @public */
export const TAKEN: number = AWAITED | FINISHED;
/** The bit of `_state` that a `yield*` sets once it has the result. The lowest 24 bits belong to the subclass. @public */
export { FINISHED };
