/** A clock for tests: stop it, move it. */
import { type Context, Future, Handle, PENDING, type Poll, UsageError } from "@rt/core";
import { rangeError } from "@rt/core/driver";
import { type Duration, toMillis } from "./duration.ts";
import { currentDriver, LAST, type TimeDriver } from "./time-driver.ts";

/**
 * Stops the clock of the current runtime at the next whole millisecond. {@link Instant} stands still then; `Date` and
 * `performance.now()` go on, unless `installClock` of `@rt/time/testing` is used.
 *
 * When a turn of the event loop has passed with no task ready, the clock jumps to the next timer, in whole
 * milliseconds and never beyond it. So programs that wait for timers take no time. It stays where it is while
 * `holdClock` of `@rt/core/driver` says that somebody waits for work outside; a foreign promise alone does not hold it.
 *
 * @throws {@link UsageError} (`ERR_RT_CLOCK`) when the clock is paused already, or the runtime has several threads.
 * @example
 * ```ts
 * pause();
 * const start = Instant.now();
 * yield* sleep({ hours: 24 });
 * start.elapsed(); // => 86_400_000
 * resume();
 * ```
 * @see Tokio `time::pause`, which does not round
 * @public
 */
export function pause(): void {
  if (Handle.current().runtimeFlavor() === "multiThread")
    throw new UsageError(
      "ERR_RT_CLOCK",
      "Cannot pause: the runtime has several threads; use a current-thread one",
    );
  const driver = currentDriver();
  if (driver.isPaused())
    throw new UsageError("ERR_RT_CLOCK", "Cannot pause: the clock is paused; resume() before");
  driver._pause();
}

/**
 * Lets the clock go on from where it stands.
 * @throws {@link UsageError} (`ERR_RT_CLOCK`) when it is not paused.
 * @see Tokio `time::resume`
 * @public
 */
export function resume(): void {
  const driver = currentDriver();
  checkPaused(driver, "resume");
  driver._resume();
}

/**
 * Moves the paused clock by exactly `duration`, and gives way once. Timers passed on the way fire in the order of
 * their deadlines, and the tasks they wake run; all of them see the clock at its new place.
 *
 * While `installClock` is in force it goes step by step instead: from deadline to deadline, letting everything run in
 * between, so that tasks and foreign callbacks come in one order.
 *
 * Cancel safety: dropped after its first poll, the clock has moved (step by step: as far as it came).
 *
 * @throws {@link UsageError} (`ERR_RT_CLOCK`) where it waits, when the clock is not paused.
 * @throws RangeError beyond the end of the clock.
 * @example
 * ```ts
 * pause();
 * const start = Instant.now();
 * yield* advance({ microseconds: 1500 });
 * start.elapsed(); // => 1.5
 * resume();
 * ```
 * @see Tokio `time::advance`
 * @public
 */
export function advance(duration: Duration): Future<void> {
  return new Advance(currentDriver(), toMillis("the time to advance by", duration));
}

class Advance extends Future<void> {
  readonly #driver: TimeDriver;
  readonly #ms: number;
  /** The clock has moved, or does so step by step. */
  #moved = false;
  #steps: Future<void> | null = null;

  constructor(driver: TimeDriver, ms: number) {
    super();
    this.#driver = driver;
    this.#ms = ms;
  }

  override poll(cx: Context): Poll<void> {
    if (!this.#moved) this.#move(cx);
    else if (this.#steps === null) return;
    return this.#steps === null ? PENDING : this.#steps.poll(cx);
  }

  override drop(): void {
    this.#steps?.drop();
  }

  override describe(): string {
    return `advance(${this.#ms})`;
  }

  #move(cx: Context): void {
    const driver = this.#driver;
    checkPaused(driver, "advance");
    const to = driver.now() + this.#ms;
    if (!(to < LAST)) throw rangeError(`Cannot advance to ${to} ms: the clock ends at ${LAST}`);
    this.#moved = true;
    this.#steps = driver._foreign?.advance(this.#ms) ?? null;
    if (this.#steps !== null) return;
    driver._moveTo(to);
    cx.waker.wake();
  }
}

function checkPaused(driver: TimeDriver, action: string): void {
  if (!driver.isPaused())
    throw new UsageError("ERR_RT_CLOCK", `Cannot ${action}: the clock is not paused; pause() before`);
}
