/** Numbers that a seed decides: a run that failed can be had again, as far as the sockets allow. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1): mulberry32, whose every seed is a good one. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Mostly small, sometimes as large as `high`: the sizes that find mistakes are at both ends. */
  size(high: number): number {
    return Math.max(1, Math.floor(high ** this.next()));
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.between(0, choices.length - 1)] ?? choices[0];
  }

  /** A generator of its own for somebody else, so that what one does with it does not change the other's numbers. */
  fork(): Random {
    return new Random(this.between(0, 2 ** 32 - 1));
  }
}
