/** Bytes and text, as the platform does them fastest. */
import { isBytes, show, typeError } from "@rt/core/driver";
import { IoError } from "../errors.ts";

/** How much a reader that owns no arrays is asked for at a time: what Node's file streams read. */
export const READ_SIZE: number = 64 * 1024;
/** The largest chunk that is asked for where it costs nothing to be given one. */
export const CHUNK_MAX: number = 256 * 1024;
/** What one write hands over at most where it is copied; Tokio's number for its standard streams. */
export const LARGEST_WRITE: number = 2 * 1024 * 1024;
/** Tokio's. */
export const BUF_SIZE: number = 8 * 1024;

export const EMPTY: Uint8Array = new Uint8Array(0);

let scratch: Uint8Array | null = null;

/** Lends one shared array of {@link READ_SIZE}. Give it back; nothing may keep it. */
export function borrowScratch(): Uint8Array {
  const bytes = scratch ?? new Uint8Array(READ_SIZE);
  scratch = null; // a reader that reads while it is read from gets one of its own
  return bytes;
}

export function returnScratch(bytes: Uint8Array): void {
  scratch = bytes;
}

/** Below this a loop is faster than making the view that `set` needs. Measured. */
const SHORT = 96;

/** Copies `count` bytes. */
export function copyBytes(from: Uint8Array, start: number, to: Uint8Array, at: number, count: number): void {
  if (count <= SHORT) for (let i = 0; i < count; i += 1) to[at + i] = from[start + i] as number;
  else if (start === 0 && count === from.length) to.set(from, at);
  else to.set(from.subarray(start, start + count), at);
}

/** Bytes in an array of their own. A Buffer's `slice()` does not copy, so it is not asked. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.prototype.slice.call<Uint8Array, [number, number], Uint8Array<ArrayBuffer>>(
    bytes,
    start,
    end,
  );
}

/** Small arrays are cut from one, as Node does with its Buffers: making one costs three times as much. */
const SLAB = 8 * 1024;
const FROM_SLAB = 512;
/** V8 keeps these in its heap, as objects: copying is a call then, at half the price of a loop over 58 bytes. Measured. */
const IN_HEAP_FROM = 24;
export const IN_HEAP_TO = 64;
let slab: ArrayBuffer = new ArrayBuffer(0);
let slabAt = 0;

/** An array of zeros. */
export function small(size: number): Uint8Array {
  if (size > FROM_SLAB) return new Uint8Array(size);
  if (slabAt + size > slab.byteLength) {
    slab = new ArrayBuffer(SLAB);
    slabAt = 0;
  }
  const bytes = new Uint8Array(slab, slabAt, size);
  slabAt += size;
  return bytes;
}

/** The same bytes, which nobody else has, though maybe in an array that others have parts of. */
export function smallCopy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const size = end - start;
  if (size > FROM_SLAB) return copyOf(bytes, start, end);
  // Of a Buffer that would make a Buffer, and slowly.
  if (size >= IN_HEAP_FROM && size <= IN_HEAP_TO && bytes.constructor === Uint8Array)
    return copyOf(bytes, start, end);
  const copy = small(size);
  copyBytes(bytes, start, copy, 0, size);
  return copy;
}

/** Below this, bytes that wait are looked at whether they keep a much larger array; of larger ones only few wait. */
export const SMALL_PIECE = 4096;
/** Bytes that are kept keep at most so many times as many alive. */
export const WASTE = 4;

/** The same bytes, to be kept: in an array that is not much larger than they are. */
export function compact(chunk: Uint8Array): Uint8Array {
  return chunk.buffer.byteLength > WASTE * chunk.length ? smallCopy(chunk, 0, chunk.length) : chunk;
}

type IndexOf = (this: Uint8Array, byte: number, from: number) => number;

// Node's searches 64 KiB in 0.7 µs where the engine's takes 18 µs; on short ones the engine's is as fast.
const indexOf: IndexOf =
  (globalThis as { Buffer?: { prototype: { indexOf: IndexOf } } }).Buffer?.prototype.indexOf ??
  Uint8Array.prototype.indexOf;

/** So near, a loop finds it before a call would have begun. Measured. */
export const NEAR = 32;

/** Where `byte` is in `bytes` from `from` up to `end`, or -1. It is expected within `reach`. */
export function findByte(bytes: Uint8Array, byte: number, from: number, end: number, reach: number): number {
  const near = Math.min(from + reach, end);
  for (let i = from; i < near; i += 1) if (bytes[i] === byte) return i;
  if (near >= end) return -1;
  const at = indexOf.call(bytes, byte, near);
  return at < end ? at : -1;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

type Slice = (this: Uint8Array, from: number, to: number) => string;

// Three times as fast as the decoder where not all is ASCII, and on short texts.
const utf8Slice = (globalThis as { Buffer?: { prototype: { utf8Slice?: Slice } } }).Buffer?.prototype
  .utf8Slice;

/** Text of UTF-8. @throws IoError `InvalidData`. */
export function decode(bytes: Uint8Array, from: number, to: number): string {
  let quick: string | undefined;
  try {
    quick = utf8Slice?.call(bytes, from, to);
  } catch (cause) {
    throw tooLong(to - from, cause);
  }
  // This character stands in the place of what is invalid, if it was not there before.
  if (quick !== undefined && !quick.includes("\ufffd")) return quick;
  try {
    return decoder.decode(bytes.subarray(from, to));
  } catch (cause) {
    throw new IoError("InvalidData", "Cannot decode: the bytes are not valid UTF-8; read them as bytes", {
      cause,
    });
  }
}

function tooLong(length: number, cause: unknown): IoError {
  return new IoError(
    "OutOfMemory",
    `Cannot decode ${length} bytes: no text can be as long; read them as bytes, or in parts`,
    { cause },
  );
}

export function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

/** What a stream of another kind gives, as bytes. */
export function toBytes(chunk: unknown): Uint8Array {
  if (typeof chunk === "string") return encode(chunk);
  if (!isBytes(chunk)) throw typeError(`A stream must give bytes or text, not ${show(chunk)}`);
  // Not a Buffer, whose slice() does not copy.
  return chunk.constructor === Uint8Array
    ? chunk
    : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
}
