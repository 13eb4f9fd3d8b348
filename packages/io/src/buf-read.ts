/**
 * Readers with a buffer: what has been fetched and not been read yet is their window.
 *
 * Invariants:
 *  1. The unread bytes are `_bytes[_from.._to)`. Reading moves `_from` only.
 *  2. `_era` changes whenever other bytes come to stand at some place of the window, so that who has looked ahead
 *     (`Lines`) knows that what it saw is still there.
 *  3. Operations that need several bytes together make the window longer until they are in it, and take them at the
 *     end: giving one up half-way takes nothing.
 */
import { PENDING, type Context, type Future, type Poll } from "@rt/core";
import { checkInteger, rangeError } from "@rt/core/driver";
import { unexpectedEof } from "./errors.ts";
import {
  BUF_SIZE,
  copyBytes,
  EMPTY,
  IN_HEAP_TO,
  NEAR,
  SMALL_PIECE,
  smallCopy,
  WASTE,
} from "./internal/bytes.ts";
import { FillBuf, ReadLine, ReadUntil } from "./internal/buf-ops.ts";
import { Lines, Split, type LinesOptions } from "./lines.ts";
import { Reader } from "./reader.ts";
import type { AsyncBufRead } from "./traits.ts";

/** Compared with on each poll: an imported binding is compared slowly. */
const pending: typeof PENDING = PENDING;

/** @public */
export interface UntilOptions {
  /** The most bytes before the delimiter. Without it there is no limit. */
  readonly limit?: number;
}

/**
 * A reader with a buffer, and every method that needs one. {@link BufReader} puts one around any reader; a source
 * that comes in arrays extends {@link ChunkReader}.
 *
 * Cancel safety: giving up any operation of it loses nothing, but `readExact`, `readToEnd` and `readToString`.
 * @see Tokio `io::AsyncBufReadExt`
 * @public
 */
export abstract class BufRead extends Reader implements AsyncBufRead {
  /** @internal */
  _bytes: Uint8Array = EMPTY;
  /** @internal */
  _from = 0;
  /** @internal */
  _to = 0;
  /** @internal */
  _era = 0;
  /** The array of the window is this reader's own, to be filled again; else it is the caller's with its bytes. @internal */
  _reused = false;
  /** How far it is worth looking for a delimiter before asking the platform: to where the last one was, or not at all. @internal */
  _reach: number = NEAR;

  /** Fetches bytes into the window, which is empty. Gives their number, 0 at the end. @internal */
  abstract _pollFill(cx: Context): Poll<number>;
  /** Fetches more bytes behind those in the window. Gives their number, 0 at the end. @internal */
  abstract _pollMore(cx: Context): Poll<number>;

  /** One step of {@link BufRead.fillBuf}. */
  pollFillBuf(cx: Context): Poll<Uint8Array> {
    if (this._from >= this._to) {
      const count = this._pollFill(cx);
      if (count === pending) return pending;
      if (count === 0) return EMPTY;
    }
    return this._bytes.subarray(this._from, this._to);
  }

  /** Takes `count` of the bytes that {@link BufRead.fillBuf} has shown. @see Tokio `AsyncBufReadExt::consume` */
  consume(count: number): void {
    if (count > this._unread())
      throw rangeError(`Cannot consume ${count} bytes: ${this._unread()} are there`);
    checkInteger("count", count, 0, Number.MAX_SAFE_INTEGER);
    this._from += count;
  }

  /** The bytes that are in the buffer now: a view. */
  buffer(): Uint8Array {
    return this._unread() === 0 ? EMPTY : this._bytes.subarray(this._from, this._to);
  }

  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    if (buf.length === 0) return 0;
    if (this._from >= this._to) {
      const fetched = this._pollFill(cx);
      if (fetched === pending || fetched === 0) return fetched;
    }
    const count = Math.min(buf.length, this._to - this._from);
    copyBytes(this._bytes, this._from, buf, 0, count);
    this._from += count;
    return count;
  }

  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    if (this._from >= this._to) {
      const fetched = this._pollFill(cx);
      if (fetched === pending) return pending;
      if (fetched === 0) return undefined;
    }
    const start = this._from;
    const end = Math.min(this._to, start + max);
    this._from = end;
    if (!this._reused && end - start === this._bytes.length) {
      const whole = this._bytes;
      this._forget();
      return whole;
    }
    return this._reused ? smallCopy(this._bytes, start, end) : this._bytes.subarray(start, end);
  }

  /**
   * Shows the bytes that are there, fetching some if there are none; empty at the end. Take them with
   * {@link BufRead.consume}; until then the next call shows them again.
   *
   * Cancel safety: giving up loses nothing.
   * @see Tokio `AsyncBufReadExt::fill_buf`
   */
  fillBuf(): Future<Uint8Array> {
    return new FillBuf(this);
  }

  /**
   * Reads up to and including the next `byte`; at the end what is left, which is empty at last.
   *
   * Cancel safety: giving up loses nothing; neither does an error of the source or of the limit.
   * @throws {@link LimitError} when there is no delimiter within `limit` bytes.
   * @see Tokio `AsyncBufReadExt::read_until`, which appends to a vector
   */
  readUntil(byte: number, options?: UntilOptions): Future<Uint8Array> {
    checkInteger("byte", byte, 0, 255);
    return new ReadUntil(this, byte, limitOf(options));
  }

  /**
   * Reads a line of UTF-8 including its `\n`; at the end what is left, which is `""` at last.
   *
   * Cancel safety: as {@link BufRead.readUntil}.
   * @throws {@link IoError} of kind `InvalidData` when it is not valid UTF-8; the line has been read over then.
   * @see Tokio `AsyncBufReadExt::read_line`, which appends to a string
   */
  readLine(options?: UntilOptions): Future<string> {
    return new ReadLine(this, limitOf(options));
  }

  /**
   * The lines, without `\n` or `\r\n`. Reading on from this reader goes on behind the last line that was given.
   * @example
   * ```ts
   * const input = cursor("GET /\r\n\r\nbody");
   * const lines = input.lines();
   * const head: string[] = [];
   * for (let line = yield* lines.nextLine(); line; line = yield* lines.nextLine()) head.push(line);
   * const body = yield* input.readToString();
   * [head, body]; // => [["GET /"], "body"]
   * ```
   * @see Tokio `AsyncBufReadExt::lines`
   */
  override lines(options?: LinesOptions): Lines {
    return new Lines(this, limitOf(options));
  }

  /** The pieces between the delimiters, without them. @see Tokio `AsyncBufReadExt::split` */
  split(byte: number, options?: UntilOptions): Split {
    checkInteger("byte", byte, 0, 255);
    return new Split(this, byte, limitOf(options));
  }

  /** @internal */
  _unread(): number {
    return Math.max(0, this._to - this._from);
  }

  /** Makes `chunk`, which belongs to this reader, the whole window. @internal */
  _show(chunk: Uint8Array): number {
    this._bytes = chunk;
    this._from = 0;
    this._to = chunk.length;
    this._reused = false;
    this._era += 1;
    return chunk.length;
  }

  /** Lets go of the array of the window, which is empty: an idle reader holds none. @internal */
  _forget(): void {
    this._bytes = EMPTY;
    this._from = 0;
    this._to = 0;
    this._era += 1;
  }

  /**
   * Makes room for `count` more bytes behind the window, in an array of this reader's own, which has `least` bytes where
   * those will do: one that has grown for a long line is not kept for a short one.
   * @internal
   */
  _reserve(count: number, least: number = BUF_SIZE): void {
    const unread = this._unread();
    const { length } = this._bytes;
    const isOurs = this._reused && (length <= least || length <= WASTE * (unread + count));
    if (isOurs && length - this._to >= count) return;
    if (isOurs && length - unread >= count && unread <= this._from) {
      this._era += 1;
      copyBytes(this._bytes, this._from, this._bytes, 0, unread);
      this._from = 0;
      this._to = unread;
    }
    // Twice as much each time, so that a line costs as many copies as it is long.
    else this._move(Math.max(least, 2 * unread, unread + count));
  }

  /** Moves the window to an array of `size` bytes of this reader's own. @internal */
  _move(size: number): void {
    const unread = this._unread();
    const bytes = new Uint8Array(size);
    copyBytes(this._bytes, this._from, bytes, 0, unread);
    this._bytes = bytes;
    this._reused = true;
    this._era += 1;
    this._from = 0;
    this._to = unread;
  }

  /** More is awaited, maybe for long: a few bytes should not keep a large array meanwhile. @internal */
  _settle(): void {
    const unread = this._unread();
    const bytes = this._bytes;
    if (unread >= SMALL_PIECE || (this._reused && bytes.length <= BUF_SIZE)) return;
    // So short an array may be in V8's heap, which asking for its buffer would move out of there.
    if (bytes.length <= IN_HEAP_TO || bytes.buffer.byteLength > WASTE * unread) this._move(unread);
  }

  /** Puts bytes behind those in the window. @internal */
  _append(bytes: Uint8Array): number {
    this._reserve(bytes.length);
    this._bytes.set(bytes, this._to);
    this._to += bytes.length;
    return bytes.length;
  }

  /** Puts bytes in front of those in the window: they were taken too early. @internal */
  _putBack(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const rest = this.buffer();
    const all = new Uint8Array(bytes.length + rest.length);
    all.set(bytes);
    all.set(rest, bytes.length);
    this._show(all);
  }

  /** Makes the window hold `count` bytes. Gives how many it has, fewer only at the end. @internal */
  _pollAtLeast(cx: Context, count: number): Poll<number> {
    while (this._unread() < count) {
      const fetched = this._from >= this._to ? this._pollFill(cx) : this._pollMore(cx);
      if (fetched === pending) return pending;
      if (fetched === 0) break;
    }
    return this._unread();
  }

  /** @internal */
  override _pollPeek(cx: Context, into: Uint8Array, size: number): Poll<boolean> {
    if (this._to - this._from < size) {
      const there = this._pollAtLeast(cx, size);
      if (there === pending) return pending;
      if (there < size) throw unexpectedEof(size, there);
    }
    copyBytes(this._bytes, this._from, into, 0, size);
    this._from += size;
    return true;
  }
}

function limitOf(options?: UntilOptions): number {
  const limit = options?.limit ?? Infinity;
  if (limit !== Infinity) checkInteger("limit", limit, 0, Number.MAX_SAFE_INTEGER);
  return limit;
}

/**
 * A reader over a source that comes in arrays: extend it and implement {@link ChunkReader.pollNextChunk}.
 * @example
 * ```ts
 * import type { Poll } from "@rt/core";
 * class Words extends ChunkReader {
 *   readonly #words = ["to ", "be"];
 *   pollNextChunk(): Poll<Uint8Array | undefined> {
 *     const word = this.#words.shift();
 *     return word === undefined ? undefined : new TextEncoder().encode(word);
 *   }
 * }
 * const text = yield* new Words().readToString();
 * text; // => "to be"
 * ```
 * @public
 */
export abstract class ChunkReader extends BufRead {
  /** Gives the next array, which belongs to this reader from then on; `undefined` at the end. Empty ones are skipped. */
  abstract pollNextChunk(cx: Context): Poll<Uint8Array | undefined>;

  /** @internal */
  #next(cx: Context): Poll<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.pollNextChunk(cx);
      if (chunk === pending || chunk === undefined || chunk.length > 0) return chunk;
    }
  }

  /** @internal */
  override _pollFill(cx: Context): Poll<number> {
    this._forget();
    const chunk = this.#next(cx);
    if (chunk === pending) return pending;
    return chunk === undefined ? 0 : this._show(chunk);
  }

  /** @internal */
  override _pollMore(cx: Context): Poll<number> {
    const chunk = this.#next(cx);
    if (chunk === pending) {
      this._settle();
      return pending;
    }
    return chunk === undefined ? 0 : this._append(chunk);
  }
}
