/** What every `blocking…` method does. */
import { PENDING, UsageError, type Future } from "@rt/core";
import { isDriving, waitOf } from "@rt/core/driver";
import { NOBODY } from "./wait-list.ts";

/**
 * Completes `future` at once, or throws: everybody who could end the wait is on this very thread.
 *
 * @throws UsageError with `ERR_RT_WOULD_BLOCK`; the future is dropped then.
 */
export function blocking<T>(future: Future<T>): T {
  const inTask = isDriving();
  if (!inTask) {
    const value = future.poll(NOBODY);
    if (value !== PENDING) return value;
  }
  const what = waitOf(future);
  future.drop();
  throw new UsageError(
    "ERR_RT_WOULD_BLOCK",
    `Cannot block for ${what}: ${inTask ? "this thread is driving tasks" : "only this thread could end the wait"}; use yield* or await`,
  );
}
