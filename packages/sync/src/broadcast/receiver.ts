/** The receiving end of a broadcast channel. */
import { PENDING, type Context, type Future, type Poll } from "@rt/core";
import {
  closedProperly,
  currentContext,
  debug,
  FINISHED,
  iterate,
  notPolled,
  suspension,
  TAKEN,
  watchForgotten,
} from "@rt/core/driver";
import { blocking } from "../internal/blocking.ts";
import { Cursor, live, Receive } from "../internal/multicast.ts";
import type { Shared } from "./shared.ts";

const NAME = "a broadcast Receiver";

/**
 * Gets every value that is sent after it was made, in order.
 *
 * Values are handed out as they are, not copied: receivers that change an object change it for all.
 *
 * Dispose it when it is not needed any more: values are kept for it until then. `for await` gives what
 * {@link Receiver.recv} gives, up to the end of the channel; where the receiver was too slow it throws
 * {@link LaggedError}. Leaving the loop, in whatever way, leaves the receiver usable: loop again to go on.
 * @see Tokio `sync::broadcast::Receiver`
 * @public
 */
export class Receiver<T extends {} | null> implements Disposable, AsyncIterable<T> {
  /** @internal */
  _cursor: Cursor<Shared<T>> | null;

  /** @internal */
  constructor(channel: Shared<T>, above: unknown) {
    const cursor = new Cursor(channel, channel.sent);
    this._cursor = cursor;
    if (debug) watchForgotten(this, NAME, () => leave(cursor), above);
  }

  /**
   * Waits for the next value. Gives `undefined` once all senders are gone and every value was received.
   *
   * Fairness: a value wakes all who wait for it, at once.
   * Cancel safety: dropping it before it is ready takes nothing.
   *
   * A value that is a future or a promise is flattened by `await`: put it into an object.
   *
   * @throws {@link LaggedError} when values were overwritten that this receiver had not received: once, then it goes on
   * with the oldest that is left. Other receivers do not notice.
   * @throws UsageError when the receiver is disposed, before or during the wait (`ERR_RT_DISPOSED`), and when another
   * future of this receiver waits (`ERR_RT_INVALID_STATE`): each needs a receiver of its own.
   * @example
   * ```ts
   * const { tx, rx } = broadcast.channel<string>(16);
   * using other = tx.subscribe();
   * tx.send("hello"); // => 2
   * const [a, b] = [yield* rx.recv(), yield* other.recv()];
   * [a, b]; // => ["hello", "hello"]
   * ```
   * @see Tokio `sync::broadcast::Receiver::recv`, whose `RecvError::Closed` is `undefined` here
   */
  recv(): Future<T | undefined> {
    this._live();
    return new Recv(this);
  }

  /**
   * The next value if it is there, else `undefined`; {@link Receiver.isDisconnected} tells whether there will be one.
   * Charges no budget.
   *
   * @throws {@link LaggedError} as {@link Receiver.recv}.
   */
  tryRecv(): T | undefined {
    const cursor = this._live();
    const value = cursor.channel.take(cursor);
    return value === PENDING ? undefined : value;
  }

  /**
   * As {@link Receiver.recv}, outside of tasks and without waiting: a sender could not run while the thread is blocked.
   *
   * @throws UsageError (`ERR_RT_WOULD_BLOCK`) inside a task, or when it would have to wait.
   */
  blockingRecv(): T | undefined {
    return blocking(this.recv());
  }

  /** A new receiver, for values that are sent from now on. On a channel without senders, `recv` gives `undefined`. */
  resubscribe(): Receiver<T> {
    return new Receiver(this._live().channel, this.resubscribe);
  }

  /**
   * How many values were sent that this receiver has not received, overwritten ones included: if that is more than the
   * channel's capacity, the next receive throws {@link LaggedError}.
   */
  len(): number {
    const { channel, position } = this._live();
    return channel.sent - position;
  }

  /** True when every value that was sent has been received. */
  isEmpty(): boolean {
    return this.len() === 0;
  }

  /** True when all senders are gone. There may be values left to receive. */
  isClosed(): boolean {
    return this._live().channel.senders === 0;
  }

  /** True when {@link Receiver.recv} would give `undefined` at once: all senders are gone and nothing is left. */
  isDisconnected(): boolean {
    return this.isClosed() && this.isEmpty();
  }

  /** True when `other` receives from the same channel. */
  sameChannel(other: Receiver<T>): boolean {
    return this._live().channel === other._live().channel;
  }

  /** Senders that keep the channel open. */
  senderStrongCount(): number {
    return this._live().channel.senders;
  }

  /** Senders that don't. */
  senderWeakCount(): number {
    return this._live().channel.weakSenders;
  }

  /** Leaves the channel: what was kept for this receiver alone is let go of. May be called more than once. */
  drop(): void {
    const cursor = this._cursor;
    if (cursor === null) return;
    this._cursor = null;
    closedProperly(this);
    leave(cursor);
  }

  /** The same as `drop`, for `using`. */
  [Symbol.dispose](): void {
    this.drop();
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return iterate(this, (rx) => rx.recv());
  }

  /** @internal */
  _live(): Cursor<Shared<T>> {
    return live(this._cursor, NAME);
  }
}

function leave<T>(cursor: Cursor<Shared<T>>): void {
  cursor.channel.forgo(cursor);
  cursor.close();
}

class Recv<T extends {} | null> extends Receive<T | undefined, Shared<T>> {
  override poll(cx: Context): Poll<T | undefined> {
    const cursor = this._advance(cx);
    return cursor === null ? PENDING : cursor.channel.take(cursor);
  }

  override next(): IteratorResult<Future<unknown>, T | undefined> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== PENDING) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }

  override describe(): string {
    return "the next value of a broadcast channel";
  }
}
