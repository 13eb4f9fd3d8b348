/** From a reader to a writer. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { checkInteger, madeProgress, pollProceed } from "@rt/core/driver";
import { writeZero } from "./errors.ts";
import { BUF_SIZE, CHUNK_MAX } from "./internal/bytes.ts";
import { checkIo } from "./internal/check-io.ts";
import { describeRead, describeWrite } from "./internal/describe.ts";
import { isChunked } from "./reader.ts";
import { pollChunk } from "./writer.ts";
import type { AsyncBufRead, AsyncRead, AsyncWrite } from "./traits.ts";

/**
 * One direction of a copy.
 *
 * One array is being written, `out`, and while that has to wait, one more is read, `ahead`. A source that gives its
 * arrays away makes that two arrays of its own; else there are two buffers here, used in turn.
 */
class Transfer {
  readonly #reader: AsyncRead;
  readonly #writer: AsyncWrite;
  readonly #size: number;
  readonly #chunked: boolean;
  #buffer: Uint8Array | null = null;
  #other: Uint8Array | null = null;
  /** Stays the same object while the writer is pending on it. */
  #out: Uint8Array | null = null;
  #ahead: Uint8Array | null = null;
  #ended = false;
  #unflushed = false;
  #reading = true;
  total = 0;

  constructor(reader: AsyncRead, writer: AsyncWrite, size?: number) {
    this.#reader = checkIo("copy", reader, "pollRead");
    this.#writer = checkIo("copy", writer, "pollWrite");
    this.#chunked = isChunked(reader);
    this.#size = size ?? (this.#chunked ? CHUNK_MAX : BUF_SIZE);
    checkInteger("the buffer size", this.#size, 1, Number.MAX_SAFE_INTEGER);
  }

  poll(cx: Context): Poll<number> {
    for (;;) {
      if (!pollProceed(cx)) return PENDING;
      const out = this.#out;
      if (out === null) {
        if (this.#ended) return this.#writer.pollFlush(cx) === PENDING ? PENDING : this.total;
        this.#reading = true;
        const chunk = this.#pollSource(cx);
        if (chunk === PENDING) {
          // The other end may be waiting for what is held back before it sends more.
          if (this.#unflushed && this.#writer.pollFlush(cx) !== PENDING) this.#unflushed = false;
          return PENDING;
        }
        this.#out = chunk;
        continue;
      }
      this.#reading = false;
      const count = this.#chunked ? pollChunk(this.#writer, cx, out) : this.#writer.pollWrite(cx, out);
      if (count === PENDING) {
        if (this.#ahead !== null || this.#ended) return PENDING;
        const chunk = this.#pollSource(cx);
        if (chunk === PENDING) return PENDING;
        this.#ahead = chunk;
        return PENDING;
      }
      if (count === 0) throw writeZero();
      madeProgress();
      this.total += count;
      this.#unflushed = true;
      if (count < out.length) {
        this.#out = out.subarray(count);
      } else {
        this.#out = this.#ahead;
        this.#ahead = null;
      }
    }
  }

  drop(): void {
    this.#reader.dropRead?.();
  }

  describe(): string {
    return this.#reading ? describeRead(this.#reader) : describeWrite(this.#writer);
  }

  /** The next bytes; null when there are none, and `#ended` tells whether there will be. */
  #pollSource(cx: Context): Poll<Uint8Array | null> {
    const chunk = this.#chunked ? this.#reader.pollReadChunk!(cx, this.#size) : this.#pollBuffer(cx);
    if (chunk === PENDING) return PENDING;
    if (chunk === undefined) this.#ended = true;
    else madeProgress();
    return chunk === undefined || chunk.length === 0 ? null : chunk;
  }

  #pollBuffer(cx: Context): Poll<Uint8Array | undefined> {
    const buffer = (this.#buffer ??= new Uint8Array(this.#size));
    const count = this.#reader.pollRead(cx, buffer);
    if (count === PENDING) return PENDING;
    checkInteger("what pollRead gives", count, 0, buffer.length);
    if (count === 0) return undefined;
    // Its bytes are on their way now; the next read goes to the other one, which is free again by then.
    this.#buffer = this.#other;
    this.#other = buffer;
    return count === buffer.length ? buffer : buffer.subarray(0, count);
  }
}

class Copy extends Future<number> {
  readonly #transfer: Transfer;
  constructor(reader: AsyncRead, writer: AsyncWrite) {
    super();
    this.#transfer = new Transfer(reader, writer);
  }
  override poll(cx: Context): Poll<number> {
    return this.#transfer.poll(cx);
  }
  override drop(): void {
    this.#transfer.drop();
  }
  override describe(): string {
    return this.#transfer.describe();
  }
}

/**
 * Copies everything from `reader` to `writer`, flushes the writer, and gives the number of bytes. The writer is not
 * shut down.
 *
 * It reads on while the writer is busy, and flushes the writer when the reader has nothing, so that an answer that
 * depends on what was written can come. A source that gives its arrays away ({@link AsyncRead.pollReadChunk}) is not
 * copied from, and its arrays are passed on to the writer; for others there are two buffers of 8 KiB.
 *
 * Fairness: each read and each write costs one unit of the budget.
 * Cancel safety: what has been read and not been written is lost; see {@link copyBuf}.
 * @throws TypeError (`ERR_RT_INVALID_ARGUMENT`) at the call for a stream of another kind: wrap it, with
 * {@link fromNodeReadable} for one.
 * @throws what the reader or the writer throws; {@link IoError} of kind `WriteZero` when the writer takes no more.
 * @example
 * ```ts
 * const out = cursor();
 * const count = yield* copy(cursor("hello"), out);
 * count; // => 5
 * ```
 * @see Tokio `io::copy`
 * @public
 */
export function copy(reader: AsyncRead, writer: AsyncWrite): Future<number> {
  return new Copy(reader, writer);
}

class CopyBuf extends Future<number> {
  readonly #reader: AsyncBufRead;
  readonly #writer: AsyncWrite;
  #total = 0;
  #reading = true;
  constructor(reader: AsyncBufRead, writer: AsyncWrite) {
    super();
    this.#reader = checkIo("copyBuf", checkIo("copyBuf", reader, "pollRead"), "pollFillBuf");
    this.#writer = checkIo("copyBuf", writer, "pollWrite");
  }
  override poll(cx: Context): Poll<number> {
    for (;;) {
      if (!pollProceed(cx)) return PENDING;
      const bytes = this.#reader.pollFillBuf(cx);
      this.#reading = bytes === PENDING;
      if (bytes === PENDING) return PENDING;
      if (bytes.length === 0) return this.#writer.pollFlush(cx) === PENDING ? PENDING : this.#total;
      const count = this.#writer.pollWrite(cx, bytes);
      if (count === PENDING) return PENDING;
      if (count === 0) throw writeZero();
      madeProgress();
      this.#reader.consume(count);
      this.#total += count;
    }
  }
  override drop(): void {
    this.#reader.dropRead?.();
  }
  override describe(): string {
    return this.#reading ? describeRead(this.#reader) : describeWrite(this.#writer);
  }
}

/**
 * As {@link copy}, from the reader's own buffer, and without reading on while the writer is busy.
 *
 * Cancel safety: giving up loses nothing; what was not written is still in the reader. (On a writer that borrows, see
 * {@link AsyncWrite.pollWrite}: copy on to the same one.)
 * @see Tokio `io::copy_buf`
 * @public
 */
export function copyBuf(reader: AsyncBufRead, writer: AsyncWrite): Future<number> {
  return new CopyBuf(reader, writer);
}

/** A copy, then a shutdown of where it goes to. */
class OneWay {
  readonly transfer: Transfer;
  readonly #to: AsyncWrite;
  #copied = false;
  done = false;
  constructor(from: AsyncRead, to: AsyncWrite, size?: number) {
    this.transfer = new Transfer(from, to, size);
    this.#to = to;
  }
  poll(cx: Context): void {
    if (this.done) return;
    if (!this.#copied) {
      if (this.transfer.poll(cx) === PENDING) return;
      this.#copied = true;
    }
    if (this.#to.pollShutdown(cx) !== PENDING) this.done = true;
  }
}

class CopyBidirectional extends Future<[aToB: number, bToA: number]> {
  readonly #there: OneWay;
  readonly #back: OneWay;
  constructor(a: AsyncRead & AsyncWrite, b: AsyncRead & AsyncWrite, aToB?: number, bToA?: number) {
    super();
    for (const side of [a, b]) checkIo("copyBidirectional", side, "pollRead", "pollWrite");
    this.#there = new OneWay(a, b, aToB);
    this.#back = new OneWay(b, a, bToA);
  }
  override poll(cx: Context): Poll<[number, number]> {
    this.#there.poll(cx);
    this.#back.poll(cx);
    if (!this.#there.done || !this.#back.done) return PENDING;
    return [this.#there.transfer.total, this.#back.transfer.total];
  }
  override drop(): void {
    this.#there.transfer.drop();
    this.#back.transfer.drop();
  }
  override describe(): string {
    return (this.#there.done ? this.#back : this.#there).transfer.describe();
  }
}

/**
 * Copies in both directions at once. When one side ends, the other is shut down once it has got everything, and the
 * copy in the other direction goes on. Gives how many bytes went from `a` to `b`, and from `b` to `a`.
 *
 * Fairness: neither direction waits for the other. Each read and each write costs one unit of the budget.
 * Cancel safety: what has been read and not been written is lost.
 * @throws the first error of either side, at once.
 * @example
 * ```ts
 * import { spawn } from "@rt/core";
 * const [client, a] = duplex(64);
 * const [b, server] = duplex(64);
 * spawn(copyBidirectional(a, b));
 * yield* client.writeAll("ping");
 * yield* client.shutdown();
 * const asked = yield* server.readToString();
 * asked; // => "ping"
 * ```
 * @see Tokio `io::copy_bidirectional`
 * @public
 */
export function copyBidirectional(
  a: AsyncRead & AsyncWrite,
  b: AsyncRead & AsyncWrite,
): Future<[aToB: number, bToA: number]> {
  return new CopyBidirectional(a, b);
}

/**
 * As {@link copyBidirectional}, with the size of the buffer of each direction, in bytes. For a source that gives its
 * arrays away it is the most that is taken at a time.
 * @see Tokio `io::copy_bidirectional_with_sizes`
 * @public
 */
export function copyBidirectionalWithSizes(
  a: AsyncRead & AsyncWrite,
  b: AsyncRead & AsyncWrite,
  aToBSize: number,
  bToASize: number,
): Future<[aToB: number, bToA: number]> {
  return new CopyBidirectional(a, b, aToBSize, bToASize);
}
