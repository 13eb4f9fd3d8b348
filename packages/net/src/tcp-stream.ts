/** TCP connections. */
import { type Async, type Future, Handle, intoFuture } from "@rt/core";
import { checkInteger } from "@rt/core/driver";
import { UnsupportedError } from "@rt/io";
import type { SocketAddr, SocketAddrLike } from "./addr.ts";
import { FirstOf } from "./internal/first-of.ts";
import { Opening } from "./internal/opening.ts";
import type { StreamSource, TcpOptions } from "./internal/source.ts";
import { ioKey } from "./io-driver.ts";
import { SocketStream } from "./stream.ts";

/** How to find out whether a peer that says nothing is still there. @public */
export interface KeepAlive {
  /** Milliseconds of silence before the first question; whole seconds count. The platform's choice by default. */
  readonly time?: number;
}

/**
 * A TCP connection.
 *
 * @example
 * ```ts
 * import { type Async, spawn } from "@rt/core";
 *
 * function* echo(stream: TcpStream): Async<void> {
 *   using socket = stream;
 *   for (let chunk; (chunk = yield* socket.readChunk()) !== undefined; ) yield* socket.writeAll(chunk);
 * }
 *
 * using listener = yield* TcpListener.bind("127.0.0.1:0");
 * const client = yield* TcpStream.connect(listener.localAddr());
 * const [server] = yield* listener.accept();
 * spawn(echo(server));
 * yield* client.writeAll("hello");
 * yield* client.shutdown();
 * const answer = yield* client.readToString();
 * client.close();
 * answer; // => "hello"
 * ```
 * @see Tokio `net::TcpStream`, whose sockets can also be made of those of the standard library
 * @public
 */
export class TcpStream extends SocketStream {
  /**
   * Connects. Of several addresses the first that answers is taken; they are tried one after the other.
   *
   * Cancel safety: giving up closes the socket.
   * @throws {@link IoError} with Node's `code`, `syscall`, `address` and `port`: `ConnectionRefused`, `TimedOut`, … The
   * last one, where there are several addresses.
   * @see Tokio `TcpStream::connect`
   */
  static connect(addr: SocketAddrLike): Future<TcpStream> {
    return intoFuture(connect(addr));
  }

  /** @see Tokio `TcpStream::local_addr` */
  override localAddr(): SocketAddr {
    return this._io().localAddr();
  }

  /** @see Tokio `TcpStream::peer_addr` */
  override peerAddr(): SocketAddr {
    return this._io().peerAddr();
  }

  /** Whether small writes are sent at once, without waiting for more (Nagle's algorithm). False at first. */
  nodelay(): boolean {
    return this._io().option("nodelay") !== 0;
  }

  /** @see Tokio `TcpStream::set_nodelay` */
  setNodelay(on: boolean): void {
    this._io().setOption("nodelay", on ? 1 : 0);
  }

  /** The `time` of {@link TcpStream.setKeepalive}; null when it is off, as at first. */
  keepalive(): KeepAlive | null {
    const time = this._io().option("keepalive");
    return time === 0 ? null : { time };
  }

  /** Asks a silent peer now and then whether it is there; null turns it off. @see Tokio `TcpSocket::set_keepalive` */
  setKeepalive(how: KeepAlive | null): void {
    const { time = DEFAULT_KEEPALIVE } = how ?? {};
    checkInteger("time", time, 1, 0x7fff_ffff);
    this._io().setOption("keepalive", how === null ? 0 : time);
  }

  /** What closing does with what was not sent: null, the kernel sends it, or 0, it is thrown away and the peer reset. */
  linger(): number | null {
    return this._io().isZeroLinger() ? 0 : null;
  }

  /** Null or 0, see {@link TcpStream.linger}. @throws {@link UnsupportedError} for anything else: Node has no way to wait. */
  setLinger(ms: number | null): void {
    if (ms !== null && ms !== 0) throw noLinger();
    this._io().setZeroLinger(ms === 0);
  }

  /** Closing resets the connection from now on. @see Tokio `TcpStream::set_zero_linger` */
  setZeroLinger(): void {
    this._io().setZeroLinger(true);
  }

  /** The type of service (IPv4) or traffic class (IPv6). @see Tokio `TcpSocket::tos_v4`, `tclass_v6` */
  tos(): number {
    return this._io().option("tos");
  }

  /** @throws {@link UnsupportedError} where Node has no way to. */
  setTos(tos: number): void {
    checkInteger("tos", tos, 0, 255);
    this._io().setOption("tos", tos);
  }

  /** @throws {@link UnsupportedError}, always. */
  ttl(): number {
    throw unsupported("the TTL of a TCP socket");
  }

  /** @throws {@link UnsupportedError}, always. */
  setTtl(_ttl: number): void {
    throw unsupported("the TTL of a TCP socket");
  }

  /** @throws {@link UnsupportedError}, always. */
  quickack(): boolean {
    throw unsupported("TCP_QUICKACK");
  }

  /** @throws {@link UnsupportedError}, always. */
  setQuickack(_on: boolean): void {
    throw unsupported("TCP_QUICKACK");
  }
}

/** Linux's; Node itself sets nothing without a delay. */
export const DEFAULT_KEEPALIVE = 7_200_000;

export function unsupported(what: string): UnsupportedError {
  return new UnsupportedError(`Cannot get at ${what}: Node has no way to, this waits for a native reactor`);
}

export function noLinger(): UnsupportedError {
  return new UnsupportedError(
    "Cannot linger: Node has no way to, this waits for a native reactor; null or 0 work",
  );
}

function* connect(addr: SocketAddrLike): Async<TcpStream> {
  return new TcpStream(yield* new FirstOf(addr, (peer) => connecting(peer, {})));
}

/** One attempt. */
export function connecting(peer: SocketAddr, options: TcpOptions): Future<StreamSource> {
  return new Opening(
    () => {
      const driver = Handle.current().driver(ioKey);
      return driver.sockets.connectTcp(driver, peer, options);
    },
    `a connection to ${String(peer)}`,
  );
}
