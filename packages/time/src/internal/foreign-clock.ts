/** Foreign timers, and who moves the clock step by step, as the time driver sees them. */
import { type Context, Future, PENDING, type Poll, type Waker } from "@rt/core";
import { wakeSafely } from "@rt/core/driver";
import type { ForeignTimers, TimeDriver } from "../time-driver.ts";

interface FakeTimer {
  readonly callAt: number;
}

/** What we use of the clock that `@sinonjs/fake-timers` makes. */
export interface FakeClock {
  now: number;
  /** By id; there is none before the first timer. A map in newer versions. */
  readonly timers?: Map<unknown, FakeTimer> | Record<string, FakeTimer>;
  setTimeout: (callback: () => void, ms?: number, ...args: unknown[]) => unknown;
  setInterval: (callback: () => void, ms?: number, ...args: unknown[]) => unknown;
  tick(ms: number): number;
  uninstall(): void;
}

/** The engine's own, so that an error in a callback ends up where it would without us. */
const { queueMicrotask } = globalThis as unknown as { queueMicrotask(callback: () => void): void };

export class ForeignClock implements ForeignTimers {
  readonly #driver: TimeDriver;
  readonly #clock: FakeClock;
  readonly #movers: Mover[] = [];
  /** `Date` and the driver's time at the same moment. */
  readonly #date: number;
  readonly #time: number;
  readonly #setTimeout: FakeClock["setTimeout"];
  readonly #setInterval: FakeClock["setInterval"];

  constructor(driver: TimeDriver, clock: FakeClock) {
    this.#driver = driver;
    this.#clock = clock;
    this.#date = clock.now;
    this.#time = driver.now();
    const { setTimeout, setInterval } = clock;
    this.#setTimeout = setTimeout;
    this.#setInterval = setInterval;
    // The functions that were put in the host's place call these two. The driver may have gone to sleep before.
    clock.setTimeout = (...args): unknown => {
      driver.unpark();
      return setTimeout(...args);
    };
    clock.setInterval = (...args): unknown => {
      driver.unpark();
      return setInterval(...args);
    };
  }

  /** Gives the host's functions back. */
  uninstall(): void {
    // The clock keeps notes on these for that.
    this.#clock.setTimeout = this.#setTimeout;
    this.#clock.setInterval = this.#setInterval;
    this.#clock.uninstall();
  }

  get isMoving(): boolean {
    return this.#movers.length > 0;
  }

  next(): number {
    return Math.min(this.#nextTimer(), this.#movers[0]?.to ?? Infinity);
  }

  advance(ms: number): Future<void> {
    // One after another: together they move the clock by the sum.
    const mover = new Mover(this.#movers, (this.#movers.at(-1)?.to ?? this.#driver.now()) + ms);
    this.#movers.push(mover);
    this.#driver.unpark();
    return mover;
  }

  moveTo(ms: number): boolean {
    const fired = this.#fire(ms);
    const mover = this.#movers[0];
    if (mover === undefined || mover.to > ms) return fired;
    this.#movers.shift();
    mover.arrive();
    return true;
  }

  #nextTimer(): number {
    const { timers } = this.#clock;
    if (timers === undefined) return Infinity;
    let next = Infinity;
    for (const { callAt } of isMap(timers) ? timers.values() : Object.values(timers))
      next = Math.min(next, callAt);
    return this.#time + (next - this.#date);
  }

  #fire(ms: number): boolean {
    const fires = this.#nextTimer() <= ms;
    const by = Math.floor(ms - this.#time) - (this.#clock.now - this.#date);
    if (!fires && by <= 0) return false;
    try {
      this.#clock.tick(Math.max(0, by));
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
    return fires;
  }
}

/** Asks for no class: it may be that of another realm. */
function isMap(timers: object): timers is Map<unknown, FakeTimer> {
  return Symbol.iterator in timers;
}

/** One step-by-step move of the clock. */
class Mover extends Future<void> {
  readonly to: number;
  readonly #all: Mover[];
  #arrived = false;
  #waker: Waker | null = null;

  constructor(all: Mover[], to: number) {
    super();
    this.#all = all;
    this.to = to;
  }

  override poll(cx: Context): Poll<void> {
    if (this.#arrived) return;
    this.#waker = cx.waker;
    return PENDING;
  }

  override drop(): void {
    const index = this.#all.indexOf(this);
    if (index !== -1) this.#all.splice(index, 1);
    this.#waker = null;
  }

  arrive(): void {
    this.#arrived = true;
    if (this.#waker !== null) wakeSafely(this.#waker);
  }
}
