/**
 * What the two ends of a channel share.
 *
 * A value takes a permit when it is sent, or when its place is reserved, and gives it back when it is received. An
 * unbounded channel is one with more permits than it can use.
 *
 * Invariants:
 *  1. A permit is free, or held by a value in the ring, by a `Permit` object, or by a claim that was granted it. So
 *     nothing more can come exactly when `shut` is set and all permits are free.
 *  2. `shut` goes from false to true once: when the receiver is closed or gone, or the last sender is gone.
 *  3. `leaf` is the receiver's future that waits, and `waker` that of its last poll. Both are null while none does.
 */
import { PENDING, type Context, type Future, type Poll, type Waker } from "@rt/core";
import { typeError, wakeSafely } from "@rt/core/driver";
import { waitedTwice } from "../internal/busy.ts";
import { discard, discardAll } from "../internal/discard.ts";
import { disposed } from "../internal/disposed.ts";
import { Permits } from "../internal/permits.ts";
import type { Closing, UntilClosed } from "../internal/until-closed.ts";
import { WaitList } from "../internal/wait-list.ts";
import { Ring } from "./ring.ts";

export class Channel<T> extends Ring<T> implements Closing {
  readonly permits: Permits;
  /** How many permits there are. */
  readonly size: number;
  shut = false;
  isReceiverGone = false;
  senders = 0;
  weakSenders = 0;
  waker: Waker | null = null;
  leaf: Future<unknown> | null = null;
  readonly #closedWaiters: WaitList<UntilClosed> = new WaitList();

  constructor(size: number) {
    super();
    this.permits = new Permits(size);
    this.size = size;
  }

  /** No receiver takes what is sent from here on. */
  isClosed(): boolean {
    return this.permits.closed;
  }

  untilClosed(): WaitList<UntilClosed> {
    return this.#closedWaiters;
  }

  /** `recv()` would give `undefined` at once. */
  get isOver(): boolean {
    return this.shut && this.permits.free === this.size;
  }

  /** Adds a value that has its permit. */
  deliver(value: T): void {
    this.push(value);
    if (this.waker !== null) this.wakeReceiver();
  }

  /** Adds a value by a permit that was reserved: when nobody is left to receive it, it goes the way of unread ones. */
  pushReserved(value: T): void {
    if (this.isReceiverGone) {
      this.giveBack(1);
      discard(value);
    } else this.deliver(value);
  }

  wakeReceiver(): void {
    const { waker } = this;
    this.waker = null;
    this.leaf = null;
    if (waker !== null) wakeSafely(waker);
  }

  /** Permits come back without a value. */
  giveBack(count: number): void {
    this.permits.release(count);
    this.settle();
  }

  /** Tells a waiting receiver when nothing more can come. */
  settle(): void {
    if (this.waker !== null && this.isOver) this.wakeReceiver();
  }

  /** There is no value now: `undefined` if there will be none, else waits for one. */
  wait(cx: Context, leaf: Future<unknown> | null): Poll<undefined> {
    if (this.isReceiverGone) throw disposed("an mpsc Receiver", "it was disposed; dispose it later");
    if (this.isOver) return undefined;
    if (this.leaf !== null && this.leaf !== leaf) throw waitedTwice();
    this.leaf = leaf;
    this.waker = cx.waker;
    return PENDING;
  }

  /** `leaf` waits no more. */
  forget(leaf: Future<unknown>): void {
    if (this.leaf !== leaf) return;
    this.leaf = null;
    this.waker = null;
  }

  removeSender(): void {
    this.senders -= 1;
    if (this.senders > 0) return;
    this.shut = true;
    this.settle();
  }

  /** Nothing new is accepted; what was is still received. */
  close(): void {
    if (this.permits.closed) return;
    this.shut = true;
    this.permits.close();
    this.settle();
    this.#closedWaiters.wakeAll();
  }

  /** The receiver goes, and with it what it has not read. */
  removeReceiver(): void {
    if (this.isReceiverGone) return;
    this.isReceiverGone = true;
    const unread = this.drain();
    this.permits.free += unread.length;
    this.close();
    this.wakeReceiver();
    discardAll(unread);
  }
}

/** A handle on a channel. */
export interface End<T> {
  /** Null once it is disposed, or was given away. */
  _channel: Channel<T> | null;
}

/** The channel of a handle that is still good. */
export function live<T>(end: End<T>, what: string, remedy?: string): Channel<T> {
  if (end._channel === null) throw disposed(what, remedy);
  return end._channel;
}

/** Refuses what cannot be told from the end of the channel. */
export function checkItem(value: unknown): void {
  if (value === undefined)
    throw typeError("Cannot send undefined: recv() gives it at the end of the channel; send null instead");
}
