/** What can go wrong in a broadcast channel. */

/**
 * Thrown by {@link Sender.send} when there is no receiver.
 * @see Tokio `sync::broadcast::error::SendError`
 * @public
 */
export class SendError<T = unknown> extends Error {
  override readonly name = "SendError";
  readonly code = "ERR_RT_SEND_CLOSED";
  /** The value that was not sent. */
  readonly value: T;
  constructor(value: T) {
    super("Cannot send: every receiver is gone; a new one comes with subscribe()");
    this.value = value;
  }
}

/**
 * Thrown to a receiver that was too slow: values it had not received were overwritten. It stands at the oldest one
 * that is left now, and may go on.
 * @see Tokio `sync::broadcast::error::RecvError::Lagged`
 * @public
 */
export class LaggedError extends Error {
  override readonly name = "LaggedError";
  readonly code = "ERR_RT_LAGGED";
  /** How many values were skipped. */
  readonly missed: number;
  constructor(missed: number) {
    super(
      `Missed ${missed} values: the receiver was too slow; go on receiving, or raise the capacity of the channel`,
    );
    this.missed = missed;
  }
}
