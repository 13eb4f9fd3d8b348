/**
 * A driver with a clock of its own, which stands still while tasks run and jumps to the next timer when none is ready.
 *
 * It is a layer: everything but waiting goes to the driver below it.
 */
import { Future, Handle, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { type Driver, type DriverKey, LayeredDriver, madeProgress, pollProceed } from "@rt/core/driver";

export class SimulatedClock extends LayeredDriver {
  /** Milliseconds since the start. */
  now = 0;
  readonly #timers: { readonly at: number; readonly waker: Waker }[] = [];

  static readonly KEY: DriverKey<SimulatedClock> = {
    name: "simulated clock",
    install: (inner: Driver) => new SimulatedClock(inner),
  };

  wakeAt(at: number, waker: Waker): void {
    this.#timers.push({ at, waker });
    this.#timers.sort((a, b) => a.at - b.at);
  }

  /** Nothing is ready: the time of the next timer has come. */
  override park(timeoutMs: number): boolean {
    const next = this.#timers[0];
    if (next === undefined) return super.park(timeoutMs);
    this.now = next.at;
    while (this.#timers[0] !== undefined && this.#timers[0].at <= this.now)
      this.#timers.shift()?.waker.wake();
    return true;
  }
}

class Sleep extends Future<number> {
  readonly #ms: number;
  #at: number | null = null;

  constructor(ms: number) {
    super();
    this.#ms = ms;
  }

  poll(cx: Context): Poll<number> {
    if (!pollProceed(cx)) return PENDING;
    const clock = Handle.current().driver(SimulatedClock.KEY);
    this.#at ??= clock.now + this.#ms;
    if (clock.now >= this.#at) {
      madeProgress();
      return clock.now;
    }
    // A sleep that is dropped leaves its entry behind: a late wake does nothing.
    clock.wakeAt(this.#at, cx.waker);
    return PENDING;
  }

  override describe(): string {
    return `a sleep of ${this.#ms} simulated ms`;
  }
}

/** Waits in simulated time and gives the time then. */
export function sleep(ms: number): Future<number> {
  return new Sleep(ms);
}
