/** The sending end of a watch channel. */
import type { Future } from "@rt/core";
import { closedProperly, debug, watchForgotten } from "@rt/core/driver";
import { live } from "../internal/multicast.ts";
import { UntilClosed } from "../internal/until-closed.ts";
import { SendError } from "./errors.ts";
import { Receiver } from "./receiver.ts";
import { Ref, Shared, type Current } from "./shared.ts";

/**
 * Makes a channel that keeps one value, the latest, for all to see.
 *
 * @param initial - the first value. It counts as seen.
 * @example
 * ```ts
 * const { tx, rx } = watch.channel({ verbose: false });
 * tx.sendModify((config) => {
 *   config.value.verbose = true;
 * });
 * rx.hasChanged(); // => true
 * rx.borrowAndUpdate().value; // => { verbose: true }
 * rx.hasChanged(); // => false
 * ```
 * @see Tokio `sync::watch::channel`
 * @public
 */
export function channel<T>(initial: T): { readonly tx: Sender<T>; readonly rx: Receiver<T> } {
  const shared = new Shared(initial);
  return { tx: new Sender(initial, shared, channel), rx: new Receiver(shared, 0, channel) };
}

/**
 * Changes the value of a watch channel. When the last sender is disposed, receivers that wait are told.
 * @see Tokio `sync::watch::Sender`
 * @public
 */
export class Sender<T> implements Disposable {
  /** @internal */
  _channel: Shared<T> | null;

  /** Makes a channel as {@link channel} does, without a receiver. */
  constructor(initial: T);
  /** @internal */
  constructor(initial: T, from: Shared<T>, above: unknown);
  constructor(initial: T, from: Shared<T> = new Shared(initial), above: unknown = Sender) {
    from.senders += 1;
    this._channel = from;
    if (debug) watchForgotten(this, "a watch Sender", () => from.removeSender(), above);
  }

  /**
   * Sets the value and wakes every receiver that waits.
   *
   * @throws {@link SendError} with the value when there is no receiver. The old value stays then;
   * {@link Sender.sendReplace} does not mind.
   * @see Tokio `sync::watch::Sender::send`
   */
  send(value: T): void {
    if (this.isClosed()) throw new SendError(value);
    this.sendReplace(value);
  }

  /** Sets the value, receivers or not, wakes every receiver that waits, and gives the value before. */
  sendReplace(value: T): T {
    const shared = this._live();
    const old = shared.value;
    shared.value = value;
    shared.changed();
    return old;
  }

  /**
   * Edits the value in place and wakes every receiver that waits, also if it is the same as before.
   *
   * @param edit - synchronous; sets or edits `current.value`. When it throws, nobody is woken, and what it did so far
   * stays.
   * @see Tokio `sync::watch::Sender::send_modify`
   */
  sendModify(edit: (current: Current<T>) => void): void {
    const shared = this._live();
    edit(shared);
    shared.changed();
  }

  /**
   * Edits the value in place, and wakes every receiver that waits only if `edit` returns true. What was edited stays
   * in any case.
   *
   * @param edit - as for {@link Sender.sendModify}.
   * @returns what `edit` returned.
   * @see Tokio `sync::watch::Sender::send_if_modified`
   */
  sendIfModified(edit: (current: Current<T>) => boolean): boolean {
    const shared = this._live();
    const isModified = edit(shared);
    if (isModified) shared.changed();
    return isModified;
  }

  /** Reads the value. */
  borrow(): Ref<T> {
    return new Ref(this._live().value, false);
  }

  /** A new receiver, which has seen the present value. */
  subscribe(): Receiver<T> {
    const shared = this._live();
    return new Receiver(shared, shared.sent, this.subscribe);
  }

  /** True while there is no receiver. */
  isClosed(): boolean {
    return this._live().isClosed();
  }

  /**
   * Waits until there is no receiver. {@link Sender.subscribe} brings one back: this looks again when it is polled.
   *
   * Cancel safety: dropping it changes nothing.
   * @see Tokio `sync::watch::Sender::closed`
   */
  closed(): Future<void> {
    return new UntilClosed(this._live());
  }

  /** How many receivers there are. */
  receiverCount(): number {
    return this._live().receivers;
  }

  /** How many senders there are. */
  senderCount(): number {
    return this._live().senders;
  }

  /** True when `other` sends to the same channel. */
  sameChannel(other: Sender<T>): boolean {
    return this._live() === other._live();
  }

  /** Another sender to the same channel, to be disposed by itself. */
  clone(): Sender<T> {
    const shared = this._live();
    return new Sender(shared.value, shared, this.clone);
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
    return live(this._channel, "a watch Sender");
  }
}
