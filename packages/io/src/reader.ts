/** Everything one can do with a reader, over the one primitive that each has. */
import { PENDING, type Context, type Future, type Poll } from "@rt/core";
import { checkInteger, isBytes, iterate, show, typeError } from "@rt/core/driver";
import type { BufReader } from "./buf-reader.ts";
import type { Chain } from "./chain.ts";
import { borrowScratch, CHUNK_MAX, returnScratch, smallCopy } from "./internal/bytes.ts";
import { checkIo } from "./internal/check-io.ts";
import { dispose } from "./internal/dispose.ts";
import {
  Read,
  ReadChunk,
  ReadExact,
  ReadIntoBuf,
  ReadNumber,
  ReadToEnd,
  ReadToString,
} from "./internal/read-ops.ts";
import { wrap } from "./internal/wrappers.ts";
import type { Lines, LinesOptions } from "./lines.ts";
import { NUMBERS, type NumberReads } from "./numbers.ts";
import type { ReadBuf } from "./read-buf.ts";
import type { Take } from "./take.ts";
import type { AsyncRead } from "./traits.ts";

// The methods for numbers are made of a table below.
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface Reader extends NumberReads {}

/**
 * A reader with every method for reading. A reader of one's own extends it and implements `pollRead`.
 *
 * It is an async iterable of its chunks; leaving a loop early leaves the rest in it.
 *
 * Fairness: each completed read costs one unit of the budget, so a task that loops over a reader which is always
 * ready gives way like any other. One task reads at a time.
 * Cancel safety: giving up `read`, `readChunk`, `readBuf` and reads of one byte loses nothing. The others may have taken
 * bytes before, which are lost then, unless the reader is a {@link BufRead}.
 *
 * @example A reader of one's own
 * ```ts
 * import type { Context, Poll } from "@rt/core";
 * class Zeros extends Reader {
 *   pollRead(_cx: Context, buf: Uint8Array): Poll<number> {
 *     buf.fill(0);
 *     return buf.length;
 *   }
 * }
 * const four = yield* new Zeros().take(4).readToEnd();
 * four.length; // => 4
 * ```
 * @see Tokio `io::AsyncReadExt`
 * @public
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export abstract class Reader implements AsyncRead, AsyncIterable<Uint8Array> {
  /** One step of reading, see {@link AsyncRead.pollRead}. */
  abstract pollRead(cx: Context, buf: Uint8Array): Poll<number>;

  /** What another copy of this package knows it by. @internal */
  get "rt:isReader"(): boolean {
    return true;
  }

  /** One step of {@link Reader.readChunk}. As long as a subclass does not override it, it copies. */
  pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    const scratch = borrowScratch();
    try {
      const count = this.pollRead(cx, max < scratch.length ? scratch.subarray(0, max) : scratch);
      if (count === PENDING) return PENDING;
      return count === 0 ? undefined : smallCopy(scratch, 0, count);
    } finally {
      returnScratch(scratch);
    }
  }

  /** Told that a read was given up, see {@link AsyncRead.dropRead}. By default nothing follows from it. */
  dropRead(): void {}

  /** Whether `pollReadChunk` gives away arrays that are there anyway. */
  isReadChunked(): boolean {
    return this.pollReadChunk !== Reader.prototype.pollReadChunk;
  }

  /**
   * Reads once: gives the number of bytes put at the start of `buf`, 0 at the end or for an empty `buf`.
   *
   * Cancel safety: giving up loses nothing.
   * @see Tokio `AsyncReadExt::read`
   */
  read(buf: Uint8Array): Future<number> {
    checkBytes("buf", buf);
    return new Read(this, buf);
  }

  /**
   * Reads the next bytes without copying them, where the source allows it; `undefined` at the end. They belong to the
   * caller.
   *
   * Cancel safety: giving up loses nothing.
   * @param max - the most bytes there may be, at least 1.
   */
  readChunk(max: number = CHUNK_MAX): Future<Uint8Array | undefined> {
    checkInteger("max", max, 1, Number.MAX_SAFE_INTEGER);
    return new ReadChunk(this, max);
  }

  /**
   * Reads once into the free part of `buf`, which counts the bytes as filled.
   *
   * Cancel safety: giving up loses nothing.
   * @see Tokio `AsyncReadExt::read_buf`
   */
  readBuf(buf: ReadBuf): Future<number> {
    return new ReadIntoBuf(this, buf);
  }

  /**
   * Fills all of `buf`, or of a new array of that many bytes, and gives it. Reads not a byte more.
   *
   * Cancel safety: what has been read so far is in `buf`, and gone from the reader.
   * @throws {@link IoError} of kind `UnexpectedEof` when the input ends before that.
   * @example
   * ```ts
   * const word = yield* cursor(Uint8Array.of(1, 2, 3)).readExact(2);
   * word; // => Uint8Array.of(1, 2)
   * ```
   * @see Tokio `AsyncReadExt::read_exact`
   */
  readExact(buf: Uint8Array | number): Future<Uint8Array> {
    if (typeof buf === "number") {
      checkInteger("buf", buf, 0, Number.MAX_SAFE_INTEGER);
      return new ReadExact(this, new Uint8Array(buf));
    }
    checkBytes("buf", buf);
    return new ReadExact(this, buf);
  }

  /**
   * Reads everything up to the end.
   *
   * Cancel safety: what has been read so far is lost; so it is when the reader fails. To keep it, {@link copy} into a
   * {@link Cursor}.
   * @see Tokio `AsyncReadExt::read_to_end`, which appends to a vector
   */
  readToEnd(): Future<Uint8Array> {
    return new ReadToEnd(this);
  }

  /**
   * Reads everything up to the end, as UTF-8. A byte order mark is kept.
   *
   * Cancel safety: as {@link Reader.readToEnd}.
   * @throws {@link IoError} of kind `InvalidData` when it is not valid UTF-8.
   * @see Tokio `AsyncReadExt::read_to_string`, which appends to a string
   */
  readToString(): Future<string> {
    return new ReadToString(this);
  }

  /** The first `limit` bytes as a reader of their own. @see Tokio `AsyncReadExt::take` */
  take(limit: number): Take<this> {
    return wrap.take(this, limit);
  }

  /** All of this reader, then all of `next`. @see Tokio `AsyncReadExt::chain` */
  chain<B extends AsyncRead>(next: B): Chain<this, B> {
    return wrap.chain(this, next);
  }

  /** This reader behind a buffer, see {@link BufReader}. */
  buffered(capacity?: number): BufReader<this> {
    return wrap.buffer(this, capacity);
  }

  /**
   * The lines of the input. It reads ahead: to read on behind a line, make a {@link BufReader} first and ask that one.
   * @see {@link BufRead.lines}
   */
  lines(options?: LinesOptions): Lines {
    return this.buffered().lines(options);
  }

  /** Chunk by chunk until the end. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    return iterate(this, (from) => from.readChunk());
  }

  /** For numbers: true when `size` bytes were taken out of a buffer at once; false when there is none. @internal */
  _pollPeek(_cx: Context, _into: Uint8Array, _size: number): Poll<boolean> {
    return false;
  }
}

for (const kind of NUMBERS) {
  Object.defineProperty(Reader.prototype, `read${kind.name}`, {
    value: {
      [`read${kind.name}`](this: Reader): Future<unknown> {
        return new ReadNumber(this, kind);
      },
    }[`read${kind.name}`],
    writable: true,
    configurable: true,
  });
}

/** Throws unless `bytes` are bytes. */
export function checkBytes(name: string, bytes: unknown): void {
  if (!isBytes(bytes)) throw typeError(`${name} must be a Uint8Array, not ${show(bytes)}`);
}

class ForeignReader extends Reader implements Disposable {
  readonly #inner: AsyncRead;
  constructor(inner: AsyncRead) {
    super();
    this.#inner = inner;
  }
  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#inner.pollRead(cx, buf);
  }
  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    return this.#inner.pollReadChunk === undefined
      ? super.pollReadChunk(cx, max)
      : this.#inner.pollReadChunk(cx, max);
  }
  override isReadChunked(): boolean {
    return isChunked(this.#inner);
  }
  override dropRead(): void {
    this.#inner.dropRead?.();
  }
  [Symbol.dispose](): void {
    dispose(this.#inner);
  }
}

/** Whether asking `io` for chunks saves a copy. */
export function isChunked(io: AsyncRead): boolean {
  return io.pollReadChunk !== undefined && (io.isReadChunked?.() ?? true);
}

/**
 * Gives a foreign object that can only `pollRead` every method of a {@link Reader}. A reader is given back as it is.
 * @public
 */
export function reader(io: AsyncRead): Reader {
  return isReader(io) ? io : new ForeignReader(checkIo("reader", io, "pollRead"));
}

function isReader(io: AsyncRead): io is Reader {
  return (io as Partial<Reader> | null | undefined)?.["rt:isReader"] === true;
}
