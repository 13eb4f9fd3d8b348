/** Drivers for tests: one that only watches, one with a clock of its own, and a layer that wakes at a deadline. */
import { Future, PENDING, type Context, type Handle, type Poll, type Waker } from "@rt/core";
import { LayeredDriver, type Driver, type DriverKey } from "@rt/core/driver";

/** The bottom of a simulated world: time passes only while a scheduler waits or gives the driver its turn. */
export class SimulatedDriver implements Driver {
  readonly returnsFromPark = true;
  /** Every call, in order. */
  readonly calls: string[] = [];
  refs = 0;
  #now = 0;
  #activate: () => void = () => {};
  #activating = false;
  #down = false;

  now(): number {
    return this.#now;
  }

  count(call: string): number {
    return this.calls.filter((made) => made === call).length;
  }

  start(activate: () => void): void {
    this.calls.push("start");
    this.#activate = activate;
  }

  poll(): void {
    this.calls.push("poll");
  }

  park(timeoutMs: number): boolean {
    this.calls.push("park");
    if (timeoutMs === Infinity) return false;
    this.#now += timeoutMs;
    return true;
  }

  unpark(): void {
    this.calls.push("unpark");
    if (this.#activating) return;
    this.#activating = true;
    queueMicrotask(() => {
      this.#activating = false;
      if (!this.#down) this.#activate();
    });
  }

  turn(force: boolean): boolean {
    this.calls.push(force ? "turn!" : "turn");
    this.#now += 1;
    return true;
  }

  ref(): void {
    this.refs += 1;
  }

  unref(): void {
    this.refs -= 1;
  }

  shutdown(): void {
    this.calls.push("shutdown");
    this.#down = true;
  }
}

/** Wakes at deadlines, by the clock it is given. */
export class AlarmDriver extends LayeredDriver {
  readonly #now: () => number;
  readonly #waiting = new Map<Alarm, number>();
  #parkedUntil = Infinity;

  constructor(inner: Driver, now: () => number) {
    super(inner);
    this.#now = now;
  }

  /** Completes `ms` from its first poll on. */
  after(ms: number): Future<void> {
    return new Alarm(this, ms);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  override poll(): void {
    this.inner.poll();
    const now = this.#now();
    const due = [...this.#waiting].filter(([, at]) => at <= now).toSorted(([, a], [, b]) => a - b);
    for (const [alarm] of due) {
      this.#waiting.delete(alarm);
      alarm.ring();
    }
  }

  override park(timeoutMs: number): boolean {
    const next = Math.min(...this.#waiting.values());
    this.#parkedUntil = next;
    return this.inner.park(Math.min(timeoutMs, Math.max(0, next - this.#now())));
  }

  add(alarm: Alarm, ms: number): void {
    const at = this.#now() + ms;
    this.#waiting.set(alarm, at);
    // An async function polls its leaves in microtasks, when the scheduler may be parked already.
    if (at < this.#parkedUntil) this.unpark();
  }

  remove(alarm: Alarm): void {
    this.#waiting.delete(alarm);
  }
}

class Alarm extends Future<void> {
  readonly #driver: AlarmDriver;
  readonly #ms: number;
  #rang = false;
  #set = false;
  #waker: Waker | null = null;

  constructor(driver: AlarmDriver, ms: number) {
    super();
    this.#driver = driver;
    this.#ms = ms;
  }

  override poll(cx: Context): Poll<void> {
    if (this.#rang) return;
    this.#waker = cx.waker;
    if (!this.#set) {
      this.#set = true;
      this.#driver.add(this, this.#ms);
    }
    return PENDING;
  }

  override drop(): void {
    this.#driver.remove(this);
  }

  ring(): void {
    this.#rang = true;
    this.#waker?.wake();
  }
}

/** A key that makes alarm drivers by one clock. */
export function alarmKey(now: () => number): DriverKey<AlarmDriver> & { installs: number } {
  return {
    name: "alarm",
    installs: 0,
    install(inner: Driver, _handle: Handle): AlarmDriver {
      this.installs += 1;
      return new AlarmDriver(inner, now);
    },
  };
}
