/** Puts the paused clock in the place of the host's. `@sinonjs/fake-timers` does the patching; the time is the driver's. */
import { UsageError } from "@rt/core";
import { checkInteger } from "@rt/core/driver";
import { install } from "@sinonjs/fake-timers";
import { pause } from "./clock.ts";
import { ForeignClock, type FakeClock } from "./internal/foreign-clock.ts";
import { patchHost } from "./internal/patch-host.ts";
import { currentDriver, type TimeDriver } from "./time-driver.ts";

/** What is replaced by `@sinonjs/fake-timers`; `patchHost` does the rest. */
const FAKED = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] as const;

/** Options of {@link installClock}. @public */
export interface InstallClockOptions {
  /** What `Date` tells at first: milliseconds since 1970, or a `Date`. The real time, unless given. */
  readonly now?: number | Date;
}

/** Takes the clock away again. @public */
export interface InstalledClock extends Disposable {
  /**
   * Gives the host's clock back. Foreign timers that were pending never fire. The runtime's clock goes on, unless it
   * was paused before. May be called again.
   */
  uninstall(): void;
}

/** One clock at a time: there is one `setTimeout`. */
let isInstalled = false;

/**
 * Pauses the clock of the current runtime, if it is not paused, and puts it under everything else in the realm:
 * `setTimeout`, `setInterval`, `Date`, `performance.now()`, `AbortSignal.timeout()`, and on Node `node:timers` and
 * `node:timers/promises`. Sleeps and foreign timers then fire in one order, whether the clock jumps by itself or by
 * {@link advance}, and everything that a timer sets off runs before the clock moves on.
 *
 * `setImmediate`, `queueMicrotask` and `process.nextTick` stay the host's: they take no time.
 * What took hold of the host's functions before (`const { setTimeout } = globalThis`) goes on with those.
 *
 * @throws {@link UsageError} (`ERR_RT_CLOCK`) when a clock is installed already.
 * @example
 * ```ts
 * import { installClock } from "@rt/time/testing";
 * import { sleep } from "@rt/time";
 *
 * using clock = installClock({ now: 0 });
 * const seen: string[] = [];
 * setTimeout(() => void seen.push(`callback at ${Date.now()}`), 2000);
 * yield* sleep(1000);
 * seen.push(`task at ${Date.now()}`);
 * yield* sleep(5000);
 * seen; // => ["task at 1000", "callback at 2000"]
 * ```
 * @see Tokio has no counterpart: its paused clock is seen by Tokio alone.
 * @public
 */
export function installClock(options: InstallClockOptions = {}): InstalledClock {
  if (isInstalled)
    throw new UsageError(
      "ERR_RT_CLOCK",
      "Cannot install the clock: one is installed already; uninstall() it before",
    );
  const start = Number(options.now ?? Date.now());
  checkInteger("now", start, -8.64e15, 8.64e15);
  const driver = currentDriver();
  const pausedHere = !driver.isPaused();
  if (pausedHere) pause();
  return new Installed(driver, start, pausedHere);
}

class Installed implements InstalledClock {
  readonly #driver: TimeDriver;
  readonly #foreign: ForeignClock;
  readonly #restoreHost: () => void;
  readonly #pausedHere: boolean;
  #done = false;

  constructor(driver: TimeDriver, start: number, pausedHere: boolean) {
    this.#driver = driver;
    this.#pausedHere = pausedHere;
    // Its types don't tell `timers`.
    const clock = install({ now: start, toFake: [...FAKED] }) as unknown as FakeClock;
    this.#foreign = new ForeignClock(driver, clock);
    this.#restoreHost = patchHost(driver, clock);
    driver._foreign = this.#foreign;
    isInstalled = true;
  }

  uninstall(): void {
    if (this.#done) return;
    this.#done = true;
    isInstalled = false;
    this.#driver._foreign = null;
    this.#foreign.uninstall();
    this.#restoreHost();
    if (this.#pausedHere && this.#driver.isPaused()) this.#driver._resume();
    else this.#driver.unpark();
  }

  [Symbol.dispose](): void {
    this.uninstall();
  }
}
