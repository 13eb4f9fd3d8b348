/**
 * The receiving end of a oneshot channel, which is also all that the channel consists of: the sender is a pointer to it.
 *
 * Invariants:
 *  1. `_value` holds a value exactly while `HAS_VALUE` is set.
 *  2. Once `CLOSED` or `SENT` is set, nothing more is sent. Neither is ever cleared.
 *  3. `_waker` is null unless somebody waits, and no longer once something has happened to wait for.
 */
import { Future, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import {
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
  wakeSafely,
} from "@rt/core/driver";
import { blocking } from "../internal/blocking.ts";
import { waitedTwice } from "../internal/busy.ts";
import { discard } from "../internal/discard.ts";
import { completed } from "../internal/disposed.ts";
import type { UntilClosed } from "../internal/until-closed.ts";
import { WaitList } from "../internal/wait-list.ts";
import { RecvError } from "./errors.ts";

/** A value was sent and not taken. Set by `_send`, cleared when it is taken or dropped. */
const HAS_VALUE = 1;
/** The sender has sent, or is gone. */
const SENT = 2;
/** Receives nothing that was not sent before: set by `close` and `drop`, and when the result was handed out. */
const CLOSED = 4;
/** The result was handed out, or the receiver was dropped. */
const OVER = 8;
/** Something to wait for has happened. */
const SETTLED: number = SENT | CLOSED;

/**
 * Waits for the one value of a oneshot channel: `await rx`, or `yield* rx` in a generator task.
 *
 * It is the future itself, so whoever is given it owns it: a `select` or a `timeout` that drops it closes the channel.
 * To wait a while and keep it, give {@link Receiver.recv} instead.
 *
 * Cancel safety: dropping it closes the channel, and a value inside goes with it (disposed, if it is `Disposable`).
 *
 * @throws {@link RecvError} when the sender is gone without having sent.
 * @see Tokio `oneshot::Receiver`
 * @public
 */
export class Receiver<T> extends Future<T> {
  /** @internal */
  _value: T | undefined = undefined;
  /** @internal Of who waits, by this future or by that of `recv`. */
  _waker: Waker | null = null;
  /** @internal Who waits for the close. */
  _closing: WaitList<UntilClosed> | null = null;

  override poll(cx: Context): Poll<T> {
    const state = this._state;
    if ((state & SETTLED) === 0) {
      if (this._waker !== null) this._checkWaker(cx);
      this._waker = cx.waker;
      return PENDING;
    }
    if ((state & OVER) !== 0) throw completed(this);
    if (!pollProceed(cx)) return PENDING;
    madeProgress();
    return this._take();
  }

  // The same as the inherited one, without a lookup for `poll`.
  override next(): IteratorResult<Future<unknown>, T> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== PENDING) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }

  /**
   * Waits for the value without owning the channel. It may be called again after it was dropped.
   *
   * Cancel safety: dropping it loses nothing.
   *
   * @throws {@link RecvError} when the sender is gone without having sent.
   * @see Tokio `&mut oneshot::Receiver` as a future
   */
  recv(): Future<T> {
    return new Recv(this);
  }

  /**
   * The value, if it was sent; `PENDING` while it may still come.
   *
   * @throws {@link RecvError} when it can't come any more, or was taken.
   * @see Tokio `oneshot::Receiver::try_recv`, which returns two kinds of errors
   */
  tryRecv(): Poll<T> {
    return (this._state & SETTLED) === 0 ? PENDING : this._take();
  }

  /**
   * The value, if it was sent.
   *
   * @throws UsageError (`ERR_RT_WOULD_BLOCK`) inside a task, and when it was not sent yet: the sender lives on this
   * thread, too, and could not send while it is blocked.
   * @see Tokio `oneshot::Receiver::blocking_recv`
   */
  blockingRecv(): T {
    return blocking(this.recv());
  }

  /** Prevents sending. A value that was sent before can still be received. */
  close(): void {
    this._state |= CLOSED;
    this._wake();
    this._closing?.wakeAll();
  }

  /** Whether the result was handed out. */
  isTerminated(): boolean {
    return (this._state & OVER) !== 0;
  }

  /** Whether there is no value to receive now. */
  isEmpty(): boolean {
    return (this._state & HAS_VALUE) === 0;
  }

  /** Closes the channel; a value that was sent goes with it: it is disposed, if it is `Disposable`. */
  override drop(): void {
    const state = this._state;
    const value = this._value;
    this._state = (state & ~HAS_VALUE) | OVER;
    this._value = undefined;
    // Whoever waits by this very future is the one that drops it.
    if (!(this._waker instanceof Recv)) this._waker = null;
    if ((state & CLOSED) === 0) this.close();
    if ((state & HAS_VALUE) !== 0) discard(value);
  }

  override describe(): string {
    return "a oneshot channel";
  }

  /** Nothing more is to be sent. @internal */
  isClosed(): boolean {
    return (this._state & CLOSED) !== 0;
  }

  /** @internal */
  untilClosed(): WaitList<UntilClosed> {
    return (this._closing ??= new WaitList());
  }

  /** @internal */
  _take(): T {
    const state = this._state;
    const value = this._value;
    this._state = (state & ~HAS_VALUE) | CLOSED | OVER;
    this._waker = null;
    this._value = undefined;
    // A wait for the close may outlive its sender.
    if (this._closing !== null) this._closing.wakeAll();
    if ((state & HAS_VALUE) === 0) throw new RecvError();
    // There, as HAS_VALUE was set.
    return value as T;
  }

  /** Whoever else waits would not be woken any more. @internal */
  _checkWaker(cx: Context): void {
    if (this._waker instanceof Recv && this._waker !== cx.waker) throw waitedTwice();
  }

  /** False when it is closed. @internal */
  _send(value: T): boolean {
    if ((this._state & CLOSED) !== 0) return false;
    this._value = value;
    this._state |= HAS_VALUE | SENT;
    if (this._waker !== null) this._wake();
    return true;
  }

  /** @internal */
  _senderGone(): void {
    this._state |= SENT;
    this._wake();
  }

  /** @internal */
  _wake(): void {
    const waker = this._waker;
    this._waker = null;
    if (waker !== null) wakeSafely(waker);
  }
}

/** A wait that leaves the channel alone. It is the waker of the receiver while it waits. */
class Recv<T> extends Future<T> implements Context, Waker {
  declare readonly _rx: Receiver<T>;
  readonly waker: Waker = this;
  /** That of the last poll. */
  _outer: Waker | null = null;

  constructor(rx: Receiver<T>) {
    super();
    this._rx = rx;
  }

  override poll(cx: Context): Poll<T> {
    this._outer = cx.waker;
    return this._rx.poll(this);
  }

  wake(): void {
    this._outer?.wake();
  }

  override drop(): void {
    if (this._rx._waker === this) this._rx._waker = null;
  }

  override describe(): string {
    return this._rx.describe();
  }
}
