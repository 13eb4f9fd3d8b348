/** Cuts replies out of what a server sends: RESP2 and RESP3. It goes on where it stopped. */
import { ProtocolError, ReplyError } from "../errors.ts";
import { type Bulk, decode } from "./bulk.ts";
import { Input } from "./input.ts";

/** Something that the server sends without having been asked. RESP3 only. */
export class Push {
  readonly items: readonly Reply[];
  constructor(items: readonly Reply[]) {
    this.items = items;
  }
}

/** What a server answers. Strings are of one character per byte, see {@link Bulk}. */
export type Reply = null | boolean | number | bigint | Bulk | ReplyError | Push | Reply[] | Map<Reply, Reply>;

/** How much of what a server sends is taken. */
export interface ReplyLimits {
  /** Bytes of one string. */
  readonly bulk: number;
  /** Items of one array. */
  readonly items: number;
  /** Arrays in arrays. */
  readonly depth: number;
  /** Bytes of a line. */
  readonly line: number;
}

export const REPLY_LIMITS: ReplyLimits = {
  bulk: 512 * 1024 * 1024,
  items: 16 * 1024 * 1024,
  depth: 64,
  line: 64 * 1024,
};

/** An array, map or the like that is under way. */
interface Level {
  readonly type: string;
  /** How many replies have yet to come. */
  left: number;
  readonly items: Reply[];
}

/** The reply has not arrived in whole. */
const UNFINISHED = Symbol("unfinished");
type Step = Reply | typeof UNFINISHED | Level;

export class ReplyParser {
  readonly #input = new Input();
  readonly #limits: ReplyLimits;
  readonly #levels: Level[] = [];
  /** The type of the string that is under way; empty when none is. */
  #bulkType = "";
  #bulkLength = 0;

  constructor(limits: ReplyLimits = REPLY_LIMITS) {
    this.#limits = limits;
  }

  /** Takes in what was read. */
  push(chunk: Uint8Array): void {
    this.#input.push(chunk);
  }

  /** True when the input ends between two replies. */
  get isAtBorder(): boolean {
    return this.#levels.length === 0 && this.#bulkType === "" && this.#input.isEmpty;
  }

  /**
   * The next reply; `undefined` when it has not arrived in whole.
   * @throws {@link ProtocolError} for what is no reply. There is no way to go on behind it.
   */
  next(): Reply | undefined {
    for (;;) {
      let value = this.#step();
      if (value === UNFINISHED) return undefined;
      if (isLevel(value)) {
        if (value.left > 0) {
          if (this.#levels.push(value) > this.#limits.depth) throw new ProtocolError("too deep");
          continue;
        }
        value = close(value);
      }
      const whole = this.#place(value);
      if (whole !== undefined) return whole;
    }
  }

  /** Puts a value where it belongs. Gives the reply that is whole by it. */
  #place(value: Reply | undefined): Reply | undefined {
    for (let whole = value; whole !== undefined; ) {
      const level = this.#levels.at(-1);
      if (level === undefined) return whole;
      level.items.push(whole);
      level.left -= 1;
      if (level.left > 0) return undefined;
      this.#levels.pop();
      whole = close(level);
    }
    return undefined;
  }

  #step(): Step | undefined {
    const input = this.#input;
    if (this.#bulkType !== "") return this.#bulk();
    if (!input.hasMore()) return UNFINISHED;
    const type = input.text[input.at] as string;
    switch (type) {
      case "$":
      case "!":
      case "=":
        return this.#beginBulk(type);
      case "*":
      case "~":
      case ">":
      case "%":
      case "|":
        return this.#beginLevel(type);
      case ":": {
        const value = input.integer();
        if (Number.isFinite(value)) return value;
        return Number.isNaN(value) ? this.#unfinished() : this.#scalar(type);
      }
      default:
        return this.#scalar(type);
    }
  }

  /** Consumes a line with a length; -1 for none at all, `NaN` when it has not arrived. */
  #count(most: number): number {
    const count = this.#input.integer();
    if (Number.isNaN(count)) this.#unfinished();
    else if (count < -1 || count > most) throw new ProtocolError(`invalid length ${this.#lineHere()}`);
    return count;
  }

  #beginBulk(type: string): Step {
    const length = this.#count(this.#limits.bulk);
    if (Number.isNaN(length)) return UNFINISHED;
    if (length === -1) return null;
    this.#bulkType = type;
    this.#bulkLength = length;
    return this.#bulk();
  }

  #bulk(): Step {
    const bulk = this.#input.bulk(this.#bulkLength);
    if (bulk === undefined) {
      this.#input.settle();
      return UNFINISHED;
    }
    const type = this.#bulkType;
    this.#bulkType = "";
    if (type === "$") return bulk;
    if (type === "!") return new ReplyError(decode(bulk));
    return typeof bulk === "string" ? bulk.slice(4) : bulk.subarray(4); // `txt:` stands before the text
  }

  #beginLevel(type: string): Step {
    const count = this.#count(this.#limits.items);
    if (Number.isNaN(count)) return UNFINISHED;
    if (count === -1) return null;
    return { type, left: type === "%" || type === "|" ? 2 * count : count, items: [] };
  }

  #scalar(type: string): Step {
    const line = this.#input.line();
    if (line === undefined) return this.#unfinished();
    const text = line.slice(1);
    switch (type) {
      case "+":
        return text;
      case "-":
        return new ReplyError(decode(text));
      case "_":
        return null;
      case "#":
        return text === "t";
      case ",":
        return double(text);
      case ":":
      case "(":
        if (/^[+-]?\d+$/.test(text)) return BigInt(text);
        throw new ProtocolError(`invalid number ${JSON.stringify(text)}`);
      default:
        throw new ProtocolError(`unknown type ${JSON.stringify(type)}`);
    }
  }

  #lineHere(): string {
    return JSON.stringify(this.#input.text.slice(this.#input.at, this.#input.at + 32));
  }

  #unfinished(): typeof UNFINISHED {
    const input = this.#input;
    if (input.text.length - input.at > this.#limits.line) throw new ProtocolError("too long a line");
    input.settle();
    return UNFINISHED;
  }
}

function isLevel(step: Step | undefined): step is Level {
  return typeof step === "object" && step !== null && "left" in step;
}

/** What an array or the like is, all of whose items are there. What only tells about the next one gives nothing. */
function close({ type, items }: Level): Reply | undefined {
  if (type === "|") return undefined;
  if (type === ">") return new Push(items);
  if (type !== "%") return items;
  const map = new Map<Reply, Reply>();
  for (let i = 0; i < items.length; i += 2) map.set(items[i] as Reply, items[i + 1] as Reply);
  return map;
}

function double(text: string): number {
  if (text === "inf") return Infinity;
  if (text === "-inf") return -Infinity;
  const value = Number(text);
  if (text === "nan" || (text !== "" && !Number.isNaN(value))) return value;
  throw new ProtocolError(`invalid number ${JSON.stringify(text)}`);
}
