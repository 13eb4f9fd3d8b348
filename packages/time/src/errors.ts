/** The error classes a caller may catch. */

/**
 * Thrown by {@link timeout} and {@link timeoutAt} when the deadline comes before the result.
 * @see Tokio `time::error::Elapsed`
 * @public
 */
export class Elapsed extends Error {
  override readonly name = "Elapsed";
  readonly code = "ERR_RT_ELAPSED";
  constructor(message = "The time is up: the operation was dropped") {
    super(message);
  }
}

const REASONS = {
  shutdown: "Cannot wait: the runtime has shut down; make the timer on another",
  atCapacity: "Cannot wait: too many timers; drop some",
  invalid: "Cannot wait: the clock ends before the deadline; choose another",
};

/** Why a timer failed. @public */
export type TimeErrorReason = "shutdown" | "atCapacity" | "invalid";

/**
 * Thrown when a timer can't be waited for. The only reason that occurs by itself is `shutdown`.
 * @see Tokio `time::error::Error`. There as here the other two are for those who make such errors themselves.
 * @public
 */
export class TimeError extends Error {
  override readonly name = "TimeError";
  readonly code = "ERR_RT_TIME";
  readonly reason: TimeErrorReason;
  constructor(reason: TimeErrorReason, options?: ErrorOptions) {
    super(REASONS[reason], options);
    this.reason = reason;
  }

  /** The runtime has shut down. */
  static shutdown(): TimeError {
    return new TimeError("shutdown");
  }
  /** Too many timers. */
  static atCapacity(): TimeError {
    return new TimeError("atCapacity");
  }
  /** A deadline out of range. */
  static invalid(): TimeError {
    return new TimeError("invalid");
  }

  isShutdown(): boolean {
    return this.reason === "shutdown";
  }
  isAtCapacity(): boolean {
    return this.reason === "atCapacity";
  }
  isInvalid(): boolean {
    return this.reason === "invalid";
  }
}
