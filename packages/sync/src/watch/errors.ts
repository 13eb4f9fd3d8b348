/** What can go wrong in a watch channel. */
export { SendError } from "../broadcast/errors.ts";

/**
 * Thrown to a receiver for which there is nothing new and never will be: every sender is gone. The last value can
 * still be read.
 * @see Tokio `sync::watch::error::RecvError`
 * @public
 */
export class RecvError extends Error {
  override readonly name = "RecvError";
  readonly code = "ERR_RT_RECV_CLOSED";
  constructor() {
    super("Cannot wait for a change: every sender is gone; borrow() gives the last value");
  }
}
