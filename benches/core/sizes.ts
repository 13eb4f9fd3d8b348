/** The sizes of the cases, the same for every contestant (and in `tokio/src/cases.rs`). */

export const SPAWN_BATCH = 10_000;
export const CHAIN = 1_000;
export const PAIRS = 1_000;
export const YIELDERS = 200;
export const YIELDS = 1_000;

/** How many whole batches make at least `ops` operations. */
export function batches(ops: number, batch: number): number {
  return Math.ceil(ops / batch);
}

const INDICES = (SPAWN_BATCH * (SPAWN_BATCH - 1)) / 2;

/** That no result was lost: of the indices of a spawn batch, or of what is `expected` (nothing if that is NaN). */
export function assertSum(sum: number, expected: number = INDICES): void {
  if (!Number.isNaN(expected) && sum !== expected)
    throw new Error(`The results add up to ${sum}, not to ${expected}`);
}
