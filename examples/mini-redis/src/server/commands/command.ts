/** What a command is, and what most of them need. */
import { type Bulk, textOf } from "../../resp/bulk.ts";
import type { Request } from "../../resp/request-parser.ts";
import type { Session } from "../session.ts";

export interface Command {
  readonly name: string;
  /** How many words a request has, its name included; where it is negative, at least that many. */
  readonly arity: number;
  readonly flags: readonly string[];
  /** Which words are keys: the first, the last (negative: counted from the end), and how far apart. */
  readonly keys: readonly [first: number, last: number, step: number];
  readonly group: "connection" | "generic" | "pubsub" | "server" | "string";
  readonly summary: string;
  run(session: Session, request: Request): void;
}

export const NO_KEYS = [0, 0, 0] as const;

export const NOT_AN_INTEGER = "ERR value is not an integer or out of range";
export const SYNTAX_ERROR = "ERR syntax error";

/** The word at a place that the arity says is there, as text of one character per byte. */
export function word(request: Request, at: number): string {
  return textOf(request[at] as Bulk);
}

/** The beginning of a word, for errors: as much of it as redis shows. */
export function shown(request: Request, at: number, most: number = 128): string {
  const bulk = request[at] as Bulk;
  return textOf(bulk.length > most ? bulk.slice(0, most) : bulk);
}

/** An option, whose case does not matter. None is longer than what this gives at most. */
export function option(request: Request, at: number): string {
  return shown(request, at).toUpperCase();
}

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/** Reads a whole number of 64 bits, written the one way it can be; `undefined` where it is none. */
export function parseInteger(bulk: Bulk): number | bigint | undefined {
  if (typeof bulk !== "string" || !/^(?:0|-?[1-9]\d{0,18})$/.test(bulk)) return undefined;
  const value = Number(bulk);
  return Number.isSafeInteger(value) ? value : checkRange(BigInt(bulk));
}

/** A sum of 64 bits; `undefined` where it does not fit. */
export function add(a: number | bigint, b: number | bigint): number | bigint | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return checkRange(BigInt(a) + BigInt(b));
}

function checkRange(value: bigint): bigint | undefined {
  return value >= LEAST && value <= MOST ? value : undefined;
}

/** Answers as redis does where the number of words is wrong. */
export function wrongArity(session: Session, name: string): void {
  session.out.error(`ERR wrong number of arguments for '${name}' command`);
}

/** A command of a command: `CONFIG GET`. Its arity counts both names. */
export interface Subcommand {
  readonly arity: number;
  run(session: Session, request: Request): void;
}

/** Runs the subcommand that the second word names. */
export function runSubcommand(
  session: Session,
  request: Request,
  name: string,
  subcommands: Readonly<Record<string, Subcommand>>,
): void {
  const wanted = shown(request, 1);
  const key = wanted.toLowerCase();
  const subcommand = Object.hasOwn(subcommands, key) ? subcommands[key] : undefined;
  if (subcommand === undefined)
    session.out.error(`ERR unknown subcommand '${wanted}'. Try ${name.toUpperCase()} HELP.`);
  else if (!fits(subcommand.arity, request.length)) wrongArity(session, `${name}|${key}`);
  else subcommand.run(session, request);
}

export function fits(arity: number, length: number): boolean {
  return arity >= 0 ? length === arity : length >= -arity;
}
