/** Up to here 16 bits times the bound stay a small integer, which is faster than fractions. */
const MOST_OF_HALF = 0x7fff;

/** A small, fast generator of pseudo-random numbers for scheduling decisions: xorshift on 32 bits. Not for secrets. */
export class FastRand {
  #state: number;

  constructor(seed: number = Math.random() * 0x1_0000_0000) {
    this.#state = seed | 0 || 1; // zero would stay zero
  }

  /** An integer from 0 to `bound - 1`. */
  below(bound: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    // Multiply and shift instead of a remainder: no division, and the high bits are the better ones.
    if (bound <= MOST_OF_HALF) return ((x >>> 16) * bound) >>> 16;
    return Math.floor(((x >>> 0) / 0x1_0000_0000) * bound);
  }
}
