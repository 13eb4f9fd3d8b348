/**
 * Frames to be sent, collected until they are written all at once, or in pieces where they are many.
 *
 * Small ones are put together as text, which becomes bytes once, when its piece is taken; large bulks are passed on as
 * they are. Until then the engine keeps a text as references to what it was put together of, so an answer that is much
 * larger than what it is made of (`MGET` of one key a million times) costs little more than that.
 */
import { type Bulk, bytesOf, LARGE } from "./bulk.ts";

/** So long a text is a piece of its own. Arbitrary: a socket takes as much at once. */
const PIECE = 64 * 1024;

/** What a client has asked for with `HELLO`. */
export type Protocol = 2 | 3;

export class Output {
  /** What has no form of its own in RESP2 is sent as what comes nearest. */
  protocol: Protocol = 2;
  #text = "";
  /** What comes before `#text`, from `#next` on. */
  #pieces: Bulk[] = [];
  #next = 0;
  #piecesLength = 0;
  /** The length of the piece that was taken last, and may still be on its way. */
  #taken = 0;

  /** Bytes that wait to be written, those of the piece that was taken last among them. */
  get length(): number {
    return this.#taken + this.#piecesLength + this.#text.length;
  }

  /** Gives the next piece; `undefined` when there is none. Nearly always there is one. To take another, write it first. */
  take(): Uint8Array | undefined {
    const piece = this.#takePiece();
    this.#taken = piece?.length ?? 0;
    return piece === undefined ? undefined : bytesOf(piece);
  }

  /** Throws everything away. */
  clear(): void {
    this.#text = "";
    this.#pieces = [];
    this.#next = 0;
    this.#piecesLength = 0;
    this.#taken = 0;
  }

  #takePiece(): Bulk | undefined {
    const piece = this.#pieces[this.#next];
    if (piece === undefined) {
      const text = this.#text;
      this.#text = "";
      return text === "" ? undefined : text;
    }
    this.#pieces[this.#next] = "";
    this.#next += 1;
    this.#piecesLength -= piece.length;
    if (this.#next === this.#pieces.length) {
      this.#pieces = [];
      this.#next = 0;
    }
    return piece;
  }

  /** Makes a piece of the text. */
  #cut(): void {
    this.#add(this.#text);
    this.#text = "";
  }

  #add(piece: Bulk): void {
    this.#pieces.push(piece);
    this.#piecesLength += piece.length;
  }

  /** A frame, or several, as they are. One character per byte. */
  raw(frames: string): void {
    this.#text += frames;
  }

  simple(text: string): void {
    this.#text += `+${text}\r\n`;
  }

  /** The first word says the kind, `ERR` mostly. */
  error(message: string): void {
    this.#text += `-${message.replaceAll(/[\r\n]/g, " ")}\r\n`;
  }

  integer(value: number | bigint): void {
    this.#text += `:${value}\r\n`;
  }

  bulk(value: Bulk): void {
    const { length } = value;
    if (typeof value === "string" && length < LARGE) {
      this.#text += `$${length}\r\n${value}\r\n`;
      if (this.#text.length > PIECE) this.#cut();
      return;
    }
    this.#text += `$${length}\r\n`;
    this.#cut();
    this.#add(value);
    this.#text = "\r\n";
  }

  /** Text for people. One character per byte. */
  verbatim(text: string): void {
    if (this.protocol === 2) this.bulk(text);
    else this.#text += `=${text.length + 4}\r\ntxt:${text}\r\n`;
  }

  /** No value. */
  nil(): void {
    this.#text += this.protocol === 2 ? "$-1\r\n" : "_\r\n";
  }

  /** What follows are its `count` items. */
  array(count: number): void {
    this.#text += `*${count}\r\n`;
  }

  /** What follows are its `count` keys, each with its value. */
  map(count: number): void {
    this.#text += this.protocol === 2 ? `*${2 * count}\r\n` : `%${count}\r\n`;
  }

  /** What follows are its `count` different items. */
  set(count: number): void {
    this.#text += `${this.protocol === 2 ? "*" : "~"}${count}\r\n`;
  }

  /** What follows are the `count` items of something that nobody has asked for. */
  push(count: number): void {
    this.#text += `${this.protocol === 2 ? "*" : ">"}${count}\r\n`;
  }

  bulks(values: readonly Bulk[]): void {
    for (const value of values) this.bulk(value);
  }
}
