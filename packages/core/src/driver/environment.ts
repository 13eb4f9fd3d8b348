/** What a subsystem asks of the runtime it works for, beside a driver of its own. */
import { debug as debugMode, hostTimer, now } from "#platform";
import type { Handle } from "../handle.ts";
import { currentCore } from "../internal/current.ts";
import { currentTask, realm } from "../internal/realm.ts";
import type { Waker } from "../future.ts";
import type { Report } from "../report.ts";
import type { Driver } from "./driver.ts";

interface HostTimers {
  readonly setTimeout: (fn: () => void, ms: number) => { unref?(): void };
  readonly clearTimeout: (timer: unknown) => void;
}

export { wakeSafely } from "../internal/current.ts";
// Spelled out: what users compile against must not name `#platform`.
/** Whether `RT_DEBUG=1`, in browsers `globalThis.RT_DEBUG`, was set when the package was loaded. @public */
export const debug: boolean = debugMode;
/** Milliseconds on the host's clock, from a fixed point, never going back. @public */
export const hostNow: () => number = now;

/** A wake-up at a time, to be taken back. @public */
export interface TimerEntry {
  cancel(): void;
}

/**
 * What a driver that knows the time offers to those who can't import it: `sendTimeout` of `@rt/sync` must follow the
 * paused clock of `@rt/time` without depending on it.
 * @public
 */
export interface Timers extends Driver {
  /** Wakes `waker` once, `ms` from now. */
  wakeAfter(ms: number, waker: Waker): TimerEntry;
  /** A task that has been polled was made one that keeps the process alive, or ceased to be, see {@link isBackground}. */
  recheck(): void;
}

/** Makes `timers` the ones of the runtime behind `handle`. A time driver calls it as it is installed. @public */
export function provideTimers(handle: Handle, timers: Timers): void {
  handle._core.timers = timers;
}

/** The timers of the current runtime, else of the default one; null where no time driver is installed. @public */
export function currentTimers(): Timers | null {
  return currentCore().timers;
}

/**
 * Wakes `waker` once, `ms` from now, by the timers of the current runtime. Where it has none, by `setTimeout` as it
 * stands there now. A runtime that was built keeps the process alive by that only if a `blockOn` waits at this moment.
 * @public
 */
export function wakeAfter(ms: number, waker: Waker): TimerEntry {
  const core = currentCore();
  if (core.timers !== null) return core.timers.wakeAfter(ms, waker);
  // Those that stand there now: who puts fake ones in their place wants to move this.
  const { clearTimeout, setTimeout } = globalThis as never as HostTimers;
  const timer = setTimeout(() => waker.wake(), Math.min(Math.ceil(ms), 2 ** 31 - 1));
  if ((realm.blockOns === 0 && core.config.isDefault !== true) || isBackground(waker)) timer.unref?.();
  return { cancel: () => clearTimeout(timer) };
}

/**
 * Whether `waker` belongs to a task that is not to keep the process alive ({@link JoinHandle.unref}). Of a waker that is
 * none of this package's nobody knows: then it is not.
 * @public
 */
export function isBackground(waker: Waker): boolean {
  return realm.hasBackground && (waker as Partial<BackgroundWaker>)["rt:background"]?.() === true;
}

interface BackgroundWaker {
  "rt:background"(): boolean;
}

/** Whether any task was ever made a background one: as long as none was, nobody need be asked. @public */
export function hasBackground(): boolean {
  return realm.hasBackground;
}

/**
 * Whether this is the default runtime, whose timers keep the process alive by themselves. Those of others do so only
 * while their driver is {@link Driver.ref}'d.
 * @public
 */
export function isDefaultRuntime(handle: Handle): boolean {
  return handle._core.config.isDefault === true;
}

/** Calls `fn` once, `ms` from now on the host's clock, unless the process has ended for want of anything else to do. @public */
export function backgroundTimer(ms: number, fn: () => void): TimerEntry {
  const timer = hostTimer(fn, Math.min(Math.ceil(ms), 2 ** 31 - 1));
  timer.setRef(false);
  return timer;
}

/** Whether the runtime was built with {@link Builder.startPaused}. @public */
export function startsPaused(handle: Handle): boolean {
  return handle._core.config.startPaused === true;
}

/**
 * While it is held, a paused clock does not jump to the next timer: a task waits for work that goes on outside of the
 * runtime, such as a file being read. Call what it gives when the work is over; once is enough.
 * @public
 */
export function holdClock(handle: Handle): () => void {
  const core = handle._core;
  core.outsideWork += 1;
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    core.outsideWork -= 1;
    if (core.outsideWork === 0) core.driver.unpark();
  };
}

/**
 * Holds the clock, see {@link holdClock}, from the start of some work until `over` is called, and not at all when
 * `start` throws. It gives what `start` gives.
 * @public
 */
export function holdClockFor<T>(handle: Handle, start: (over: () => void) => T): T {
  const over = holdClock(handle);
  try {
    return start(over);
  } catch (error) {
    over();
    throw error;
  }
}

/** Whether somebody holds the clock, see {@link holdClock}. @public */
export function isClockHeld(handle: Handle): boolean {
  return handle._core.outsideWork > 0;
}

/** Gives a report to whoever takes those of the runtime, see {@link Builder.onReport}; by default it is printed. @public */
export function report(handle: Handle, what: Report): void {
  handle._core.report(what);
}

/**
 * An integer from 0 to `bound - 1` from the generator of the current runtime, which {@link Builder.rngSeed} makes
 * reproducible. For scheduling decisions only.
 * @see Tokio `runtime::context::thread_rng_n`
 * @public
 */
export function randomBelow(bound: number): number {
  const task = realm.now.task;
  return (task === null ? currentCore() : task._scheduler.core).random.below(bound);
}

/** Whether the code that calls this runs inside a task, so that blocking the thread would block its runtime. @public */
export function isDriving(): boolean {
  return currentTask() !== null;
}
