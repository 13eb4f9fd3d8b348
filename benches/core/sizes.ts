/** The sizes of the cases, the same for every contestant (and in `tokio/src/cases/core.rs`). */

import { assertTotal } from "../shared/batches.ts";

export { batches } from "../shared/batches.ts";

export const SPAWN_BATCH = 10_000;
export const CHAIN = 1_000;
export const PAIRS = 1_000;
export const YIELDERS = 200;
export const YIELDS = 1_000;
/** Of one task alone. */
export const YIELDS_ALONE = 100_000;

const INDICES = (SPAWN_BATCH * (SPAWN_BATCH - 1)) / 2;

/** That no result was lost: of the indices of a spawn batch, or of what is `expected` (nothing if that is NaN). */
export function assertSum(sum: number, expected: number = INDICES): void {
  if (!Number.isNaN(expected)) assertTotal(sum, expected);
}
