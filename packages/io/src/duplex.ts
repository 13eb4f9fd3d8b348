/** Streams in memory, for tests and between tasks. */
import { PENDING, UsageError, type Context, type Poll, type Waker } from "@rt/core";
import { checkInteger, closedProperly, wakeSafely, watchForgotten } from "@rt/core/driver";
import { brokenPipe } from "./errors.ts";
import { copyBytes } from "./internal/bytes.ts";
import { ReadWriter } from "./read-writer.ts";

/** A ring is made this large at first, unless its limit is less. */
const FIRST_RING = 1024;

/**
 * A bounded queue of bytes.
 *
 * Invariants:
 *  1. `length <= max`; the bytes are `ring[head..]`, wrapped around, `length` of them.
 *  2. A waker is in its slot only while its side is pending on the queue as it is.
 */
class Pipe {
  readonly max: number;
  ring: Uint8Array = new Uint8Array(0);
  head = 0;
  length = 0;
  /** No more bytes will come. */
  ended = false;
  /** Nobody will read. */
  abandoned = false;
  reader: Waker | null = null;
  writer: Waker | null = null;

  constructor(max: number) {
    this.max = max;
  }

  pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    if (buf.length === 0) return 0;
    if (this.length === 0) return this.pollEmpty(cx, 0);
    const count = Math.min(buf.length, this.length);
    this.take(buf, count);
    return count;
  }

  pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    if (this.length === 0) return this.pollEmpty(cx, undefined);
    const chunk = new Uint8Array(Math.min(max, this.length));
    this.take(chunk, chunk.length);
    return chunk;
  }

  private pollEmpty<E>(cx: Context, end: E): Poll<E> {
    if (this.ended) return end;
    this.reader = cx.waker;
    return PENDING;
  }

  private take(to: Uint8Array, count: number): void {
    const { ring, head } = this;
    const straight = Math.min(count, ring.length - head);
    copyBytes(ring, head, to, 0, straight);
    if (straight < count) copyBytes(ring, 0, to, straight, count - straight);
    this.length -= count;
    this.head = this.length === 0 ? 0 : (head + count) % ring.length;
    this.wakeWriter();
  }

  pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    if (this.ended || this.abandoned)
      throw brokenPipe(this.ended ? "this end was shut down" : "the other end is gone");
    if (buf.length === 0) return 0;
    const count = Math.min(buf.length, this.max - this.length);
    if (count === 0) {
      this.writer = cx.waker;
      return PENDING;
    }
    this.put(buf, count);
    this.wakeReader();
    return count;
  }

  pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    let total = 0;
    for (const buf of bufs) {
      if (buf.length === 0) continue;
      const count = total > 0 && this.length === this.max ? PENDING : this.pollWrite(cx, buf);
      if (count === PENDING) return total === 0 ? PENDING : total;
      total += count;
      if (count < buf.length) break;
    }
    return total === 0 ? this.pollWrite(cx, new Uint8Array(0)) : total;
  }

  private put(from: Uint8Array, count: number): void {
    if (this.length + count > this.ring.length) this.grow(this.length + count);
    const { ring } = this;
    const tail = (this.head + this.length) % ring.length;
    const straight = Math.min(count, ring.length - tail);
    copyBytes(from, 0, ring, tail, straight);
    if (straight < count) copyBytes(from, straight, ring, 0, count - straight);
    this.length += count;
  }

  private grow(least: number): void {
    const { ring, head, length, max } = this;
    const bytes = new Uint8Array(Math.min(max, Math.max(FIRST_RING, least, 2 * ring.length)));
    const straight = Math.min(length, ring.length - head);
    copyBytes(ring, head, bytes, 0, straight);
    copyBytes(ring, 0, bytes, straight, length - straight);
    this.ring = bytes;
    this.head = 0;
  }

  end(): void {
    this.ended = true;
    this.wakeReader();
    this.wakeWriter();
  }

  /** The reader is gone: what is queued goes, too. */
  abandon(): void {
    this.abandoned = true;
    this.length = 0;
    this.head = 0;
    this.ring = new Uint8Array(0);
    this.wakeReader();
    this.wakeWriter();
  }

  private wakeReader(): void {
    const waker = this.reader;
    if (waker === null) return;
    this.reader = null;
    wakeSafely(waker);
  }

  private wakeWriter(): void {
    const waker = this.writer;
    if (waker === null) return;
    this.writer = null;
    wakeSafely(waker);
  }
}

/** What the ends of a duplex and a simplex stream share: a queue to read from and one to write to. */
abstract class PipeStream extends ReadWriter implements Disposable {
  readonly #in: Pipe;
  readonly #out: Pipe;
  #closed = false;

  constructor(from: Pipe, to: Pipe, what: string, above: unknown) {
    super();
    this.#in = from;
    this.#out = to;
    watchForgotten(this, what, () => close(from, to), above);
  }

  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    this.#check();
    return this.#in.pollRead(cx, buf);
  }
  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    this.#check();
    return this.#in.pollReadChunk(cx, max);
  }
  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    this.#check();
    return this.#out.pollWrite(cx, buf);
  }
  override isWriteVectored(): boolean {
    return true;
  }
  override pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    this.#check();
    return this.#out.pollWriteVectored(cx, bufs);
  }
  override pollFlush(): Poll<void> {
    this.#check();
  }
  override pollShutdown(): Poll<void> {
    this.#check();
    this.#out.end();
  }

  /** Closes both directions: the other end reads what is left and then the end, and its writes fail. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closedProperly(this);
    close(this.#in, this.#out);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #check(): void {
    if (this.#closed)
      throw new UsageError(
        "ERR_RT_DISPOSED",
        `Cannot use a ${this.constructor.name} that was closed; make a new one`,
      );
  }
}

function close(from: Pipe, to: Pipe): void {
  from.abandon();
  to.end();
}

/**
 * One end of a bidirectional stream in memory, see {@link duplex}.
 * @see Tokio `io::DuplexStream`
 * @public
 */
export class DuplexStream extends PipeStream {
  /** @internal */
  constructor(from: Pipe, to: Pipe) {
    super(from, to, "a DuplexStream", duplex);
  }
}

/**
 * Two ends of a stream in memory: what is written to one is read from the other.
 *
 * In each direction `maxBytes` are held, then writing waits. Closing an end lets the other read the rest, then the
 * end; its writes fail with `BrokenPipe`, those that wait as well.
 *
 * Fairness: one task reads from an end at a time, and one writes to it.
 * Cancel safety: giving up a read or a write loses nothing.
 *
 * @param maxBytes - at least 1.
 * @example
 * ```ts
 * const [client, server] = duplex(64);
 * yield* client.writeAll("ping");
 * const asked = yield* server.readExact(4);
 * new TextDecoder().decode(asked); // => "ping"
 * ```
 * @see Tokio `io::duplex`
 * @public
 */
export function duplex(maxBytes: number): [DuplexStream, DuplexStream] {
  checkInteger("maxBytes", maxBytes, 1, Number.MAX_SAFE_INTEGER);
  const [a, b] = [new Pipe(maxBytes), new Pipe(maxBytes)];
  return [new DuplexStream(a, b), new DuplexStream(b, a)];
}

/**
 * A stream that gives back what is written to it, see {@link simplex}.
 * @see Tokio `io::SimplexStream`
 * @public
 */
export class SimplexStream extends PipeStream {
  /** @internal */
  constructor(pipe: Pipe) {
    super(pipe, pipe, "a SimplexStream", SimplexStream.newUnsplit);
  }

  /** One object for both ends. @see Tokio `SimplexStream::new_unsplit` */
  static newUnsplit(maxBytes: number): SimplexStream {
    checkInteger("maxBytes", maxBytes, 1, Number.MAX_SAFE_INTEGER);
    return new SimplexStream(new Pipe(maxBytes));
  }
}
