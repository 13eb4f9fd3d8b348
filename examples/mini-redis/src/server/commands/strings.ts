/** The commands that read and write values. */
import { type Bulk, textOf } from "../../resp/bulk.ts";
import type { Request } from "../../resp/request-parser.ts";
import type { Session } from "../session.ts";
import { now } from "../store.ts";
import {
  add,
  type Command,
  NOT_AN_INTEGER,
  option,
  parseInteger,
  SYNTAX_ERROR,
  word,
  wrongArity,
} from "./command.ts";

function reply(session: Session, value: Bulk | undefined): void {
  if (value === undefined) session.out.nil();
  else session.out.bulk(value);
}

function get(session: Session, request: Request): void {
  reply(session, session.store.get(word(request, 1)));
}

/** What stands behind the value in a `SET`. */
interface SetOptions {
  /** Only where there is no value; only where there is one. */
  condition: "NX" | "XX" | null;
  /** Gives the value that was there. */
  get: boolean;
  keepTtl: boolean;
  /** The word with the time, and how many ms one of it is. */
  expiry: { readonly at: number; readonly unit: number } | null;
}

const UNITS: Readonly<Record<string, number>> = { EX: 1000, PX: 1 };

function setOptions(request: Request): SetOptions | null {
  const options: SetOptions = { condition: null, get: false, keepTtl: false, expiry: null };
  for (let at = 3; at < request.length; at += 1) {
    const name = option(request, at);
    const unit = UNITS[name];
    if ((name === "NX" || name === "XX") && (options.condition ?? name) === name) options.condition = name;
    else if (name === "GET") options.get = true;
    else if (name === "KEEPTTL" && options.expiry === null) options.keepTtl = true;
    else if (unit !== undefined && options.expiry === null && !options.keepTtl && at + 1 < request.length) {
      at += 1;
      options.expiry = { at, unit };
    } else return null;
  }
  return options;
}

/** Reads a time from now. Answers with an error and gives `null` where it is none. */
function deadline(
  session: Session,
  request: Request,
  at: number,
  unit: number,
  name: string,
  least: number,
): number | null {
  const amount = parseInteger(request[at] as Bulk);
  if (amount === undefined) {
    session.out.error(NOT_AN_INTEGER);
    return null;
  }
  const ms = Number(amount) * unit;
  if (amount < least || Math.abs(ms) > Number.MAX_SAFE_INTEGER) {
    session.out.error(`ERR invalid expire time in '${name}' command`);
    return null;
  }
  return now() + ms;
}

function set(session: Session, request: Request): void {
  const { store, out } = session;
  const key = word(request, 1);
  const value = request[2] as Bulk;
  if (request.length === 3) {
    store.set(key, value);
    out.raw("+OK\r\n");
    return;
  }
  const options = setOptions(request);
  if (options === null) {
    out.error(SYNTAX_ERROR);
    return;
  }
  const { condition, expiry } = options;
  const until = expiry === null ? undefined : deadline(session, request, expiry.at, expiry.unit, "set", 1);
  if (until === null) return;
  const before = store.get(key);
  const isSet = condition === null || (before === undefined) === (condition === "NX");
  if (isSet && options.keepTtl) store.replace(key, value);
  else if (isSet) store.set(key, value, until);
  if (options.get) reply(session, before);
  else if (isSet) out.raw("+OK\r\n");
  else out.nil();
}

function increment(session: Session, key: string, by: number | bigint): void {
  const { store, out } = session;
  const before = parseInteger(store.get(key) ?? "0");
  if (before === undefined) {
    out.error(NOT_AN_INTEGER);
    return;
  }
  const after = add(before, by);
  if (after === undefined) {
    out.error("ERR increment or decrement would overflow");
    return;
  }
  store.replace(key, `${after}`);
  out.integer(after);
}

function incrementBy(session: Session, request: Request, sign: 1 | -1): void {
  const by = parseInteger(request[2] as Bulk);
  if (by === undefined) session.out.error(NOT_AN_INTEGER);
  else if (sign === 1) increment(session, word(request, 1), by);
  else if (BigInt(by) === -(2n ** 63n)) session.out.error("ERR decrement would overflow");
  else increment(session, word(request, 1), typeof by === "number" ? 0 - by : -by);
}

function mget(session: Session, request: Request): void {
  session.out.array(request.length - 1);
  for (let at = 1; at < request.length; at += 1) reply(session, session.store.get(word(request, at)));
}

function mset(session: Session, request: Request): void {
  if (request.length % 2 === 0) {
    wrongArity(session, "mset");
    return;
  }
  for (let at = 1; at < request.length; at += 2)
    session.store.set(word(request, at), request[at + 1] as Bulk);
  session.out.raw("+OK\r\n");
}

/** How many of the keys `test` is true for; one that is named twice counts twice. */
function count(session: Session, request: Request, test: (key: string) => boolean): void {
  let counted = 0;
  for (let at = 1; at < request.length; at += 1) if (test(textOf(request[at] as Bulk))) counted += 1;
  session.out.integer(counted);
}

type When = (before: number | undefined, after: number) => boolean;

const EXPIRE_OPTIONS: Readonly<Record<string, When>> = {
  NX: (before) => before === undefined,
  XX: (before) => before !== undefined,
  GT: (before, after) => before !== undefined && after > before,
  LT: (before, after) => before === undefined || after < before,
};

function checkOptions(options: ReadonlySet<string>): string | null {
  for (const name of options)
    if (!Object.hasOwn(EXPIRE_OPTIONS, name)) return `ERR Unsupported option ${name}`;
  if (options.has("NX") && options.size > 1)
    return "ERR NX and XX, GT or LT options at the same time are not compatible";
  return options.has("GT") && options.has("LT")
    ? "ERR GT and LT options at the same time are not compatible"
    : null;
}

function expire(session: Session, request: Request, unit: number, name: string): void {
  const { store, out } = session;
  const options = new Set<string>();
  for (let at = 3; at < request.length; at += 1) options.add(option(request, at));
  const problem = checkOptions(options);
  if (problem !== null) {
    out.error(problem);
    return;
  }
  const until = deadline(session, request, 2, unit, name, -Infinity);
  if (until === null) return;
  const key = word(request, 1);
  const before = store.has(key) ? store.deadline(key) : null;
  if (before === null || ![...options].every((condition) => EXPIRE_OPTIONS[condition]?.(before, until))) {
    out.integer(0);
    return;
  }
  if (until <= now()) store.delete(key);
  else store.expireAt(key, until);
  out.integer(1);
}

function ttl(session: Session, request: Request, unit: number): void {
  const key = word(request, 1);
  const until = session.store.deadline(key);
  if (!session.store.has(key)) session.out.integer(-2);
  else session.out.integer(until === undefined ? -1 : Math.round((until - now()) / unit));
}

const ONE = [1, 1, 1] as const;
const ALL = [1, -1, 1] as const;
const READ = ["readonly", "fast"] as const;
const WRITE = ["write", "denyoom", "fast"] as const;

export const STRINGS: readonly Command[] = [
  {
    name: "get",
    arity: 2,
    flags: READ,
    keys: ONE,
    group: "string",
    summary: "Gives the value of a key",
    run: get,
  },
  {
    name: "set",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: ONE,
    group: "string",
    summary: "Sets the value of a key, if wanted for some time only",
    run: set,
  },
  {
    name: "mget",
    arity: -2,
    flags: READ,
    keys: ALL,
    group: "string",
    summary: "Gives the values of several keys",
    run: mget,
  },
  {
    name: "mset",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [1, -1, 2],
    group: "string",
    summary: "Sets the values of several keys",
    run: mset,
  },
  {
    name: "incr",
    arity: 2,
    flags: WRITE,
    keys: ONE,
    group: "string",
    summary: "Adds one to a number",
    run: (session, request) => increment(session, word(request, 1), 1),
  },
  {
    name: "decr",
    arity: 2,
    flags: WRITE,
    keys: ONE,
    group: "string",
    summary: "Takes one from a number",
    run: (session, request) => increment(session, word(request, 1), -1),
  },
  {
    name: "incrby",
    arity: 3,
    flags: WRITE,
    keys: ONE,
    group: "string",
    summary: "Adds to a number",
    run: (session, request) => incrementBy(session, request, 1),
  },
  {
    name: "decrby",
    arity: 3,
    flags: WRITE,
    keys: ONE,
    group: "string",
    summary: "Takes from a number",
    run: (session, request) => incrementBy(session, request, -1),
  },
  {
    name: "del",
    arity: -2,
    flags: ["write"],
    keys: ALL,
    group: "generic",
    summary: "Removes keys, and tells how many there were",
    run: (session, request) => count(session, request, (key) => session.store.delete(key)),
  },
  {
    name: "exists",
    arity: -2,
    flags: READ,
    keys: ALL,
    group: "generic",
    summary: "Tells how many of the keys there are",
    run: (session, request) => count(session, request, (key) => session.store.has(key)),
  },
  {
    name: "expire",
    arity: -3,
    flags: ["write", "fast"],
    keys: ONE,
    group: "generic",
    summary: "Lets a key expire after so many seconds",
    run: (session, request) => expire(session, request, 1000, "expire"),
  },
  {
    name: "pexpire",
    arity: -3,
    flags: ["write", "fast"],
    keys: ONE,
    group: "generic",
    summary: "Lets a key expire after so many milliseconds",
    run: (session, request) => expire(session, request, 1, "pexpire"),
  },
  {
    name: "ttl",
    arity: 2,
    flags: READ,
    keys: ONE,
    group: "generic",
    summary: "Tells in how many seconds a key expires",
    run: (session, request) => ttl(session, request, 1000),
  },
  {
    name: "pttl",
    arity: 2,
    flags: READ,
    keys: ONE,
    group: "generic",
    summary: "Tells in how many milliseconds a key expires",
    run: (session, request) => ttl(session, request, 1),
  },
];
