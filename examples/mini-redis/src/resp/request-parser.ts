/**
 * Cuts requests out of what a client sends: arrays of bulks, or lines of words.
 *
 * It goes on where it stopped, so that a request costs the same however many pieces it comes in.
 */
import { ProtocolError } from "../errors.ts";
import { type Bulk, LONGEST_TEXT } from "./bulk.ts";
import { splitWords } from "./inline.ts";
import { Input } from "./input.ts";

/** How much of what a client sends is taken. The defaults are redis's, but that an argument must fit in a text. */
export interface RequestLimits {
  /** Bytes of one argument. */
  readonly bulk: number;
  /** Arguments of one request. */
  readonly args: number;
  /** Bytes of a line, with a request on it or a length. */
  readonly line: number;
  /** Bytes of all arguments of a request. */
  readonly request: number;
}

export const REQUEST_LIMITS: RequestLimits = {
  bulk: Math.min(512 * 1024 * 1024, LONGEST_TEXT),
  args: 1024 * 1024,
  line: 64 * 1024,
  request: 1024 * 1024 * 1024,
};

const STAR = 42;
const DOLLAR = 36;

/** A request: the name of the command and its arguments. */
export type Request = readonly [name: Bulk, ...args: Bulk[]];

export class RequestParser {
  readonly #input = new Input();
  readonly #limits: RequestLimits;
  /** The request under way. */
  #args: Bulk[] = [];
  /** How many of its arguments have yet to come. */
  #left = 0;
  #size = 0;
  /** The length of the next argument; -1 when it is not known yet. */
  #length = -1;

  constructor(limits: RequestLimits = REQUEST_LIMITS) {
    this.#limits = limits;
  }

  /** Takes in what was read. */
  push(chunk: Uint8Array): void {
    this.#input.push(chunk);
  }

  /** True when the input ends between two requests. */
  get isAtBorder(): boolean {
    return this.#left === 0 && this.#input.isEmpty;
  }

  /**
   * The next request; `undefined` when it has not arrived in whole.
   * @throws {@link ProtocolError} for what is no request. There is no way to go on behind it.
   */
  next(): Request | undefined {
    const input = this.#input;
    while (this.#left === 0) {
      if (!input.hasMore()) return undefined;
      if (input.text.charCodeAt(input.at) !== STAR) {
        const words = this.#inline();
        if (words === undefined || words.length > 0) return words as Request | undefined;
        continue;
      }
      const count = input.integer();
      if (Number.isNaN(count)) return this.#unfinished("too big mbulk count string");
      if (count > this.#limits.args) throw new ProtocolError("invalid multibulk length");
      if (count <= 0) continue;
      this.#args = []; // not made that large: the number is the peer's
      this.#left = count;
      this.#size = 0;
    }
    return this.#rest();
  }

  #rest(): Request | undefined {
    const input = this.#input;
    while (this.#left > 0) {
      const arg = this.#length === -1 && !this.#bulkLength() ? undefined : input.bulk(this.#length);
      if (arg === undefined) {
        input.settle();
        return undefined;
      }
      this.#args.push(arg);
      this.#length = -1;
      this.#left -= 1;
    }
    const args = this.#args;
    this.#args = [];
    return args as unknown as Request; // there was at least one
  }

  /** Whether the length of the next argument is there. */
  #bulkLength(): boolean {
    const input = this.#input;
    if (!input.hasMore()) return false;
    if (input.text.charCodeAt(input.at) !== DOLLAR && input.lineEnd() !== -1)
      throw new ProtocolError(`expected '$', got '${input.text[input.at]}'`);
    const length = input.integer();
    if (Number.isNaN(length)) {
      this.#unfinished("too big bulk count string");
      return false;
    }
    if (length < 0 || length > this.#limits.bulk) throw new ProtocolError("invalid bulk length");
    this.#size += length;
    if (this.#size > this.#limits.request) throw new ProtocolError("too big request");
    this.#length = length;
    return true;
  }

  #inline(): string[] | undefined {
    const input = this.#input;
    const end = input.text.indexOf("\n", input.at);
    if (end === -1) return this.#unfinished("too big inline request");
    const words = splitWords(input.text.slice(input.at, end)); // a CR counts as space
    if (words === null) throw new ProtocolError("unbalanced quotes in request");
    input.at = end + 1;
    return words;
  }

  /** A line has not ended yet; it must before it is too long. */
  #unfinished(tooLong: string): undefined {
    const input = this.#input;
    if (input.text.length - input.at > this.#limits.line) throw new ProtocolError(tooLong);
    input.settle();
  }
}
