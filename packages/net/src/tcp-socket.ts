/** A TCP socket before it is connected or listens. */
import { type Async, type Future, intoFuture, UsageError } from "@rt/core";
import { checkInteger } from "@rt/core/driver";
import type { IoError } from "@rt/io";
import { checkBacklog, Resolve, SocketAddr, type SocketAddrLike } from "./addr.ts";
import { disposed } from "./errors.ts";
import type { StreamOption, TcpOptions } from "./internal/source.ts";
import { listening, TcpListener } from "./tcp-listener.ts";
import {
  connecting,
  DEFAULT_KEEPALIVE,
  type KeepAlive,
  noLinger,
  TcpStream,
  unsupported,
} from "./tcp-stream.ts";

/**
 * A TCP socket that is not connected yet: set its options, then `connect` or `listen`, which uses it up.
 *
 * The operating system's socket is made by those two, so that is also when an option or an address turns out not to be
 * had. Options of a listener are those of the connections it accepts.
 *
 * @example
 * ```ts
 * const socket = TcpSocket.newV4();
 * socket.setNodelay(true);
 * socket.bind("127.0.0.1:0");
 * using listener = yield* socket.listen(128);
 * listener.localAddr().port > 0; // => true
 * ```
 * @see Tokio `net::TcpSocket`
 * @public
 */
export class TcpSocket {
  readonly #family: "IPv4" | "IPv6";
  readonly #options: Partial<Record<StreamOption, number>> = {};
  #local: SocketAddr | undefined;
  #reusePort = false;
  #zeroLinger = false;
  #used = false;

  /** @internal */
  constructor(family: "IPv4" | "IPv6") {
    this.#family = family;
  }

  /** @see Tokio `TcpSocket::new_v4` */
  static newV4(): TcpSocket {
    return new TcpSocket("IPv4");
  }

  /** @see Tokio `TcpSocket::new_v6` */
  static newV6(): TcpSocket {
    return new TcpSocket("IPv6");
  }

  /**
   * The address to connect from, or to listen on. An IP address, not a name.
   *
   * It is taken when the socket is used: what is wrong with it is told by `connect` and `listen`.
   * @see Tokio `TcpSocket::bind`, which takes it at once
   */
  bind(addr: SocketAddr | string): void {
    this.#local = this.#own(typeof addr === "object" && "family" in addr ? addr : SocketAddr.parse(addr));
  }

  /**
   * Connects to an IP address. The socket is used up.
   *
   * Cancel safety: giving up closes the socket.
   * @throws {@link IoError} as {@link TcpStream.connect}, `AddrInUse` and the like for the address of `bind`.
   * @see Tokio `TcpSocket::connect`
   */
  connect(addr: SocketAddrLike): Future<TcpStream> {
    return intoFuture(this.#connect(addr, this.#use()));
  }

  /**
   * Listens on the address of `bind`. The socket is used up.
   *
   * @param backlog - how many connections may wait for `accept`.
   * @throws {@link IoError} as {@link TcpListener.bind}.
   * @see Tokio `TcpSocket::listen`, which does so at once
   */
  listen(backlog: number): Future<TcpListener> {
    checkBacklog(backlog);
    return intoFuture(this.#listen({ ...this.#use(), backlog }));
  }

  *#connect(addr: SocketAddrLike, options: TcpOptions): Async<TcpStream> {
    const [peer] = yield* new Resolve(addr, false);
    return new TcpStream(yield* connecting(this.#own(peer as SocketAddr), options));
  }

  *#listen(options: TcpOptions): Async<TcpListener> {
    const any = new SocketAddr(this.#family === "IPv6" ? "::" : "0.0.0.0", 0);
    return new TcpListener(yield* listening(options.local ?? any, options));
  }

  #use(): TcpOptions {
    if (this.#used) throw disposed(this);
    this.#used = true;
    return {
      local: this.#local,
      reusePort: this.#reusePort,
      zeroLinger: this.#zeroLinger,
      stream: Object.keys(this.#options).length > 0 ? this.#options : undefined,
    };
  }

  #own(addr: SocketAddr): SocketAddr {
    if (addr.family !== this.#family)
      throw new UsageError(
        "ERR_RT_INVALID_STATE",
        `Cannot use ${String(addr)} with a socket for ${this.#family}; use TcpSocket.new${addr.family.replace("IP", "").toUpperCase()}()`,
      );
    return addr;
  }

  /** The address of `bind`, port 0 where that was asked for; null without one. @see Tokio `TcpSocket::local_addr` */
  localAddr(): SocketAddr | null {
    return this.#local ?? null;
  }

  /** Null: nothing can have gone wrong yet. @see Tokio `TcpSocket::take_error` */
  takeError(): IoError | null {
    return null;
  }

  /** See {@link TcpStream.nodelay}. */
  nodelay(): boolean {
    return (this.#options.nodelay ?? 0) !== 0;
  }
  /** @see Tokio `TcpSocket::set_nodelay` */
  setNodelay(on: boolean): void {
    this.#options.nodelay = on ? 1 : 0;
  }

  /** See {@link TcpStream.keepalive}. */
  keepalive(): KeepAlive | null {
    const time = this.#options.keepalive ?? 0;
    return time === 0 ? null : { time };
  }
  /** @see Tokio `TcpSocket::set_keepalive` */
  setKeepalive(how: KeepAlive | null): void {
    const { time = DEFAULT_KEEPALIVE } = how ?? {};
    checkInteger("time", time, 1, 0x7fff_ffff);
    this.#options.keepalive = how === null ? 0 : time;
  }

  /** True: Node always sets it where a listener needs it, and never where it would let two share a port. */
  reuseaddr(): boolean {
    return true;
  }
  /** @throws {@link UnsupportedError} for false: Node always sets it. */
  setReuseaddr(on: boolean): void {
    if (!on) throw unsupported("a socket without SO_REUSEADDR");
  }

  /** Whether several listeners may share the port. */
  reuseport(): boolean {
    return this.#reusePort;
  }
  /** Where the operating system can't, `listen` throws. @see Tokio `TcpSocket::set_reuseport` */
  setReuseport(on: boolean): void {
    this.#reusePort = on;
  }

  /** See {@link TcpStream.linger}. */
  linger(): number | null {
    return this.#zeroLinger ? 0 : null;
  }
  /** See {@link TcpStream.setLinger}. */
  setLinger(ms: number | null): void {
    if (ms !== null && ms !== 0) throw noLinger();
    this.#zeroLinger = ms === 0;
  }
  /** See {@link TcpStream.setZeroLinger}. */
  setZeroLinger(): void {
    this.#zeroLinger = true;
  }

  /** The type of service (IPv4) or traffic class (IPv6). @see Tokio `TcpSocket::tos_v4`, `tclass_v6` */
  tos(): number {
    return this.#options.tos ?? 0;
  }
  /** Where Node has no way to, `connect` throws an {@link UnsupportedError}. */
  setTos(tos: number): void {
    checkInteger("tos", tos, 0, 255);
    this.#options.tos = tos;
  }

  /** @throws {@link UnsupportedError}, always. */
  sendBufferSize(): number {
    throw unsupported("the send buffer of a TCP socket");
  }
  /** @throws {@link UnsupportedError}, always. */
  setSendBufferSize(_bytes: number): void {
    throw unsupported("the send buffer of a TCP socket");
  }
  /** @throws {@link UnsupportedError}, always. */
  recvBufferSize(): number {
    throw unsupported("the receive buffer of a TCP socket");
  }
  /** @throws {@link UnsupportedError}, always. */
  setRecvBufferSize(_bytes: number): void {
    throw unsupported("the receive buffer of a TCP socket");
  }
  /** @throws {@link UnsupportedError}, always. */
  device(): string | null {
    throw unsupported("the device of a socket");
  }
  /** @throws {@link UnsupportedError}, always. */
  bindDevice(_name: string | null): void {
    throw unsupported("the device of a socket");
  }
}
