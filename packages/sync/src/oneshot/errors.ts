/** The error of receiving; that of sending is the one of `mpsc`. */
export { SendError } from "../mpsc/errors.ts";

/**
 * Thrown to a receiver to which no value will come: the sender is gone without having sent, the receiver was closed,
 * or the value was taken already.
 * @see Tokio `oneshot::error::RecvError`, `oneshot::error::TryRecvError::Closed`
 * @public
 */
export class RecvError extends Error {
  override readonly name = "RecvError";
  readonly code = "ERR_RT_RECV_CLOSED";
  constructor(options?: ErrorOptions) {
    super("Cannot receive: no value was sent, or it was taken; make the sender send on every path", options);
  }
}
