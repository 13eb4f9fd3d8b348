/** FIFOs, the named pipes of Unix. */
import { type Context, type Future, Handle, type Poll } from "@rt/core";
import { checkInteger, closedProperly, debug, watchForgotten } from "@rt/core/driver";
import { type ReadBuf, Reader, Writer } from "@rt/io";
import { disposed } from "./errors.ts";
import { AsyncIo, ReadyFor, Until } from "./internal/readiness.ts";
import {
  type PipeEnd,
  READABLE,
  READ_CLOSED,
  type StreamSource,
  WRITABLE,
  WRITE_CLOSED,
} from "./internal/source.ts";
import { WaitList } from "./internal/wait-list.ts";
import { ioKey } from "./io-driver.ts";
import { checkInterest, type Interest, type Ready } from "./ready.ts";
import { unsupported } from "./tcp-stream.ts";

/**
 * How to open a FIFO.
 * @example
 * ```ts
 * import { execFileSync } from "node:child_process";
 * import { rmSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const path = join(tmpdir(), `rt-example-${process.pid}.fifo`);
 * execFileSync("mkfifo", [path]);
 * using receiver = new PipeOpenOptions().openReceiver(path);
 * const sender = new PipeOpenOptions().openSender(path);
 * yield* sender.writeAll("hi");
 * sender.close();
 * const text = yield* receiver.readToString();
 * rmSync(path);
 * text; // => "hi"
 * ```
 * @see Tokio `net::unix::pipe::OpenOptions`
 * @public
 */
export class PipeOpenOptions {
  #readWrite = false;
  #unchecked = false;

  /**
   * Opens it for both directions (Linux): a sender does not need a receiver to be there, and a receiver does not see an
   * end when the last sender goes.
   */
  readWrite(on: boolean): this {
    this.#readWrite = on;
    return this;
  }
  /** Does not look whether the file is a FIFO. */
  unchecked(on: boolean): this {
    this.#unchecked = on;
    return this;
  }
  /** Opens the end to read from. @throws {@link IoError} `InvalidInput` when the file is no FIFO. */
  openReceiver(path: string): PipeReceiver {
    return new PipeReceiver(this.#open(path, READS));
  }
  /** Opens the end to write to. @throws {@link IoError} `ENXIO` when there is no receiver, `InvalidInput` when the file is no FIFO. */
  openSender(path: string): PipeSender {
    return new PipeSender(this.#open(path, WRITES));
  }
  #open(path: string, end: PipeEnd): StreamSource {
    const driver = Handle.current().driver(ioKey);
    const opened = this.#readWrite ? BOTH : end;
    return driver.sockets.openFifo(driver, path, opened, end, !this.#unchecked);
  }
}

const READS: PipeEnd = { reads: true, writes: false };
const WRITES: PipeEnd = { reads: false, writes: true };
const BOTH: PipeEnd = { reads: true, writes: true };

/** @public */
export interface FromFdOptions {
  /** Trusts that the descriptor is that of a pipe. */
  readonly unchecked?: boolean;
}

function fromFd(fd: number, end: PipeEnd, { unchecked = false }: FromFdOptions): StreamSource {
  checkInteger("fd", fd, 0, 0x7fff_ffff);
  const driver = Handle.current().driver(ioKey);
  return driver.sockets.pipe(driver, fd, end, !unchecked);
}

/** @throws {@link UnsupportedError}, always: Node can't make a pipe. @see Tokio `net::unix::pipe::pipe` @public */
export function pipe(): [PipeSender, PipeReceiver] {
  throw unsupported("an anonymous pipe");
}

/**
 * The end of a pipe to read from. 0 bytes, or the end of the chunks, mean that the last sender has gone.
 *
 * From the first read on it keeps the process alive, as a {@link SocketStream} does, until it is closed.
 * @see Tokio `net::unix::pipe::Receiver`
 * @public
 */
export class PipeReceiver extends Reader implements Disposable {
  #source: StreamSource | null;
  /** @internal */
  constructor(source: StreamSource) {
    super();
    this.#source = source;
    if (debug) watchForgotten(this, "a PipeReceiver", () => source.close(), PipeReceiver);
  }
  /** Takes over a descriptor. @throws {@link IoError} `InvalidInput` when it is no pipe. @see Tokio `Receiver::from_owned_fd` */
  static fromFd(fd: number, options: FromFdOptions = {}): PipeReceiver {
    return new PipeReceiver(fromFd(fd, READS, options));
  }
  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    return this._io().pollRead(cx, buf, false);
  }
  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    return this._io().pollReadChunk(cx, max);
  }
  /** See {@link SocketStream.ready}. */
  ready(interest: Interest): Future<Ready> {
    checkInterest(interest);
    return new ReadyFor(this, interest._bits);
  }
  /** See {@link SocketStream.readable}. */
  readable(): Future<void> {
    return new Until(this, READABLE | READ_CLOSED);
  }
  /** See {@link SocketStream.tryRead}. */
  tryRead(buf: Uint8Array): number | null {
    return this._io().tryRead(buf, false);
  }
  /** See {@link SocketStream.tryReadBuf}. */
  tryReadBuf(buf: ReadBuf): number | null {
    const count = this.tryRead(buf.unfilled());
    if (count !== null) buf.advance(count);
    return count;
  }
  /** See {@link SocketStream.tryIo}. */
  tryIo<T>(io: () => T | null): T | null {
    return (this._readiness() & (READABLE | READ_CLOSED)) === 0 ? null : io();
  }
  /** See {@link SocketStream.asyncIo}. */
  asyncIo<T>(io: () => T | null): Future<T> {
    return new AsyncIo(this, READABLE | READ_CLOSED, io);
  }
  /** Closes it. */
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
  _io(): StreamSource {
    if (this.#source === null) throw disposed(this);
    return this.#source;
  }
  /** @internal */
  _readiness(): number {
    return this._io().readiness();
  }
  /** @internal */
  _readyList(): WaitList {
    return (this._io().waiters ??= new WaitList());
  }
}

/**
 * The end of a pipe to write to. Writes fail with `BrokenPipe` once the last receiver has gone.
 * @see Tokio `net::unix::pipe::Sender`
 * @public
 */
export class PipeSender extends Writer implements Disposable {
  #source: StreamSource | null;
  /** @internal */
  constructor(source: StreamSource) {
    super();
    this.#source = source;
    if (debug) watchForgotten(this, "a PipeSender", () => source.close(), PipeSender);
  }
  /** Takes over a descriptor. @throws {@link IoError} `InvalidInput` when it is no pipe. @see Tokio `Sender::from_owned_fd` */
  static fromFd(fd: number, options: FromFdOptions = {}): PipeSender {
    return new PipeSender(fromFd(fd, WRITES, options));
  }
  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    return this._io().pollWrite(cx, buf);
  }
  override pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    return this._io().pollWriteVectored(cx, bufs);
  }
  override isWriteVectored(): boolean {
    return true;
  }
  override pollFlush(cx: Context): Poll<void> {
    return this._io().pollFlush(cx);
  }
  override pollShutdown(cx: Context): Poll<void> {
    return this._io().pollShutdown(cx);
  }
  /** See {@link SocketStream.ready}. */
  ready(interest: Interest): Future<Ready> {
    checkInterest(interest);
    return new ReadyFor(this, interest._bits);
  }
  /** See {@link SocketStream.writable}. */
  writable(): Future<void> {
    return new Until(this, WRITABLE | WRITE_CLOSED);
  }
  /** See {@link SocketStream.tryWrite}. */
  tryWrite(buf: Uint8Array): number | null {
    return this._io().tryWrite(buf);
  }
  /** See {@link SocketStream.tryIo}. */
  tryIo<T>(io: () => T | null): T | null {
    return (this._readiness() & (WRITABLE | WRITE_CLOSED)) === 0 ? null : io();
  }
  /** See {@link SocketStream.asyncIo}. */
  asyncIo<T>(io: () => T | null): Future<T> {
    return new AsyncIo(this, WRITABLE | WRITE_CLOSED, io);
  }
  /** Closes it: with the last sender, the receiver reads the end. */
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
  _io(): StreamSource {
    if (this.#source === null) throw disposed(this);
    return this.#source;
  }
  /** @internal */
  _readiness(): number {
    return this._io().readiness();
  }
  /** @internal */
  _readyList(): WaitList {
    return (this._io().waiters ??= new WaitList());
  }
}
