/**
 * What has arrived on a connection and was not consumed yet.
 *
 * A chunk becomes text once, as a whole, and the parsers cut their pieces out of it. Only a large bulk that arrives in
 * several chunks is collected as bytes. However the peer sends, what is kept is in proportion to what has come.
 *
 * Invariants:
 *  1. The bytes not consumed are `text` from `at` on, behind those of a large bulk under way.
 *  2. While a large bulk is under way, `text` is empty.
 */
import { Chunks } from "@rt/io";
import { type Bulk, copyText, LARGE, textOf } from "./bulk.ts";

const CR = 13;
const ZERO = 48;
const NINE = 57;
/** So many digits are exact in a number whatever they are. */
const SAFE_DIGITS = 15;
/** A text that was put together of so many is made one piece: each of them takes 32 bytes else. Arbitrary. */
const MOST_JOINS = 64;
/** So much of a text may have been consumed before the rest of it gets one of its own. Arbitrary. */
const MOST_CONSUMED = 1024;

export class Input {
  text = "";
  at = 0;
  /** How many texts `text` was put together of. */
  #joins = 0;
  /** What there is of a large bulk under way. */
  readonly #large = new Chunks();
  /** How many of its bytes have yet to come, the line end behind it included. */
  #missing = 0;
  #isLarge = false;

  /** True when a frame that ends here would end with the input. */
  get isEmpty(): boolean {
    return this.at === this.text.length && !this.#isLarge;
  }

  /** Whether there is something to cut a frame out of. Where there is not, lets go of what was cut up. */
  hasMore(): boolean {
    if (this.at < this.text.length) return true;
    this.text = "";
    this.at = 0;
    return false;
  }

  /** Takes in what was read. The array belongs to the input from then on. */
  push(chunk: Uint8Array): void {
    const rest = this.#missing > 0 ? this.#pushLarge(chunk) : chunk;
    if (rest.length === 0) return;
    const text = textOf(rest);
    // Cut nothing off where nothing was consumed: then the engine notes that both belong together, and copies once.
    this.text = this.at === this.text.length ? text : this.text.slice(this.at) + text;
    this.at = 0;
    this.#joins += 1;
  }

  /** What is left is no whole frame, and the rest may be long in coming: keeps no more than that meanwhile. */
  settle(): void {
    if (this.#joins < MOST_JOINS && this.at < MOST_CONSUMED) return;
    this.text = copyText(this.text.slice(this.at));
    this.at = 0;
    this.#joins = 0;
  }

  #pushLarge(chunk: Uint8Array): Uint8Array {
    const count = Math.min(this.#missing, chunk.length);
    this.#large.push(count === chunk.length ? chunk : chunk.subarray(0, count));
    this.#missing -= count;
    return chunk.subarray(count);
  }

  /**
   * Consumes a line of a letter and a whole number, and gives the number.
   *
   * `NaN` when the line has not arrived in whole, an infinite one when it is not a number: then nothing is consumed.
   */
  integer(): number {
    const { text, at } = this;
    let end = at + 1;
    let value = 0;
    let code = text.charCodeAt(end);
    const first = code;
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + (code - ZERO);
      end += 1;
      code = text.charCodeAt(end);
    }
    const digits = end - at - 1;
    const isPlain = code === CR && digits > 0 && digits <= SAFE_DIGITS && (first !== ZERO || digits === 1);
    if (!isPlain || end + 1 >= text.length) return this.#unusualInteger();
    this.at = end + 2;
    return value;
  }

  #unusualInteger(): number {
    const end = this.lineEnd();
    if (end === -1) return Number.NaN;
    const line = this.text.slice(this.at + 1, end);
    const value = /^(?:0|-?[1-9]\d*)$/.test(line) ? Number(line) : Infinity;
    if (!Number.isSafeInteger(value)) return Infinity;
    this.at = end + 2;
    return value;
  }

  /** Where the line at `at` ends: the place of its CR; -1 while it has not arrived in whole. */
  lineEnd(): number {
    const end = this.text.indexOf("\r", this.at);
    return end + 1 === this.text.length ? -1 : end;
  }

  /** Consumes a line and gives it without its end; `undefined` while it has not arrived in whole. */
  line(): string | undefined {
    const end = this.lineEnd();
    if (end === -1) return undefined;
    const line = this.text.slice(this.at, end);
    this.at = end + 2;
    return line;
  }

  /** Consumes `length` bytes and the line end behind them; `undefined` while they have not all arrived. */
  bulk(length: number): Bulk | undefined {
    const { text, at } = this;
    const end = at + length;
    if (end + 2 <= text.length) {
      this.at = end + 2;
      return text.slice(at, end);
    }
    if (this.#isLarge) return this.#takeLarge(length);
    if (length >= LARGE) {
      this.#isLarge = true;
      this.#large.push(Buffer.from(text.slice(at), "latin1"));
      this.#missing = end + 2 - text.length;
      this.text = "";
      this.at = 0;
    }
    return undefined;
  }

  #takeLarge(length: number): Bulk | undefined {
    if (this.#missing > 0) return undefined;
    this.#isLarge = false;
    return this.#large.concat().subarray(0, length); // without the line end
  }
}
