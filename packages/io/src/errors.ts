/** The error classes a caller may catch. */
import { isError, messageOf, show } from "@rt/core/driver";

/**
 * What kind of failure an {@link IoError} is, whatever the platform calls it.
 * @see Tokio `io::ErrorKind`
 * @public
 */
export type ErrorKind =
  | "AddrInUse"
  | "AddrNotAvailable"
  | "AlreadyExists"
  | "ArgumentListTooLong"
  | "BrokenPipe"
  | "ConnectionAborted"
  | "ConnectionRefused"
  | "ConnectionReset"
  | "CrossesDevices"
  | "Deadlock"
  | "DirectoryNotEmpty"
  | "ExecutableFileBusy"
  | "FileTooLarge"
  | "FilesystemLoop"
  | "HostUnreachable"
  | "Interrupted"
  | "InvalidData"
  | "InvalidFilename"
  | "InvalidInput"
  | "IsADirectory"
  | "NetworkDown"
  | "NetworkUnreachable"
  | "NotADirectory"
  | "NotConnected"
  | "NotFound"
  | "NotSeekable"
  | "OutOfMemory"
  | "PermissionDenied"
  | "QuotaExceeded"
  | "ReadOnlyFilesystem"
  | "ResourceBusy"
  | "StaleNetworkFileHandle"
  | "StorageFull"
  | "TimedOut"
  | "TooManyLinks"
  | "UnexpectedEof"
  | "Unsupported"
  | "WouldBlock"
  | "WriteZero"
  | "Other";

const KINDS: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>(
  Object.entries({
    E2BIG: "ArgumentListTooLong",
    EACCES: "PermissionDenied",
    EADDRINUSE: "AddrInUse",
    EADDRNOTAVAIL: "AddrNotAvailable",
    EAGAIN: "WouldBlock",
    EBUSY: "ResourceBusy",
    ECONNABORTED: "ConnectionAborted",
    ECONNREFUSED: "ConnectionRefused",
    ECONNRESET: "ConnectionReset",
    EDEADLK: "Deadlock",
    EDQUOT: "QuotaExceeded",
    EEXIST: "AlreadyExists",
    EFBIG: "FileTooLarge",
    EHOSTUNREACH: "HostUnreachable",
    EINTR: "Interrupted",
    EINVAL: "InvalidInput",
    EISDIR: "IsADirectory",
    ELOOP: "FilesystemLoop",
    EMLINK: "TooManyLinks",
    ENAMETOOLONG: "InvalidFilename",
    ENETDOWN: "NetworkDown",
    ENETUNREACH: "NetworkUnreachable",
    ENOENT: "NotFound",
    ENOMEM: "OutOfMemory",
    ENOSPC: "StorageFull",
    ENOSYS: "Unsupported",
    ENOTCONN: "NotConnected",
    ENOTDIR: "NotADirectory",
    ENOTEMPTY: "DirectoryNotEmpty",
    ENOTFOUND: "NotFound",
    ENOTSUP: "Unsupported",
    EOPNOTSUPP: "Unsupported",
    EPERM: "PermissionDenied",
    EPIPE: "BrokenPipe",
    EROFS: "ReadOnlyFilesystem",
    ESHUTDOWN: "BrokenPipe",
    ESPIPE: "NotSeekable",
    ESTALE: "StaleNetworkFileHandle",
    ETIMEDOUT: "TimedOut",
    ETXTBSY: "ExecutableFileBusy",
    EXDEV: "CrossesDevices",
    EAI_MEMORY: "OutOfMemory",
    ERR_ACCESS_DENIED: "PermissionDenied",
    ERR_ENCODING_INVALID_ENCODED_DATA: "InvalidData",
    ERR_FEATURE_UNAVAILABLE_ON_PLATFORM: "Unsupported",
    ERR_FS_EISDIR: "IsADirectory",
    ERR_FS_FILE_TOO_LARGE: "FileTooLarge",
    // Of what begins like wrong input, these tell of an object.
    ERR_INVALID_STATE: "Other",
    ERR_INVALID_THIS: "Other",
    ERR_IP_BLOCKED: "PermissionDenied",
    ERR_METHOD_NOT_IMPLEMENTED: "Unsupported",
    ERR_SERVER_NOT_RUNNING: "NotConnected",
    ERR_SOCKET_CLOSED: "BrokenPipe",
    ERR_SOCKET_CLOSED_BEFORE_CONNECTION: "ConnectionAborted",
    ERR_SOCKET_CONNECTION_TIMEOUT: "TimedOut",
    ERR_SOCKET_DGRAM_NOT_CONNECTED: "NotConnected",
    ERR_SOCKET_DGRAM_NOT_RUNNING: "BrokenPipe",
    ERR_STREAM_ALREADY_FINISHED: "BrokenPipe",
    ERR_STREAM_DESTROYED: "BrokenPipe",
    ERR_STREAM_PREMATURE_CLOSE: "UnexpectedEof",
    ERR_STREAM_WRITE_AFTER_END: "BrokenPipe",
    ERR_TLS_HANDSHAKE_TIMEOUT: "TimedOut",
  }),
);

/** Codes of Node that say that what it was given can't be: wrong types, values, ranges, and pairs that exclude each other. */
const BAD_INPUT: ReadonlySet<string> = new Set([
  "ERR_ARG_NOT_ITERABLE",
  "ERR_BUFFER_OUT_OF_BOUNDS",
  "ERR_BUFFER_TOO_LARGE",
  "ERR_ENCODING_NOT_SUPPORTED",
  "ERR_FS_CP_EINVAL",
  "ERR_FS_INVALID_SYMLINK_TYPE",
  "ERR_INCOMPATIBLE_OPTION_PAIR",
  "ERR_IPC_ONE_PIPE",
  "ERR_IPC_SYNC_FORK",
  "ERR_MISSING_ARGS",
  "ERR_MISSING_OPTION",
  "ERR_OUT_OF_RANGE",
  "ERR_SERVER_ALREADY_LISTEN",
  "ERR_SOCKET_ALREADY_BOUND",
  "ERR_SOCKET_BAD_BUFFER_SIZE",
  "ERR_SOCKET_BAD_PORT",
  "ERR_SOCKET_BAD_TYPE",
  "ERR_SOCKET_DGRAM_IS_CONNECTED",
  "ERR_STREAM_NULL_VALUES",
  "ERR_TLS_ALPN_CALLBACK_INVALID_RESULT",
  "ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS",
  "ERR_TLS_DH_PARAM_SIZE",
  "ERR_TLS_INVALID_CONTEXT",
  "ERR_TLS_INVALID_PROTOCOL_VERSION",
  "ERR_TLS_PROTOCOL_VERSION_CONFLICT",
  "ERR_TLS_SNI_FROM_SERVER",
  "ERR_UNESCAPED_CHARACTERS",
  "ERR_UNKNOWN_CREDENTIAL",
  "ERR_UNKNOWN_ENCODING",
  "ERR_UNKNOWN_SIGNAL",
]);

/** What a code of Node means; `docs/io-errors.md` has the table. */
function kindOf(code: string): ErrorKind {
  const kind = KINDS.get(code);
  if (kind !== undefined) return kind;
  return BAD_INPUT.has(code) || code.startsWith("ERR_INVALID_") ? "InvalidInput" : "Other";
}

const DETAILS = ["errno", "syscall", "path", "dest", "address", "port"] as const;

/** What Node tells about a failure beside its message. @public */
export interface IoErrorDetails extends ErrorOptions {
  readonly code?: string | undefined;
  readonly errno?: number | undefined;
  readonly syscall?: string | undefined;
  readonly path?: string | undefined;
  readonly dest?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/**
 * A read, write, seek or anything built of them failed.
 *
 * `kind` is what to act on; `docs/io-errors.md` tells which codes mean which. `code`, `errno`, `syscall`, `path`, `dest`, `address` and `port` are Node's, where the failure came
 * from there, and the original is the `cause`; else `code` says the kind: `ERR_RT_IO_UNEXPECTED_EOF`.
 *
 * @example
 * ```ts
 * try {
 *   yield* cursor(new Uint8Array(1)).readU16();
 * } catch (error) {
 *   console.log((error as IoError).kind); // => "UnexpectedEof"
 * }
 * ```
 * @see Tokio `io::Error`
 * @public
 */
export class IoError extends Error {
  override readonly name: string = "IoError";
  readonly kind: ErrorKind;
  readonly code: string;
  // Declared only: an error that is printed should not show what does not apply.
  declare readonly errno: number | undefined;
  declare readonly syscall: string | undefined;
  declare readonly path: string | undefined;
  /** Where a rename, link or copy was to go. */
  declare readonly dest: string | undefined;
  declare readonly address: string | undefined;
  declare readonly port: number | undefined;

  constructor(kind: ErrorKind, message: string, details: IoErrorDetails = {}) {
    super(message, details);
    this.kind = kind;
    this.code = details.code ?? `ERR_RT_IO_${kind.replaceAll(/(?!^)[A-Z]/g, "_$&").toUpperCase()}`;
    for (const name of DETAILS)
      if (details[name] !== undefined) Object.assign(this, { [name]: details[name] });
  }

  /** What another copy of this package knows it by. @internal */
  get "rt:isIoError"(): boolean {
    return true;
  }

  /** Wraps whatever a platform function threw, keeping Node's details; an `IoError` is given back as it is. */
  static from(error: unknown): IoError {
    try {
      return IoError.#from(error);
    } catch {
      // One that can't be looked at.
      return new IoError("Other", messageOf(error) || show(error), { cause: error });
    }
  }

  static #from(error: unknown): IoError {
    if (isIoError(error)) return error;
    // What is not there reads as undefined; what is of the wrong type is Node's own mistake.
    const details = (typeof error === "object" && error !== null ? error : {}) as IoErrorDetails;
    const code = typeof details.code === "string" ? details.code : undefined;
    const kind = kindOf(code ?? "");
    const message = isError(error) ? error.message : String(error);
    return new IoError(kind, message, { ...details, code, cause: error });
  }
}

function isIoError(error: unknown): error is IoError {
  return isError(error) && (error as Partial<IoError>)["rt:isIoError"] === true;
}

/**
 * A line or segment is longer than the `limit` that was given. Nothing of it has been consumed.
 * @public
 */
export class LimitError extends IoError {
  override readonly name = "LimitError";
  /** The most bytes there may be, without the delimiter. */
  readonly limit: number;
  constructor(limit: number) {
    super("InvalidData", `Cannot read: no delimiter within ${limit} bytes; raise limit, or consume() them`, {
      code: "ERR_RT_IO_LIMIT",
    });
    this.limit = limit;
  }
}

/** The input ended before an operation had all it needs. */
export function unexpectedEof(wanted: number, got: number): IoError {
  return new IoError("UnexpectedEof", `Cannot read ${wanted} bytes: the input ended after ${got}`);
}

/** A writer took nothing of a buffer that is not empty. */
export function writeZero(): IoError {
  return new IoError("WriteZero", "Cannot write: the writer takes no more bytes");
}

export function brokenPipe(why: string): IoError {
  return new IoError("BrokenPipe", `Cannot write: ${why}`);
}
