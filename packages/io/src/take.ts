/** The first part of a reader. */
import { PENDING, type Context, type Poll } from "@rt/core";
import { checkInteger } from "@rt/core/driver";
import { BufRead, ChunkReader } from "./buf-read.ts";
import { CHUNK_MAX } from "./internal/bytes.ts";
import { dispose } from "./internal/dispose.ts";
import { wrap } from "./internal/wrappers.ts";
import { isChunked, reader, type Reader } from "./reader.ts";
import type { AsyncRead } from "./traits.ts";

/**
 * Gives at most so many bytes of a reader, then ends. Made by {@link Reader.take}.
 *
 * Operations that need a buffer, such as lines, read ahead, but never beyond the limit. {@link Take.intoInner} gives
 * what they have read ahead back where the reader is a {@link BufRead}.
 * @example
 * ```ts
 * const input = cursor("headbody");
 * const head = yield* input.take(4).readToString();
 * const body = yield* input.readToString();
 * [head, body]; // => ["head", "body"]
 * ```
 * @see Tokio `io::Take`
 * @public
 */
export class Take<R extends AsyncRead> extends ChunkReader implements Disposable {
  readonly #inner: R;
  readonly #source: Reader;
  /** What may still be taken from the inner reader. */
  #left: number;

  /** @internal */
  constructor(inner: R, limit: number) {
    super();
    checkInteger("limit", limit, 0, Number.MAX_SAFE_INTEGER);
    this.#inner = inner;
    this.#source = reader(inner);
    this.#left = limit;
  }

  /** How many bytes may still be read. */
  limit(): number {
    return this.#left + this._unread();
  }

  /** Sets how many bytes may still be read, whatever was read before. */
  setLimit(limit: number): void {
    checkInteger("limit", limit, this._unread(), Number.MAX_SAFE_INTEGER);
    this.#left = limit - this._unread();
  }

  /** The reader it takes from. @see Tokio `Take::get_ref`, `get_mut` */
  getRef(): R {
    return this.#inner;
  }

  /** The reader it took from. @see Tokio `Take::into_inner` */
  intoInner(): R {
    if (this.#source instanceof BufRead) this.#source._putBack(this.buffer());
    this.#left += this._unread();
    this._from = this._to;
    return this.#inner;
  }

  /** Disposes of the reader it takes from, where that can be disposed of. */
  [Symbol.dispose](): void {
    dispose(this.#inner);
  }

  /** One step of reading what the inner reader gives at a time. */
  override pollNextChunk(cx: Context): Poll<Uint8Array | undefined> {
    return this.#pollChunk(cx, CHUNK_MAX);
  }

  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    if (this._from < this._to) return super.pollRead(cx, buf);
    if (this.#left === 0) return 0;
    const room = buf.length > this.#left ? buf.subarray(0, this.#left) : buf;
    const count = this.#source.pollRead(cx, room);
    if (count !== PENDING) this.#took(count, room.length);
    return count;
  }

  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    return this._from < this._to ? super.pollReadChunk(cx, max) : this.#pollChunk(cx, max);
  }

  override isReadChunked(): boolean {
    return isChunked(this.#inner);
  }

  override dropRead(): void {
    this.#source.dropRead();
  }

  #pollChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    if (this.#left === 0) return undefined;
    const most = Math.min(max, this.#left);
    const chunk = this.#source.pollReadChunk(cx, most);
    if (chunk !== PENDING && chunk !== undefined) this.#took(chunk.length, most);
    return chunk;
  }

  #took(count: number, most: number): void {
    checkInteger("what the reader of a Take gives", count, 0, most);
    this.#left -= count;
  }
}
wrap.take = (inner, limit) => new Take(inner, limit);
