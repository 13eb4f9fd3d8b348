/**
 * One subscription to a promise, for all who wait for it.
 *
 * What `then` leaves in a promise stays there until it settles. Where a promise outlives those who wait for it, such as
 * one that says that the program shall stop, each wait would leave some 300 bytes behind. So the promise gets one callback,
 * which knows the waits of this moment only.
 *
 * To find a promise again costs a `WeakMap` entry: 450 ns on Node 24, many times what `then` takes, and most promises are
 * waited for once. So the first wait for a promise of the platform's own kind has a callback for itself, and leaves a
 * mark if it is given up; from then on waits share. What stays behind is what waited at once before the first gave up.
 *
 * Invariants:
 *  1. While `_state` is 0, every wait that is pending is on the list, in the order in which they were made.
 *  2. Once it is not, the list is empty, and the promise has no entry of this any more.
 */
import { runNeutral } from "#platform";
import { Await } from "./await.ts";
import { wakeSafely } from "./current.ts";
import type { SharedPromise } from "./shared-promise.ts";

// The states of a promise that has settled.
export const FULFILLED = 0x2;
export const REJECTED = 0x4;

export class Subscription {
  _state = 0;
  _result: unknown = null;
  _first: SharedPromise<unknown> | null = null;
  _last: SharedPromise<unknown> | null = null;
  /** How many waits were made. */
  _made = 0;
  readonly _promise: PromiseLike<unknown>;
  /** The promise calls back in a microtask that does nothing else. */
  readonly _isNative: boolean;

  constructor(promise: PromiseLike<unknown>, isNative: boolean) {
    this._promise = promise;
    this._isNative = isNative;
  }

  _ask(): void {
    this._promise.then(
      (value) => this._settle(FULFILLED, value),
      (error: unknown) => this._settle(REJECTED, error),
    );
  }

  _settle(outcome: number, result: unknown): void {
    if (this._state !== 0) return;
    this._state = outcome;
    this._result = result;
    subscriptions?.delete(this._promise);
    // Always the first that is left: a waker may drop any of the others.
    for (let wait = this._first; wait !== null; wait = this._first) {
      // On the list is who waits, with a waker.
      const waker = wait._waker as NonNullable<typeof wait._waker>;
      this._remove(wait);
      if (this._isNative && waker instanceof Await) waker._wakeNow();
      else wakeSafely(waker);
    }
  }

  /** Puts a wait behind those that were made before it: nearly always at the end. */
  _add(wait: SharedPromise<unknown>): void {
    let before = this._last;
    while (before !== null && before._order > wait._order) before = before._previous;
    const after = before === null ? this._first : before._next;
    wait._previous = before;
    wait._next = after;
    if (before === null) this._first = wait;
    else before._next = wait;
    if (after === null) this._last = wait;
    else after._previous = wait;
  }

  _remove(wait: SharedPromise<unknown>): void {
    const { _previous: before, _next: after } = wait;
    if (before === null) this._first = after;
    else before._next = after;
    if (after === null) this._last = before;
    else after._previous = before;
    wait._waker = null;
    wait._previous = null;
    wait._next = null;
  }
}

/** By promise; null for one that is marked and has none yet. Made with the first mark: until then nothing is looked up. */
let subscriptions: WeakMap<PromiseLike<unknown>, Subscription | null> | null = null;

/** A wait for a promise was given up: later ones share. */
export function leaveMark(promise: Promise<unknown>): void {
  subscriptions ??= new WeakMap();
  if (!subscriptions.has(promise)) subscriptions.set(promise, null);
}

/** Whether waits for this share. */
export function isMarked(promise: PromiseLike<unknown>): boolean {
  return subscriptions !== null && subscriptions.has(promise);
}

/** What to share of a promise of the platform's own kind; null where a wait is to ask by itself. */
export function sharedSubscription(promise: Promise<unknown>): Subscription | null {
  if (subscriptions === null) return null;
  const found = subscriptions.get(promise);
  if (found === undefined) return null;
  return found ?? subscribe(promise, true);
}

/** What to share of a promise of another class or another realm, whose `then` may be anybody's. */
export function foreignSubscription(promise: PromiseLike<unknown>): Subscription {
  return subscriptions?.get(promise) ?? subscribe(promise, false);
}

function subscribe(promise: PromiseLike<unknown>, isNative: boolean): Subscription {
  const subscription = new Subscription(promise, isNative);
  // Its callbacks are not to hold the context of whoever comes first. Somebody's own `then` may work in that context.
  if (isNative) runNeutral(ask, subscription);
  else ask(subscription);
  subscriptions ??= new WeakMap();
  if (subscription._state === 0) subscriptions.set(promise, subscription);
  return subscription;
}

function ask(subscription: Subscription): void {
  subscription._ask();
}
