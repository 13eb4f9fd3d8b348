/** `timers/…`: what a timer costs among many others, whoever keeps them. */

import type { Measurement } from "../harness/case.ts";
import { batches } from "../shared/batches.ts";
import { BATCH, place } from "./sizes.ts";

/** What can be done with a timer. Numbers stand for delays, see `delay`. */
export interface Timers<T> {
  add(i: number): T;
  reset(timer: T, i: number): void;
  cancel(timer: T): void;
}

/** Adds to `others` until there are `pending`, then times what is done to others and among them. */
export function amongOthers<T>(timers: Timers<T>, others: T[], pending: number, ops: number): Measurement {
  for (let i = others.length; i < pending; i += 1) others.push(timers.add(i));
  let [add, reset, cancel, any] = [0, 0, 0, 0];
  const fresh: T[] = [];
  const rounds = batches(ops, BATCH);
  for (let round = 0; round < rounds; round += 1) {
    const first = round * BATCH;
    let start = performance.now();
    for (let i = 0; i < BATCH; i += 1) fresh.push(timers.add(first + i));
    add += performance.now() - start;

    start = performance.now();
    for (let i = 0; i < BATCH; i += 1) timers.reset(fresh[i]!, first + i + 1);
    reset += performance.now() - start;

    start = performance.now();
    for (const timer of fresh) timers.cancel(timer);
    cancel += performance.now() - start;
    fresh.length = 0;

    start = performance.now();
    for (let i = first; i < first + BATCH; i += 1) timers.reset(others[place(i, pending)]!, i + 1);
    any += performance.now() - start;
  }
  const per = (ms: number): number => (ms * 1e6) / (rounds * BATCH);
  return { add: per(add), reset: per(reset), cancel: per(cancel), "reset any": per(any) };
}
