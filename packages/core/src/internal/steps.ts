/**
 * What a combinator that drops some of its parts has to know of async functions.
 *
 * A poll that has the result of an await gives it to the function at once, but the function's code goes on in microtasks
 * behind the poll. Dropped before that, it would lose what the await took. So its part of the combinator is stepping
 * until it comes to an await that is pending, or to its end. Until then the others must not win. One that goes on
 * and on gives way by itself: a poll of it does nothing once it has used up a budget, or 15 polls before have let it go on.
 */
import type { Waker } from "../future.ts";
import { realm } from "./realm.ts";

/**
 * How many microtasks it may take to come back. With more it is taken to wait for a promise of somebody else's: that
 * may take for ever, and nothing of ours is lost by dropping it there.
 */
const HOPS = 64;

const settled: Promise<void> = Promise.resolve();

/** Take it before polling a part, for {@link stepsOn}. @public */
export function stepCount(): number {
  return realm.steps;
}

/**
 * Behind a poll that gave `PENDING`: whether an async function that was polled, itself or within something else, has code
 * on its way. Then return `PENDING` without polling the others, and poll that part first the next time; `waker` is woken
 * for it.
 *
 * @param since - what {@link stepCount} was before that poll.
 * @public
 */
export function stepsOn(since: number, waker: Waker): boolean {
  const scope = realm.stepping;
  if (realm.steps === since || scope === null || !scope._isStepping) return false;
  let hops = HOPS;
  let seen = realm.steps;
  const hop = (): void => {
    if (realm.steps !== seen) {
      seen = realm.steps;
      hops = HOPS;
    }
    hops -= 1;
    if (hops === 0) scope._rest();
    if (scope._isStepping) void settled.then(hop);
    else waker.wake();
  };
  void settled.then(hop);
  return true;
}
