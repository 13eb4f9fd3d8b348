/** The sending end of a bounded channel. */
import type { Future } from "@rt/core";
import { checkInteger, checkMillis } from "@rt/core/driver";
import { blocking } from "../internal/blocking.ts";
import { AnySender, type Weak } from "./any-sender.ts";
import { checkItem, type Channel } from "./channel.ts";
import { Reserve, Send, SendTimeout, type Make } from "./claim.ts";
import { SendError } from "./errors.ts";
import { OwnedPermit, Permit, PermitIterator } from "./permit.ts";

/**
 * Sends into a bounded channel, waiting while it is full.
 *
 * A handle: {@link Sender.clone} makes another. When the last one is disposed, the receiver gets what is left and then
 * `undefined`.
 *
 * @example
 * ```ts
 * const { tx, rx } = mpsc.channel<number>(2);
 * yield* tx.send(1);
 * tx.trySend(2); // => true
 * tx.trySend(3); // => false
 * tx[Symbol.dispose]();
 * [yield* rx.recv(), yield* rx.recv(), yield* rx.recv()]; // => [1, 2, undefined]
 * ```
 * @see Tokio `mpsc::Sender`
 * @public
 */
export class Sender<T extends {} | null> extends AnySender<T> {
  /**
   * Sends `value`, and waits while the channel is full.
   *
   * Fairness: who waits is served in the order of the first polls.
   * Cancel safety: dropping it gives up the place in line; the value is not sent then.
   *
   * @throws {@link SendError} with the value when the receiver is closed or gone, before or during the wait.
   * @throws TypeError when `value` is `undefined`; at once, as the misuse of a disposed sender.
   * @see Tokio `mpsc::Sender::send`
   */
  send(value: T): Future<void> {
    checkItem(value);
    return new Send(this._live(), value);
  }

  /**
   * Sends `value` if there is a free place. False when there is none now: then nothing has happened.
   *
   * @throws {@link SendError} with the value when the receiver is closed or gone.
   * @see Tokio `mpsc::Sender::try_send`, which returns an error when the channel is full
   */
  trySend(value: T): boolean {
    checkItem(value);
    const channel = this._live();
    if (channel.shut) throw new SendError(value);
    if (!channel.permits.tryTake(1)) return false;
    channel.deliver(value);
    return true;
  }

  /**
   * As {@link Sender.send}, for `ms` milliseconds at most, counted from the first poll. A free place is taken even
   * when `ms` is 0.
   *
   * @throws {@link SendTimeoutError} with the value when the channel stays full for so long.
   * @see Tokio `mpsc::Sender::send_timeout`
   */
  sendTimeout(value: T, ms: number): Future<void> {
    checkItem(value);
    checkMillis("the time-out", ms);
    return new SendTimeout(this._live(), value, ms);
  }

  /**
   * As {@link Sender.send} where no wait is needed.
   *
   * @throws UsageError (`ERR_RT_WOULD_BLOCK`) inside a task, and when the channel is full: the receiver lives on this
   * thread, too, and could not make room while it is blocked.
   * @see Tokio `mpsc::Sender::blocking_send`
   */
  blockingSend(value: T): void {
    blocking(this.send(value));
  }

  /**
   * Waits for a place and keeps it for a value to come.
   *
   * Fairness: as for {@link Sender.send}, in one line with it.
   * Cancel safety: dropping it gives up the place in line. No place is lost.
   *
   * @throws {@link SendError} when the receiver is closed or gone, before or during the wait.
   * @example Do the work only when there is room for what comes of it
   * ```ts
   * const { tx, rx } = mpsc.channel<string>(1);
   * const permit = yield* tx.reserve();
   * permit.send("result");
   * yield* rx.recv(); // => "result"
   * ```
   * @see Tokio `mpsc::Sender::reserve`
   */
  reserve(): Future<Permit<T>> {
    return new Reserve(this, 1, newPermit<T>);
  }

  /**
   * Waits for `count` places and keeps them.
   *
   * Fairness: as for {@link Sender.send}; a large request is not overtaken by small ones behind it.
   * Cancel safety: dropping it gives up the place in line. No place is lost.
   *
   * @param count - 0 to {@link Sender.maxCapacity}. 0 never waits.
   * @throws {@link SendError} when the receiver is closed or gone, before or during the wait.
   * @throws RangeError when `count` is out of range.
   * @see Tokio `mpsc::Sender::reserve_many`, for which a `count` that never fits is a closed channel
   */
  reserveMany(count: number): Future<PermitIterator<T>> {
    this._checkCount(count);
    return new Reserve(this, count, newPermitIterator<T>);
  }

  /**
   * As {@link Sender.reserve}. The permit takes this sender with it, which can't be used until the permit gives it
   * back. As long as the permit is not there, and if it never comes, the sender is good.
   *
   * @see Tokio `mpsc::Sender::reserve_owned`, which takes the sender at once and drops it on failure
   */
  reserveOwned(): Future<OwnedPermit<T>> {
    return new Reserve(this, 1, newOwnedPermit<T>);
  }

  /**
   * As {@link Sender.reserve} when there is a free place, else null.
   *
   * @throws {@link SendError} when the receiver is closed or gone.
   * @see Tokio `mpsc::Sender::try_reserve`
   */
  tryReserve(): Permit<T> | null {
    return this._tryReserve(1, newPermit<T>);
  }

  /** As {@link Sender.reserveMany} when there are so many free places, else null. */
  tryReserveMany(count: number): PermitIterator<T> | null {
    this._checkCount(count);
    return this._tryReserve(count, newPermitIterator<T>);
  }

  /** As {@link Sender.reserveOwned} when there is a free place, else null; the sender is good then. */
  tryReserveOwned(): OwnedPermit<T> | null {
    return this._tryReserve(1, newOwnedPermit<T>);
  }

  /** Places that are free now: fewer after each value sent and each place reserved, more after each value received. */
  capacity(): number {
    return this._live().permits.free;
  }

  /** The capacity the channel was made with. */
  maxCapacity(): number {
    return this._live().size;
  }

  /** @internal */
  _checkCount(count: number): void {
    checkInteger("count", count, 0, this._live().size);
  }

  /** @internal */
  _tryReserve<R>(count: number, make: Make<T, R>): R | null {
    const channel = this._live();
    if (channel.shut) throw new SendError(undefined);
    return channel.permits.tryTake(count) ? make(channel, count, this) : null;
  }
}

function newPermit<T extends {} | null>(channel: Channel<T>): Permit<T> {
  return new Permit(channel);
}

function newPermitIterator<T extends {} | null>(channel: Channel<T>, count: number): PermitIterator<T> {
  return new PermitIterator(channel, count);
}

/** Takes the sender along, unless it is gone by now. */
function newOwnedPermit<T extends {} | null>(
  channel: Channel<T>,
  _count: number,
  sender: Sender<T>,
): OwnedPermit<T> {
  if (sender._channel === null) {
    channel.giveBack(1);
    sender._live();
  }
  return new OwnedPermit(channel, sender);
}

/** What {@link Sender.downgrade} gives. @see Tokio `mpsc::WeakSender` @public */
export type WeakSender<T extends {} | null> = Weak<T, Sender<T>>;
