/**
 * Frames to be sent, collected until they are written all at once.
 *
 * Small ones are put together as text, which becomes bytes once, at the end; large bulks are passed on as they are.
 */
import { type Bulk, LARGE } from "./bulk.ts";

/** What a client has asked for with `HELLO`. */
export type Protocol = 2 | 3;

export class Output {
  /** What has no form of its own in RESP2 is sent as what comes nearest. */
  protocol: Protocol = 2;
  #text = "";
  #parts: Uint8Array[] = [];
  #partsLength = 0;

  /** Bytes that wait to be written. */
  get length(): number {
    return this.#partsLength + this.#text.length;
  }

  /** Gives what was collected, and starts anew. Nearly always it is one array. */
  take(): readonly Uint8Array[] {
    this.#flushText();
    const parts = this.#parts;
    this.#parts = [];
    this.#partsLength = 0;
    return parts;
  }

  #flushText(): void {
    if (this.#text === "") return;
    this.#add(Buffer.from(this.#text, "latin1"));
    this.#text = "";
  }

  #add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#partsLength += part.length;
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
      return;
    }
    this.#text += `$${length}\r\n`;
    this.#flushText();
    this.#add(typeof value === "string" ? Buffer.from(value, "latin1") : value);
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
