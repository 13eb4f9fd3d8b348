/** The sending end of an unbounded channel. */
import type { Future } from "@rt/core";
import { closedProperly, debug, watchForgotten } from "@rt/core/driver";
import { UntilClosed } from "../internal/until-closed.ts";
import { checkItem, live, type Channel } from "./channel.ts";
import { SendError } from "./errors.ts";

/**
 * Sends into an unbounded channel, at once. Nothing but memory limits what piles up there: prefer a bounded channel
 * where the receiver may be slower.
 *
 * A handle: {@link UnboundedSender.clone} makes another. When the last one is disposed, the receiver gets what is left
 * and then `undefined`.
 * @see Tokio `mpsc::UnboundedSender`
 * @public
 */
export class UnboundedSender<T extends {} | null> implements Disposable {
  /** @internal Null once disposed. */
  _channel: Channel<T> | null;

  /** @internal */
  constructor(channel: Channel<T>, above: unknown) {
    this._channel = channel;
    if (debug) watchForgotten(this, "an mpsc UnboundedSender", () => channel.removeSender(), above);
  }

  /**
   * Sends `value`.
   *
   * @throws {@link SendError} with the value when the receiver is closed or gone; TypeError when `value` is `undefined`.
   * @see Tokio `mpsc::UnboundedSender::send`
   */
  send(value: T): void {
    checkItem(value);
    const channel = this._live();
    if (channel.shut) throw new SendError(value);
    channel.permits.free -= 1;
    channel.deliver(value);
  }

  /** As {@link Sender.closed}. */
  closed(): Future<void> {
    return new UntilClosed(this._live());
  }

  /** Whether the receiver is closed or gone. */
  isClosed(): boolean {
    return this._live().isClosed();
  }

  /** Whether both send into one channel. */
  sameChannel(other: UnboundedSender<T>): boolean {
    return this._live() === other._live();
  }

  /** How many senders there are. */
  strongCount(): number {
    return this._live().senders;
  }

  /** How many {@link WeakUnboundedSender} there are. */
  weakCount(): number {
    return this._live().weakSenders;
  }

  /** Makes another sender of the channel. */
  clone(): UnboundedSender<T> {
    const channel = this._live();
    channel.senders += 1;
    return new UnboundedSender(channel, this.clone);
  }

  /** Makes a handle that does not keep the channel open. */
  downgrade(): WeakUnboundedSender<T> {
    return new WeakUnboundedSender(this._live());
  }

  /** Gives the sender up; the last one closes the channel for the receiver. */
  [Symbol.dispose](): void {
    const channel = this._channel;
    if (channel === null) return;
    this._channel = null;
    if (debug) closedProperly(this);
    channel.removeSender();
  }

  /** @internal */
  _live(): Channel<T> {
    return live(this, "an mpsc UnboundedSender");
  }
}

/**
 * A sender that does not keep its channel open. {@link WeakUnboundedSender.upgrade} makes a real one of it, while there
 * is one.
 * @see Tokio `mpsc::WeakUnboundedSender`
 * @public
 */
export class WeakUnboundedSender<T extends {} | null> implements Disposable {
  /** @internal */
  _channel: Channel<T> | null;

  /** @internal */
  constructor(channel: Channel<T>) {
    channel.weakSenders += 1;
    this._channel = channel;
  }

  /** Makes a sender; null when there is none any more. */
  upgrade(): UnboundedSender<T> | null {
    const channel = this._live();
    if (channel.senders === 0) return null;
    channel.senders += 1;
    return new UnboundedSender(channel, this.upgrade);
  }

  /** How many senders there are. */
  strongCount(): number {
    return this._live().senders;
  }

  /** How many weak senders there are. */
  weakCount(): number {
    return this._live().weakSenders;
  }

  /** Makes another weak sender. */
  clone(): WeakUnboundedSender<T> {
    return new WeakUnboundedSender(this._live());
  }

  [Symbol.dispose](): void {
    if (this._channel !== null) this._channel.weakSenders -= 1;
    this._channel = null;
  }

  /** @internal */
  _live(): Channel<T> {
    return live(this, "an mpsc WeakUnboundedSender");
  }
}
