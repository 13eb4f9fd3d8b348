/** The two directions of a socket as objects of their own. */
import type { Context, Future, Poll } from "@rt/core";
import { closedProperly, debug, watchForgotten } from "@rt/core/driver";
import { type ReadBuf, Reader, Writer } from "@rt/io";
import { disposed } from "./errors.ts";
import type { Interest, Ready } from "./ready.ts";
import type { SocketStream } from "./stream.ts";

/** Where a half finds its stream. */
interface Holder<S extends SocketStream> {
  /** Null once it was given back. */
  stream: S | null;
}

function streamOf<S extends SocketStream>(half: object, holder: Holder<S> | null): S {
  const stream = holder?.stream ?? null;
  if (stream === null) throw disposed(half);
  return stream;
}

/**
 * The reading direction of a stream that somebody else holds, see {@link SocketStream.split}.
 * @see Tokio `net::tcp::ReadHalf`, `net::unix::ReadHalf`
 * @public
 */
export class ReadHalf<S extends SocketStream> extends Reader {
  /** Null once this half was disposed. @internal */
  _holder: Holder<S> | null;
  /** @internal */
  constructor(holder: Holder<S>) {
    super();
    this._holder = holder;
  }
  /** @internal */
  _stream(): S {
    return streamOf(this, this._holder);
  }
  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    return this._stream().pollRead(cx, buf);
  }
  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    return this._stream().pollReadChunk(cx, max);
  }
  /** One step of {@link SocketStream.peek}. */
  pollPeek(cx: Context, buf: Uint8Array): Poll<number> {
    return this._stream().pollPeek(cx, buf);
  }
  /** See {@link SocketStream.peek}. */
  peek(buf: Uint8Array): Future<number> {
    return this._stream().peek(buf);
  }
  /** See {@link SocketStream.ready}. */
  ready(interest: Interest): Future<Ready> {
    return this._stream().ready(interest);
  }
  /** See {@link SocketStream.readable}. */
  readable(): Future<void> {
    return this._stream().readable();
  }
  /** See {@link SocketStream.tryRead}. */
  tryRead(buf: Uint8Array): number | null {
    return this._stream().tryRead(buf);
  }
  /** See {@link SocketStream.tryReadVectored}. */
  tryReadVectored(bufs: readonly Uint8Array[]): number | null {
    return this._stream().tryReadVectored(bufs);
  }
  /** See {@link SocketStream.tryReadBuf}. */
  tryReadBuf(buf: ReadBuf): number | null {
    return this._stream().tryReadBuf(buf);
  }
  /** See {@link TcpStream.localAddr}. */
  localAddr(): AddrOf<S> {
    return this._stream().localAddr() as AddrOf<S>; // the class says the same of itself
  }
  /** See {@link TcpStream.peerAddr}. */
  peerAddr(): AddrOf<S> {
    return this._stream().peerAddr() as AddrOf<S>;
  }
}

/** The kind of address a stream has. @public */
export type AddrOf<S extends SocketStream> = ReturnType<S["localAddr"]>;

/**
 * The writing direction of a stream that somebody else holds, see {@link SocketStream.split}.
 * @see Tokio `net::tcp::WriteHalf`, `net::unix::WriteHalf`
 * @public
 */
export class WriteHalf<S extends SocketStream> extends Writer {
  /** Null once this half was disposed. @internal */
  _holder: Holder<S> | null;
  /** @internal */
  constructor(holder: Holder<S>) {
    super();
    this._holder = holder;
  }
  /** @internal */
  _stream(): S {
    return streamOf(this, this._holder);
  }
  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    return this._stream().pollWrite(cx, buf);
  }
  override pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    return this._stream().pollWriteVectored(cx, bufs);
  }
  override isWriteVectored(): boolean {
    return true;
  }
  override pollFlush(cx: Context): Poll<void> {
    return this._stream().pollFlush(cx);
  }
  override pollShutdown(cx: Context): Poll<void> {
    return this._stream().pollShutdown(cx);
  }
  /** See {@link SocketStream.ready}. */
  ready(interest: Interest): Future<Ready> {
    return this._stream().ready(interest);
  }
  /** See {@link SocketStream.writable}. */
  writable(): Future<void> {
    return this._stream().writable();
  }
  /** See {@link SocketStream.tryWrite}. */
  tryWrite(buf: Uint8Array): number | null {
    return this._stream().tryWrite(buf);
  }
  /** See {@link SocketStream.tryWriteVectored}. */
  tryWriteVectored(bufs: readonly Uint8Array[]): number | null {
    return this._stream().tryWriteVectored(bufs);
  }
  /** See {@link TcpStream.localAddr}. */
  localAddr(): AddrOf<S> {
    return this._stream().localAddr() as AddrOf<S>;
  }
  /** See {@link TcpStream.peerAddr}. */
  peerAddr(): AddrOf<S> {
    return this._stream().peerAddr() as AddrOf<S>;
  }
}

/** A stream that was split in two, and which halves are left. */
export class Pair<S extends SocketStream> implements Holder<S> {
  stream: S | null;
  left = 2;
  constructor(stream: S) {
    this.stream = stream;
  }
  release(): void {
    this.left -= 1;
    if (this.left === 0) this.stream?.close();
  }
}

/**
 * The halves are of two streams. Both stay as they are.
 * @see Tokio `net::tcp::ReuniteError`
 * @public
 */
export class ReuniteError<S extends SocketStream> extends Error {
  override readonly name = "ReuniteError";
  readonly code = "ERR_RT_REUNITE";
  readonly readHalf: OwnedReadHalf<S>;
  readonly writeHalf: OwnedWriteHalf<S>;
  /** @internal */
  constructor(readHalf: OwnedReadHalf<S>, writeHalf: OwnedWriteHalf<S>) {
    super(
      "Cannot reunite: the halves are of two streams; keep those together that come from one intoSplit()",
    );
    this.readHalf = readHalf;
    this.writeHalf = writeHalf;
  }
}

function reunite<S extends SocketStream>(read: OwnedReadHalf<S>, write: OwnedWriteHalf<S>): S {
  const stream = read._stream();
  if (write._stream() !== stream) throw new ReuniteError(read, write);
  const pair = read._letGo();
  write._letGo();
  if (pair !== null) pair.stream = null;
  return stream;
}

/**
 * The reading direction of a stream, see {@link SocketStream.intoSplit}. Disposing of it closes nothing by itself; the
 * socket is closed with the second half.
 * @see Tokio `net::tcp::OwnedReadHalf`, `net::unix::OwnedReadHalf`
 * @public
 */
export class OwnedReadHalf<S extends SocketStream> extends ReadHalf<S> implements Disposable {
  /** @internal */
  constructor(pair: Pair<S>) {
    super(pair);
    if (debug) watch(this, pair);
  }
  /** Gives what it held, once. @internal */
  _letGo(): Pair<S> | null {
    const pair = this._holder as Pair<S> | null; // what the constructor was given
    this._holder = null;
    if (pair !== null) {
      closedProperly(this);
      // Those who still wait for this half find that it is used up.
      pair.stream?._source?.wakeReader();
    }
    return pair;
  }
  /**
   * Gives the stream back. Both halves are used up then.
   * @throws {@link ReuniteError} when `other` is of another stream.
   * @see Tokio `OwnedReadHalf::reunite`
   */
  reunite(other: OwnedWriteHalf<S>): S {
    return reunite(this, other);
  }
  [Symbol.dispose](): void {
    this._letGo()?.release();
  }
}

/**
 * The writing direction of a stream, see {@link SocketStream.intoSplit}. Disposing of it ends that direction: the peer
 * reads the end. The socket is closed with the second half.
 * @see Tokio `net::tcp::OwnedWriteHalf`, `net::unix::OwnedWriteHalf`
 * @public
 */
export class OwnedWriteHalf<S extends SocketStream> extends WriteHalf<S> implements Disposable {
  /** @internal */
  constructor(pair: Pair<S>) {
    super(pair);
    if (debug) watch(this, pair);
  }
  /** Gives what it held, once. @internal */
  _letGo(): Pair<S> | null {
    const pair = this._holder as Pair<S> | null; // what the constructor was given
    this._holder = null;
    if (pair !== null) {
      closedProperly(this);
      // Those who still wait for this half find that it is used up.
      pair.stream?._source?.wakeWriter();
    }
    return pair;
  }
  /** See {@link OwnedReadHalf.reunite}. @see Tokio `OwnedWriteHalf::reunite` */
  reunite(other: OwnedReadHalf<S>): S {
    return reunite(other, this);
  }
  /** Disposes of this half without ending its direction. @see Tokio `OwnedWriteHalf::forget` */
  forget(): void {
    const pair = this._letGo();
    if (pair === null) throw disposed(this);
    pair.release();
  }
  [Symbol.dispose](): void {
    const pair = this._letGo();
    pair?.stream?._source?.shutdown();
    pair?.release();
  }
}

function watch(
  half: OwnedReadHalf<SocketStream> | OwnedWriteHalf<SocketStream>,
  pair: Pair<SocketStream>,
): void {
  watchForgotten(half, `an ${half.constructor.name}`, () => pair.release(), half.constructor);
}
