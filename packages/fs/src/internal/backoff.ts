/** Waiting for what can only be found out by asking again: shortly at first, then longer. */

/** Milliseconds: from a turn of the event loop to what nobody notices. */
const SHORTEST = 1;
const LONGEST = 20;

export class Backoff {
  #delay: number = SHORTEST;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Calls `again` once, later than the last time. Keeps the process alive until then. */
  wait(again: () => void): void {
    this.stop();
    // The host's own: a paused clock has no say in what happens outside.
    this.#timer = setTimeout(() => {
      this.#timer = null;
      again();
    }, this.#delay);
    this.#delay = Math.min(2 * this.#delay, LONGEST);
  }

  get isWaiting(): boolean {
    return this.#timer !== null;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** It was worth asking: the next wait is short again. */
  reset(): void {
    this.stop();
    this.#delay = SHORTEST;
  }
}
