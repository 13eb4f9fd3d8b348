/** The data: keys with their values, of which some expire. */
import { type Async, yieldNow } from "@rt/core";
import { select } from "@rt/macros";
import { Notify } from "@rt/sync";
import { Instant, sleepUntil } from "@rt/time";
import { type Bulk, detach, detachText } from "../resp/bulk.ts";
import { Deadlines } from "./deadlines.ts";

/** So many keys are removed at a time before others have their turn. Arbitrary. */
const BATCH = 128;

/** The time that deadlines are told in, in ms. It stands still with the paused clock of a test. */
export function now(): number {
  return Instant.now().toMillis();
}

export class Store {
  readonly #values = new Map<string, Bulk>();
  readonly #deadlines = new Deadlines();
  /** The next deadline is nearer than it was. */
  readonly #nearer = new Notify();

  get size(): number {
    return this.#values.size;
  }

  /** Keys that expire. */
  get expiring(): number {
    return this.#deadlines.size;
  }

  get(key: string): Bulk | undefined {
    if (this.#deadlines.size > 0 && this.#isOver(key)) return undefined;
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Sets the value, for ever or up to a deadline. */
  set(key: string, value: Bulk, deadline?: number): void {
    this.replace(key, value);
    if (deadline !== undefined) this.expireAt(key, deadline);
    else if (this.#deadlines.size > 0) this.#deadlines.delete(key);
  }

  /** Sets the value; the key expires when it would have. */
  replace(key: string, value: Bulk): void {
    // A map keeps the key it has, so only a new one has to be detached from the chunk it came in.
    this.#values.set(this.#values.has(key) ? key : detachText(key), detach(value));
  }

  delete(key: string): boolean {
    if (this.#deadlines.size > 0) {
      if (this.#isOver(key)) return false;
      this.#deadlines.delete(key);
    }
    return this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
    this.#deadlines.clear();
  }

  /** When the key expires; `undefined` where it does not. */
  deadline(key: string): number | undefined {
    return this.#deadlines.get(key);
  }

  /** Makes a key that is there expire at `deadline`, which may be in the past. */
  expireAt(key: string, deadline: number): void {
    const earliest = this.#deadlines.earliest();
    this.#deadlines.set(detachText(key), deadline);
    if (earliest === undefined || deadline < earliest) this.#nearer.notifyOne();
  }

  /** A key past its deadline is as good as gone, also where the timer has not come to it yet. */
  #isOver(key: string): boolean {
    const deadline = this.#deadlines.get(key);
    return deadline !== undefined && deadline <= now();
  }

  /** The background task: removes keys as their time comes. One timer does for all of them. */
  *expire(): Async<never> {
    for (;;) {
      if (this.#removeDue()) {
        yield* yieldNow();
        continue;
      }
      const earliest = this.#deadlines.earliest();
      if (earliest === undefined) yield* this.#nearer.notified();
      else
        yield* select({
          due: sleepUntil(Instant.fromMillis(earliest)),
          nearer: this.#nearer.notified(),
        });
    }
  }

  /** Removes what is due, but not all at once. Gives whether there may be more. */
  #removeDue(): boolean {
    const time = now();
    for (let removed = 0; removed < BATCH; removed += 1) {
      const key = this.#deadlines.takeDue(time);
      if (key === undefined) return false;
      this.#values.delete(key);
    }
    return true;
  }
}
