/** The sending end of a broadcast channel. */
import type { Future } from "@rt/core";
import { closedProperly, debug, watchForgotten } from "@rt/core/driver";
import { live } from "../internal/multicast.ts";
import { UntilClosed } from "../internal/until-closed.ts";
import { checkItem } from "../mpsc/channel.ts";
import { Receiver } from "./receiver.ts";
import { Shared } from "./shared.ts";

/**
 * Makes a channel that shows every value to all its receivers. It keeps the last `capacity` values for those that are
 * behind; sending never waits.
 *
 * @param capacity - 1 to 2^30, rounded up to a power of two. Memory is taken only as a receiver falls behind.
 * @throws RangeError (`ERR_RT_OUT_OF_RANGE`) when `capacity` is out of range.
 * @example
 * ```ts
 * const { tx, rx } = broadcast.channel<number>(2);
 * for (const n of [1, 2, 3]) tx.send(n);
 * let missed = 0;
 * try {
 *   rx.tryRecv();
 * } catch (error) {
 *   if (error instanceof broadcast.LaggedError) missed = error.missed;
 * }
 * [missed, rx.tryRecv(), rx.tryRecv()]; // => [1, 2, 3]
 * ```
 * @see Tokio `sync::broadcast::channel`
 * @public
 */
export function channel<T extends {} | null>(
  capacity: number,
): { readonly tx: Sender<T>; readonly rx: Receiver<T> } {
  const shared = new Shared<T>(capacity);
  return { tx: new Sender(shared, channel), rx: new Receiver(shared, channel) };
}

/**
 * Sends to all receivers of a channel. When the last sender is disposed, the channel is closed: receivers get what is
 * left, then `undefined`.
 * @see Tokio `sync::broadcast::Sender`
 * @public
 */
export class Sender<T extends {} | null> implements Disposable {
  /** @internal */
  _channel: Shared<T> | null;

  /** Makes a channel as {@link channel} does, without a receiver. */
  constructor(capacity: number);
  /** @internal */
  constructor(from: Shared<T>, above: unknown);
  constructor(from: number | Shared<T>, above: unknown = Sender) {
    const shared = from instanceof Shared ? from : new Shared<T>(from);
    shared.senders += 1;
    this._channel = shared;
    if (debug) watchForgotten(this, "a broadcast Sender", () => shared.removeSender(), above);
  }

  /**
   * Sends to every receiver there is now, and gives their number. Never waits: when the channel is full, the oldest
   * value is overwritten, and receivers that had not received it are told by {@link LaggedError}.
   *
   * That there was a receiver does not mean that it will receive: it may be disposed before.
   *
   * @throws {@link SendError} with the value when there is no receiver.
   * @throws TypeError (`ERR_RT_INVALID_ARGUMENT`) when the value is `undefined`, which means the end of the channel.
   * @see Tokio `sync::broadcast::Sender::send`
   */
  send(value: T): number {
    const shared = this._live();
    checkItem(value);
    return shared.send(value);
  }

  /** A new receiver, for values that are sent from now on. */
  subscribe(): Receiver<T> {
    return new Receiver(this._live(), this.subscribe);
  }

  /** How many values are kept for receivers that have yet to receive them. Takes the same time however many. */
  len(): number {
    return this._live().len();
  }

  /** True when every receiver has received every value. */
  isEmpty(): boolean {
    return this.len() === 0;
  }

  /** How many receivers there are. */
  receiverCount(): number {
    return this._live().receivers;
  }

  /** True when `other` sends to the same channel. */
  sameChannel(other: Sender<T>): boolean {
    return this._live() === other._live();
  }

  /** Senders that keep the channel open. */
  strongCount(): number {
    return this._live().senders;
  }

  /** Senders that don't: see {@link Sender.downgrade}. */
  weakCount(): number {
    return this._live().weakSenders;
  }

  /**
   * Waits until there is no receiver. {@link Sender.subscribe} brings one back: this looks again when it is polled.
   *
   * Cancel safety: dropping it changes nothing.
   * @see Tokio `sync::broadcast::Sender::closed`, which charges no budget
   */
  closed(): Future<void> {
    return new UntilClosed(this._live());
  }

  /** Another sender to the same channel, to be disposed by itself. */
  clone(): Sender<T> {
    return new Sender(this._live(), this.clone);
  }

  /** A handle that does not keep the channel open. */
  downgrade(): WeakSender<T> {
    return new WeakSender(this._live());
  }

  /** Gives the sender up; the last one closes the channel. May be called more than once. */
  [Symbol.dispose](): void {
    const shared = this._channel;
    if (shared === null) return;
    this._channel = null;
    closedProperly(this);
    shared.removeSender();
  }

  /** @internal */
  _live(): Shared<T> {
    return live(this._channel, "a broadcast Sender");
  }
}

/**
 * A way back to a {@link Sender} that does not keep the channel open.
 * @see Tokio `sync::broadcast::WeakSender`
 * @public
 */
export class WeakSender<T extends {} | null> implements Disposable {
  /** @internal */
  _channel: Shared<T> | null;

  /** @internal */
  constructor(shared: Shared<T>) {
    shared.weakSenders += 1;
    this._channel = shared;
  }

  /** A sender, or `null` when the last one is gone: a closed channel stays closed. */
  upgrade(): Sender<T> | null {
    const shared = this._live();
    return shared.senders === 0 ? null : new Sender(shared, this.upgrade);
  }

  /** Senders that keep the channel open. */
  strongCount(): number {
    return this._live().senders;
  }

  /** Senders that don't. */
  weakCount(): number {
    return this._live().weakSenders;
  }

  /** Another weak handle. */
  clone(): WeakSender<T> {
    return new WeakSender(this._live());
  }

  /** Gives the handle up. May be called more than once. */
  [Symbol.dispose](): void {
    if (this._channel !== null) this._channel.weakSenders -= 1;
    this._channel = null;
  }

  /** @internal */
  _live(): Shared<T> {
    return live(this._channel, "a broadcast WeakSender");
  }
}
