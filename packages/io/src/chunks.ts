/**
 * Bytes that were read and are kept until there are enough of them.
 *
 * Invariants:
 *  1. The bytes are those of `#parts`, then `#block[#start..#filled)`: `#length` of them.
 *  2. `#block` is this object's own. What it handed out of it lies before `#start` and is never written again.
 */
import { checkInteger } from "@rt/core/driver";
import { IoError } from "./errors.ts";
import { compact, copyBytes, EMPTY, small, smallCopy } from "./internal/bytes.ts";

/** Below this, chunks are copied together. An array of its own costs some 200 bytes, so above it is less than half. */
const COPIED = 512;
/** How large an array for small pieces is at first and at last; in between as large as all that is there. Arbitrary. */
const FIRST_BLOCK = 512;
const LARGEST_BLOCK: number = 64 * 1024;

/**
 * A queue of chunks, for what has to be gathered before it can be used: a message of which a peer sends the parts, or
 * data that nobody has asked for yet.
 *
 * What it holds alive is in proportion to the bytes in it, however they come. Chunks of less than 512 bytes are copied
 * together: one byte that came alone would cost some 200 in an array of its own, and may be a view of a much larger
 * buffer. Larger ones are kept as they are, unless their buffer is more than four times as large.
 * @example
 * ```ts
 * const chunks = new Chunks();
 * for (const byte of [1, 2, 3]) chunks.push(Uint8Array.of(byte));
 * chunks.length; // => 3
 * chunks.concat(); // => Uint8Array.of(1, 2, 3)
 * ```
 * @see Tokio `bytes::BytesMut`, as far as gathering needs it
 * @public
 */
export class Chunks {
  #parts: Uint8Array[] = [];
  #block: Uint8Array = EMPTY;
  #start = 0;
  #filled = 0;
  #length = 0;

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** Puts `chunk` behind what is there. It belongs to this object from then on. */
  push(chunk: Uint8Array): void {
    this.#length += chunk.length;
    if (chunk.length < COPIED) this.#copy(chunk);
    else {
      this.#seal();
      this.#parts.push(compact(chunk));
    }
  }

  /** Takes bytes from the front, without copying: at least 1 and at most `max`; `undefined` when there are none. */
  shift(max: number = Number.MAX_SAFE_INTEGER): Uint8Array | undefined {
    checkInteger("max", max, 1, Number.MAX_SAFE_INTEGER);
    if (this.#parts.length === 0) this.#seal();
    const part = this.#parts[0];
    if (part === undefined) return undefined;
    if (part.length > max) this.#parts[0] = part.subarray(max);
    else this.#parts.shift();
    const taken = part.length > max ? part.subarray(0, max) : part;
    this.#length -= taken.length;
    if (this.#length === 0) this.clear();
    return taken;
  }

  /** Copies from the front into `buf` from `at` on, as much as fits, and takes nothing. Gives how many bytes. */
  copyTo(buf: Uint8Array, at: number = 0): number {
    checkInteger("at", at, 0, buf.length);
    let to = at;
    for (const part of this.#parts) {
      const count = Math.min(part.length, buf.length - to);
      copyBytes(part, 0, buf, to, count);
      to += count;
    }
    const count = Math.min(this.#filled - this.#start, buf.length - to);
    copyBytes(this.#block, this.#start, buf, to, count);
    return to + count - at;
  }

  /**
   * Takes everything, as one array.
   * @throws {@link IoError} of kind `OutOfMemory` when there is no array as large; then nothing is taken.
   */
  concat(): Uint8Array {
    const all = this.#all();
    this.clear();
    return all;
  }

  /** Throws everything away. */
  clear(): void {
    this.#parts = [];
    this.#block = EMPTY;
    this.#start = 0;
    this.#filled = 0;
    this.#length = 0;
  }

  #all(): Uint8Array {
    const [first] = this.#parts;
    if (first === undefined) return smallCopy(this.#block, this.#start, this.#filled);
    if (first.length === this.#length) return first;
    const all = allocate(this.#length);
    this.copyTo(all);
    return all;
  }

  #copy(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; ) {
      if (this.#filled === this.#block.length) this.#grow();
      const count = Math.min(chunk.length - from, this.#block.length - this.#filled);
      copyBytes(chunk, from, this.#block, this.#filled, count);
      this.#filled += count;
      from += count;
    }
  }

  /** The block is full: takes another. */
  #grow(): void {
    this.#seal();
    this.#block = small(Math.min(Math.max(FIRST_BLOCK, this.#length), LARGEST_BLOCK));
    this.#start = 0;
    this.#filled = 0;
  }

  /** Makes a part of what stands at the end of the block, so that another can come behind it. */
  #seal(): void {
    if (this.#start === this.#filled) return;
    this.#parts.push(this.#block.subarray(this.#start, this.#filled));
    this.#start = this.#filled;
  }
}

function allocate(length: number): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new IoError(
      "OutOfMemory",
      `Cannot put ${length} bytes in one array: it would be too large; use them chunk by chunk`,
      { cause },
    );
  }
}
