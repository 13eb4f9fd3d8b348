/** One client: requests come in, are answered in their order, and the connection stays open as long as both want. */
import type { Async } from "@rt/rt";
import type { ReadWriter } from "@rt/rt/io";
import { Elapsed, timeout } from "@rt/rt/time";
import { encode, HttpError, RequestParser, type Request, type Response } from "./http.ts";

/** How long a client may take to notice that the connection ends. */
const LINGER = 1000;

/**
 * Serves `stream` until the client closes it, asks to, or sends what can't be understood.
 *
 * A client may send many requests without waiting (pipelining): those that come together are answered together. While
 * it does not read its answers, nothing more is read from it.
 */
export function* serve(stream: ReadWriter, answer: (request: Request) => Response): Async<void> {
  const parser = new RequestParser();
  for (let open = true; open; ) {
    const chunk = yield* stream.readChunk();
    if (chunk === undefined) break;
    parser.push(chunk);
    let out = "";
    try {
      for (let request; open && (request = parser.next()) !== undefined; ) {
        open = request.keepAlive;
        out += encode(answer(request), open, request.method === "HEAD");
      }
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      open = false;
      out += encode({ status: error.status, body: `${error.message}\n` }, open);
    }
    // A Buffer is cut from Node's pool: an array of its own for each answer costs a tenth of everything here.
    if (out !== "") yield* stream.writeAll(Buffer.from(out));
  }
  yield* close(stream);
}

/**
 * Closing a socket that still has something to read resets the connection, and the client may lose our answer. So say
 * that no more comes, and read on until the client has closed its side.
 */
function* close(stream: ReadWriter): Async<void> {
  yield* stream.shutdown();
  try {
    yield* timeout(LINGER, discard(stream));
  } catch (error) {
    if (!(error instanceof Elapsed)) throw error;
  }
}

function* discard(stream: ReadWriter): Async<void> {
  while ((yield* stream.readChunk()) !== undefined);
}
