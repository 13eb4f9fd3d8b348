/** Keeps the process alive for a `blockOn` that waits for a signal: Node's own listeners do not. */
import type { Handle } from "@rt/core";
import { LayeredDriver, type Driver, type DriverKey } from "@rt/core/driver";

/** The longest delay that Node's timers take. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class SignalDriver extends LayeredDriver {
  #blocked = 0;
  #waits = 0;
  #timer: ReturnType<typeof setInterval> | null = null;

  override ref(): void {
    super.ref();
    this.#blocked += 1;
    this.#update();
  }

  override unref(): void {
    super.unref();
    this.#blocked -= 1;
    this.#update();
  }

  override shutdown(): void {
    this.#waits = -Infinity;
    this.#update();
    super.shutdown();
  }

  /** Somebody begins or ends to wait. */
  wait(change: 1 | -1): void {
    this.#waits += change;
    this.#update();
  }

  #update(): void {
    const needed = this.#blocked > 0 && this.#waits > 0;
    if (needed === (this.#timer !== null)) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = needed ? setInterval(() => {}, LONGEST_TIMER) : null;
  }
}

const KEY: DriverKey<SignalDriver> = {
  name: "signal",
  install: (inner: Driver) => new SignalDriver(inner),
};

/** The driver of a runtime that is still there, else null: what cleans up after a shutdown waits all the same. */
export function signalDriver(handle: Handle): SignalDriver | null {
  return handle.isShutdown() ? null : handle.driver(KEY);
}
