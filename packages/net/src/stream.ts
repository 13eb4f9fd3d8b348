/** What all connected sockets have in common: everything but how they are made. */
import { type Context, Future, PENDING, type Poll } from "@rt/core";
import { closedProperly, debug, madeProgress, pollProceed, watchForgotten } from "@rt/core/driver";
import { type IoError, type ReadBuf, ReadWriter } from "@rt/io";
import type { SocketAddr } from "./addr.ts";
import { disposed } from "./errors.ts";
import { OwnedReadHalf, OwnedWriteHalf, Pair, ReadHalf, WriteHalf } from "./halves.ts";
import { READABLE, READ_CLOSED, type StreamSource, WRITABLE, WRITE_CLOSED } from "./internal/source.ts";
import { AsyncIo, ReadyFor, Until } from "./internal/readiness.ts";
import { WaitList } from "./internal/wait-list.ts";
import { checkInterest, type Interest, type Ready } from "./ready.ts";
import type { UnixSocketAddr } from "./unix-addr.ts";

/**
 * A connected socket: bytes in both directions, each to be closed on its own.
 *
 * Reading: the socket reads from the kernel from the first read on, and ahead of the reader by at most about 64 KiB, and
 * what Node has under way (up to 80 KiB). Then it stops, and the peer's writes wait. One that nobody reads from reads
 * nothing. The chunks that `readChunk` gives are Node's own: each is a `Buffer`, whose `slice()` does not copy.
 *
 * Writing: bytes are borrowed (see `AsyncWrite.pollWrite`) until the kernel has them, which is mostly at once; `write`
 * takes all or waits. `flush` waits for writes that were given up half-way, and does nothing else.
 *
 * Closing ({@link SocketStream.close}, `using`) is that of close(2): what was written goes out, and then the end, while
 * the kernel takes care of it. If the peer sends more, or had sent what was not read from the kernel, it is reset. What
 * {@link SocketStream.tryWrite} has taken and the kernel has not is sent first, for as long as the peer takes a part of
 * it within a minute; the process is kept alive for it. On Node 22 a peer's reset may come as an ordinary end, so a
 * protocol should tell by itself whether all of a message is there.
 *
 * Fairness: one task reads and one writes at a time; any number wait for readiness.
 * Cancel safety: giving up a read, a peek or a wait for readiness loses nothing. A write that is given up may be
 * written or not; leave its bytes alone until the next write or flush is done. Writing the same array again goes on
 * waiting for it and does not write it twice; to write new bytes from there, flush first.
 *
 * An open socket that reads keeps the process alive, as those of Node do, also when the read was given up: close it.
 * @throws {@link IoError} with Node's `code`; when the runtime has shut down one for which `isRtShutdownErr` holds.
 * `UsageError` `ERR_RT_DISPOSED` once it was closed or given away.
 * @public
 */
export abstract class SocketStream extends ReadWriter implements Disposable {
  /** Null once it was closed or given away. @internal */
  _source: StreamSource | null;

  /** @internal */
  constructor(source: StreamSource) {
    super();
    this._source = source;
    if (debug) this._watch(source);
  }

  /** @internal */
  _watch(source: StreamSource): void {
    watchForgotten(this, `a ${this.constructor.name}`, () => source.close(), this.constructor);
  }

  /** @internal */
  _io(): StreamSource {
    const source = this._source;
    if (source === null) throw disposed(this);
    return source;
  }

  /** Takes the source out: this object is used up then. @internal */
  _give(): StreamSource {
    const source = this._io();
    this._source = null;
    closedProperly(this);
    return source;
  }

  /** @internal */
  _readiness(): number {
    return this._io().readiness();
  }

  /** @internal */
  _readyList(): WaitList {
    return (this._io().waiters ??= new WaitList());
  }

  // --- reading and writing, step by step ---

  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    return this._io().pollRead(cx, buf, false);
  }

  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    const source = this._source;
    if (source === null) throw disposed(this);
    return source.pollReadChunk(cx, max);
  }

  /** One step of {@link SocketStream.peek}. @see Tokio `TcpStream::poll_peek` */
  pollPeek(cx: Context, buf: Uint8Array): Poll<number> {
    return this._io().pollRead(cx, buf, true);
  }

  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    const source = this._source;
    if (source === null) throw disposed(this);
    return source.pollWrite(cx, buf);
  }

  override pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    return this._io().pollWriteVectored(cx, bufs);
  }

  /** True: several arrays go to the kernel together. */
  override isWriteVectored(): boolean {
    return true;
  }

  override pollFlush(cx: Context): Poll<void> {
    return this._io().pollFlush(cx);
  }

  override pollShutdown(cx: Context): Poll<void> {
    return this._io().pollShutdown(cx);
  }

  /** Whether there is something to read, or never will be. @see Tokio `TcpStream::poll_read_ready` */
  pollReadReady(cx: Context): Poll<void> {
    const source = this._io();
    if ((source.readiness() & (READABLE | READ_CLOSED)) !== 0) return;
    source.reader = cx.waker;
    return PENDING;
  }

  /** Whether there is room to write, or never will be. @see Tokio `TcpStream::poll_write_ready` */
  pollWriteReady(cx: Context): Poll<void> {
    const source = this._io();
    if ((source.readiness() & (WRITABLE | WRITE_CLOSED)) !== 0) return;
    source.writer = cx.waker;
    return PENDING;
  }

  // --- operations ---

  /**
   * Reads without taking: the next read gives the same bytes again. 0 at the end.
   *
   * Cancel safety: giving up loses nothing.
   * @see Tokio `TcpStream::peek`
   */
  peek(buf: Uint8Array): Future<number> {
    return new Peek(this, buf);
  }

  /**
   * Waits until one of what `interest` names can be done, and tells what can be. It may tell more than that holds.
   *
   * Cancel safety: giving up loses nothing.
   * @see Tokio `TcpStream::ready`
   */
  ready(interest: Interest): Future<Ready> {
    checkInterest(interest);
    return new ReadyFor(this, interest._bits);
  }

  /** Waits until there is something to read, or the end of it. @see Tokio `TcpStream::readable` */
  readable(): Future<void> {
    return new Until(this, READABLE | READ_CLOSED);
  }

  /** Waits until there is room to write. @see Tokio `TcpStream::writable` */
  writable(): Future<void> {
    return new Until(this, WRITABLE | WRITE_CLOSED);
  }

  /**
   * Reads what is there now: the number of bytes, 0 at the end or for an empty `buf`; null when there is nothing yet.
   * Reading begins with it: {@link SocketStream.readable} tells when to ask again.
   * @see Tokio `TcpStream::try_read`, where null is an error of kind `WouldBlock`
   */
  tryRead(buf: Uint8Array): number | null {
    return this._io().tryRead(buf, false);
  }

  /** As {@link SocketStream.tryRead}, into several arrays one after the other. @see Tokio `TcpStream::try_read_vectored` */
  tryReadVectored(bufs: readonly Uint8Array[]): number | null {
    const source = this._io();
    let total = 0;
    for (const buf of bufs) {
      if (buf.length === 0) continue;
      // What went wrong, or the end, is for the next call when something was read.
      if (total > 0 && (source.readiness() & (READABLE | READ_CLOSED)) !== READABLE) break;
      const count = source.tryRead(buf, false);
      if (count === null) return total === 0 ? null : total;
      total += count;
      if (count < buf.length) break;
    }
    return total;
  }

  /** As {@link SocketStream.tryRead}, into the free part of `buf`. @see Tokio `TcpStream::try_read_buf` */
  tryReadBuf(buf: ReadBuf): number | null {
    const count = this._io().tryRead(buf.unfilled(), false);
    if (count !== null) buf.advance(count);
    return count;
  }

  /**
   * Writes what there is room for now, and gives the number of bytes; null when there is none. They are copied, 64 KiB at
   * most.
   * @see Tokio `TcpStream::try_write`, where null is an error of kind `WouldBlock`
   */
  tryWrite(buf: Uint8Array): number | null {
    return this._io().tryWrite(buf);
  }

  /** As {@link SocketStream.tryWrite}, from several arrays one after the other. @see Tokio `TcpStream::try_write_vectored` */
  tryWriteVectored(bufs: readonly Uint8Array[]): number | null {
    const source = this._io();
    let total = 0;
    for (const buf of bufs) {
      if (buf.length === 0) continue;
      const count = source.tryWrite(buf);
      if (count === null) return total === 0 ? null : total;
      total += count;
      if (count < buf.length) break;
    }
    return total;
  }

  /**
   * Calls `io` if what `interest` names can be done; null when it can't, or when `io` gives null for "not now".
   * @see Tokio `TcpStream::try_io`
   */
  tryIo<T>(interest: Interest, io: () => T | null): T | null {
    checkInterest(interest);
    return (this._readiness() & interest._bits) === 0 ? null : io();
  }

  /**
   * Calls `io` whenever what `interest` names can be done, until it gives something else than null.
   *
   * Cancel safety: `io` is not called any more.
   * @see Tokio `TcpStream::async_io`
   */
  asyncIo<T>(interest: Interest, io: () => T | null): Future<T> {
    checkInterest(interest);
    return new AsyncIo(this, interest._bits, io);
  }

  // --- halves ---

  /**
   * The two directions as objects of their own, to be used in one task. They borrow: disposing of them closes nothing,
   * and the stream stays usable.
   * @see Tokio `TcpStream::split`
   */
  split(): [ReadHalf<this>, WriteHalf<this>] {
    this._io();
    return [new ReadHalf<this>({ stream: this }), new WriteHalf<this>({ stream: this })];
  }

  /**
   * The two directions as objects of their own, for two tasks. This object is used up; {@link OwnedReadHalf.reunite}
   * gives the stream back. Disposing of the writing half ends that direction; of both closes the socket.
   * @see Tokio `TcpStream::into_split`
   */
  intoSplit(): [OwnedReadHalf<this>, OwnedWriteHalf<this>] {
    // A new object of the same class: this one is used up.
    const Class = this.constructor as new (source: StreamSource) => this;
    const source = this._give();
    const moved = new Class(source);
    closedProperly(moved); // the halves are watched instead
    // Those who still wait for this object find that it is used up.
    source.wakeReader();
    source.wakeWriter();
    const pair = new Pair(moved);
    return [new OwnedReadHalf(pair), new OwnedWriteHalf(pair)];
  }

  // --- the rest ---

  /** This end's address. @see Tokio `TcpStream::local_addr` */
  abstract localAddr(): SocketAddr | UnixSocketAddr;
  /** The other end's. @see Tokio `TcpStream::peer_addr` */
  abstract peerAddr(): SocketAddr | UnixSocketAddr;

  /** What went wrong and no operation has told yet; null otherwise, and the second time. @see Tokio `TcpStream::take_error` */
  takeError(): IoError | null {
    return this._io().takeError();
  }

  /** Closes the socket at once, in both directions. Doing it again does nothing. */
  close(): void {
    if (this._source === null) return;
    this._give().close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

class Peek extends Future<number> {
  readonly #stream: SocketStream;
  readonly #buf: Uint8Array;
  constructor(stream: SocketStream, buf: Uint8Array) {
    super();
    this.#stream = stream;
    this.#buf = buf;
  }
  override poll(cx: Context): Poll<number> {
    if (!pollProceed(cx)) return PENDING;
    const count = this.#stream.pollPeek(cx, this.#buf);
    if (count !== PENDING) madeProgress();
    return count;
  }
  override describe(): string {
    return `data to peek at in a ${this.#stream.constructor.name}`;
  }
}
