/** One reader after another. */
import { type Context, type Poll } from "@rt/core";
import { ChunkReader } from "./buf-read.ts";
import { CHUNK_MAX } from "./internal/bytes.ts";
import { dispose } from "./internal/dispose.ts";
import { wrap } from "./internal/wrappers.ts";
import { isChunked, reader, type Reader } from "./reader.ts";
import type { AsyncRead } from "./traits.ts";

/**
 * Gives all of a first reader, then all of a second. Made by {@link Reader.chain}.
 * @example
 * ```ts
 * const both = cursor("one ").chain(cursor("two"));
 * const text = yield* both.readToString();
 * text; // => "one two"
 * ```
 * @see Tokio `io::Chain`
 * @public
 */
export class Chain<A extends AsyncRead, B extends AsyncRead> extends ChunkReader implements Disposable {
  readonly #inner: [A, B];
  readonly #first: Reader;
  readonly #second: Reader;
  #firstEnded = false;

  /** @internal */
  constructor(first: A, second: B) {
    super();
    this.#inner = [first, second];
    this.#first = reader(first);
    this.#second = reader(second);
  }

  /** Both readers. @see Tokio `Chain::get_ref`, `get_mut` */
  getRef(): [A, B] {
    return this.#inner;
  }

  /** Both readers. What an operation that needs a buffer has read ahead is lost. @see Tokio `Chain::into_inner` */
  intoInner(): [A, B] {
    this._from = this._to;
    return this.#inner;
  }

  /** Disposes of both readers, where they can be disposed of. */
  [Symbol.dispose](): void {
    this.#inner.forEach(dispose);
  }

  /** One step of reading what the inner reader gives at a time. */
  override pollNextChunk(cx: Context): Poll<Uint8Array | undefined> {
    return this.#pollChunk(cx, CHUNK_MAX);
  }

  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    if (this._from < this._to) return super.pollRead(cx, buf);
    if (!this.#firstEnded) {
      const count = this.#first.pollRead(cx, buf);
      // An empty buffer gets nothing, but that is no end.
      if (count !== 0 || buf.length === 0) return count;
      this.#firstEnded = true;
    }
    return this.#second.pollRead(cx, buf);
  }

  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    return this._from < this._to ? super.pollReadChunk(cx, max) : this.#pollChunk(cx, max);
  }

  override isReadChunked(): boolean {
    return this.#inner.every(isChunked);
  }

  override dropRead(): void {
    (this.#firstEnded ? this.#second : this.#first).dropRead();
  }

  #pollChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    if (!this.#firstEnded) {
      const chunk = this.#first.pollReadChunk(cx, max);
      if (chunk !== undefined) return chunk;
      this.#firstEnded = true;
    }
    return this.#second.pollReadChunk(cx, max);
  }
}
wrap.chain = (first, second) => new Chain(first, second);
