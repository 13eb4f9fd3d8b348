/**
 * How keys, values and arguments are held.
 *
 * As text of one character per byte: the engine keeps it in one byte per character, hashes it once and cuts pieces
 * out of it without copying. Cutting a pipelined `SET` out of a chunk takes 40 ns that way; as views of the chunk it
 * takes 85, and as strings made of each argument's bytes 180. Where bytes are many, they stay as they came instead.
 */

import { constants } from "node:buffer";

/** Bytes: text of one character per byte, or an array where they are many. */
export type Bulk = string | Uint8Array;

/** What is at least as long, and arrives in pieces, is never made text of: that would be two copies more. */
export const LARGE: number = 16 * 1024;

/** What the engine copies when it is cut out of a text; what is longer would keep the whole text alive. */
const COPIED = 12;

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Text of one character per byte. */
export function textOf(bulk: Bulk): string {
  return typeof bulk === "string" ? bulk : bufferOf(bulk).toString("latin1");
}

/** The bytes themselves. An array is given as it is. */
export function bytesOf(bulk: Bulk): Uint8Array {
  return typeof bulk === "string" ? Buffer.from(bulk, "latin1") : bulk;
}

/** What the bytes say in UTF-8; what is not valid UTF-8 becomes U+FFFD. */
export function decode(bulk: Bulk): string {
  if (typeof bulk !== "string") return bufferOf(bulk).toString("utf8");
  return isAscii(bulk) ? bulk : Buffer.from(bulk, "latin1").toString("utf8");
}

/** The bytes of a text in UTF-8. */
export function encode(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** No text of the engine is longer, so what is to be one must not be, either. */
export const LONGEST_TEXT: number = constants.MAX_STRING_LENGTH;

/** To be kept for long: a piece that was cut out of a chunk would keep the whole chunk in memory. */
export function detach(bulk: Bulk): Bulk {
  return typeof bulk === "string" ? detachText(bulk) : bulk;
}

/** The same for a key. */
export function detachText(text: string): string {
  return text.length <= COPIED ? text : copyText(text);
}

/** The same text, of one piece and nobody else's. One character per byte. */
export function copyText(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
