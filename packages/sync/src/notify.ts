/**
 * Wakes tasks without handing them anything.
 *
 * Invariants:
 *  1. A permit is stored only while nobody is in line whom no running `notifyWaiters` is about to wake.
 *  2. A wait whose `_round` is not that of its notify has been notified by `notifyWaiters`.
 */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import {
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
} from "@rt/core/driver";
import { NOBODY, WaitList, type Place, type Waiter } from "./internal/wait-list.ts";

// Bits of a wait's `_state`; they exclude each other.
/** It has used its notification. */
const DONE = 0x1;
/** It was woken by `notifyOne`, and no poll has seen that yet. */
const BY_ONE = 0x2;
/** The same by `notifyLast`. */
const BY_LAST = 0x4;

/** What a wait gives that is over: one object for all. */
const OVER: IteratorReturnResult<void> = { done: true, value: undefined };

/**
 * Tells tasks that something has happened, and lets them look what.
 *
 * {@link Notify.notifyOne} wakes one task; if none waits, the next one to wait goes on at once, so that a
 * notification between looking and waiting is not lost. {@link Notify.notifyWaiters} wakes all who wait now and stores
 * nothing. Neither carries data.
 *
 * @example
 * ```ts
 * import { type Async, spawn } from "@rt/core";
 * const queue: string[] = [];
 * const filled = new Notify();
 * function* next(): Async<string> {
 *   for (;;) {
 *     const item = queue.shift();
 *     if (item !== undefined) return item;
 *     yield* filled.notified();
 *   }
 * }
 * const handle = spawn(next());
 * queue.push("work");
 * filled.notifyOne();
 * const item = yield* handle;
 * item; // => "work"
 * ```
 * @see Tokio `sync::Notify`
 * @public
 */
export class Notify {
  /** @internal */
  readonly _line: WaitList<Notified> = new WaitList();
  /** Counts the calls of `notifyWaiters`. @internal */
  _round = 0;
  /** `notifyOne` found nobody. @internal */
  _permit = false;

  /**
   * Waits for a notification. A stored one is used up at once.
   *
   * The object counts as waiting for {@link Notify.notifyWaiters} from here on, for the others from its first poll or
   * {@link Notified.enable}.
   *
   * Fairness: `notifyOne` wakes those who wait in the order of their first poll.
   * Cancel safety: dropping it gives up the place in line. A notification that it was woken by and has not used goes to
   * the next.
   *
   * @see Tokio `Notify::notified`, `Notify::notified_owned`
   */
  notified(): Notified {
    return new Notified(this);
  }

  /** The same as {@link Notify.notified}: every wait keeps its notify alive. */
  notifiedOwned(): Notified {
    return this.notified();
  }

  /** Wakes the one who has waited longest. If nobody waits, the next one to wait goes on at once; only one. */
  notifyOne(): void {
    this.#notify(this._line.oldest(), BY_ONE);
  }

  /** As {@link Notify.notifyOne}, for the one who came last. */
  notifyLast(): void {
    this.#notify(this._line.youngest(), BY_LAST);
  }

  /** Wakes everybody whose {@link Notify.notified} was called before, polled or not. A stored permit stays. */
  notifyWaiters(): void {
    this._round = (this._round + 1) | 0;
    this._line.wakeAll();
  }

  #notify(place: Place<Notified> | null, how: number): void {
    if (place === null) {
      this._permit = true;
      return;
    }
    this._line.unlink(place);
    place.waiter._state |= how;
    place.wake();
  }
}

/**
 * One wait for a {@link Notify}. Polled again after it is ready, it stays ready.
 * @see Tokio `sync::futures::Notified`, `sync::futures::OwnedNotified`
 * @public
 */
export class Notified extends Future<void> implements Waiter<Notified> {
  /** @internal */
  declare readonly _notify: Notify;
  /** @internal */
  declare readonly _round: number;
  /** @internal */
  declare _place: Place<Notified> | null;

  /** @internal */
  constructor(notify: Notify) {
    super();
    this._notify = notify;
    this._round = notify._round;
    this._place = null;
  }

  /**
   * Joins the line without waiting, so that notifications from here on count: look at the condition after it, then
   * wait. True when it was notified already; a stored permit is used up by that.
   */
  enable(): boolean {
    if (this._take()) return true;
    if (this._place === null) this._notify._line.pushBack(this, NOBODY.waker);
    return false;
  }

  override poll(cx: Context): Poll<void> {
    if (!pollProceed(cx)) return PENDING;
    if (this._take()) {
      madeProgress();
      return;
    }
    if (this._place === null) this._notify._line.pushBack(this, cx.waker);
    else this._place.waker = cx.waker;
    return PENDING;
  }

  override next(): IteratorResult<Future<unknown>, void> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    if (this.poll(cx) === PENDING) return suspension;
    this._state |= FINISHED;
    return OVER;
  }

  override drop(): void {
    const notify = this._notify;
    const state = this._state;
    this._state = state & ~(BY_ONE | BY_LAST);
    notify._line.remove(this);
    if ((state & BY_ONE) !== 0) notify.notifyOne();
    else if ((state & BY_LAST) !== 0) notify.notifyLast();
  }

  override describe(): string {
    return "a Notify";
  }

  /** Uses up the notification, if there is one. @internal */
  _take(): boolean {
    const notify = this._notify;
    const state = this._state;
    if ((state & (DONE | BY_ONE | BY_LAST)) === 0) {
      if (this._round !== notify._round) notify._line.remove(this);
      else if (notify._permit)
        notify._permit = false; // nobody is in line then
      else return false;
    }
    this._state = (state & ~(BY_ONE | BY_LAST)) | DONE;
    return true;
  }
}
