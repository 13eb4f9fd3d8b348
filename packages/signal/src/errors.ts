/** The error class a caller may catch. */

/**
 * A signal can't be listened to. `code` says why:
 *
 * * `ERR_RT_SIGNAL_FORBIDDEN`: the system lets nobody handle it, or it tells of a fault that ends the process.
 * * `ERR_RT_UNSUPPORTED`: this platform, Node, or this thread does not have it.
 * * anything else is Node's, whose error is the `cause`.
 * @see Tokio `io::Error`
 * @public
 */
export class SignalError extends Error {
  override readonly name = "SignalError";
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
