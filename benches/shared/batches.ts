/** What cases of all areas count and check. */

/** How many whole batches make at least `ops` operations. */
export function batches(ops: number, batch: number): number {
  return Math.ceil(ops / batch);
}

/** The sum of 0 to `count` - 1. */
export function sumBelow(count: number): number {
  return (count * (count - 1)) / 2;
}

/** @throws Error when something was lost, or came twice. */
export function assertTotal(total: number, expected: number): void {
  if (total !== expected) throw new Error(`The results add up to ${total}, not to ${expected}`);
}
