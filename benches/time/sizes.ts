/** The sizes of the cases, the same for every contestant (and in `tokio/src/cases/time.rs`). */

/** Sleeps that one poll makes, timers that are added, reset and cancelled at a time. */
export const BATCH = 1_000;
/** Milliseconds; never over in a sample. */
export const LONG = 10_000;
/** Milliseconds that concurrent sleeps are spread over. */
export const SPREAD = 50;
/** Milliseconds; of sleeps that only take memory. */
export const HOUR = 3_600_000;

/** From 10 to 110 minutes, all over the upper levels of the wheel; none of these fires. */
export function delay(i: number): number {
  return 600_000 + ((i * 7_919) % 6_000_000);
}

/** Some of the pending timers, in no order. */
export function place(i: number, pending: number): number {
  return (i * 611_953) % pending;
}
