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

const REQUEST_LINE = /([!#$%&'*+.^_`|~\w-]+) ([!-~]+) HTTP\/(\d)\.(\d)\r\n/y;
const HEADER = /([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t -~\x80-\xff]*)\r\n/y;

/** Takes bytes as they come, and gives the requests in them. */
export class RequestParser {
  #text = "";
  /** Where the next request begins. */
  #at = 0;
  /** Bytes of a body that are still to be skipped. */
  #body = 0;

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
    if (start === text.length) return undefined;
    const end = text.indexOf("\r\n\r\n", start);
    if ((end === -1 ? text.length : end) - start > LARGEST_HEAD)
      throw new HttpError(431, `A request has at most ${LARGEST_HEAD} bytes in front of its body`);
    if (end === -1) {
      // What is no HTTP at all is told at once, and not when an empty line comes.
      if (text.includes("\n", start)) parseLine(text, start);
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
    let length: string | undefined;

    for (let at = REQUEST_LINE.lastIndex; at < end; at = HEADER.lastIndex) {
      HEADER.lastIndex = at;
      const [, name = "", padded = ""] =
        HEADER.exec(text) ?? malformed("A header is not of the form `name: value`");
      const value = padded.trimEnd();
      switch (name.toLowerCase()) {
        case "host":
          hosts += 1;
          break;
        case "connection":
          if (/\bclose\b/i.test(value)) keepAlive = false;
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
          throw new HttpError(501, "A body needs a content-length here");
      }
    }
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
