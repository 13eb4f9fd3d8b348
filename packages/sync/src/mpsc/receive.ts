/** What a receiver waits for. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import {
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
} from "@rt/core/driver";
import { live, type Channel, type End } from "./channel.ts";

/** One step of receiving; on behalf of `leaf`, or of whoever polls by hand. */
export function pollRecv<T>(
  channel: Channel<T>,
  cx: Context,
  leaf: Future<unknown> | null,
): Poll<T | undefined> {
  if (!pollProceed(cx)) return PENDING;
  const value = channel.shift();
  if (value === undefined) return channel.wait(cx, leaf);
  channel.permits.release(1);
  madeProgress();
  return value;
}

/** One step of receiving up to `limit` values into `buffer`. Gives how many. */
export function pollRecvMany<T>(
  channel: Channel<T>,
  buffer: T[],
  limit: number,
  cx: Context,
  leaf: Future<unknown> | null,
): Poll<number> {
  if (!pollProceed(cx)) return PENDING;
  const count = Math.min(limit, channel.length);
  if (count === 0 && limit > 0) return channel.wait(cx, leaf) === PENDING ? PENDING : 0;
  // As many as were counted.
  for (let i = 0; i < count; i += 1) buffer.push(channel.shift() as T);
  channel.permits.release(count);
  madeProgress();
  return count;
}

/** The channel of a receiver that is still good. */
export function receiverOf<T>(end: End<T>): Channel<T> {
  return live(end, "an mpsc Receiver", "it was disposed; dispose it later");
}

/** The next value. */
export class Recv<T> extends Future<T | undefined> {
  declare readonly _channel: Channel<T>;

  constructor(channel: Channel<T>) {
    super();
    this._channel = channel;
  }

  override poll(cx: Context): Poll<T | undefined> {
    return pollRecv(this._channel, cx, this);
  }

  // The same as the inherited one, without a lookup for `poll`.
  override next(): IteratorResult<Future<unknown>, T | undefined> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== PENDING) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }

  override drop(): void {
    this._channel.forget(this);
  }

  override describe(): string {
    return "a value from an mpsc channel";
  }
}

/** As many values as there are. */
export class RecvMany<T> extends Future<number> {
  declare readonly _channel: Channel<T>;
  declare readonly _buffer: T[];
  declare readonly _limit: number;

  constructor(channel: Channel<T>, buffer: T[], limit: number) {
    super();
    this._channel = channel;
    this._buffer = buffer;
    this._limit = limit;
  }

  override poll(cx: Context): Poll<number> {
    return pollRecvMany(this._channel, this._buffer, this._limit, cx, this);
  }

  override drop(): void {
    this._channel.forget(this);
  }

  override describe(): string {
    return "values from an mpsc channel";
  }
}
