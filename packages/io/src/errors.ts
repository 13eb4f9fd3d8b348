/** The error classes a caller may catch. */

/**
 * What kind of failure an {@link IoError} is, whatever the platform calls it.
 * @see Tokio `io::ErrorKind`
 * @public
 */
export type ErrorKind =
  | "AddrInUse"
  | "AddrNotAvailable"
  | "AlreadyExists"
  | "BrokenPipe"
  | "ConnectionAborted"
  | "ConnectionRefused"
  | "ConnectionReset"
  | "DirectoryNotEmpty"
  | "HostUnreachable"
  | "Interrupted"
  | "InvalidData"
  | "InvalidInput"
  | "IsADirectory"
  | "NetworkUnreachable"
  | "NotADirectory"
  | "NotConnected"
  | "NotFound"
  | "OutOfMemory"
  | "PermissionDenied"
  | "ReadOnlyFilesystem"
  | "StorageFull"
  | "TimedOut"
  | "UnexpectedEof"
  | "Unsupported"
  | "WouldBlock"
  | "WriteZero"
  | "Other";

const KINDS: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["EACCES", "PermissionDenied"],
  ["EADDRINUSE", "AddrInUse"],
  ["EADDRNOTAVAIL", "AddrNotAvailable"],
  ["EAGAIN", "WouldBlock"],
  ["ECONNABORTED", "ConnectionAborted"],
  ["ECONNREFUSED", "ConnectionRefused"],
  ["ECONNRESET", "ConnectionReset"],
  ["EEXIST", "AlreadyExists"],
  ["EHOSTUNREACH", "HostUnreachable"],
  ["EINTR", "Interrupted"],
  ["EINVAL", "InvalidInput"],
  ["EISDIR", "IsADirectory"],
  ["ENETUNREACH", "NetworkUnreachable"],
  ["ENOENT", "NotFound"],
  ["ENOMEM", "OutOfMemory"],
  ["ENOSPC", "StorageFull"],
  ["ENOSYS", "Unsupported"],
  ["ENOTCONN", "NotConnected"],
  ["ENOTDIR", "NotADirectory"],
  ["ENOTEMPTY", "DirectoryNotEmpty"],
  ["ENOTFOUND", "NotFound"],
  ["ENOTSUP", "Unsupported"],
  ["EOPNOTSUPP", "Unsupported"],
  ["EPERM", "PermissionDenied"],
  ["EPIPE", "BrokenPipe"],
  ["EROFS", "ReadOnlyFilesystem"],
  ["ETIMEDOUT", "TimedOut"],
  ["ERR_STREAM_DESTROYED", "BrokenPipe"],
  ["ERR_STREAM_PREMATURE_CLOSE", "UnexpectedEof"],
  ["ERR_STREAM_WRITE_AFTER_END", "BrokenPipe"],
]);

/** What Node tells about a failure beside its message. @public */
export interface IoErrorDetails extends ErrorOptions {
  readonly code?: string | undefined;
  readonly errno?: number | undefined;
  readonly syscall?: string | undefined;
  readonly path?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/**
 * A read, write, seek or anything built of them failed.
 *
 * `kind` is what to act on. `code`, `errno`, `syscall`, `path`, `address` and `port` are Node's, where the failure came
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
  readonly errno: number | undefined;
  readonly syscall: string | undefined;
  readonly path: string | undefined;
  readonly address: string | undefined;
  readonly port: number | undefined;

  constructor(kind: ErrorKind, message: string, details: IoErrorDetails = {}) {
    super(message, details);
    this.kind = kind;
    this.code = details.code ?? `ERR_RT_IO_${kind.replaceAll(/(?!^)[A-Z]/g, "_$&").toUpperCase()}`;
    this.errno = details.errno;
    this.syscall = details.syscall;
    this.path = details.path;
    this.address = details.address;
    this.port = details.port;
  }

  /** Wraps whatever a platform function threw, keeping Node's details; an `IoError` is given back as it is. */
  static from(error: unknown): IoError {
    if (error instanceof IoError) return error;
    // What is not there reads as undefined; what is of the wrong type is Node's own mistake.
    const details = (typeof error === "object" && error !== null ? error : {}) as IoErrorDetails;
    const { code, errno, syscall, path, address, port } = details;
    return new IoError(
      KINDS.get(code ?? "") ?? "Other",
      error instanceof Error ? error.message : String(error),
      {
        code: typeof code === "string" ? code : undefined,
        errno,
        syscall,
        path,
        address,
        port,
        cause: error,
      },
    );
  }
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
