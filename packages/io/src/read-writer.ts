/** Streams that go both ways. */
import type { Context, Poll } from "@rt/core";
import { checkIo } from "./internal/check-io.ts";
import { dispose } from "./internal/dispose.ts";
import { mixin } from "./internal/mixin.ts";
import { isChunked, Reader } from "./reader.ts";
import { Seeker } from "./seeker.ts";
import type { AsyncRead, AsyncWrite } from "./traits.ts";
import { pollChunk, pollVectored, Writer } from "./writer.ts";

// A class extends one other: the second one's methods are copied.
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface ReadWriter extends Writer {}

/**
 * A stream to read from and to write to, with every method for both. A stream of one's own extends it and implements
 * `pollRead`, `pollWrite`, `pollFlush` and `pollShutdown`.
 *
 * One task may read while another one writes.
 * @see {@link Reader} and {@link Writer}
 * @public
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export abstract class ReadWriter extends Reader implements AsyncWrite {
  abstract pollWrite(cx: Context, buf: Uint8Array): Poll<number>;
  abstract pollFlush(cx: Context): Poll<void>;
  abstract pollShutdown(cx: Context): Poll<void>;

  /** What another copy of this package knows it by. @internal */
  get "rt:isReadWriter"(): boolean {
    return true;
  }
}
mixin(ReadWriter, Writer);

// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface ReadWriteSeeker extends Seeker {}

/** A {@link ReadWriter} with a position: what a file is. @public */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export abstract class ReadWriteSeeker extends ReadWriter {
  abstract startSeek(position: Parameters<Seeker["startSeek"]>[0]): void;
  abstract pollComplete(cx: Context): Poll<number>;
}
mixin(ReadWriteSeeker, Seeker);

/**
 * A reader and a writer as one object.
 * @see Tokio `io::Join`
 * @public
 */
export class Join<R extends AsyncRead, W extends AsyncWrite> extends ReadWriter implements Disposable {
  readonly #reader: R;
  readonly #writer: W;
  /** @internal */
  constructor(reader: R, writer: W) {
    super();
    this.#reader = reader;
    this.#writer = writer;
  }
  /** @see Tokio `Join::reader`, `reader_mut` */
  reader(): R {
    return this.#reader;
  }
  /** @see Tokio `Join::writer`, `writer_mut` */
  writer(): W {
    return this.#writer;
  }
  /** Both again. @see Tokio `Join::into_inner` */
  intoInner(): [R, W] {
    return [this.#reader, this.#writer];
  }
  /** Disposes of both, where they can be disposed of. */
  [Symbol.dispose](): void {
    dispose(this.#reader);
    if ((this.#writer as object) !== this.#reader) dispose(this.#writer);
  }
  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#reader.pollRead(cx, buf);
  }
  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    return this.#reader.pollReadChunk === undefined
      ? super.pollReadChunk(cx, max)
      : this.#reader.pollReadChunk(cx, max);
  }
  override isReadChunked(): boolean {
    return isChunked(this.#reader);
  }
  override dropRead(): void {
    this.#reader.dropRead?.();
  }
  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#writer.pollWrite(cx, buf);
  }
  override pollWriteChunk(cx: Context, chunk: Uint8Array): Poll<number> {
    return pollChunk(this.#writer, cx, chunk);
  }
  override pollFlush(cx: Context): Poll<void> {
    return this.#writer.pollFlush(cx);
  }
  override pollShutdown(cx: Context): Poll<void> {
    return this.#writer.pollShutdown(cx);
  }
  override pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    return pollVectored(this.#writer, cx, bufs);
  }
  override isWriteVectored(): boolean {
    return this.#writer.isWriteVectored?.() ?? false;
  }
}

/**
 * Joins a reader and a writer into one stream.
 * @example
 * ```ts
 * const out = cursor();
 * const stream = join(cursor("question"), out);
 * yield* stream.writeAll("answer");
 * const text = yield* stream.readToString();
 * text; // => "question"
 * ```
 * @see Tokio `io::join`
 * @public
 */
export function join<R extends AsyncRead, W extends AsyncWrite>(reader: R, writer: W): Join<R, W> {
  return new Join(checkIo("join", reader, "pollRead"), checkIo("join", writer, "pollWrite"));
}

/**
 * Gives a foreign stream every method of a {@link ReadWriter}. One is given back as it is.
 * @public
 */
export function readWriter(io: AsyncRead & AsyncWrite): ReadWriter {
  if (isReadWriter(io)) return io;
  checkIo("readWriter", io, "pollRead", "pollWrite");
  return new Join(io, io);
}

function isReadWriter(io: AsyncRead & AsyncWrite): io is ReadWriter {
  return (io as Partial<ReadWriter> | null | undefined)?.["rt:isReadWriter"] === true;
}
