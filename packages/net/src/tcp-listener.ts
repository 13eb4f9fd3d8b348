/** Listening for TCP connections. */
import { type Async, type Future, Handle, intoFuture } from "@rt/core";
import type { SocketAddr, SocketAddrLike } from "./addr.ts";
import { FirstOf } from "./internal/first-of.ts";
import { Opening } from "./internal/opening.ts";
import type { Accepted, ListenerSource, TcpOptions } from "./internal/source.ts";
import { ioKey } from "./io-driver.ts";
import { Listener } from "./listener.ts";
import { TcpStream, unsupported } from "./tcp-stream.ts";

/**
 * Listens for TCP connections.
 *
 * Node accepts as fast as connections come. Those that nobody has asked for wait in a queue, as long as the backlog
 * (1024), and read nothing; those beyond it are reset. While it is open, a listener keeps the process alive.
 *
 * When the process has no descriptor left (`EMFILE`), the operating system's library closes the connections that come:
 * the peers see a reset or an end. Where it cannot, {@link TcpListener.accept} throws the error. Either way the
 * listener goes on, and accepts again as soon as there are descriptors.
 *
 * @example
 * ```ts
 * import { type Async, spawn } from "@rt/core";
 *
 * function* serve(listener: TcpListener): Async<void> {
 *   for (;;) {
 *     const [stream, peer] = yield* listener.accept();
 *     spawn(greet(stream, String(peer)));
 *   }
 * }
 * function* greet(stream: TcpStream, peer: string): Async<void> {
 *   yield* stream.writeAll(`hello, ${peer}`);
 *   stream.close();
 * }
 *
 * using listener = yield* TcpListener.bind("127.0.0.1:0");
 * const server = spawn(serve(listener));
 * using client = yield* TcpStream.connect(listener.localAddr());
 * const greeting = yield* client.readToString();
 * server.abort();
 * greeting === `hello, ${client.localAddr()}`; // => true
 * ```
 * @see Tokio `net::TcpListener`
 * @public
 */
export class TcpListener extends Listener<TcpStream, SocketAddr> {
  /**
   * Binds to an address and listens. Port 0 takes a free one, see {@link TcpListener.localAddr}. Of several addresses
   * the first that can be had is taken.
   *
   * Cancel safety: giving up closes the socket.
   * @throws {@link IoError} with Node's `code`: `AddrInUse`, `AddrNotAvailable`, `PermissionDenied`.
   * @see Tokio `TcpListener::bind`
   */
  static override bind(addr: SocketAddrLike): Future<TcpListener> {
    return intoFuture(bind(addr));
  }

  /** The address it listens on, with the port that was taken. @see Tokio `TcpListener::local_addr` */
  override localAddr(): SocketAddr {
    return this._io().localAddr();
  }

  /** @throws {@link UnsupportedError}, always. */
  ttl(): number {
    throw unsupported("the TTL of a TCP socket");
  }

  /** @throws {@link UnsupportedError}, always. */
  setTtl(_ttl: number): void {
    throw unsupported("the TTL of a TCP socket");
  }

  /** @internal */
  override _wrap({ source, peer }: Accepted): [TcpStream, SocketAddr] {
    return [new TcpStream(source), peer as SocketAddr]; // of TCP there always is one
  }
}

function* bind(addr: SocketAddrLike): Async<TcpListener> {
  return new TcpListener(yield* new FirstOf(addr, (local) => listening(local, {})));
}

/** One attempt. */
export function listening(local: SocketAddr, options: TcpOptions): Future<ListenerSource> {
  return new Opening(
    () => {
      const driver = Handle.current().driver(ioKey);
      return driver.sockets.listenTcp(driver, local, options);
    },
    `a listener on ${String(local)}`,
  );
}
