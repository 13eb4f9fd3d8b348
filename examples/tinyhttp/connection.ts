/** One client: requests come in, are answered in their order, and the connection stays open as long as both want. */
import type { Async } from "@rt/rt";
import type { ReadWriter } from "@rt/rt/io";
import { Elapsed, Instant, timeout, timeoutAt } from "@rt/rt/time";
import { type Awaits, encode, HttpError, RequestParser, type Request, type Response } from "./http.ts";

/** How many ms a client may take. None is begun anew by a byte that comes: else a byte now and then would do. */
export interface TimeLimits {
  /** Until a request begins: on a new connection, or behind an answer. */
  readonly request: number;
  /** From there to the end of its head. */
  readonly head: number;
  /** For its body. */
  readonly body: number;
  /** To take what is answered. */
  readonly answer: number;
}

export const TIME_LIMITS: TimeLimits = { request: 30_000, head: 10_000, body: 30_000, answer: 30_000 };

/** How long a client may take to notice that the connection ends. */
const LINGER = 1000;

/**
 * Serves `stream` until the client closes it, asks to, sends what can't be understood, or takes too long.
 *
 * A client may send many requests without waiting (pipelining): those that come together are answered together. While
 * it does not read its answers, nothing more is read from it.
 *
 * @throws Elapsed when it does not read them for too long; closing the stream is all that is left then.
 */
export function* serve(
  stream: ReadWriter,
  answer: (request: Request) => Response,
  limits: TimeLimits = TIME_LIMITS,
): Async<void> {
  const parser = new RequestParser();
  let awaits: Awaits = "request";
  let deadline = Instant.now().add(limits.request);
  for (let open = true; open; ) {
    let out = "";
    try {
      const chunk = yield* timeoutAt(deadline, stream.readChunk());
      if (chunk === undefined) break;
      parser.push(chunk);
      for (let request; open && (request = parser.next()) !== undefined; ) {
        open = request.keepAlive;
        out += encode(answer(request), open, request.method === "HEAD");
      }
    } catch (error) {
      open = false;
      if (error instanceof HttpError)
        out += encode({ status: error.status, body: `${error.message}\n` }, open);
      else if (!(error instanceof Elapsed)) throw error;
      // Who has asked for nothing, or has its answer, is not told.
      else if (awaits === "head") out += encode({ status: 408 }, open);
    }
    // A Buffer is cut from Node's pool: an array of its own for each answer costs a tenth of everything here.
    if (out !== "") yield* timeout(limits.answer, stream.writeAll(Buffer.from(out)));
    // A head that turns out to be half of an empty line is still a head: it ends with an answer.
    if (out !== "" || (awaits !== "head" && awaits !== parser.awaits)) {
      awaits = parser.awaits;
      deadline = Instant.now().add(limits[awaits]);
    }
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
