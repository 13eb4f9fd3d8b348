/** The receiving ends of bounded and unbounded channels. */
import type { Context, Future, Poll } from "@rt/core";
import { checkInteger, closedProperly, debug, iterate, watchForgotten } from "@rt/core/driver";
import { blocking } from "../internal/blocking.ts";
import { keeping } from "../internal/keeping.ts";
import type { Channel } from "./channel.ts";
import { pollRecv, pollRecvMany, receiverOf, Recv, RecvMany } from "./receive.ts";

/**
 * Receives from an unbounded channel. What it can do, the {@link Receiver} of a bounded channel can do as well.
 *
 * One future of a receiver waits at a time. `for await (const item of rx)` receives until the channel is closed and
 * empty; leaving the loop early loses nothing and closes nothing.
 * @see Tokio `mpsc::UnboundedReceiver`
 * @public
 */
export class UnboundedReceiver<T extends {} | null> implements Disposable, AsyncIterable<T> {
  /** @internal Null once disposed. */
  _channel: Channel<T> | null;

  /** @internal */
  constructor(channel: Channel<T>, above: unknown) {
    this._channel = channel;
    if (debug) watchForgotten(this, "an mpsc Receiver", () => channel.removeReceiver(), above);
  }

  /**
   * Waits for the next value. `undefined` once nothing more can come: the channel is closed, or has no sender any more,
   * and is empty, and no permit is out.
   *
   * Fairness: values come in the order in which they were sent.
   * Cancel safety: dropping it loses no value.
   *
   * @throws UsageError (`ERR_RT_INVALID_STATE`) while another future of this receiver waits: several tasks share one in a
   * `Mutex`.
   * @example
   * ```ts
   * const { tx, rx } = mpsc.channel<string>(8);
   * yield* tx.send("hello");
   * tx.drop();
   * [yield* rx.recv(), yield* rx.recv()]; // => ["hello", undefined]
   * ```
   * @see Tokio `mpsc::Receiver::recv`
   */
  recv(): Future<T | undefined> {
    return keeping(new Recv(receiverOf(this)), this);
  }

  /**
   * Waits for a value and appends it to `buffer`, with those behind it that are there already. Gives how many, up to
   * `limit`; 0 once nothing more can come.
   *
   * Cancel safety: dropping it loses no value; `buffer` is changed only when it is ready.
   *
   * @param limit - an integer, 0 or more; with 0 it is ready at once.
   * @example
   * ```ts
   * const { tx, rx } = mpsc.unboundedChannel<number>();
   * for (const n of [1, 2, 3]) tx.send(n);
   * const numbers: number[] = [];
   * yield* rx.recvMany(numbers, 10); // => 3
   * numbers; // => [1, 2, 3]
   * ```
   * @see Tokio `mpsc::Receiver::recv_many`
   */
  recvMany(buffer: T[], limit: number): Future<number> {
    this.#checkLimit(limit);
    return keeping(new RecvMany(receiverOf(this), buffer, limit), this);
  }

  /**
   * The next value, if there is one now, else `undefined`: {@link UnboundedReceiver.isDisconnected} tells whether one
   * may come. Charges no budget.
   * @see Tokio `mpsc::Receiver::try_recv`, which returns two kinds of errors
   */
  tryRecv(): T | undefined {
    const channel = receiverOf(this);
    const value = channel.shift();
    if (value !== undefined) channel.permits.release(1);
    return value;
  }

  /**
   * As {@link UnboundedReceiver.recv} where no wait is needed.
   *
   * @throws UsageError (`ERR_RT_WOULD_BLOCK`) inside a task, and when there is nothing yet: the senders live on this
   * thread, too, and could not send while it is blocked.
   * @see Tokio `mpsc::Receiver::blocking_recv`
   */
  blockingRecv(): T | undefined {
    return blocking(this.recv());
  }

  /** As {@link UnboundedReceiver.recvMany} where no wait is needed; see {@link UnboundedReceiver.blockingRecv}. */
  blockingRecvMany(buffer: T[], limit: number): number {
    return blocking(this.recvMany(buffer, limit));
  }

  /** One step of {@link UnboundedReceiver.recv}, for futures of one's own. Only the last waker given is woken. */
  pollRecv(cx: Context): Poll<T | undefined> {
    return pollRecv(receiverOf(this), cx, null);
  }

  /** One step of {@link UnboundedReceiver.recvMany}. */
  pollRecvMany(cx: Context, buffer: T[], limit: number): Poll<number> {
    this.#checkLimit(limit);
    return pollRecvMany(receiverOf(this), buffer, limit, cx, null);
  }

  /**
   * Refuses all that is sent from here on; who waits to send gets a {@link SendError}. What is in the channel, and what
   * comes by permits that are out, is still received.
   * @see Tokio `mpsc::Receiver::close`
   */
  close(): void {
    receiverOf(this).close();
  }

  /** Whether it was closed, or the last sender is gone. There may be values left. */
  isClosed(): boolean {
    return receiverOf(this).shut;
  }

  /** Whether nothing more can come: {@link UnboundedReceiver.recv} would give `undefined` at once. */
  isDisconnected(): boolean {
    return receiverOf(this).isOver;
  }

  /** Whether no value is there now. */
  isEmpty(): boolean {
    return receiverOf(this).length === 0;
  }

  /** How many values are there now. */
  len(): number {
    return receiverOf(this).length;
  }

  /** How many senders there are. */
  senderStrongCount(): number {
    return receiverOf(this).senders;
  }

  /** How many weak senders there are. */
  senderWeakCount(): number {
    return receiverOf(this).weakSenders;
  }

  /** Receives until nothing more can come. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return iterate(this, (rx) => rx.recv());
  }

  /**
   * Closes the channel and discards what is left in it: values that are `Disposable` are disposed, in order. If some of
   * them throw, the first error is thrown when all are disposed.
   */
  drop(): void {
    const channel = this._channel;
    if (channel === null) return;
    this._channel = null;
    if (debug) closedProperly(this);
    channel.removeReceiver();
  }

  /** The same as `drop`, for `using`. */
  [Symbol.dispose](): void {
    this.drop();
  }

  #checkLimit(limit: number): void {
    receiverOf(this);
    checkInteger("limit", limit, 0, Number.MAX_SAFE_INTEGER);
  }
}

/**
 * Receives from a bounded channel.
 * @see Tokio `mpsc::Receiver`
 * @public
 */
export class Receiver<T extends {} | null> extends UnboundedReceiver<T> {
  /** As {@link Sender.capacity}. */
  capacity(): number {
    return receiverOf(this).permits.free;
  }

  /** As {@link Sender.maxCapacity}. */
  maxCapacity(): number {
    return receiverOf(this).size;
  }
}
