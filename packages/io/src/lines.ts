/**
 * Lines of text, and segments of bytes.
 *
 * Decoding line by line would cost a call of the decoder for each, so a block of whole lines is decoded at once and
 * cut as text. The bytes stay in the reader's window until their line is handed out: the reader can be used in
 * between, and `Lines` notices.
 */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import {
  currentContext,
  FINISHED,
  iterate,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
} from "@rt/core/driver";
import type { BufRead, UntilOptions } from "./buf-read.ts";
import { LimitError } from "./errors.ts";
import { Search, takeUntil } from "./internal/buf-ops.ts";
import { decode, findByte, NEAR } from "./internal/bytes.ts";
import { describeRead } from "./internal/describe.ts";

/** Compared with on each poll: an imported binding is compared slowly. */
const pending: typeof PENDING = PENDING;
const LF = 0x0a;
const CR = 0x0d;
/** How many bytes are decoded together: few at first, as the caller may want one line only; then twice as many. */
const FIRST_BLOCK = 512;
const LARGEST_BLOCK: number = 64 * 1024;
/** More than the length of any string, and a small integer in every engine: comparing with `Infinity` costs 4 ns. */
const LONGEST = 0x3fffffff;

/** @public */
export interface LinesOptions extends UntilOptions {}

/**
 * Gives the lines of a reader one by one, without `\n` or `\r\n`. A last line without `\n` is a line.
 *
 * Made by {@link BufRead.lines} and {@link Reader.lines}. An async iterable; leaving the loop loses nothing.
 *
 * A line is a part of the text it was cut from, of up to 64 KiB, and keeps all of that in memory: who keeps a few lines
 * of a long input for long may want to copy them, or to ask for them with {@link BufRead.readLine}.
 * @example
 * ```ts
 * const found: string[] = [];
 * for await (const line of cursor("a\r\nb\n\nc").lines()) found.push(line);
 * found; // => ["a", "b", "", "c"]
 * ```
 * @see Tokio `io::Lines`
 * @public
 */
export class Lines implements AsyncIterable<string> {
  /** @internal */
  readonly _reader: BufRead;
  readonly #search: Search;
  readonly #limit: number;
  /** The limit of what is compared with it for each line. */
  readonly #most: number;
  /** A block of whole lines, and where the next of them begins. */
  #text = "";
  #at = 0;
  /** Every byte of it is a character, so that lengths are the same. A number, as those are compared faster. */
  #ascii = 0;
  /** Where the bytes of the next line are in the window. */
  #from = 0;
  #era = -1;
  #size: number = FIRST_BLOCK;

  /** @internal */
  constructor(reader: BufRead, limit: number) {
    this._reader = reader;
    this.#limit = limit;
    this.#most = Math.min(limit, LONGEST);
    this.#search = new Search(LF, limit);
  }

  /**
   * The next line; `undefined` at the end.
   *
   * Cancel safety: giving up loses nothing.
   * @throws {@link IoError} of kind `InvalidData` when the line is not valid UTF-8; the next call goes on behind it.
   * @throws {@link LimitError} when it is longer than the limit; it stays in the reader.
   * @see Tokio `Lines::next_line`
   */
  nextLine(): Future<string | undefined> {
    return new NextLine(this);
  }

  /** One step of {@link Lines.nextLine}. Charges no budget. @see Tokio `Lines::poll_next_line` */
  pollNextLine(cx: Context): Poll<string | undefined> {
    return this._isDecoded() ? this._cut() : this.#pollBlock(cx);
  }

  /** The reader, which goes on behind the last line given. @see Tokio `Lines::get_ref`, `get_mut`, `into_inner` */
  getRef(): BufRead {
    return this._reader;
  }

  [Symbol.asyncIterator](): AsyncGenerator<string, undefined, undefined> {
    return iterate(this, nextLine, { now: decodedLine });
  }

  /** @internal */
  _isDecoded(): boolean {
    const reader = this._reader;
    return this.#at < this.#text.length && reader._from === this.#from && reader._era === this.#era;
  }

  /** The next line of the block, in which there is one. @internal */
  _cut(): string {
    const text = this.#text;
    const at = this.#at;
    const end = text.indexOf("\n", at);
    const reader = this._reader;
    const from = this.#from;
    // A character is at least a byte, so the search begins near the end.
    const stop =
      this.#ascii === 1 ? from + end - at : findByte(reader._bytes, LF, from + end - at, reader._to, NEAR);
    if (stop - from > this.#most) throw new LimitError(this.#limit);
    reader._from = stop + 1;
    this.#from = stop + 1;
    this.#at = end + 1;
    return text.slice(at, end > at && text.charCodeAt(end - 1) === CR ? end - 1 : end);
  }

  #pollBlock(cx: Context): Poll<string | undefined> {
    const reader = this._reader;
    // Somebody reads in between, so most of a large block is decoded for nothing.
    if (this.#at < this.#text.length) this.#size = FIRST_BLOCK;
    this.#text = "";
    const found = this.#search.poll(cx, reader);
    if (found === pending) return pending;
    const from = reader._from;
    if (found === 0) {
      if (reader._unread() === 0) return undefined;
      reader._from = reader._to;
      return decode(reader._bytes, from, reader._to);
    }
    const stop = Math.min(reader._to, from + this.#size);
    // Of those that lie in the block, the last; the first in any case.
    const end = Math.max(from + found - 1, reader._bytes.lastIndexOf(LF, stop - 1));
    let text: string;
    try {
      text = decode(reader._bytes, from, end + 1);
    } catch {
      this.#size = FIRST_BLOCK;
      // One of the lines is bad. If it is not the first, this one is still good.
      reader._from = from + found;
      const line = decode(reader._bytes, from, from + found - 1);
      return line.endsWith("\r") ? line.slice(0, -1) : line;
    }
    this.#size = Math.min(this.#size * 2, LARGEST_BLOCK);
    this.#ascii = text.length === end + 1 - from ? 1 : 0;
    this.#text = text;
    this.#at = 0;
    this.#from = from;
    this.#era = reader._era;
    return this._cut();
  }
}

// Two functions for all iterations: a closure for each would cost 2 ns for each line.
function nextLine(lines: Lines): Future<string | undefined> {
  return lines.nextLine();
}

/** The next line, if it is decoded already. */
function decodedLine(lines: Lines): string | undefined {
  return lines._isDecoded() ? lines._cut() : undefined;
}

class NextLine extends Future<string | undefined> {
  declare readonly _lines: Lines;
  constructor(lines: Lines) {
    super();
    this._lines = lines;
  }
  override poll(cx: Context): Poll<string | undefined> {
    if (!pollProceed(cx)) return pending;
    const line = this._lines.pollNextLine(cx);
    if (line !== pending) madeProgress();
    return line;
  }
  override next(): IteratorResult<Future<unknown>, string | undefined> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const lines = this._lines;
    if (lines._isDecoded() && pollProceed(cx)) {
      const value = lines._cut();
      madeProgress();
      return { done: true, value };
    }
    const value = this.poll(cx);
    if (value !== pending) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }
  override drop(): void {
    this._lines._reader.dropRead();
  }
  override describe(): string {
    return `a line${describeRead(this._lines._reader).slice(4)}`;
  }
}

/**
 * Gives the segments of a reader between delimiters. Made by {@link BufRead.split}; an async iterable.
 * @example
 * ```ts
 * const parts = cursor("a,b,").split(0x2c);
 * const first = yield* parts.nextSegment();
 * first; // => new TextEncoder().encode("a")
 * ```
 * @see Tokio `io::Split`
 * @public
 */
export class Split implements AsyncIterable<Uint8Array> {
  readonly #reader: BufRead;
  readonly #search: Search;

  /** @internal */
  constructor(reader: BufRead, byte: number, limit: number) {
    this.#reader = reader;
    this.#search = new Search(byte, limit);
  }

  /**
   * The next segment without its delimiter; `undefined` at the end. A delimiter at the very end makes no empty one.
   *
   * Cancel safety: giving up loses nothing.
   * @throws {@link LimitError} when it is longer than the limit; it stays in the reader.
   * @see Tokio `Split::next_segment`
   */
  nextSegment(): Future<Uint8Array | undefined> {
    return new NextSegment(this);
  }

  /** One step of {@link Split.nextSegment}. Charges no budget. @see Tokio `Split::poll_next_segment` */
  pollNextSegment(cx: Context): Poll<Uint8Array | undefined> {
    const io = this.#reader;
    const found = this.#search.poll(cx, io);
    if (found === pending) return pending;
    if (found === 0 && io._unread() === 0) return undefined;
    return takeUntil(io, found, 1);
  }

  /** The reader, which goes on behind the last segment given. */
  getRef(): BufRead {
    return this.#reader;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined, undefined> {
    return iterate(this, (split) => split.nextSegment(), { now: (split) => split._buffered() });
  }

  /** The next segment, if all of it is in the buffer. @internal */
  _buffered(): Uint8Array | undefined {
    const io = this.#reader;
    const { _byte, _limit } = this.#search;
    const length = findByte(io._bytes, _byte, io._from, io._to, io._reach) - io._from;
    return length >= 0 && length <= _limit ? takeUntil(io, length + 1, 1) : undefined;
  }
}

class NextSegment extends Future<Uint8Array | undefined> {
  declare readonly _split: Split;
  constructor(split: Split) {
    super();
    this._split = split;
  }
  override poll(cx: Context): Poll<Uint8Array | undefined> {
    if (!pollProceed(cx)) return pending;
    const segment = this._split.pollNextSegment(cx);
    if (segment !== pending) madeProgress();
    return segment;
  }
  override next(): IteratorResult<Future<unknown>, Uint8Array | undefined> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== pending) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }
  override drop(): void {
    this._split.getRef().dropRead();
  }
  override describe(): string {
    return describeRead(this._split.getRef());
  }
}
