/** What `select` and `join` do with a list of futures, of which those that have completed are null. */
import { type Future, UsageError } from "@rt/core";
import { waitOf } from "@rt/core/driver";

/** A future that has not completed, or null. */
export type Slot = Future<unknown> | null;

/**
 * Drops every future and empties its slot first, so that a drop may call back in. All are dropped even if one throws;
 * then throws what the first of those threw.
 */
export function dropAll(futures: Slot[]): void {
  let failure: { readonly error: unknown } | null = null;
  for (let i = 0; i < futures.length; i += 1) {
    const future = futures[i];
    if (future === null || future === undefined) continue;
    futures[i] = null;
    try {
      future.drop();
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== null) throw failure.error;
}

/** What the pending ones wait for, in words. */
export function describeAll(futures: readonly Slot[], names: readonly string[] | null): string {
  const waits: string[] = [];
  for (const [i, future] of futures.entries()) {
    if (future === null) continue;
    waits.push(names === null ? waitOf(future) : `${names[i]}: ${waitOf(future)}`);
  }
  return waits.join("; ");
}

/** The error for a poll after the end. */
export function polledAgain(what: string): UsageError {
  return new UsageError(
    "ERR_RT_POLLED_AFTER_COMPLETION",
    `Cannot poll ${what} that has already completed; stop polling once it gave its value`,
  );
}
