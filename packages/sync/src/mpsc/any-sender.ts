/** What the senders of bounded and unbounded channels have in common. */
import type { Future } from "@rt/core";
import { closedProperly, debug, watchForgotten } from "@rt/core/driver";
import { UntilClosed } from "../internal/until-closed.ts";
import { live, type Channel } from "./channel.ts";

type MakeSender<S> = new (channel: Channel<never>, above: unknown) => S;

/** What all senders can do. @public */
export abstract class AnySender<T extends {} | null> implements Disposable {
  /** Null once disposed, and while an `OwnedPermit` has it. @internal */
  _channel: Channel<T> | null;

  /** @internal */
  constructor(channel: Channel<T>, above: unknown) {
    channel.senders += 1;
    this._channel = channel;
    if (debug) watchForgotten(this, "an mpsc Sender", () => channel.removeSender(), above);
  }

  /**
   * Waits until the receiver is closed or gone; from then on it is ready at once.
   *
   * Cancel safety: dropping it loses nothing.
   * @see Tokio `mpsc::Sender::closed`
   */
  closed(): Future<void> {
    return new UntilClosed(this._live());
  }

  /** Whether the receiver is closed or gone. */
  isClosed(): boolean {
    return this._live().isClosed();
  }

  /** Whether both send into one channel. */
  sameChannel(other: this): boolean {
    return this._live() === other._live();
  }

  /** How many senders there are, those in an `OwnedPermit` included. */
  strongCount(): number {
    return this._live().senders;
  }

  /** How many weak senders there are. */
  weakCount(): number {
    return this._live().weakSenders;
  }

  /** Makes another sender of the channel. */
  clone(): this {
    // The class of a sender is made from what its own constructor takes.
    return new (this.constructor as MakeSender<this>)(this._live() as Channel<never>, this.clone);
  }

  /** Makes a handle that does not keep the channel open. */
  downgrade(): Weak<T, this> {
    return new Weak(this._live(), this.constructor as MakeSender<this>);
  }

  /** Gives the sender up; the last one closes the channel for the receiver. Sends that wait go through all the same. */
  [Symbol.dispose](): void {
    const channel = this._channel;
    if (channel === null) return;
    this._channel = null;
    if (debug) closedProperly(this);
    channel.removeSender();
  }

  /** @internal */
  _live(): Channel<T> {
    return live(this, "an mpsc Sender");
  }
}

/**
 * A sender that does not keep its channel open. {@link Weak.upgrade} makes a real one of it, while there is one.
 * @see Tokio `mpsc::WeakSender`, `mpsc::WeakUnboundedSender`
 * @public
 */
export class Weak<T extends {} | null, S extends AnySender<T>> implements Disposable {
  /** Null once disposed. @internal */
  _channel: Channel<T> | null;
  readonly #make: MakeSender<S>;

  /** @internal */
  constructor(channel: Channel<T>, make: MakeSender<S>) {
    channel.weakSenders += 1;
    this._channel = channel;
    this.#make = make;
  }

  /** Makes a sender; null when there is none any more. */
  upgrade(): S | null {
    const channel = this.#live();
    return channel.senders === 0 ? null : new this.#make(channel as Channel<never>, this.upgrade);
  }

  /** How many senders there are. */
  strongCount(): number {
    return this.#live().senders;
  }

  /** How many weak senders there are. */
  weakCount(): number {
    return this.#live().weakSenders;
  }

  /** Makes another weak sender. */
  clone(): Weak<T, S> {
    return new Weak(this.#live(), this.#make);
  }

  /** Is counted no more. */
  [Symbol.dispose](): void {
    if (this._channel !== null) this._channel.weakSenders -= 1;
    this._channel = null;
  }

  #live(): Channel<T> {
    return live(this, "an mpsc WeakSender");
  }
}
