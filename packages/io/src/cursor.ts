/** Bytes in memory as a stream. */
import type { Context, Poll } from "@rt/core";
import { rangeError } from "@rt/core/driver";
import { BufRead } from "./buf-read.ts";
import type { Buf } from "./buf.ts";
import { IoError } from "./errors.ts";
import { encode } from "./internal/bytes.ts";
import { mixin } from "./internal/mixin.ts";
import { checkBytes } from "./reader.ts";
import { offsetOf, Seeker } from "./seeker.ts";
import type { AsyncWrite, SeekFrom } from "./traits.ts";
import { Writer } from "./writer.ts";

// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface Cursor extends Writer, Seeker {}

/**
 * Bytes in memory with a position: to be read, written, and moved about in. Also a {@link Buf}.
 *
 * Over an array that it was given it writes up to the end of it, and then takes no more; one that grows takes all.
 * @see Tokio `AsyncRead`, `AsyncWrite` and `AsyncSeek` of `std::io::Cursor`, `&[u8]` and `Vec<u8>`
 * @public
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export class Cursor extends BufRead implements AsyncWrite, Buf {
  readonly #grows: boolean;

  /** @internal */
  constructor(bytes: Uint8Array, grows: boolean) {
    super();
    this._show(bytes);
    this._reused = true; // chunks are copied: the array is the caller's
    this.#grows = grows;
  }

  /** Where the next byte is read or written. May be behind the end. */
  position(): number {
    return this._from;
  }

  /** Moves to `position`. */
  setPosition(position: number): void {
    offsetOf({ start: position });
    this._from = position;
    this._era += 1;
  }

  /** All the bytes, from the start: a view. @see Tokio `Cursor::get_ref` */
  getRef(): Uint8Array {
    return this._bytes.subarray(0, this._to);
  }

  /** All the bytes, from the start: a view. @see Tokio `Cursor::into_inner` */
  intoInner(): Uint8Array {
    return this.getRef();
  }

  /** How many bytes there are behind the position. */
  remaining(): number {
    return this._unread();
  }

  /** The bytes behind the position. */
  chunk(): Uint8Array {
    return this.buffer();
  }

  /** Moves forward over `count` of the bytes there are. */
  advance(count: number): void {
    this.consume(count);
  }

  pollWrite(_cx: Context, buf: Uint8Array): Poll<number> {
    const at = this._from;
    const end = at + buf.length;
    if (this.#grows && buf.length > 0) this.#growTo(end);
    const count = Math.max(0, Math.min(buf.length, this._to - at));
    if (count === 0) return 0;
    this._bytes.set(count < buf.length ? buf.subarray(0, count) : buf, at);
    this._from += count;
    this._era += 1;
    return count;
  }

  isWriteVectored(): boolean {
    return true;
  }

  pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    let total = 0;
    for (const buf of bufs) {
      const count = this.pollWrite(cx, buf) as number; // memory is never pending
      total += count;
      if (count < buf.length) break;
    }
    return total;
  }

  pollFlush(): Poll<void> {}

  pollShutdown(): Poll<void> {}

  startSeek(position: SeekFrom): void {
    const offset = offsetOf(position);
    const at = "start" in position ? offset : offset + ("end" in position ? this._to : this._from);
    if (at < 0) throw new IoError("InvalidInput", `Cannot seek to ${at}: that is before the start`);
    this.setPosition(at);
  }

  pollComplete(): Poll<number> {
    return this._from;
  }

  /** @internal */
  override _pollFill(): Poll<number> {
    return 0;
  }

  /** @internal */
  override _pollMore(): Poll<number> {
    return 0;
  }

  #growTo(end: number): void {
    if (end <= this._to) return;
    if (end > this._bytes.length) {
      if (end > Number.MAX_SAFE_INTEGER) throw rangeError(`Cannot write at ${this._from}: too far`);
      const bytes = new Uint8Array(Math.max(64, end, 2 * this._bytes.length));
      bytes.set(this.getRef());
      this._bytes = bytes;
    }
    this._to = end;
  }
}
mixin(Cursor, Writer);
mixin(Cursor, Seeker);

/**
 * A {@link Cursor} at the start of `bytes`, or of the UTF-8 of a text; without either, one that is empty and grows.
 * @example
 * ```ts
 * const file = cursor();
 * yield* file.writeAll("hello");
 * yield* file.rewind();
 * const text = yield* file.readToString();
 * text; // => "hello"
 * ```
 * @public
 */
export function cursor(bytes?: Uint8Array | string): Cursor {
  if (bytes === undefined) return new Cursor(new Uint8Array(0), true);
  const all = typeof bytes === "string" ? encode(bytes) : bytes;
  checkBytes("bytes", all);
  return new Cursor(all, false);
}
