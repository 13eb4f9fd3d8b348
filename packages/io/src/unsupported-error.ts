/** What can't be done here, and what can't be done any more. */
import { IoError } from "./errors.ts";

/**
 * Thrown by what this platform has no way to do. The message says what is missing; `docs/parity.md` lists all of it.
 * @public
 */
export class UnsupportedError extends IoError {
  override readonly name = "UnsupportedError";
  constructor(message: string) {
    super("Unsupported", message, { code: "ERR_RT_UNSUPPORTED" });
  }
}

/**
 * Whether an operation failed because its runtime has shut down.
 * @see Tokio `runtime::is_rt_shutdown_err`
 * @public
 */
export function isRtShutdownErr(error: unknown): boolean {
  return (error as { code?: unknown } | null | undefined)?.code === "ERR_RT_SHUTDOWN";
}

/**
 * The error of an operation whose runtime has shut down, for those who write I/O drivers: {@link isRtShutdownErr}
 * holds for it.
 * @public
 */
export function rtShutdownErr(): IoError {
  return new IoError(
    "Other",
    "Cannot go on: the runtime of this object has shut down; make it on another one",
    {
      code: "ERR_RT_SHUTDOWN",
    },
  );
}
