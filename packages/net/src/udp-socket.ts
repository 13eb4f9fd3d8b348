/** UDP. */
import { type Async, type Context, type Future, Handle, intoFuture, PENDING, type Poll } from "@rt/core";
import {
  checkInteger,
  closedProperly,
  debug,
  madeProgress,
  pollProceed,
  wakeSafely,
  watchForgotten,
} from "@rt/core/driver";
import type { IoError, ReadBuf } from "@rt/io";
import { checkIp, Resolve, SocketAddr, type SocketAddrLike } from "./addr.ts";
import { disposed } from "./errors.ts";
import { FirstOf } from "./internal/first-of.ts";
import { Opening } from "./internal/opening.ts";
import { AsyncIo, ReadyFor, Until } from "./internal/readiness.ts";
import {
  type Datagram,
  type DatagramOption,
  type DatagramSource,
  type MulticastGroup,
  READABLE,
  READ_CLOSED,
  WRITABLE,
  WRITE_CLOSED,
} from "./internal/source.ts";
import { Waiter, type WaitList } from "./internal/wait-list.ts";
import { ioKey } from "./io-driver.ts";
import { checkInterest, type Interest, type Ready } from "./ready.ts";
import { unsupported } from "./tcp-stream.ts";

/**
 * A socket for datagrams. One may be used by any number of tasks, for sending and receiving, without splitting it.
 *
 * Receiving begins with `bind`. Datagrams that nobody has asked for are queued, about 200 KiB with some overhead for
 * each, as Linux does; when that is full, those that come are lost. A buffer that is too small gets the beginning of a
 * datagram, the rest is lost.
 *
 * Cancel safety: giving up a receive or a peek loses nothing. A send that is given up may have been sent; leave its bytes
 * alone until something else was sent.
 *
 * An open socket keeps the process alive, as those of Node do.
 * @throws {@link IoError} with Node's `code`. That nobody listens at the other end (`ConnectionRefused`) comes out of a
 * later operation of a connected socket. `UsageError` `ERR_RT_DISPOSED` once it was closed.
 *
 * @example
 * ```ts
 * using server = yield* UdpSocket.bind("127.0.0.1:0");
 * using client = yield* UdpSocket.bind("127.0.0.1:0");
 * yield* client.connect(server.localAddr());
 * yield* client.send(new TextEncoder().encode("ping"));
 * const buf = new Uint8Array(1024);
 * const [count, from] = yield* server.recvFrom(buf);
 * yield* server.sendTo(buf.subarray(0, count), from);
 * const answer = yield* client.recv(buf);
 * answer; // => 4
 * ```
 * @see Tokio `net::UdpSocket`
 * @public
 */
export class UdpSocket implements Disposable {
  #source: DatagramSource | null;
  /** Stand for whoever polls by hand. */
  readonly #receiver: Slot = new Slot(READABLE);
  #sending: Send | null = null;

  /** @internal */
  constructor(source: DatagramSource) {
    this.#source = source;
    if (debug) watchForgotten(this, "a UdpSocket", () => source.close(), UdpSocket);
  }

  /**
   * Binds to an address; port 0 takes a free one. Of several addresses the first that can be had is taken.
   *
   * Cancel safety: giving up closes the socket.
   * @see Tokio `UdpSocket::bind`
   */
  static bind(addr: SocketAddrLike): Future<UdpSocket> {
    return intoFuture(bind(addr));
  }

  /**
   * Fixes the peer: `send` goes there, and only what comes from there is received. A socket may be connected again. Of
   * several addresses the first that can be had is taken.
   * @see Tokio `UdpSocket::connect`
   */
  connect(addr: SocketAddrLike): Future<void> {
    return new FirstOf(addr, (peer) => new Connect(this, peer));
  }

  // --- sending ---

  /** Sends a datagram to the peer of `connect`; gives its length. @see Tokio `UdpSocket::send` */
  send(data: Uint8Array): Future<number> {
    return new Send(this, data, null);
  }

  /** Sends a datagram; of several addresses, to the first. @see Tokio `UdpSocket::send_to` */
  sendTo(data: Uint8Array, addr: SocketAddrLike): Future<number> {
    return addr instanceof SocketAddr ? new Send(this, data, addr) : intoFuture(sendTo(this, data, addr));
  }

  /**
   * Sends a copy to the peer of `connect` and does not wait for what becomes of it; null when others are still waiting
   * to be sent.
   * @see Tokio `UdpSocket::try_send`
   */
  trySend(data: Uint8Array): number | null {
    return this.#trySend(data, null);
  }

  /** As {@link UdpSocket.trySend}, to an IP address. @see Tokio `UdpSocket::try_send_to` */
  trySendTo(data: Uint8Array, addr: SocketAddr): number | null {
    return this.#trySend(data, addr);
  }

  #trySend(data: Uint8Array, addr: SocketAddr | null): number | null {
    const source = this._io();
    if (!source.hasRoom()) return null;
    source.send(Uint8Array.prototype.slice.call(data), addr, null);
    return data.length;
  }

  /**
   * One step of {@link UdpSocket.send}, of a copy of `data`. Poll with the same `data` until it is ready; only the
   * waker of the last one is woken.
   * @see Tokio `UdpSocket::poll_send`
   */
  pollSend(cx: Context, data: Uint8Array): Poll<number> {
    return this.#pollSend(cx, data, null);
  }

  /** As {@link UdpSocket.pollSend}. @see Tokio `UdpSocket::poll_send_to` */
  pollSendTo(cx: Context, data: Uint8Array, addr: SocketAddr): Poll<number> {
    return this.#pollSend(cx, data, addr);
  }

  #pollSend(cx: Context, data: Uint8Array, addr: SocketAddr | null): Poll<number> {
    this.#sending ??= new Send(this, Uint8Array.prototype.slice.call(data), addr);
    try {
      const length = this.#sending._step(cx);
      if (length !== PENDING) this.#sending = null;
      return length;
    } catch (error) {
      this.#sending = null;
      throw error;
    }
  }

  // --- receiving ---

  /** Waits for a datagram; gives the number of bytes put in `buf`. @see Tokio `UdpSocket::recv` */
  recv(buf: Uint8Array): Future<number> {
    return new Recv(this, count, buf, false);
  }

  /** The same, and who sent it. @see Tokio `UdpSocket::recv_from` */
  recvFrom(buf: Uint8Array): Future<[number, SocketAddr]> {
    return new Recv(this, countFrom, buf, false);
  }

  /** As {@link UdpSocket.recv}, into the free part of `buf`. @see Tokio `UdpSocket::recv_buf` */
  recvBuf(buf: ReadBuf): Future<number> {
    return new Recv(this, countBuf, buf, false);
  }

  /** As {@link UdpSocket.recvFrom}, into the free part of `buf`. @see Tokio `UdpSocket::recv_buf_from` */
  recvBufFrom(buf: ReadBuf): Future<[number, SocketAddr]> {
    return new Recv(this, countBufFrom, buf, false);
  }

  /** As {@link UdpSocket.recv}, and leaves the datagram there. @see Tokio `UdpSocket::peek` */
  peek(buf: Uint8Array): Future<number> {
    return new Recv(this, count, buf, true);
  }

  /** As {@link UdpSocket.recvFrom}, and leaves the datagram there. @see Tokio `UdpSocket::peek_from` */
  peekFrom(buf: Uint8Array): Future<[number, SocketAddr]> {
    return new Recv(this, countFrom, buf, true);
  }

  /** Who has sent the next datagram, which stays there. @see Tokio `UdpSocket::peek_sender` */
  peekSender(): Future<SocketAddr> {
    return new Recv(this, sender, NOWHERE, true);
  }

  /** As {@link UdpSocket.recv}, null when there is no datagram. @see Tokio `UdpSocket::try_recv` */
  tryRecv(buf: Uint8Array): number | null {
    return this.#try(count, buf, false);
  }
  /** @see Tokio `UdpSocket::try_recv_from` */
  tryRecvFrom(buf: Uint8Array): [number, SocketAddr] | null {
    return this.#try(countFrom, buf, false);
  }
  /** @see Tokio `UdpSocket::try_recv_buf` */
  tryRecvBuf(buf: ReadBuf): number | null {
    return this.#try(countBuf, buf, false);
  }
  /** @see Tokio `UdpSocket::try_recv_buf_from` */
  tryRecvBufFrom(buf: ReadBuf): [number, SocketAddr] | null {
    return this.#try(countBufFrom, buf, false);
  }
  /** @see Tokio `UdpSocket::try_peek` */
  tryPeek(buf: Uint8Array): number | null {
    return this.#try(count, buf, true);
  }
  /** @see Tokio `UdpSocket::try_peek_from` */
  tryPeekFrom(buf: Uint8Array): [number, SocketAddr] | null {
    return this.#try(countFrom, buf, true);
  }
  /** @see Tokio `UdpSocket::try_peek_sender` */
  tryPeekSender(): SocketAddr | null {
    return this.#try(sender, NOWHERE, true);
  }

  /** One step of {@link UdpSocket.recv}; only the waker of the last step of receiving is woken. @see Tokio `UdpSocket::poll_recv` */
  pollRecv(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#poll(cx, count, buf, false);
  }
  /** @see Tokio `UdpSocket::poll_recv_from` */
  pollRecvFrom(cx: Context, buf: Uint8Array): Poll<[number, SocketAddr]> {
    return this.#poll(cx, countFrom, buf, false);
  }
  /** @see Tokio `UdpSocket::poll_peek` */
  pollPeek(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#poll(cx, count, buf, true);
  }
  /** @see Tokio `UdpSocket::poll_peek_from` */
  pollPeekFrom(cx: Context, buf: Uint8Array): Poll<[number, SocketAddr]> {
    return this.#poll(cx, countFrom, buf, true);
  }
  /** @see Tokio `UdpSocket::poll_peek_sender` */
  pollPeekSender(cx: Context): Poll<SocketAddr> {
    return this.#poll(cx, sender, NOWHERE, true);
  }

  #try<B, T>(shape: Shape<B, T>, buf: B, keep: boolean): T | null {
    const datagram = this._io().tryRecv(keep);
    return datagram === null ? null : shape(datagram, buf);
  }

  #poll<B, T>(cx: Context, shape: Shape<B, T>, buf: B, keep: boolean): Poll<T> {
    const value = this.#try(shape, buf, keep);
    if (value !== null) {
      this.#receiver._leave();
      return value;
    }
    this.#receiver._enlist(this._readyList(), cx);
    return PENDING;
  }

  // --- readiness ---

  /** See {@link SocketStream.ready}. @see Tokio `UdpSocket::ready` */
  ready(interest: Interest): Future<Ready> {
    checkInterest(interest);
    return new ReadyFor(this, interest._bits);
  }
  /** Waits until there is a datagram. @see Tokio `UdpSocket::readable` */
  readable(): Future<void> {
    return new Until(this, READABLE | READ_CLOSED);
  }
  /** Waits until a datagram can be sent without having to queue. @see Tokio `UdpSocket::writable` */
  writable(): Future<void> {
    return new Until(this, WRITABLE | WRITE_CLOSED);
  }
  /** @see Tokio `UdpSocket::poll_recv_ready` */
  pollRecvReady(cx: Context): Poll<void> {
    if ((this._readiness() & READABLE) !== 0) return;
    this.#receiver._enlist(this._readyList(), cx);
    return PENDING;
  }
  /** @see Tokio `UdpSocket::poll_send_ready` */
  pollSendReady(cx: Context): Poll<void> {
    if ((this._readiness() & WRITABLE) !== 0) return;
    this.#writer._enlist(this._readyList(), cx);
    return PENDING;
  }
  readonly #writer: Slot = new Slot(WRITABLE);
  /** See {@link SocketStream.tryIo}. @see Tokio `UdpSocket::try_io` */
  tryIo<T>(interest: Interest, io: () => T | null): T | null {
    checkInterest(interest);
    return (this._readiness() & interest._bits) === 0 ? null : io();
  }
  /** See {@link SocketStream.asyncIo}. @see Tokio `UdpSocket::async_io` */
  asyncIo<T>(interest: Interest, io: () => T | null): Future<T> {
    checkInterest(interest);
    return new AsyncIo(this, interest._bits, io);
  }

  // --- options ---

  /** @see Tokio `UdpSocket::local_addr` */
  localAddr(): SocketAddr {
    return this._io().localAddr();
  }
  /** @throws {@link IoError} `NotConnected` before `connect`. @see Tokio `UdpSocket::peer_addr` */
  peerAddr(): SocketAddr {
    return this._io().peerAddr();
  }
  /** What went wrong and no operation has told yet; null otherwise, and the second time. @see Tokio `UdpSocket::take_error` */
  takeError(): IoError | null {
    return this._io().takeError();
  }
  /** Whether datagrams may go to broadcast addresses. False at first. */
  broadcast(): boolean {
    return this.#option("broadcast") !== 0;
  }
  /** @see Tokio `UdpSocket::set_broadcast` */
  setBroadcast(on: boolean): void {
    this.#setOption("broadcast", on ? 1 : 0);
  }
  /** Whether multicast datagrams also come back to this host. True at first. */
  multicastLoopV4(): boolean {
    return this.#option("multicastLoop") !== 0;
  }
  /** @see Tokio `UdpSocket::set_multicast_loop_v4` */
  setMulticastLoopV4(on: boolean): void {
    this.#setOption("multicastLoop", on ? 1 : 0);
  }
  /** As {@link UdpSocket.multicastLoopV4}, for IPv6. */
  multicastLoopV6(): boolean {
    return this.#option("multicastLoop") !== 0;
  }
  /** @see Tokio `UdpSocket::set_multicast_loop_v6` */
  setMulticastLoopV6(on: boolean): void {
    this.#setOption("multicastLoop", on ? 1 : 0);
  }
  /** How many routers a multicast datagram passes, 1 at first. */
  multicastTtlV4(): number {
    return this.#option("multicastTtl");
  }
  /** @see Tokio `UdpSocket::set_multicast_ttl_v4` */
  setMulticastTtlV4(ttl: number): void {
    checkInteger("ttl", ttl, 0, 255);
    this.#setOption("multicastTtl", ttl);
  }
  /** How many routers a datagram passes: what was set, 64 at first. */
  ttl(): number {
    return this.#option("ttl");
  }
  /** @see Tokio `UdpSocket::set_ttl` */
  setTtl(ttl: number): void {
    checkInteger("ttl", ttl, 1, 255);
    this.#setOption("ttl", ttl);
  }
  /** @throws {@link UnsupportedError}, always. */
  tos(): number {
    throw unsupported("the type of service of a UDP socket");
  }
  /** @throws {@link UnsupportedError}, always. */
  setTos(_tos: number): void {
    throw unsupported("the type of service of a UDP socket");
  }
  /** @throws {@link UnsupportedError}, always. */
  device(): string | null {
    throw unsupported("the device of a socket");
  }
  /** @throws {@link UnsupportedError}, always. */
  bindDevice(_name: string | null): void {
    throw unsupported("the device of a socket");
  }
  /**
   * Joins a group, on the interface with an address; without one, on one of the system's choice.
   * @throws {@link IoError} `InvalidInput` when one of them is no such address.
   */
  joinMulticastV4(group: string, interfaceAddr?: string): void {
    this._io().join(groupV4(group, interfaceAddr));
  }
  /** @see Tokio `UdpSocket::leave_multicast_v4` */
  leaveMulticastV4(group: string, interfaceAddr?: string): void {
    this._io().leave(groupV4(group, interfaceAddr));
  }
  /**
   * Joins a group, on the interface with an index; 0 for one of the system's choice.
   * @throws {@link IoError} `InvalidInput` when `group` is no such address.
   */
  joinMulticastV6(group: string, interfaceIndex = 0): void {
    this._io().join(groupV6(group, interfaceIndex));
  }
  /** @see Tokio `UdpSocket::leave_multicast_v6` */
  leaveMulticastV6(group: string, interfaceIndex = 0): void {
    this._io().leave(groupV6(group, interfaceIndex));
  }

  #option(name: DatagramOption): number {
    return this._io().option(name);
  }
  #setOption(name: DatagramOption, value: number): void {
    this._io().setOption(name, value);
  }

  // --- the rest ---

  /** Closes the socket at once; what waits throws. Doing it again does nothing. */
  close(): void {
    const source = this.#source;
    if (source === null) return;
    this.#source = null;
    closedProperly(this);
    source.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  _io(): DatagramSource {
    if (this.#source === null) throw disposed(this);
    return this.#source;
  }
  /** @internal */
  _readiness(): number {
    return this._io().readiness();
  }
  /** @internal */
  _readyList(): WaitList {
    return this._io().waiters;
  }
}

// Node reads an address up to its first zero byte.

function groupV4(group: string, via: string | undefined): MulticastGroup {
  checkIp("IPv4", group);
  if (via !== undefined) checkIp("IPv4", via);
  return { group, via };
}

function groupV6(group: string, via: number): MulticastGroup {
  checkIp("IPv6", group);
  checkInteger("interfaceIndex", via, 0, 0xffff_ffff);
  return { group, via };
}

function* bind(addr: SocketAddrLike): Async<UdpSocket> {
  return new UdpSocket(yield* new FirstOf(addr, opening));
}

function opening(local: SocketAddr): Future<DatagramSource> {
  return new Opening(
    () => {
      const driver = Handle.current().driver(ioKey);
      return driver.sockets.bindUdp(driver, local);
    },
    `a UDP socket on ${String(local)}`,
  );
}

function* sendTo(socket: UdpSocket, data: Uint8Array, addr: SocketAddrLike): Async<number> {
  const [to] = yield* new Resolve(addr, false);
  return yield* new Send(socket, data, to as SocketAddr);
}

// What is made of a datagram.
type Shape<B, T> = (datagram: Datagram, buf: B) => T;
const NOWHERE = new Uint8Array(0);

function count({ data }: Datagram, buf: Uint8Array): number {
  const length = Math.min(data.length, buf.length);
  buf.set(length === data.length ? data : data.subarray(0, length));
  return length;
}

function countFrom(datagram: Datagram, buf: Uint8Array): [number, SocketAddr] {
  return [count(datagram, buf), datagram.from];
}

function countBuf(datagram: Datagram, buf: ReadBuf): number {
  const length = count(datagram, buf.unfilled());
  buf.advance(length);
  return length;
}

function countBufFrom(datagram: Datagram, buf: ReadBuf): [number, SocketAddr] {
  return [countBuf(datagram, buf), datagram.from];
}

function sender({ from }: Datagram): SocketAddr {
  return from;
}

/** A place on a wait list for whoever polls by hand. */
class Slot extends Waiter<never> {
  constructor(bits: number) {
    super();
    this._interest = bits;
  }
  override poll(): never {
    throw new Error("unreachable: a slot is not polled");
  }
}

class Recv<B, T> extends Waiter<T> {
  readonly #socket: UdpSocket;
  readonly #shape: Shape<B, T>;
  readonly #buf: B;
  readonly #keep: boolean;
  #from: WaitList | null = null;
  constructor(socket: UdpSocket, shape: Shape<B, T>, buf: B, keep: boolean) {
    super();
    this.#socket = socket;
    this.#shape = shape;
    this.#buf = buf;
    this.#keep = keep;
  }
  override poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return PENDING;
    const source = this.#socket._io();
    let datagram: Datagram | null;
    try {
      datagram = source.tryRecv(this.#keep);
    } catch (error) {
      this._leave();
      throw error;
    }
    if (datagram === null) {
      this.#from = source.readers;
      this._enlist(source.readers, cx);
      return PENDING;
    }
    // One that only looks leaves the datagram to the next.
    if (this._leave() && this.#keep) source.readers.wakeFirst();
    madeProgress();
    return this.#shape(datagram, this.#buf);
  }
  override drop(): void {
    if (this._leave()) this.#from?.wakeFirst();
  }
  override describe(): string {
    return "a datagram";
  }
}

/** An interest in nothing but that the socket is closed, which is told to all. */
const CLOSED = 0x40;

/** An operation that the platform tells the end of. */
abstract class Told<T> extends Waiter<T> {
  readonly #socket: UdpSocket;
  #started = false;
  #over = false;
  #error: IoError | null = null;
  constructor(socket: UdpSocket) {
    super();
    this.#socket = socket;
    this._interest = CLOSED; // the end is told to it alone
  }
  protected abstract start(source: DatagramSource, done: (error: IoError | null) => void): void;
  protected abstract result(): T;
  override poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return PENDING;
    const value = this._step(cx);
    if (value !== PENDING) madeProgress();
    return value;
  }
  _step(cx: Context): Poll<T> {
    const source = this.#socket._io();
    if (source.error !== null) throw source.error;
    if (!this.#started) {
      this.#started = true;
      this.start(source, (error) => {
        this.#over = true;
        this.#error = error;
        const waker = this._waker;
        this._leave();
        if (waker !== null) wakeSafely(waker);
      });
    }
    if (!this.#over) {
      this._enlist(source.waiters, cx);
      return PENDING;
    }
    if (this.#error !== null) throw this.#error;
    return this.result();
  }
  override drop(): void {
    this._leave();
  }
}

class Send extends Told<number> {
  readonly #data: Uint8Array;
  readonly #to: SocketAddr | null;
  constructor(socket: UdpSocket, data: Uint8Array, to: SocketAddr | null) {
    super(socket);
    this.#data = data;
    this.#to = to;
  }
  protected override start(source: DatagramSource, done: (error: IoError | null) => void): void {
    source.send(this.#data, this.#to, done);
  }
  protected override result(): number {
    return this.#data.length;
  }
  override describe(): string {
    return "a datagram to be sent";
  }
}

class Connect extends Told<void> {
  readonly #peer: SocketAddr;
  constructor(socket: UdpSocket, peer: SocketAddr) {
    super(socket);
    this.#peer = peer;
  }
  protected override start(source: DatagramSource, done: (error: IoError | null) => void): void {
    source.connect(this.#peer, done);
  }
  protected override result(): void {}
  override describe(): string {
    return `a UDP socket to be connected to ${String(this.#peer)}`;
  }
}
