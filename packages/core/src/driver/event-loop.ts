/**
 * The bottom of the driver stack where JavaScript has an event loop: parking is to return to it.
 *
 * A wake from outside activates the scheduler in a microtask, right behind the callback that caused it (in browsers,
 * a few later). While tasks keep each other busy, the loop gets its turn by time: the first check after a turn asks for
 * the next one, and the scheduler goes on until the slice is over.
 */
import { hostTimer, nextTurn, now } from "#platform";
import { GUESS_HOPS, realm } from "../internal/realm.ts";
import type { HostTimer } from "../platform/platform.ts";
import type { Driver } from "./driver.ts";

/**
 * How long tasks may keep the loop from its timers and sockets. A turn costs about 1 µs, or 2 with a socket to look
 * at, so this gives up less than 1 %; `benches/core/fairness.bench.ts` measures both sides.
 */
const SLICE_MS = 0.25;
/** How much too early a host timer may be and still be kept for the next park. */
const SLACK_MS = 1;
/** The longest delay a host timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Microtasks from a wake to the activation. Where nothing keeps an async function's context for us, code from outside
 * must not run among its microtasks: an `await` right behind a `spawn` is to be over by then.
 */
const HOPS: number = realm.scopes === null ? GUESS_HOPS : 1;

const settled: Promise<void> = Promise.resolve();

/**
 * Parks a scheduler in the event loop of its host, Node's or a browser's.
 *
 * It keeps no process alive by itself: only what tasks wait for does, timers only while it is {@link Driver.ref}'d.
 * @public
 */
export class EventLoopDriver implements Driver {
  readonly returnsFromPark = false;
  #activate: () => void = () => {};
  /** A microtask that will activate is on its way. */
  #microtask = false;
  #hops = 0;
  /** A turn of the loop was asked for and has not come yet. */
  #turning = false;
  #sliceStart = 0;
  /** The scheduler has gone to sleep: a turn that was asked for before need not wake it. */
  #parked = false;
  #timer: HostTimer | null = null;
  /** When it fires. */
  #timerAt = 0;
  #refs = 0;

  start(activate: () => void): void {
    this.#activate = activate;
  }

  poll(): void {
    this.#parked = false;
  }

  park(timeoutMs: number): boolean {
    this.#parked = true;
    if (timeoutMs === Infinity) this.#cancelTimer();
    else this.#arm(timeoutMs);
    return false;
  }

  /** Making a host timer costs more than an activation, so one that fires early enough is kept. */
  #arm(timeoutMs: number): void {
    const delay = Math.min(Math.ceil(timeoutMs), LONGEST_TIMER);
    const at = now() + delay;
    // One that is early by more than a little would wake us over and over while deadlines move on.
    if (this.#timer !== null && this.#timerAt <= at && this.#timerAt >= at - SLACK_MS) return;
    this.#cancelTimer();
    this.#timerAt = at;
    this.#timer = hostTimer(this.#onTimer, delay);
    this.#timer.setRef(this.#refs > 0);
  }

  unpark(): void {
    if (this.#microtask) return;
    this.#microtask = true;
    this.#hops = HOPS;
    void settled.then(this.#onMicrotask);
  }

  turn(force: boolean): boolean {
    if (!this.#turning) {
      this.#turning = true;
      nextTurn(this.#onTurn);
      if (force) return false;
      this.#sliceStart = now();
      return true;
    }
    return !force && now() - this.#sliceStart < SLICE_MS;
  }

  ref(): void {
    this.#refs += 1;
    if (this.#refs === 1) this.#timer?.setRef(true);
  }

  unref(): void {
    this.#refs -= 1;
    if (this.#refs === 0) this.#timer?.setRef(false);
  }

  shutdown(): void {
    this.#cancelTimer();
  }

  #cancelTimer(): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#timer = null;
  }

  readonly #onMicrotask = (): void => {
    this.#hops -= 1;
    if (this.#hops > 0) {
      void settled.then(this.#onMicrotask);
      return;
    }
    this.#microtask = false;
    this.#activate();
  };

  readonly #onTurn = (): void => {
    this.#turning = false;
    if (!this.#parked) this.#activate();
  };

  readonly #onTimer = (): void => {
    this.#timer = null;
    this.#activate();
  };
}
