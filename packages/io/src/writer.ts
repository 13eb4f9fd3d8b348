/** Everything one can do with a writer, over the three primitives that each has. */
import type { Context, Future, Poll } from "@rt/core";
import type { Buf } from "./buf.ts";
import { encode, small } from "./internal/bytes.ts";
import { checkIo } from "./internal/check-io.ts";
import { dispose } from "./internal/dispose.ts";
import {
  Flush,
  Shutdown,
  Write,
  WriteAll,
  WriteAllBuf,
  WriteBuf,
  WriteVectored,
} from "./internal/write-ops.ts";
import { NUMBERS, type NumberWrites } from "./numbers.ts";
import { checkBytes } from "./reader.ts";
import type { AsyncWrite } from "./traits.ts";

// The methods for numbers are made of a table below.
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface Writer extends NumberWrites {}

/**
 * A writer with every method for writing. A writer of one's own extends it and implements the three primitives.
 *
 * Fairness: each completed write costs one unit of the budget. One task writes at a time.
 * Cancel safety: giving up `flush`, and, on a writer that does not borrow (see {@link AsyncWrite.pollWrite}), `write`
 * and `writeVectored`, loses nothing. `writeAllBuf` knows how far it came. The others may have written a part.
 * @example
 * ```ts
 * const out = cursor();
 * yield* out.writeU16(513);
 * yield* out.writeAll("!");
 * out.intoInner(); // => Uint8Array.of(2, 1, 0x21)
 * ```
 * @see Tokio `io::AsyncWriteExt`
 * @public
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export abstract class Writer implements AsyncWrite {
  /** One step of writing, see {@link AsyncWrite.pollWrite}. */
  abstract pollWrite(cx: Context, buf: Uint8Array): Poll<number>;
  /** One step of {@link Writer.flush}. */
  abstract pollFlush(cx: Context): Poll<void>;
  /** One step of {@link Writer.shutdown}. */
  abstract pollShutdown(cx: Context): Poll<void>;

  /** What another copy of this package knows it by, and classes that have its methods without extending it. @internal */
  get "rt:isWriter"(): boolean {
    return true;
  }

  /** One step of writing bytes that are given away, see {@link AsyncWrite.pollWriteChunk}: here, as any others. */
  pollWriteChunk(cx: Context, chunk: Uint8Array): Poll<number> {
    return this.pollWrite(cx, chunk);
  }

  /** One step of {@link Writer.writeVectored}: here, of writing the first array that is not empty. */
  pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    return pollWriteFirst(this, cx, bufs);
  }

  /** Whether `pollWriteVectored` takes more than one array at a time. */
  isWriteVectored(): boolean {
    return false;
  }

  /**
   * Writes once: gives how many bytes of `buf` were taken, which may be a part of them.
   *
   * Cancel safety: nothing is lost, but on a writer that borrows the bytes may be written.
   * @see Tokio `AsyncWriteExt::write`
   */
  write(buf: Uint8Array): Future<number> {
    checkBytes("buf", buf);
    return new Write(this, buf);
  }

  /** As {@link Writer.write}, with the bytes of several arrays. @see Tokio `AsyncWriteExt::write_vectored` */
  writeVectored(bufs: readonly Uint8Array[]): Future<number> {
    for (const buf of bufs) checkBytes("buf", buf);
    return new WriteVectored(this, bufs);
  }

  /** As {@link Writer.write}, taking what was written from `buf`. @see Tokio `AsyncWriteExt::write_buf` */
  writeBuf(buf: Buf): Future<number> {
    return new WriteBuf(this, buf);
  }

  /**
   * Writes all of it. Text is written as UTF-8.
   *
   * Cancel safety: giving up may leave a part written, and there is no way to tell which; see
   * {@link Writer.writeAllBuf}. Leave `data` alone until it is over.
   * @throws {@link IoError} of kind `WriteZero` when the writer takes no more.
   * @see Tokio `AsyncWriteExt::write_all`
   */
  writeAll(data: Uint8Array | string): Future<void> {
    if (typeof data === "string") return new WriteAll(this, encode(data), true);
    checkBytes("data", data);
    return new WriteAll(this, data, false);
  }

  /**
   * Writes all of `buf`, taking from it as it goes.
   *
   * Cancel safety: given up or failed, `buf` begins with the first byte that was not written: call it again to go on.
   * @throws {@link IoError} of kind `WriteZero` when the writer takes no more.
   * @see Tokio `AsyncWriteExt::write_all_buf`
   */
  writeAllBuf(buf: Buf): Future<void> {
    return new WriteAllBuf(this, buf);
  }

  /**
   * Waits until all that was written has reached its destination.
   *
   * Cancel safety: giving up loses nothing; what it has done stays done.
   * @see Tokio `AsyncWriteExt::flush`
   */
  flush(): Future<void> {
    return new Flush(this);
  }

  /**
   * Flushes, and tells the other end that nothing more will come. Doing it again does nothing.
   *
   * Cancel safety: giving up loses nothing; call it again to go on.
   * @see Tokio `AsyncWriteExt::shutdown`
   */
  shutdown(): Future<void> {
    return new Shutdown(this);
  }
}

for (const kind of NUMBERS) {
  const name = `write${kind.name}`;
  Object.defineProperty(Writer.prototype, name, {
    value: {
      [name](this: Writer, value: number | bigint): Future<void> {
        const bytes = small(kind.size);
        kind.set(new DataView(bytes.buffer, bytes.byteOffset, kind.size), value);
        return new WriteAll(this, bytes, true);
      },
    }[name],
    writable: true,
    configurable: true,
  });
}

/** What a writer does that can't take several arrays at once. */
function pollWriteFirst(io: AsyncWrite, cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
  return io.pollWrite(cx, bufs.find((buf) => buf.length > 0) ?? new Uint8Array(0));
}

/** One step with bytes that are given away, whatever `io` offers. */
export function pollChunk(io: AsyncWrite, cx: Context, chunk: Uint8Array): Poll<number> {
  return io.pollWriteChunk === undefined ? io.pollWrite(cx, chunk) : io.pollWriteChunk(cx, chunk);
}

/** One vectored step, whatever `io` offers. */
export function pollVectored(io: AsyncWrite, cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
  return io.pollWriteVectored === undefined ? pollWriteFirst(io, cx, bufs) : io.pollWriteVectored(cx, bufs);
}

class ForeignWriter extends Writer implements Disposable {
  readonly #inner: AsyncWrite;
  constructor(inner: AsyncWrite) {
    super();
    this.#inner = inner;
  }
  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#inner.pollWrite(cx, buf);
  }
  override pollWriteChunk(cx: Context, chunk: Uint8Array): Poll<number> {
    return pollChunk(this.#inner, cx, chunk);
  }
  override pollFlush(cx: Context): Poll<void> {
    return this.#inner.pollFlush(cx);
  }
  override pollShutdown(cx: Context): Poll<void> {
    return this.#inner.pollShutdown(cx);
  }
  override pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    return pollVectored(this.#inner, cx, bufs);
  }
  override isWriteVectored(): boolean {
    return this.#inner.isWriteVectored?.() ?? false;
  }
  [Symbol.dispose](): void {
    dispose(this.#inner);
  }
}

/**
 * Gives a foreign object with the three primitives every method of a {@link Writer}. A writer is given back as it is.
 * @public
 */
export function writer(io: AsyncWrite): Writer {
  if (isWriter(io)) return io;
  return new ForeignWriter(checkIo("writer", io, "pollWrite"));
}

function isWriter(io: AsyncWrite): io is Writer {
  return (io as Partial<Writer> | null | undefined)?.["rt:isWriter"] === true;
}
