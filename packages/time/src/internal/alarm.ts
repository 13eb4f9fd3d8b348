/** A wake-up at a time, for those who have a future of their own. */
import type { Waker } from "@rt/core";
import { type TimerEntry, wakeSafely } from "@rt/core/driver";
import type { Wheel, WheelEntry } from "./wheel.ts";

export class Alarm implements TimerEntry, WheelEntry {
  _tick: number;
  _slot = -1;
  _previous: WheelEntry | null = null;
  _next: WheelEntry | null = null;
  readonly #wheel: Wheel;
  readonly #waker: Waker;

  constructor(wheel: Wheel, tick: number, waker: Waker) {
    this._tick = tick;
    this.#wheel = wheel;
    this.#waker = waker;
  }

  _fire(): void {
    wakeSafely(this.#waker);
  }

  cancel(): void {
    if (this._slot !== -1) this.#wheel.remove(this);
  }
}
