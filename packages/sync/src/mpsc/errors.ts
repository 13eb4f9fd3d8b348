/** The errors of sending. */

/**
 * Thrown by what sends or reserves once no receiver will take a value any more. The value was not sent.
 * @see Tokio `mpsc::error::SendError`, `mpsc::error::TrySendError::Closed`, `mpsc::error::SendTimeoutError::Closed`
 * @public
 */
export class SendError<T = unknown> extends Error {
  override readonly name = "SendError";
  readonly code = "ERR_RT_SEND_CLOSED";
  /** What was not sent; `undefined` where a place was to be reserved. */
  readonly value: T;
  constructor(value: T, options?: ErrorOptions) {
    super("Cannot send: the receiver is closed or gone; stop sending", options);
    this.value = value;
  }
}

/**
 * Thrown by `Sender.sendTimeout` when no place became free in time. The value was not sent.
 * @see Tokio `mpsc::error::SendTimeoutError::Timeout`
 * @public
 */
export class SendTimeoutError<T = unknown> extends Error {
  override readonly name = "SendTimeoutError";
  readonly code = "ERR_RT_SEND_TIMEOUT";
  /** What was not sent. */
  readonly value: T;
  constructor(value: T, ms: number, options?: ErrorOptions) {
    super(`Cannot send: the channel stayed full for ${ms} ms; try again, or take more time`, options);
    this.value = value;
  }
}
