/** Places in a channel that were reserved: what is sent into one never waits and never fails. */
import { closedProperly, debug, watchForgotten } from "@rt/core/driver";
import { checkItem, live, type Channel } from "./channel.ts";
import type { Sender } from "./sender.ts";

/**
 * One place in a bounded channel.
 *
 * It keeps the channel open for its receiver, with or without senders: use it, release it, or declare it with `using`.
 * @see Tokio `mpsc::Permit`, which can't outlive its sender
 * @public
 */
export class Permit<T extends {} | null> implements Disposable {
  /** @internal Null once it was used. */
  _channel: Channel<T> | null;

  /** @internal */
  constructor(channel: Channel<T>) {
    this._channel = channel;
    if (debug) watchForgotten(this, "an mpsc Permit", () => channel.giveBack(1), Permit);
  }

  /**
   * Sends `value` into the place. Also after the receiver was closed, who still gets it; once the receiver is gone,
   * the value becomes what unread values become.
   *
   * @throws UsageError (`ERR_RT_DISPOSED`) when the permit was used or released; TypeError when `value` is `undefined`,
   * and then the permit is still good.
   */
  send(value: T): void {
    checkItem(value);
    this._end().pushReserved(value);
  }

  /** Gives the place back. @throws UsageError (`ERR_RT_DISPOSED`) when the permit was used or released. */
  release(): void {
    this._end().giveBack(1);
  }

  /** Gives the place back, unless it was used. */
  [Symbol.dispose](): void {
    if (this._channel !== null) this.release();
  }

  /** @internal */
  _live(): Channel<T> {
    return live(this, "an mpsc permit", "it was used or released; reserve another for each value");
  }

  /** @internal */
  _end(): Channel<T> {
    const channel = this._live();
    this._channel = null;
    if (debug) closedProperly(this);
    return channel;
  }
}

/**
 * One place in a bounded channel, with the sender it was reserved by.
 * @see Tokio `mpsc::OwnedPermit`
 * @public
 */
export class OwnedPermit<T extends {} | null> extends Permit<T> {
  /** @internal */
  readonly _sender: Sender<T>;

  /** @internal */
  constructor(channel: Channel<T>, sender: Sender<T>) {
    super(channel);
    this._sender = sender;
    sender._channel = null;
  }

  /** As {@link Permit.send}. Gives the sender back. */
  override send(value: T): Sender<T> {
    checkItem(value);
    this._sender._channel = this._live();
    super.send(value);
    return this._sender;
  }

  /** As {@link Permit.release}. Gives the sender back. */
  override release(): Sender<T> {
    this._sender._channel = this._live();
    super.release();
    return this._sender;
  }

  /** Whether both are places of one channel. */
  sameChannel(other: OwnedPermit<T>): boolean {
    return this._live() === other._live();
  }

  /** Whether it is a place of the sender's channel. */
  sameChannelAsSender(sender: Sender<T>): boolean {
    return this._live() === sender._live();
  }

  /** Gives the place back and disposes the sender, unless it was used. */
  override [Symbol.dispose](): void {
    if (this._channel !== null) this.release()[Symbol.dispose]();
  }
}

/**
 * Places that were reserved together: gives a {@link Permit} for each. `for` over it gives the rest back when the loop
 * ends early.
 * @see Tokio `mpsc::PermitIterator`
 * @public
 */
export class PermitIterator<T extends {} | null> implements IterableIterator<Permit<T>>, Disposable {
  readonly #channel: Channel<T>;
  #left: number;

  /** @internal */
  constructor(channel: Channel<T>, count: number) {
    this.#channel = channel;
    this.#left = count;
  }

  /** How many permits are left. */
  len(): number {
    return this.#left;
  }

  next(): IteratorResult<Permit<T>, undefined> {
    if (this.#left === 0) return { done: true, value: undefined };
    this.#left -= 1;
    return { done: false, value: new Permit(this.#channel) };
  }

  /** Gives back what is left. */
  return(): IteratorResult<Permit<T>, undefined> {
    this[Symbol.dispose]();
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Gives back what is left. */
  [Symbol.dispose](): void {
    const count = this.#left;
    this.#left = 0;
    this.#channel.giveBack(count);
  }
}
