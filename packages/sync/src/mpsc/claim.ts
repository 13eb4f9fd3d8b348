/**
 * What senders wait for: the place of one value, or places to send into later.
 *
 * A wait that was begun before the last sender went keeps the channel open until it is through. The close of the
 * receiver ends it, also when it was granted its permits and has not taken them.
 */
import { Future, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import {
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
  wakeAfter,
  type TimerEntry,
} from "@rt/core/driver";
import { completed, disposed } from "../internal/disposed.ts";
import { Acquire, type Request, type Right } from "../internal/permits.ts";
import type { Place } from "../internal/wait-list.ts";
import type { Channel } from "./channel.ts";
import { SendError, SendTimeoutError } from "./errors.ts";
import type { Sender } from "./sender.ts";

/**
 * Sends one value. It stands in line for one permit as an {@link Acquire} does, and is none: it knows what the permit is
 * for, and the engine makes an object of a class right below the root in half the time that a deeper one takes
 * (mpsc/bounded-128: 45 ns a message against 70).
 */
export class Send<T> extends Future<void> implements Request {
  declare readonly _channel: Channel<T>;
  /** `undefined` once it was sent. */
  declare _value: T | undefined;
  /** 0 while it has a permit that it has not used. */
  declare _missing: number;
  declare _place: Place<Request> | null;

  constructor(channel: Channel<T>, value: T) {
    super();
    this._channel = channel;
    this._value = value;
    this._missing = 1;
    this._place = null;
  }

  override poll(cx: Context): Poll<void> {
    if (!pollProceed(cx)) return PENDING;
    const channel = this._channel;
    const { permits } = channel;
    const value = this._value;
    if (channel.shut || value === undefined) this._check();
    if (this._missing > 0) {
      // While somebody waits, nothing is free.
      if (permits.free === 0) {
        permits.line.join(this, cx.waker);
        return PENDING;
      }
      permits.free -= 1;
    }
    this._missing = 1;
    this._value = undefined;
    channel.deliver(value as T); // `_check` looked
    madeProgress();
  }

  /** Throws where it can't go on. */
  _check(): void {
    const value = this._value;
    if (value === undefined) throw completed(this);
    const channel = this._channel;
    if (channel.isClosed()) {
      this.drop();
      madeProgress();
      throw new SendError(value);
    }
    if (channel.senders === 0 && this._missing === 1 && this._place === null)
      throw disposed("an mpsc Sender");
  }

  // The same as the inherited one, without a lookup for `poll`.
  override next(): IteratorResult<Future<unknown>, void> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== PENDING) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }

  override drop(): void {
    const channel = this._channel;
    channel.permits.line.remove(this);
    if (this._missing > 0) return;
    this._missing = 1;
    channel.giveBack(1);
  }

  override describe(): string {
    return FREE_PLACE;
  }
}

const FREE_PLACE = "a free place in an mpsc channel";

/** Sends one value, unless the channel stays full for too long. */
export class SendTimeout<T> extends Send<T> implements Waker {
  readonly _ms: number;
  _timer: TimerEntry | null = null;
  _isLate = false;
  _waker: Waker | null = null;

  constructor(channel: Channel<T>, value: T, ms: number) {
    super(channel, value);
    this._ms = ms;
  }

  override poll(cx: Context): Poll<void> {
    if (super.poll(cx) !== PENDING) return this._stopTimer();
    // Without a place in line, it is only the budget that is spent.
    if (this._place !== null && (this._isLate || this._ms === 0)) {
      this.drop();
      madeProgress();
      throw new SendTimeoutError(this._value as T, this._ms); // still there, as it was not sent
    }
    this._waker = cx.waker;
    if (this._ms < Infinity) this._timer ??= wakeAfter(this._ms, this);
    return PENDING;
  }

  wake(): void {
    this._isLate = true;
    this._waker?.wake();
  }

  override drop(): void {
    this._stopTimer();
    super.drop();
  }

  _stopTimer(): void {
    this._timer?.cancel();
    this._timer = null;
    this._waker = null;
  }
}

/** Places to send into, which `make` makes into what the caller gets. */
class Places<T extends {} | null, R> implements Right<R> {
  readonly channel: Channel<T>;
  readonly sender: Sender<T>;
  readonly count: number;
  readonly make: Make<T, R>;

  constructor(sender: Sender<T>, count: number, make: Make<T, R>) {
    this.channel = sender._live();
    this.sender = sender;
    this.count = count;
    this.make = make;
  }

  _granted(): R {
    return this.make(this.channel, this.count, this.sender);
  }

  _refusal(): Error {
    return new SendError(undefined);
  }

  _describe(): string {
    return FREE_PLACE;
  }
}

/** Waits for places to send into. */
class Reserve<T extends {} | null, R> extends Acquire<R> {
  declare readonly _channel: Channel<T>;

  constructor(places: Places<T, R>) {
    super(places.channel.permits, places.count, places);
    this._channel = places.channel;
  }

  override poll(cx: Context): Poll<R> {
    const { senders, permits } = this._channel;
    if (senders === 0 && !permits.closed && this._missing === this._count && this._place === null)
      throw disposed("an mpsc Sender");
    return super.poll(cx);
  }

  override drop(): void {
    super.drop();
    this._channel.settle();
  }
}

/** Waits for `count` places and gives what `make` makes of them. */
export function reserve<T extends {} | null, R>(
  sender: Sender<T>,
  count: number,
  make: Make<T, R>,
): Future<R> {
  return new Reserve(new Places(sender, count, make));
}

/** Makes what was reserved into what the caller gets. */
export type Make<T extends {} | null, R> = (channel: Channel<T>, count: number, sender: Sender<T>) => R;
