/**
 * The driver that knows the time: one clock and one wheel of timers for each runtime.
 *
 * Invariants:
 *  1. No timer fires before its deadline: a tick is a whole millisecond of the clock, and a deadline is rounded up.
 *  2. While the scheduler is parked, it comes back by the earliest deadline: what is registered for an earlier one
 *     than it parked for parks it anew, or calls `unpark`.
 *  3. A paused clock moves on by itself only when nothing was ready for a whole turn of the event loop.
 */
import { type Future, Handle, type RuntimeMetrics, type Waker } from "@rt/core";
import {
  backgroundTimer,
  currentTimers,
  type Driver,
  type DriverKey,
  hasBackground,
  hostNow,
  isBackground,
  isClockHeld,
  isDefaultRuntime,
  isDriving,
  LayeredDriver,
  provideTimers,
  startsPaused,
  type TimerEntry,
  type Timers,
} from "@rt/core/driver";
import { Alarm } from "./internal/alarm.ts";
import { Wheel, type WheelEntry } from "./internal/wheel.ts";
import type { Sleep } from "./sleep.ts";

/** The end of the clock. Ticks up to here are exact, and so are sums with a duration. */
export const LAST: number = 2 ** 52;
/** How far away "never" is: about 30 years. Tokio's number. */
const FAR_MS = 86_400_000 * 365 * 30;
/** The wheel is emptied at a shutdown: no tick comes later. */
const LAST_TICK = LAST * 4;

/** What `#parkedUntil` is while the scheduler is not parked, or has been told to come back. */
const AWAKE = -1;
/**
 * Quiet turns before a paused clock moves on: the first may have been asked for before the last thing happened, so
 * only the second is a whole one.
 */
const QUIET_TURNS = 2;
/**
 * How often the clock moves on at full speed while no `blockOn` waits, about half a second's worth. An interval that
 * was left behind would keep the process alive, and its CPU busy, for ever.
 */
const UNATTENDED_MOVES = 100_000;

/** Another world that follows the paused clock. */
export interface ForeignTimers {
  /** Somebody moves the clock on purpose: also while it is held. */
  readonly isMoving: boolean;
  /** Where the clock has to stop next; `Infinity` when there is nothing. */
  next(): number;
  /** The clock has moved to `ms`: fires what is due. True when there was something. */
  moveTo(ms: number): boolean;
  /** Moves the clock by `ms`, stopping wherever a timer is due. */
  advance(ms: number): Future<void>;
}

/**
 * The time driver of a runtime. Every timer function installs it on first use; `Builder.addDriver` with
 * {@link timeKey} does so from the start.
 *
 * @see Tokio `runtime::time::Driver`, which `Builder::enable_time` adds
 * @public
 */
export class TimeDriver extends LayeredDriver implements Timers {
  /** @internal */
  readonly _wheel: Wheel = new Wheel();
  /** The runtime has shut down. @internal */
  _isDown = false;
  /** Set while `installClock` is in force. @internal */
  _foreign: ForeignTimers | null = null;
  /** Parked for a timer that keeps the process alive by itself: when the last one goes, so must that. @internal */
  _holds = false;
  /** A sleep that a time-out is done with, for the next one. @internal */
  _spare: Sleep | null = null;
  readonly #handle: Handle;
  readonly #metrics: RuntimeMetrics;
  /** The time of tick 0: a whole millisecond, so that paused time stays in whole ones. */
  readonly #origin: number = Math.floor(hostNow());
  /** What the clock is ahead of the host's while it runs. */
  #ahead = 0;
  /** The time while the clock is paused. */
  #frozen: number | null = null;
  /** The tick the scheduler has parked until. */
  #parkedUntil = Infinity;
  /** It has given the thread back to the host: until it is awake it can be parked for less. */
  #canParkAnew = false;
  #refs = 0;
  /** Timers of tasks that are not to keep the process alive; some may have left the wheel. */
  readonly #background = new Set<WheelEntry>();
  /** Wakes us for those where there are no others. */
  #backgroundTimer: TimerEntry | null = null;
  /** Turns of the loop since something last happened, while paused. */
  #quietTurns = 0;
  /** Tasks polled by then. */
  #polls = 0;
  #unattended = 0;

  /** @internal */
  constructor(inner: Driver, handle: Handle) {
    super(inner);
    this.#handle = handle;
    this.#metrics = handle.metrics();
    if (startsPaused(handle)) this.#frozen = this.#origin;
    provideTimers(handle, this);
  }

  // --- the clock ---

  /** Milliseconds on the clock of `performance.now()`, with what the clock has been moved by. */
  now(): number {
    return this.#frozen ?? hostNow() + this.#ahead;
  }

  /** Whether the clock stands still. */
  isPaused(): boolean {
    return this.#frozen !== null;
  }

  /** The time `ms` from now, where the clock can tell it. @internal */
  _after(ms: number): number {
    const at = this.now() + ms;
    return at < LAST ? at : this.now() + FAR_MS;
  }

  /** The tick at which a deadline is over. @internal */
  _tickOf(deadline: number): number {
    return Math.ceil(deadline - this.#origin);
  }

  /** @internal */
  _pause(): void {
    // The next whole millisecond: so what passes while paused is what was slept, to the digit.
    this.#frozen = Math.ceil(this.now());
    this.#unattended = 0;
    this.unpark();
  }

  /** @internal */
  _resume(): void {
    this.#ahead = this.now() - hostNow();
    this.#frozen = null;
    this.unpark();
  }

  /**
   * Moves the paused clock to `ms`; what is due by then fires, in the order of the deadlines. True when something was.
   * @internal
   */
  _moveTo(ms: number): boolean {
    this.#frozen = ms;
    const fired = this._foreign?.moveTo(ms) ?? false;
    return this.#fire() || fired;
  }

  // --- timers ---

  /** Puts a timer in the wheel. False when it is due already. @internal */
  _add(entry: WheelEntry): boolean {
    if (!this._wheel.insert(entry)) return false;
    if (hasBackground()) this.#note(entry);
    if (entry._tick < this.#parkedUntil) this.#parkUntil(entry._tick);
    else if (this.#backgroundTimer !== null && this.#keepsAlive()) this.unpark();
    return true;
  }

  /**
   * The scheduler is parked for too long. An async function comes to its sleep or time-out outside of any activation;
   * one more for each of them, only to park again, would cost as much as the timer.
   */
  #parkUntil(tick: number): void {
    const left = this.#origin + tick - this.now();
    if (!this.#canParkAnew || left <= 0) return this.unpark();
    this.#parkedUntil = tick;
    this.#parkFor(Infinity, left);
  }

  /** Notes whose timer it is. */
  #note(entry: WheelEntry): void {
    const waker = entry._waits();
    if (waker !== null && isBackground(waker)) this.#background.add(entry);
    else this.#background.delete(entry);
  }

  /** Tasks have changed sides: asks all that wait. */
  recheck(): void {
    for (const entry of this._wheel.entries()) this.#note(entry);
    if (this.#parkedUntil !== AWAKE) this.unpark();
  }

  /** Whether any timer is to keep the process alive, where timers do. */
  #keepsAlive(): boolean {
    if (this.#background.size === 0) return this._wheel.size > 0;
    for (const entry of this.#background) if (entry._slot === -1) this.#background.delete(entry);
    return this._wheel.size > this.#background.size;
  }

  /** Parks for `left` ms at most, by a timer that keeps the process alive only if one of ours is to. */
  #parkFor(timeoutMs: number, left: number): boolean {
    if (left >= timeoutMs || this.inner.returnsFromPark || this.#keepsAlive()) {
      this._holds = isDefaultRuntime(this.#handle);
      return this.inner.park(Math.min(timeoutMs, left));
    }
    return this.#parkInBackground(timeoutMs, left);
  }

  #parkInBackground(timeoutMs: number, left: number): boolean {
    this.#backgroundTimer?.cancel();
    this.#backgroundTimer = backgroundTimer(left, () => this.unpark());
    return this.inner.park(timeoutMs);
  }

  /** A timer was taken back while the driver is parked for one: nobody may wait for the others. @internal */
  _released(): void {
    if (this.#keepsAlive()) return;
    this._holds = false;
    if (!this.#canParkAnew || this._wheel.size > 0) return this.unpark();
    this.#parkedUntil = Infinity;
    this.inner.park(Infinity);
  }

  /** Wakes `waker` once, `ms` from now. */
  wakeAfter(ms: number, waker: Waker): TimerEntry {
    const alarm = new Alarm(this, this._tickOf(this._after(ms)), waker);
    if (this._isDown || !this._add(alarm)) alarm._fire();
    return alarm;
  }

  /** Fires what is due. True when there was something. */
  #fire(): boolean {
    const tick = Math.floor(this.now() - this.#origin);
    let entry = this._wheel.pop(tick);
    if (entry === null) return false;
    this.#quietTurns = 0;
    for (; entry !== null; entry = this._wheel.pop(tick)) entry._fire();
    return true;
  }

  // --- the driver ---

  /** While the clock is paused, parking may end by moving it. */
  override get returnsFromPark(): boolean {
    return this.#frozen !== null || this.inner.returnsFromPark;
  }

  override poll(): void {
    this.inner.poll();
    this.#parkedUntil = AWAKE;
    this._holds = false;
    if (this.#backgroundTimer !== null) this.#stopBackground();
    if (this._wheel.size > 0) this.#fire();
  }

  override park(timeoutMs: number): boolean {
    this.#canParkAnew = timeoutMs === Infinity && !this.returnsFromPark;
    if (this.#frozen !== null) return this.#parkPaused(timeoutMs);
    this.#parkedUntil = this._wheel.next();
    if (this.#parkedUntil === Infinity) return this.inner.park(timeoutMs);
    const left = this.#origin + this.#parkedUntil - this.now();
    if (left > 0) return this.#parkFor(timeoutMs, left);
    this.unpark();
    return false;
  }

  override unpark(): void {
    this.#parkedUntil = AWAKE;
    this.#quietTurns = 0;
    this.inner.unpark();
  }

  override ref(): void {
    this.#refs += 1;
    this.inner.ref();
  }

  override unref(): void {
    this.#refs -= 1;
    this.#unattended = 0;
    this.inner.unref();
  }

  override shutdown(): void {
    this._isDown = true;
    this.#stopBackground();
    for (let entry = this._wheel.pop(LAST_TICK); entry !== null; entry = this._wheel.pop(LAST_TICK))
      entry._fire();
    this.inner.shutdown();
  }

  #stopBackground(): void {
    this.#backgroundTimer?.cancel();
    this.#backgroundTimer = null;
  }

  #parkPaused(timeoutMs: number): boolean {
    // Whatever is registered from here on shows that something still goes on.
    this.#parkedUntil = Infinity;
    const isHeld = isClockHeld(this.#handle) && this._foreign?.isMoving !== true;
    if (isHeld || this.#nextMove() === Infinity) return this.inner.park(timeoutMs);
    const polls = this.#metrics.workerPollCount(0);
    if (polls !== this.#polls) this.#quietTurns = 0;
    this.#polls = polls;
    if (this.#quietTurns < QUIET_TURNS) {
      this.#quietTurns += 1;
      if (this.#isForgotten())
        return isDefaultRuntime(this.#handle) ? this.#parkInBackground(timeoutMs, 1) : this.inner.park(1);
      // False from the event loop. A bottom that waits by itself has its turn at once.
      if (!this.inner.turn(true)) return false;
    }
    this.#quietTurns = 0;
    this.#unattended += 1;
    this.#move();
    return true;
  }

  /** Nobody waits for an end, and there is none in sight: from here on no hurry, and no hold on the process. */
  #isForgotten(): boolean {
    return this.#refs === 0 && this._foreign === null && this.#unattended >= UNATTENDED_MOVES;
  }

  /** Where the paused clock goes next; `Infinity` when it stays. */
  #nextMove(): number {
    return Math.min(this.#origin + this._wheel.next(), this._foreign?.next() ?? Infinity);
  }

  /** Goes on until something fires. */
  #move(): void {
    for (let to = this.#nextMove(); to < Infinity && this.#frozen !== null; to = this.#nextMove()) {
      if (this._moveTo(Math.max(to, this.#frozen))) return;
      // Timers have only moved down in the wheel.
    }
  }
}

// One for all copies of the package in a realm, or each would have a clock of its own. They are of one version: the
// core sees to that.
const SHARED: unique symbol = Symbol.for("@rt/time") as never;
const place = globalThis as { [SHARED]?: DriverKey<TimeDriver> };

/**
 * The key of the time driver, for `Builder.addDriver` and `Handle.driver`.
 *
 * @example
 * ```ts
 * import { Builder } from "@rt/core";
 *
 * const runtime = Builder.currentThread().addDriver(timeKey).build();
 * runtime.handle().driver(timeKey).isPaused(); // => false
 * runtime.shutdownBackground();
 * ```
 * @see Tokio `Builder::enable_time`
 * @public
 */
export const timeKey: DriverKey<TimeDriver> = (place[SHARED] ??= {
  name: "time",
  install: (inner, handle) => new TimeDriver(inner, handle),
});

/** Asks for no class: all copies of the package use the driver of the first. */
export function isTimeDriver(timers: Timers | null): timers is TimeDriver {
  return (
    timers instanceof TimeDriver || typeof (timers as Partial<TimeDriver> | null)?.isPaused === "function"
  );
}

/** The time driver of the current runtime, else of the default one. */
export function currentDriver(): TimeDriver {
  const timers = currentTimers();
  return isTimeDriver(timers) ? timers : Handle.current().driver(timeKey);
}

/**
 * Whether code outside of any runtime runs: a timer made by it joins the runtime that first waits for it. In
 * `runtime.blockOn(sleep(50))` that is the one which keeps the process alive.
 */
export function isOutside(): boolean {
  return !isDriving() && Handle.tryCurrent() === undefined;
}
