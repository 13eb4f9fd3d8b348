/** A buffer behind which many small writes become few large ones. */
import { PENDING, type Context, type Poll } from "@rt/core";
import { checkInteger } from "@rt/core/driver";
import { BufReader } from "./buf-reader.ts";
import { writeZero } from "./errors.ts";
import { BUF_SIZE, EMPTY } from "./internal/bytes.ts";
import { checkIo } from "./internal/check-io.ts";
import { dispose } from "./internal/dispose.ts";
import { mixin } from "./internal/mixin.ts";
import { seekable } from "./internal/seek-buffered.ts";
import { offsetOf, Seeker } from "./seeker.ts";
import type { AsyncRead, AsyncWrite, SeekFrom } from "./traits.ts";
import { pollChunk, Writer } from "./writer.ts";

// oxlint-disable-next-line typescript/no-unsafe-declaration-merging, no-unused-vars
export interface BufWriter<W extends AsyncWrite> extends Seeker {}

/**
 * Collects what is written, and passes it on when the buffer is full or flushed. Writes at least as large as the
 * buffer go past it.
 *
 * Call {@link Writer.flush} or {@link Writer.shutdown} at the end: what is in the buffer is not written otherwise. It
 * can seek where its writer can; that writes the buffer first.
 *
 * Cancel safety: giving up any write or flush loses nothing.
 * @example
 * ```ts
 * const file = cursor();
 * const out = new BufWriter(file);
 * yield* out.writeAll("a");
 * yield* out.writeAll("b");
 * const before = file.getRef().length; // => 0
 * yield* out.flush();
 * file.getRef().length; // => 2
 * ```
 * @see Tokio `io::BufWriter`
 * @public
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export class BufWriter<W extends AsyncWrite> extends Writer implements Disposable {
  readonly #inner: W;
  readonly #capacity: number;
  /** Made when first needed: an idle one costs little. */
  #bytes: Uint8Array = EMPTY;
  /** What is to be written is `#bytes[#from..#to)`. */
  #from = 0;
  #to = 0;
  /** What the inner writer is pending on: it must see the same array again. */
  #asked: Uint8Array | null = null;
  #seek: SeekFrom | null = null;

  /** @param capacity - in bytes, at least 1. */
  constructor(inner: W, capacity: number = BUF_SIZE) {
    super();
    checkInteger("capacity", capacity, 1, Number.MAX_SAFE_INTEGER);
    this.#inner = checkIo("BufWriter", inner, "pollWrite");
    this.#capacity = capacity;
  }

  /** The writer behind the buffer. */
  getRef(): W {
    return this.#inner;
  }

  /** The writer behind the buffer; what is in the buffer is lost. */
  intoInner(): W {
    this.#from = 0;
    this.#to = 0;
    return this.#inner;
  }

  /** What is in the buffer: a view. */
  buffer(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  /** Disposes of the writer behind the buffer, where that can be disposed of; what is in the buffer is lost. */
  [Symbol.dispose](): void {
    dispose(this.#inner);
  }

  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#pollPut(cx, buf) ?? this.#inner.pollWrite(cx, buf);
  }

  override pollWriteChunk(cx: Context, chunk: Uint8Array): Poll<number> {
    return this.#pollPut(cx, chunk) ?? pollChunk(this.#inner, cx, chunk);
  }

  override isWriteVectored(): boolean {
    return true;
  }

  override pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    const total = bufs.reduce((sum, buf) => sum + buf.length, 0);
    const vectored = this.#inner.pollWriteVectored !== undefined && this.#inner.isWriteVectored?.() === true;
    if (vectored && total >= this.#capacity) {
      return this.#pollDrain(cx) === PENDING ? PENDING : this.#inner.pollWriteVectored!(cx, bufs);
    }
    let taken = 0;
    for (const buf of bufs) {
      if (buf.length === 0) continue;
      if (taken === 0) {
        const count = this.pollWrite(cx, buf);
        // A large one went straight to the inner writer, which may have taken a part.
        if (count === PENDING || count < buf.length || buf.length >= this.#capacity) return count;
        taken = count;
      } else if (this.#to + buf.length <= this.#capacity) {
        this.#put(buf);
        taken += buf.length;
      } else break;
    }
    return taken;
  }

  override pollFlush(cx: Context): Poll<void> {
    return this.#pollDrain(cx) === PENDING ? PENDING : this.#inner.pollFlush(cx);
  }

  override pollShutdown(cx: Context): Poll<void> {
    return this.#pollDrain(cx) === PENDING ? PENDING : this.#inner.pollShutdown(cx);
  }

  startSeek(position: SeekFrom): void {
    seekable(this.#inner);
    offsetOf(position);
    this.#seek = position;
  }

  pollComplete(cx: Context): Poll<number> {
    const inner = seekable(this.#inner);
    if (this.#seek !== null) {
      if (this.#pollDrain(cx) === PENDING || inner.pollComplete(cx) === PENDING) return PENDING;
      const position = this.#seek;
      this.#seek = null;
      inner.startSeek(position);
    }
    const at = inner.pollComplete(cx);
    return at === PENDING ? PENDING : at + this.#to - this.#from;
  }

  /** Puts `buf` in the buffer; null when it is to go past that, which is empty then. */
  #pollPut(cx: Context, buf: Uint8Array): Poll<number> | null {
    if (this.#to + buf.length > this.#capacity && this.#pollDrain(cx) === PENDING) return PENDING;
    if (buf.length >= this.#capacity) return null;
    this.#put(buf);
    return buf.length;
  }

  #put(buf: Uint8Array): void {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#capacity);
    this.#bytes.set(buf, this.#to);
    this.#to += buf.length;
  }

  #pollDrain(cx: Context): Poll<void> {
    while (this.#from < this.#to) {
      const asked = this.#asked ?? this.buffer();
      this.#asked = null; // a writer that throws has taken nothing
      const count = this.#inner.pollWrite(cx, asked);
      if (count === PENDING) {
        this.#asked = asked;
        return PENDING;
      }
      if (count === 0) throw writeZero();
      this.#from += count;
    }
    this.#from = 0;
    this.#to = 0;
  }
}
mixin(BufWriter, Seeker);

// oxlint-disable-next-line typescript/no-unsafe-declaration-merging, no-unused-vars
export interface BufStream<S extends AsyncRead & AsyncWrite> extends Writer {}

/**
 * A stream with a {@link BufReader} and a {@link BufWriter}.
 *
 * Seeking writes what is buffered and forgets what was read ahead. Between reading from and writing to something with
 * a position, seek.
 * @example
 * ```ts
 * const [a, b] = duplex(64);
 * const stream = new BufStream(a);
 * yield* b.writeAll("question\n");
 * const line = yield* stream.readLine(); // => "question\n"
 * yield* stream.writeAll("answer\n");
 * yield* stream.flush();
 * ```
 * @see Tokio `io::BufStream`
 * @public
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export class BufStream<S extends AsyncRead & AsyncWrite> extends BufReader<S> implements AsyncWrite {
  readonly #writer: BufWriter<S>;
  #seek: SeekFrom | null = null;

  /** The capacities are in bytes; those of {@link BufReader} and {@link BufWriter} by default. */
  constructor(stream: S, readCapacity?: number, writeCapacity?: number) {
    super(checkIo("BufStream", stream, "pollRead", "pollWrite"), readCapacity);
    this.#writer = new BufWriter(stream, writeCapacity);
  }

  pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#writer.pollWrite(cx, buf);
  }
  pollWriteChunk(cx: Context, chunk: Uint8Array): Poll<number> {
    return this.#writer.pollWriteChunk(cx, chunk);
  }
  isWriteVectored(): boolean {
    return true;
  }
  pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    return this.#writer.pollWriteVectored(cx, bufs);
  }
  pollFlush(cx: Context): Poll<void> {
    return this.#writer.pollFlush(cx);
  }
  pollShutdown(cx: Context): Poll<void> {
    return this.#writer.pollShutdown(cx);
  }
  override intoInner(): S {
    this.#writer.intoInner();
    return super.intoInner();
  }
  override startSeek(position: SeekFrom): void {
    seekable(this.getRef());
    offsetOf(position);
    this.#seek = position;
  }
  override pollComplete(cx: Context): Poll<number> {
    if (this.#seek === null) return super.pollComplete(cx);
    // Nothing is to be written in between: this writes what is buffered.
    if (this.#writer.pollFlush(cx) === PENDING) return PENDING;
    const position = this.#seek;
    this.#seek = null;
    super.startSeek(position);
    return super.pollComplete(cx);
  }
}
mixin(BufStream, Writer);
