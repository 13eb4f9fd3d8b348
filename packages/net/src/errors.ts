/** Errors that are made in more than one place. */
import { UsageError } from "@rt/core";

/** A stream, half, listener or socket is used after it was given up. */
export function disposed(object: object): UsageError {
  return new UsageError(
    "ERR_RT_DISPOSED",
    `Cannot use a ${object.constructor.name} that was closed or given away; keep it open, or make a new one`,
  );
}
