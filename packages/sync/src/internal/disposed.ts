/** The errors for objects whose time is over. */
import { UsageError, type Future } from "@rt/core";
import { waitOf } from "@rt/core/driver";

/** For an end, a guard or a permit that was given up. `remedy` says how, and what to do instead. */
export function disposed(
  what: string,
  remedy = "it was disposed; dispose it later, or use a clone()",
): UsageError {
  return new UsageError("ERR_RT_DISPOSED", `Cannot use ${what}: ${remedy}`);
}

/** For a future that is polled by hand once too often. */
export function completed(future: Future<unknown>): UsageError {
  return new UsageError(
    "ERR_RT_POLLED_AFTER_COMPLETION",
    `Cannot poll ${waitOf(future)}: it has already completed; stop polling once it gave its value`,
  );
}
