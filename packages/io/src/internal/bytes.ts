/** Bytes and text, as the platform does them fastest. */
import { IoError } from "../errors.ts";

/** How much a reader that owns no arrays is asked for at a time: what Node's file streams read. */
export const READ_SIZE: number = 64 * 1024;
/** The largest chunk that is asked for where it costs nothing to be given one. */
export const CHUNK_MAX: number = 256 * 1024;
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

/** Below this a loop is faster than making the view that `set` needs. */
const SHORT = 24;

/** Copies `count` bytes. */
export function copyBytes(from: Uint8Array, start: number, to: Uint8Array, at: number, count: number): void {
  if (count <= SHORT) for (let i = 0; i < count; i += 1) to[at + i] = from[start + i] as number;
  else if (start === 0 && count === from.length) to.set(from, at);
  else to.set(from.subarray(start, start + count), at);
}

/** Bytes of their own. A Buffer's `slice()` does not copy, so it is not asked. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.prototype.slice.call<Uint8Array, [number, number], Uint8Array<ArrayBuffer>>(
    bytes,
    start,
    end,
  );
}

/** One array of several. */
export function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

type IndexOf = (this: Uint8Array, byte: number, from: number) => number;

// Node's searches 64 KiB in 0.7 µs where the engine's takes 18 µs; on short ones the engine's is as fast.
const indexOf: IndexOf =
  (globalThis as { Buffer?: { prototype: { indexOf: IndexOf } } }).Buffer?.prototype.indexOf ??
  Uint8Array.prototype.indexOf;

/** Where `byte` is in `bytes` from `from` up to `end`, or -1. */
export function findByte(bytes: Uint8Array, byte: number, from: number, end: number): number {
  if (from >= end) return -1;
  const at = indexOf.call(bytes, byte, from);
  return at < end ? at : -1;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Text of UTF-8. @throws IoError `InvalidData`. */
export function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new IoError("InvalidData", "Cannot decode: the bytes are not valid UTF-8; read them as bytes", {
      cause,
    });
  }
}

export function encode(text: string): Uint8Array {
  return encoder.encode(text);
}
