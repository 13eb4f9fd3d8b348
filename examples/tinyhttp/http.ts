/**
 * HTTP/1.1, as far as a server needs it that takes no bodies: requests out of bytes, responses into text.
 *
 * Bytes become Latin-1 text first: one character for each, and the engine's string search does the parsing.
 */

export interface Request {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Whether the connection stays open behind the answer; with HTTP/1.0 it never does. */
  readonly keepAlive: boolean;
}

export interface Response {
  readonly status: keyof typeof REASONS;
  readonly type?: string;
  readonly allow?: string;
  readonly body?: string;
}

const REASONS = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  431: "Request Header Fields Too Large",
  501: "Not Implemented",
  505: "HTTP Version Not Supported",
} as const;

/** A request that can't be answered; what follows it on the connection can't be understood. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: Response["status"];
  constructor(status: Response["status"], message: string) {
    super(message);
    this.status = status;
  }
}

/** The request line and the headers together; what most servers allow. */
const LARGEST_HEAD = 8192;
/** So many headers; what most servers allow. */
const MOST_HEADERS = 100;
/** Of a body, which is skipped. A client with a larger one has come to the wrong place. */
const LARGEST_BODY: number = 1024 * 1024;

const REQUEST_LINE = /([!#$%&'*+.^_`|~\w-]+) ([!-~]+) HTTP\/(\d)\.(\d)\r\n/y;
// Blanks around a value are cut off later: here, where they could belong to two parts, trying all ways takes for ever.
const HEADER = /([!#$%&'*+.^_`|~\w-]+):([\t -~\x80-\xff]*)\r\n/y;
/** Lines end with both. */
const LONE_LF = /(?<!\r)\n/g;
/** `close` in a list of tokens, and not as a part of one. */
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

/** What a parser needs next: the first byte of a request, the rest of a head, or of a body. */
export type Awaits = "request" | "head" | "body";

/** Takes bytes as they come, and gives the requests in them. */
export class RequestParser {
  #text = "";
  /** Where the next request begins. */
  #at = 0;
  /** Bytes of a body that are still to be skipped. */
  #body = 0;

  /** What comes next, once {@link RequestParser.next} has given all there was. */
  get awaits(): Awaits {
    if (this.#body > 0) return "body";
    return this.#text === "" ? "request" : "head";
  }

  push(chunk: Uint8Array): void {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
    this.#text = this.#at === this.#text.length ? text : this.#text.slice(this.#at) + text;
    this.#at = 0;
  }

  /** The next request, or `undefined` until more of it has come. @throws {@link HttpError} */
  next(): Request | undefined {
    const text = this.#text;
    const skipped = Math.min(this.#body, text.length - this.#at);
    this.#body -= skipped;
    this.#at += skipped;
    // Some clients send an empty line behind a body.
    while (text.startsWith("\r\n", this.#at)) this.#at += 2;

    const start = this.#at;
    if (start === text.length) {
      this.#text = ""; // an idle connection keeps nothing
      this.#at = 0;
      return undefined;
    }
    const end = text.indexOf("\r\n\r\n", start);
    if ((end === -1 ? text.length : end) - start > LARGEST_HEAD)
      throw new HttpError(431, `A request has at most ${LARGEST_HEAD} bytes in front of its body`);
    if (end === -1) {
      // What is no HTTP at all is told at once, and not when an empty line comes.
      if (text.includes("\n", start)) parseLine(text, start);
      LONE_LF.lastIndex = start;
      if (LONE_LF.test(text)) malformed("A line ends with a line feed alone");
      return undefined;
    }
    return this.#parseHead(start, end + 2);
  }

  #parseHead(start: number, end: number): Request {
    const text = this.#text;
    const [, method = "", target = "", major, minor] = parseLine(text, start);
    if (major !== "1") throw new HttpError(505, `HTTP/${major}.${minor} is not spoken here`);
    let keepAlive = minor !== "0";
    let hosts = 0;
    let headers = 0;
    let length: string | undefined;
    let coding: string | undefined;

    for (let at = REQUEST_LINE.lastIndex; at < end; at = HEADER.lastIndex) {
      HEADER.lastIndex = at;
      const [, name = "", padded = ""] =
        HEADER.exec(text) ?? malformed("A header is not of the form `name: value`");
      const value = trim(padded);
      headers += 1;
      if (headers > MOST_HEADERS) throw new HttpError(431, `A request has at most ${MOST_HEADERS} headers`);
      switch (name.toLowerCase()) {
        case "host":
          hosts += 1;
          break;
        case "connection":
          if (CLOSE.test(value)) keepAlive = false;
          break;
        case "content-length":
          if (!/^\d{1,15}$/.test(value) || (length !== undefined && length !== value))
            malformed("The content-length is not one number");
          length = value;
          break;
        case "expect":
          // Whether the body comes after all, only the client knows.
          keepAlive = false;
          break;
        case "transfer-encoding":
          coding = value;
          break;
      }
    }
    // Where it says in two ways how long it is, somebody on the way may have read the other one.
    if (coding !== undefined && (length !== undefined || minor === "0"))
      malformed("A body has a content-length or a transfer-encoding, and not both");
    if (coding !== undefined) throw new HttpError(501, "A body needs a content-length here");
    if (Number(length ?? 0) > LARGEST_BODY)
      throw new HttpError(413, `A body has at most ${LARGEST_BODY} bytes here`);
    if (hosts > 1 || (hosts === 0 && minor !== "0")) malformed("A request names one host");

    this.#at = end + 2;
    this.#body = Number(length ?? 0);
    return { method, path: pathOf(target), keepAlive };
  }
}

function parseLine(text: string, start: number): RegExpExecArray {
  REQUEST_LINE.lastIndex = start;
  return REQUEST_LINE.exec(text) ?? malformed("The first line is not `METHOD target HTTP/version`");
}

/** Without the blanks around it. `trim()` would take more for one than HTTP does. */
function trim(value: string): string {
  let [from, to] = [0, value.length];
  while (from < to && isBlank(value, from)) from += 1;
  while (from < to && isBlank(value, to - 1)) to -= 1;
  return value.slice(from, to);
}

function isBlank(value: string, at: number): boolean {
  return value[at] === " " || value[at] === "\t";
}

function malformed(message: string): never {
  throw new HttpError(400, message);
}

/** A target is a path, or a whole URL when it was meant for a proxy. */
function pathOf(target: string): string {
  const from = target.startsWith("/") ? 0 : target.indexOf("/", target.indexOf("//") + 2);
  const query = target.indexOf("?");
  return target.slice(Math.max(from, 0), query === -1 ? target.length : query);
}

/** What goes over the wire; `head` leaves the body away, as the answer to HEAD does. */
export function encode(
  { status, type = "text/plain", allow, body }: Response,
  keepAlive: boolean,
  head = false,
): string {
  const text = body ?? `${status} ${REASONS[status]}\n`;
  return (
    `HTTP/1.1 ${status} ${REASONS[status]}\r\nserver: rt\r\ndate: ${httpDate()}\r\n` +
    `content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n` +
    (allow === undefined ? "" : `allow: ${allow}\r\n`) +
    (keepAlive ? "\r\n" : "connection: close\r\n\r\n") +
    (head ? "" : text)
  );
}

let second = 0;
let date = "";

/** Made once a second: it costs more than the rest of a response. */
function httpDate(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1000).toUTCString();
  }
  return date;
}
