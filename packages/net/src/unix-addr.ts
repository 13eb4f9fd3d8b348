/** Names of Unix sockets. */
import { show, typeError } from "@rt/core/driver";
import { IoError } from "@rt/io";
import { socketPathRoom } from "./internal/sys/platform.ts";

/**
 * What a Unix socket is bound to: nothing, the path of a file, or, on Linux, an abstract name.
 * @see Tokio `net::unix::SocketAddr`
 * @public
 */
export class UnixSocketAddr {
  /** @internal */
  readonly _path: string;
  /** @internal */
  constructor(path: string) {
    this._path = path;
  }
  /** The address with an abstract name, for Linux. @see Tokio `std::os::linux::net::SocketAddrExt` */
  static fromAbstractName(name: string): UnixSocketAddr {
    return new UnixSocketAddr(`\0${name}`);
  }
  isUnnamed(): boolean {
    return this._path === "";
  }
  /** The path, or undefined if it has none. */
  asPathname(): string | undefined {
    return this._path === "" || this._path.startsWith("\0") ? undefined : this._path;
  }
  /** The abstract name, without the zero in front of it, or undefined. */
  asAbstractName(): string | undefined {
    return this._path.startsWith("\0") ? this._path.slice(1) : undefined;
  }
  /** Whether it is the same name, to the letter: nobody looks what files the paths lead to. */
  equals(other: UnixSocketAddr): boolean {
    return this._path === other._path;
  }
  /** The path; `(unnamed)` for none. An abstract name begins with `@`, as tools show it. */
  toString(): string {
    return this._path === "" ? "(unnamed)" : this._path.replace(/^\0/, "@");
  }
}

/** A path, an abstract name (which begins with a zero character; Linux only), or the address of a listener. @public */
export type UnixPath = string | UnixSocketAddr;

export function pathOf(path: UnixPath): string {
  const text = typeof path === "string" ? path : path?._path;
  if (typeof text !== "string") throw typeError(`A Unix socket is named by a path, not by ${show(path)}`);
  if (text === "" || text.indexOf("\0", 1) > 0)
    throw new IoError("InvalidInput", `Cannot use ${show(text)} as the path of a Unix socket`);
  // Some versions of Node cut a longer one off, and use the file of that name. A path has a zero byte behind it.
  const room = socketPathRoom() - (text.startsWith("\0") ? 0 : 1);
  if (Buffer.byteLength(text) > room)
    throw new IoError(
      "InvalidInput",
      `Cannot use ${show(text)} as the path of a Unix socket: it has more than ${room} bytes; use a shorter one`,
    );
  return text;
}
