/** The error for a second future on an end that can wake but one. */
import { UsageError } from "@rt/core";

export function waitedTwice(): UsageError {
  return new UsageError(
    "ERR_RT_INVALID_STATE",
    "Cannot receive: another future of this receiver waits already; drop that one first, or let one task receive",
  );
}
