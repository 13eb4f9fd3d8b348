/** A buffer in front of any reader. */
import { PENDING, type Context, type Poll } from "@rt/core";
import { checkInteger } from "@rt/core/driver";
import { BufRead } from "./buf-read.ts";
import { BUF_SIZE, READ_SIZE } from "./internal/bytes.ts";
import { dispose } from "./internal/dispose.ts";
import { mixin } from "./internal/mixin.ts";
import { seekable, seekBuffered } from "./internal/seek-buffered.ts";
import { wrap } from "./internal/wrappers.ts";
import { isChunked, reader, type Reader } from "./reader.ts";
import { Seeker } from "./seeker.ts";
import type { AsyncRead, SeekFrom } from "./traits.ts";

// oxlint-disable-next-line typescript/no-unsafe-declaration-merging, no-unused-vars
export interface BufReader<R extends AsyncRead> extends Seeker {}

/**
 * Puts a buffer in front of a reader, so that small reads cost little, and adds the methods that need one.
 *
 * A source that gives its arrays away ({@link AsyncRead.pollReadChunk}) is not copied from: they become the buffer.
 * Reads at least as large as the buffer go past it when it is empty. The buffer grows while a line or segment does not
 * fit in it.
 *
 * It can seek where its reader can; that empties the buffer.
 * @example
 * ```ts
 * const input = new BufReader(cursor("one\ntwo\n"));
 * const line = yield* input.readLine();
 * line; // => "one\n"
 * ```
 * @see Tokio `io::BufReader`
 * @public
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export class BufReader<R extends AsyncRead> extends BufRead implements Disposable {
  readonly #inner: R;
  readonly #source: Reader;
  readonly #chunked: boolean;
  readonly #capacity: number;
  /** The second half of a relative seek that no single one can express. */
  #second: SeekFrom | null = null;
  #seeking = false;

  /** @param capacity - in bytes, at least 1; 8 KiB by default, 64 KiB for sources that give their arrays away. */
  constructor(inner: R, capacity?: number) {
    super();
    this.#inner = inner;
    this.#source = reader(inner);
    this.#chunked = isChunked(inner);
    this.#capacity = capacity ?? (this.#chunked ? READ_SIZE : BUF_SIZE);
    checkInteger("capacity", this.#capacity, 1, Number.MAX_SAFE_INTEGER);
  }

  /** The reader behind the buffer. What is read from it directly misses what is in the buffer. */
  getRef(): R {
    return this.#inner;
  }

  /** The reader behind the buffer; what is in the buffer is lost. @see {@link BufRead.buffer} */
  intoInner(): R {
    this._from = this._to;
    return this.#inner;
  }

  /** Disposes of the reader behind the buffer, where that can be disposed of. */
  [Symbol.dispose](): void {
    dispose(this.#inner);
  }

  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    if (this._from >= this._to && buf.length >= this.#capacity) return this.#source.pollRead(cx, buf);
    return super.pollRead(cx, buf);
  }

  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    if (this.#chunked && this._from >= this._to) return this.#source.pollReadChunk(cx, max);
    return super.pollReadChunk(cx, max);
  }

  override isReadChunked(): boolean {
    return this.#chunked;
  }

  override dropRead(): void {
    this.#source.dropRead();
  }

  /** @internal */
  override _pollFill(cx: Context): Poll<number> {
    if (this.#chunked) {
      this._forget();
      const chunk = this.#pollChunk(cx);
      return chunk === PENDING ? PENDING : chunk === undefined ? 0 : this._show(chunk);
    }
    // One that has grown for a long line goes.
    if (!this._reused || this._bytes.length !== this.#capacity) this._bytes = new Uint8Array(this.#capacity);
    this._reused = true;
    this._era += 1;
    this._from = 0;
    this._to = 0;
    return this.#pollInto(cx, this._bytes);
  }

  /** @internal */
  override _pollMore(cx: Context): Poll<number> {
    if (this.#chunked) {
      const chunk = this.#pollChunk(cx);
      if (chunk === PENDING) {
        this._settle();
        return PENDING;
      }
      return chunk === undefined ? 0 : this._append(chunk);
    }
    this._reserve(1, Math.max(BUF_SIZE, this.#capacity));
    return this.#pollInto(cx, this._bytes.subarray(this._to));
  }

  #pollInto(cx: Context, free: Uint8Array): Poll<number> {
    const count = this.#source.pollRead(cx, free);
    if (count === PENDING) return PENDING;
    checkInteger("what pollRead gives", count, 0, free.length);
    this._to += count;
    return count;
  }

  #pollChunk(cx: Context): Poll<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#source.pollReadChunk(cx, this.#capacity);
      if (chunk === PENDING || chunk === undefined || chunk.length > 0) return chunk;
    }
  }

  /** @see Tokio `BufReader`'s `AsyncSeek` */
  startSeek(position: SeekFrom): void {
    this.#second = seekBuffered(this.#inner, position, this._unread());
    this.#seeking = true;
  }

  pollComplete(cx: Context): Poll<number> {
    const inner = seekable(this.#inner);
    while (this.#seeking) {
      this.#seeking = false; // a seek that fails is over, and has left the buffer as it was
      const at = inner.pollComplete(cx);
      if (at === PENDING) {
        this.#seeking = true;
        return PENDING;
      }
      this._from = this._to;
      if (this.#second === null) return at;
      inner.startSeek(this.#second);
      this.#second = null;
      this.#seeking = true;
    }
    const at = inner.pollComplete(cx);
    return at === PENDING ? PENDING : at - this._unread();
  }
}
mixin(BufReader, Seeker);
wrap.buffer = (inner, capacity) => new BufReader(inner, capacity);
