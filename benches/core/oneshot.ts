/**
 * A channel for one value, as a leaf future on the public face of `@rt/core`: what a user would write.
 *
 * Invariants:
 *  1. `_waker` is set only while a poll has answered pending and nothing was sent since.
 */

import { type Context, Future, PENDING, type Poll, type Waker } from "@rt/core";

/** Both halves in one object: whoever sends holds it, whoever waits awaits it. */
export class Oneshot<T> extends Future<T> {
  _sent = false;
  _value: T | null = null;
  _waker: Waker | null = null;

  send(value: T): void {
    this._value = value;
    this._sent = true;
    const waker = this._waker;
    if (waker === null) return;
    this._waker = null;
    waker.wake();
  }

  override poll(cx: Context): Poll<T> {
    // `_value` holds a T from the moment `_sent` is true.
    if (this._sent) return this._value as T;
    this._waker = cx.waker;
    return PENDING;
  }

  override drop(): void {
    this._waker = null;
  }
}
