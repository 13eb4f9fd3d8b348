/** The receiving end of a watch channel. */
import { PENDING, type Context, type Future, type Poll } from "@rt/core";
import {
  closedProperly,
  currentContext,
  debug,
  FINISHED,
  iterate,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
  watchForgotten,
} from "@rt/core/driver";
import { Cursor, live, Receive, type End } from "../internal/multicast.ts";
import { RecvError } from "./errors.ts";
import { Ref, type Shared } from "./shared.ts";

const NAME = "a watch Receiver";
/** A position that is never reached: whatever the value is, it was not seen. */
const NONE = -1;

/**
 * Sees the latest value of a channel, and waits for a newer one. Values in between may be skipped; the last is always
 * there to be seen, also when the senders are gone.
 *
 * `for await` gives each value that this receiver has not seen, as {@link Receiver.changed} and
 * {@link Receiver.borrowAndUpdate} would, and ends when the senders are gone. Leaving the loop leaves the receiver usable.
 * @see Tokio `sync::watch::Receiver`
 * @public
 */
export class Receiver<T> implements Disposable, AsyncIterable<T> {
  /** @internal */
  _cursor: Cursor<Shared<T>> | null;

  /** @internal */
  constructor(channel: Shared<T>, seen: number, above: unknown) {
    const cursor = new Cursor(channel, seen);
    this._cursor = cursor;
    if (debug) watchForgotten(this, NAME, () => cursor.close(), above);
  }

  /** Reads the value without marking it as seen. */
  borrow(): Ref<T> {
    return read(this._live());
  }

  /** Reads the value and marks it as seen. */
  borrowAndUpdate(): Ref<T> {
    return update(this._live());
  }

  /**
   * Whether there is a value that this receiver has not seen. Marks nothing as seen.
   * @throws {@link RecvError} when every sender is gone, also if the last value was not seen.
   */
  hasChanged(): boolean {
    const { channel, position } = this._live();
    if (channel.senders === 0) throw new RecvError();
    return position !== channel.sent;
  }

  /**
   * Waits until there is a value that this receiver has not seen, and marks it as seen.
   *
   * Fairness: a change wakes all who wait for it, at once.
   * Cancel safety: dropping it before it is ready marks nothing.
   *
   * @throws {@link RecvError} when every sender is gone and the last value was seen.
   * @throws UsageError when the receiver is disposed, before or during the wait (`ERR_RT_DISPOSED`), and when another
   * future of this receiver waits (`ERR_RT_INVALID_STATE`): each needs a {@link Receiver.clone}.
   * @example
   * ```ts
   * const { tx, rx } = watch.channel("starting");
   * tx.send("running");
   * yield* rx.changed();
   * rx.borrow().value; // => "running"
   * ```
   * @see Tokio `sync::watch::Receiver::changed`
   */
  changed(): Future<void> {
    this._live();
    return new Changed(this);
  }

  /**
   * Waits until `matches` is true for the value, which may be the present one, seen or not. Marks as seen what it
   * looks at. A value that is replaced before this gets to run is skipped.
   *
   * Cancel safety: dropping it leaves nothing behind; values it has looked at stay seen.
   *
   * @param matches - synchronous. What it throws is thrown to who waits; the channel stays usable.
   * @throws {@link RecvError} when every sender is gone and the last value does not match.
   * @throws UsageError as {@link Receiver.changed}.
   * @example
   * ```ts
   * const { tx, rx } = watch.channel(1);
   * tx.send(5);
   * const found = yield* rx.waitFor((n) => n > 3);
   * found.value; // => 5
   * ```
   * @see Tokio `sync::watch::Receiver::wait_for`
   */
  waitFor(matches: (value: T) => boolean): Future<Ref<T>> {
    this._live();
    return new WaitFor(this, matches);
  }

  /** Makes the present value count as not seen. */
  markChanged(): void {
    this._live().position = NONE;
  }

  /** Makes the present value count as seen. */
  markUnchanged(): void {
    const cursor = this._live();
    cursor.position = cursor.channel.sent;
  }

  /** True when `other` receives from the same channel. */
  sameChannel(other: Receiver<T>): boolean {
    return this._live().channel === other._live().channel;
  }

  /** Another receiver, which has seen what this one has. */
  clone(): Receiver<T> {
    const { channel, position } = this._live();
    return new Receiver(channel, position, this.clone);
  }

  /** Leaves the channel. May be called more than once. */
  drop(): void {
    const cursor = this._cursor;
    if (cursor === null) return;
    this._cursor = null;
    closedProperly(this);
    cursor.close();
  }

  /** The same as `drop`, for `using`. */
  [Symbol.dispose](): void {
    this.drop();
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return iterate(this as Receiver<T>, (rx) => new Next(rx), { item: (ref) => ref.value });
  }

  /** @internal */
  _live(): Cursor<Shared<T>> {
    return live(this._cursor, NAME);
  }
}

function read<T>({ channel, position }: Cursor<Shared<T>>): Ref<T> {
  return new Ref(channel.value, position !== channel.sent);
}

function update<T>(cursor: Cursor<Shared<T>>): Ref<T> {
  const ref = read(cursor);
  cursor.position = cursor.channel.sent;
  return ref;
}

const SEEN: IteratorResult<never, void> = { done: true, value: undefined };

class Changed<T> extends Receive<void, Shared<T>> {
  override poll(cx: Context): Poll<void> {
    const cursor = this._advance(cx);
    if (cursor === null) return PENDING;
    const { channel } = cursor;
    if (cursor.position === channel.sent) throw new RecvError();
    cursor.position = channel.sent;
  }

  override next(): IteratorResult<Future<unknown>, void> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    if (this.poll(cx) !== PENDING) return SEEN;
    this._state &= ~FINISHED;
    return suspension;
  }
}

/** As {@link Changed}, for iteration: gives what was seen, `undefined` at the end. */
class Next<T> extends Receive<Ref<T> | undefined, Shared<T>> {
  override poll(cx: Context): Poll<Ref<T> | undefined> {
    const cursor = this._advance(cx);
    if (cursor === null) return PENDING;
    return cursor.position === cursor.channel.sent ? undefined : update(cursor);
  }
}

class WaitFor<T> extends Receive<Ref<T>, Shared<T>> {
  readonly #matches: (value: T) => boolean;
  /** The position behind the value that was tested last. */
  #tested: number = NONE;

  constructor(end: End<Shared<T>>, matches: (value: T) => boolean) {
    super(end);
    this.#matches = matches;
  }

  override poll(cx: Context): Poll<Ref<T>> {
    if (!pollProceed(cx)) return PENDING;
    for (;;) {
      // Anew each time: `matches` may do whatever it likes to the channel.
      const cursor = live(this._end._cursor, NAME);
      const { channel } = cursor;
      if (this.#tested === channel.sent) {
        if (channel.senders === 0) break;
        this._join(cursor, cx.waker);
        return PENDING;
      }
      // Not in line while `matches` runs: it may throw.
      this.drop();
      this.#tested = channel.sent;
      const ref = update(cursor);
      if (!this.#matches(ref.value)) continue;
      madeProgress();
      return ref;
    }
    this.drop();
    madeProgress();
    throw new RecvError();
  }
}
