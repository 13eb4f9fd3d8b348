/** The error for a second future on an end that can wake but one. */
import { UsageError } from "@rt/core";

/** @param remedy - for several tasks: only some receivers can be had more than once. */
export function waitedTwice(remedy = "share this receiver in a Mutex"): UsageError {
  return new UsageError(
    "ERR_RT_INVALID_STATE",
    `Cannot receive: another future of this receiver waits already; drop that one first, or ${remedy}`,
  );
}
