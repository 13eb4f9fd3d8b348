/** A wake-up at a time, for those who have a future of their own. */
import type { Waker } from "@rt/core";
import { type TimerEntry, wakeSafely } from "@rt/core/driver";
import type { Wheel, WheelEntry } from "./wheel.ts";

/** The driver whose wheel it is in. */
interface AlarmHome {
  readonly _wheel: Wheel;
  readonly _holds: boolean;
  _released(): void;
}

export class Alarm implements TimerEntry, WheelEntry {
  _tick: number;
  _slot = -1;
  _previous: WheelEntry | null = null;
  _next: WheelEntry | null = null;
  readonly #driver: AlarmHome;
  readonly #waker: Waker;

  constructor(driver: AlarmHome, tick: number, waker: Waker) {
    this._tick = tick;
    this.#driver = driver;
    this.#waker = waker;
  }

  _waits(): Waker {
    return this.#waker;
  }

  _fire(): void {
    wakeSafely(this.#waker);
  }

  cancel(): void {
    if (this._slot === -1) return;
    this.#driver._wheel.remove(this);
    if (this.#driver._holds) this.#driver._released();
  }
}
