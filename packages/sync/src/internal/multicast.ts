/**
 * What `broadcast` and `watch` share: a channel that shows everything to each of its receivers.
 *
 * Invariants:
 *  1. A cursor is in the line exactly while its `leaf` is set; and then there is a sender, or a running `wakeAll` is
 *     about to wake it.
 *  2. Who is in `abandoned` saw a receiver when it was polled last. Another may come after the last has gone, so who is
 *     woken looks again.
 */
import { Future, type Context, type Waker } from "@rt/core";
import { madeProgress, pollProceed, wakeSafely } from "@rt/core/driver";
import { waitedTwice } from "./busy.ts";
import { disposed } from "./disposed.ts";
import type { Closing, UntilClosed } from "./until-closed.ts";
import { WaitList } from "./wait-list.ts";

export abstract class Multicast implements Closing {
  /** How many values were sent: also the position of the next. Exact up to 2^53. */
  sent = 0;
  senders = 0;
  receivers = 0;
  /** Receivers that wait for something new, or for the last sender to go. */
  readonly line: Line = new Line();
  /** Senders that wait for the last receiver to go. */
  readonly abandoned: WaitList<UntilClosed> = new WaitList();

  isClosed(): boolean {
    return this.receivers === 0;
  }

  untilClosed(): WaitList<UntilClosed> {
    return this.abandoned;
  }

  removeSender(): void {
    this.senders -= 1;
    if (this.senders === 0) this.line.wakeAll();
  }
}

/**
 * Where one receiver stands. Apart from its handle, so that it can be closed after that was collected.
 *
 * It stands in line for its leaf, which then allocates nothing to wait: a receiver waits often, and all are woken at
 * once.
 */
export class Cursor<C extends Multicast = Multicast> {
  readonly channel: C;
  /** What `sent` was when the receiver had seen all that it has seen. */
  position: number;
  /** The future that waits. */
  leaf: Future<unknown> | null = null;
  /** That of its last poll. */
  waker: Waker | null = null;
  previous: Cursor | null = null;
  next: Cursor | null = null;

  constructor(channel: C, position: number) {
    this.channel = channel;
    this.position = position;
    channel.receivers += 1;
  }

  /** The receiver goes. Who waits with it is told. */
  close(): void {
    const { channel } = this;
    channel.receivers -= 1;
    if (this.leaf !== null) channel.line.wake(this);
    if (channel.receivers === 0) channel.abandoned.wakeAll();
  }
}

/** The cursors whose leaf waits, oldest first. */
class Line {
  first: Cursor | null = null;
  last: Cursor | null = null;
  /** The last one that a running `wakeAll` is to wake. */
  upTo: Cursor | null = null;

  join(cursor: Cursor, leaf: Future<unknown>): void {
    if (cursor.leaf !== null) throw waitedTwice("give each task a receiver of its own");
    const { last } = this;
    cursor.leaf = leaf;
    cursor.previous = last;
    if (last === null) this.first = cursor;
    else last.next = cursor;
    this.last = cursor;
  }

  leave(cursor: Cursor): void {
    const { previous, next } = cursor;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next === null) this.last = previous;
    else next.previous = previous;
    if (this.upTo === cursor) this.upTo = previous;
    cursor.leaf = null;
    cursor.previous = null;
    cursor.next = null;
  }

  /** Out of the line first: the waker may do whatever it likes. */
  wake(cursor: Cursor): void {
    const waker = cursor.waker as Waker; // it is in line
    this.leave(cursor);
    cursor.waker = null;
    wakeSafely(waker);
  }

  /** Wakes all that are here now; who joins meanwhile stays. */
  wakeAll(): void {
    this.upTo = this.last;
    while (this.upTo !== null) this.wake(this.first as Cursor); // `upTo` is in line, so there is a first
  }
}

/** What a leaf knows of its receiver. The handle itself, which must not be collected while it is waited with. */
export interface End<C extends Multicast> {
  /** Null once it is disposed. */
  readonly _cursor: Cursor<C> | null;
}

/** One wait of a receiver. */
export abstract class Receive<T, C extends Multicast> extends Future<T> {
  // Declared only: fields that are initialized in a class with subclasses make constructing those three times as dear.
  declare readonly _end: End<C>;

  constructor(end: End<C>) {
    super();
    this._end = end;
  }

  /** The cursor, once there is something new or the end. Null while there is neither: then this waits for it. */
  _advance(cx: Context): Cursor<C> | null {
    if (!pollProceed(cx)) return null;
    const cursor = live(this._end._cursor, "the receiver");
    const { channel } = cursor;
    if (cursor.position === channel.sent && channel.senders > 0) {
      this._join(cursor, cx.waker);
      return null;
    }
    // A waker may poll one that is about to be woken.
    if (cursor.leaf === this) this.drop();
    madeProgress();
    return cursor;
  }

  _join(cursor: Cursor<C>, waker: Waker): void {
    if (cursor.leaf !== this) cursor.channel.line.join(cursor, this);
    cursor.waker = waker;
  }

  override drop(): void {
    const cursor = this._end._cursor;
    if (cursor === null || cursor.leaf !== this) return;
    cursor.channel.line.leave(cursor);
    cursor.waker = null;
  }

  override describe(): string {
    return "a new value of a watch channel";
  }
}

/** What a handle holds, unless it is disposed. */
export function live<S>(held: S | null, handle: string): S {
  if (held === null) throw disposed(handle);
  return held;
}
