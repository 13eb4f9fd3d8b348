/** The error classes a caller may catch. */

/** The peer does not speak the protocol. The message is the one that redis gives. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code = "ERR_MINI_REDIS_PROTOCOL";
  constructor(what: string) {
    super(`Protocol error: ${what}`);
  }
}

/** The server has refused a command. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
  readonly code = "ERR_MINI_REDIS_REPLY";
  /** The first word of what it said: `ERR`, `WRONGTYPE`, `NOPROTO` … */
  readonly kind: string;
  constructor(message: string) {
    super(message);
    this.kind = message.slice(0, `${message} `.indexOf(" "));
  }
}

/** The connection ended before the answer came. Whether the command was executed is not known. */
export class ConnectionClosedError extends Error {
  override readonly name = "ConnectionClosedError";
  readonly code = "ERR_MINI_REDIS_CLOSED";
  constructor(options?: ErrorOptions) {
    super("The connection to the server has ended; connect anew", options);
  }
}
