/** A stretch of time in which two tasks yield as often as they can. */

/** Arbitrary: some hundred timer shots, and short enough that the machine's mood is the same for its neighbours. */
export const SLICE_MS = 300;

/** How many yields pass between looks at the clock: small beside a millisecond, and it costs nothing. */
const YIELDS_PER_LOOK = 64;

export class Slice {
  #yields = 0;
  #running = true;
  readonly #start = performance.now();

  /** Counts one yield; false once the time is up. */
  goesOn(): boolean {
    this.#yields += 1;
    if (this.#yields % YIELDS_PER_LOOK === 0) this.#running &&= performance.now() - this.#start < SLICE_MS;
    return this.#running;
  }

  /** Nanoseconds per yield, until now. */
  get nsPerYield(): number {
    return ((performance.now() - this.#start) * 1e6) / this.#yields;
  }
}
