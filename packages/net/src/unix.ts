/** Unix sockets. On Windows their paths name pipes. */
import { type Async, type Future, Handle, intoFuture } from "@rt/core";
import { UnsupportedError } from "@rt/io";
import { disposed } from "./errors.ts";
import { Opening } from "./internal/opening.ts";
import type { Accepted, ListenerSource, StreamSource } from "./internal/source.ts";
import { type IoDriver, ioKey } from "./io-driver.ts";
import { Listener } from "./listener.ts";
import { SocketStream } from "./stream.ts";
import { unsupported } from "./tcp-stream.ts";
import { pathOf, type UnixPath, UnixSocketAddr } from "./unix-addr.ts";

/** Who is at the other end of a Unix socket. @see Tokio `net::unix::UCred` @public */
export interface UCred {
  readonly uid: number;
  readonly gid: number;
  /** Null where the system does not tell. */
  readonly pid: number | null;
}

/**
 * A connection over a Unix socket. Everything about reading, writing and closing is as {@link TcpStream}'s.
 * @example
 * ```ts
 * const [a, b] = yield* UnixStream.pair();
 * yield* a.writeAll("hi");
 * a.close();
 * const text = yield* b.readToString();
 * b.close();
 * text; // => "hi"
 * ```
 * @see Tokio `net::UnixStream`
 * @public
 */
export class UnixStream extends SocketStream {
  /**
   * Connects to a listener.
   *
   * Cancel safety: giving up closes the socket.
   * @throws {@link IoError} with Node's `code`: `NotFound`, `ConnectionRefused`, `PermissionDenied`.
   * @see Tokio `UnixStream::connect`, `UnixStream::connect_addr`
   */
  static connect(path: UnixPath): Future<UnixStream> {
    return intoFuture(connect(pathOf(path)));
  }

  /**
   * Two connected ends.
   *
   * Cancel safety: giving up closes both.
   * @see Tokio `UnixStream::pair`, which need not wait
   */
  static pair(): Future<[UnixStream, UnixStream]> {
    return intoFuture(pair());
  }

  /** @see Tokio `UnixStream::local_addr` */
  override localAddr(): UnixSocketAddr {
    return new UnixSocketAddr(this._io().localPath);
  }

  /** @see Tokio `UnixStream::peer_addr` */
  override peerAddr(): UnixSocketAddr {
    return new UnixSocketAddr(this._io().peerPath);
  }

  /** @throws {@link UnsupportedError}, always. @see Tokio `UnixStream::peer_cred` */
  peerCred(): UCred {
    throw unsupported("the credentials of a peer");
  }
}

/**
 * Listens on a Unix socket. The file is made by `bind`; closing the listener removes it.
 *
 * What is said of {@link TcpListener} about waiting connections and descriptors holds here.
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * using listener = yield* UnixListener.bind(join(tmpdir(), `rt-example-${process.pid}.sock`));
 * using client = yield* UnixStream.connect(listener.localAddr());
 * const [server] = yield* listener.accept();
 * yield* server.writeAll("hi");
 * server.close();
 * const text = yield* client.readToString();
 * text; // => "hi"
 * ```
 * @see Tokio `net::UnixListener`, which leaves the file there
 * @public
 */
export class UnixListener extends Listener<UnixStream, UnixSocketAddr> {
  /**
   * Makes the socket and listens.
   *
   * Cancel safety: giving up closes it.
   * @throws {@link IoError} with Node's `code`: `AddrInUse` when the file is there already.
   * @see Tokio `UnixListener::bind`, `UnixListener::bind_addr`
   */
  static override bind(path: UnixPath): Future<UnixListener> {
    return intoFuture(bind(pathOf(path)));
  }

  /** @see Tokio `UnixListener::local_addr` */
  override localAddr(): UnixSocketAddr {
    return new UnixSocketAddr(this._io().localPath());
  }

  /** Null: {@link Listener.accept} tells of every error. @see Tokio `UnixListener::take_error` */
  takeError(): null {
    return null;
  }

  /** @internal */
  override _wrap({ source }: Accepted): [UnixStream, UnixSocketAddr] {
    // Clients have a name only if they bind, and Node can't tell it.
    return [new UnixStream(source), new UnixSocketAddr("")];
  }
}

/**
 * A Unix socket before it is connected or listens.
 * @see Tokio `net::UnixSocket`
 * @public
 */
export class UnixSocket {
  #local: UnixPath | null = null;
  #used = false;

  /** @see Tokio `UnixSocket::new_stream` */
  static newStream(): UnixSocket {
    return new UnixSocket();
  }
  /** @throws {@link UnsupportedError}, always. */
  static newDatagram(): UnixSocket {
    throw noDatagrams();
  }

  /** The path to listen on. It is made by `listen`. @see Tokio `UnixSocket::bind`, which makes it at once */
  bind(path: UnixPath): void {
    this.#local = path;
  }

  /** Listens on the path of `bind`. The socket is used up. The backlog is the system's. */
  listen(_backlog: number): Future<UnixListener> {
    this.#use();
    return UnixListener.bind(this.#local ?? "");
  }

  /** Connects. The socket is used up. @throws {@link UnsupportedError} after `bind`: Node can't name a client. */
  connect(path: UnixPath): Future<UnixStream> {
    if (this.#local !== null) throw unsupported("a client with a name");
    this.#use();
    return UnixStream.connect(path);
  }

  /** @throws {@link UnsupportedError}, always. */
  datagram(): never {
    throw noDatagrams();
  }

  #use(): void {
    if (this.#used) throw disposed(this);
    this.#used = true;
  }
}

/**
 * Unix sockets for datagrams, which Node has not.
 * @see Tokio `net::UnixDatagram`
 * @public
 */
export class UnixDatagram {
  private constructor() {
    throw noDatagrams();
  }
  /** @throws {@link UnsupportedError}, always. */
  static bind(_path: UnixPath): never {
    throw noDatagrams();
  }
  /** @throws {@link UnsupportedError}, always. */
  static pair(): never {
    throw noDatagrams();
  }
  /** @throws {@link UnsupportedError}, always. */
  static unbound(): never {
    throw noDatagrams();
  }
}

function noDatagrams(): UnsupportedError {
  return new UnsupportedError(
    "Cannot make a Unix datagram socket: Node has none, this waits for a native reactor; use UnixStream or UdpSocket",
  );
}

function* connect(path: string): Async<UnixStream> {
  return new UnixStream(yield* connecting(path));
}

export function connecting(path: string): Future<StreamSource> {
  return new Opening(
    () => {
      const io = driver();
      return io.sockets.connectPath(io, path);
    },
    `a connection to ${String(new UnixSocketAddr(path))}`,
  );
}

function* bind(path: string): Async<UnixListener> {
  return new UnixListener(yield* listening(path));
}

export function listening(path: string): Future<ListenerSource> {
  return new Opening(
    () => {
      const io = driver();
      return io.sockets.listenPath(io, path);
    },
    `a listener on ${String(new UnixSocketAddr(path))}`,
  );
}

function* pair(): Async<[UnixStream, UnixStream]> {
  // Node has no socketpair. The name is private, so whoever connects is us.
  const path = driver().sockets.privatePath();
  const listener = yield* bind(path);
  try {
    const a = yield* connect(path);
    try {
      const [b] = yield* listener.accept();
      for (const end of [a, b]) {
        const source = end._io();
        source.localPath = "";
        source.peerPath = "";
      }
      return [a, b];
    } catch (error) {
      a.close();
      throw error;
    }
  } finally {
    listener.close();
  }
}

function driver(): IoDriver {
  return Handle.current().driver(ioKey);
}
