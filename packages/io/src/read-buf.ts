/** A buffer that is being filled. */
import { checkInteger, rangeError } from "@rt/core/driver";

/**
 * Bytes of which a first part is filled, and the rest is free.
 * @example
 * ```ts
 * const buf = new ReadBuf(new Uint8Array(4));
 * buf.putSlice(Uint8Array.of(1, 2, 3));
 * buf.remaining(); // => 1
 * ```
 * @see Tokio `io::ReadBuf`; JavaScript has no uninitialized memory, so what concerns it is gone
 * @public
 */
export class ReadBuf {
  readonly #bytes: Uint8Array;
  #filled = 0;

  /** Takes `bytes` as free space. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  /** How many bytes there are, filled or not. */
  capacity(): number {
    return this.#bytes.length;
  }
  /** How many are free. */
  remaining(): number {
    return this.#bytes.length - this.#filled;
  }
  /** The filled part: a view, not a copy. */
  filled(): Uint8Array {
    return this.#bytes.subarray(0, this.#filled);
  }
  /** The free part, or its first `count` bytes: a view. Call {@link ReadBuf.advance} after writing into it. */
  unfilled(count: number = this.remaining()): Uint8Array {
    checkInteger("count", count, 0, this.remaining());
    return this.#bytes.subarray(this.#filled, this.#filled + count);
  }
  /** A `ReadBuf` over the first `count` free bytes, or all if there are fewer. */
  take(count: number): ReadBuf {
    checkInteger("count", count, 0, Number.MAX_SAFE_INTEGER);
    return new ReadBuf(this.unfilled(Math.min(count, this.remaining())));
  }
  /** The bytes it was made of. */
  inner(): Uint8Array {
    return this.#bytes;
  }
  /** Counts everything as free. */
  clear(): void {
    this.#filled = 0;
  }
  /** Counts `count` more bytes as filled. @throws RangeError when there are not as many. */
  advance(count: number): void {
    checkInteger("count", count, 0, this.remaining());
    this.#filled += count;
  }
  /** Counts exactly the first `count` bytes as filled. @throws RangeError when there are not as many. */
  setFilled(count: number): void {
    checkInteger("count", count, 0, this.capacity());
    this.#filled = count;
  }
  /** Copies `bytes` behind the filled part. @throws RangeError when they don't fit; then nothing is copied. */
  putSlice(bytes: Uint8Array): void {
    if (bytes.length > this.remaining())
      throw rangeError(`Cannot put ${bytes.length} bytes: only ${this.remaining()} are free`);
    this.#bytes.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }
}
