/** Serves one connection: what arrives in one piece is executed in one go and answered in one piece. */
import type { Async } from "@rt/core";
import type { ReadWriter } from "@rt/io";
import { select } from "@rt/macros";
import type { watch } from "@rt/sync";
import { ProtocolError } from "../errors.ts";
import { RequestParser } from "../resp/request-parser.ts";
import { execute } from "./execute.ts";
import type { Session } from "./session.ts";

/** So many bytes of replies are written before the next request is executed. Arbitrary: a socket takes them at once. */
const MOST_REPLIES = 64 * 1024;

/**
 * Reads, executes and answers until the client or the server has enough. What has been read is answered in any case.
 *
 * @param stop - its first change tells that the server shuts down.
 * @throws IoError when the connection breaks.
 */
export function* serveConnection(
  io: ReadWriter,
  session: Session,
  stop: watch.Receiver<boolean>,
): Async<void> {
  const { out, mailbox } = session;
  const parser = new RequestParser(session.shared.limits);
  while (!session.isClosing) {
    const event = yield* select(
      { stop: stop.changed(), message: mailbox.filled(), chunk: io.readChunk() },
      { biased: true },
    );
    switch (event.branch) {
      case "stop":
        session.isClosing = true;
        break;
      case "message":
        session.deliver();
        break;
      case "chunk":
        if (event.value === undefined) return;
        session.isActive = true;
        parser.push(event.value);
        yield* answer(io, session, parser);
        break;
    }
    if (out.length > 0) yield* flush(io, session);
  }
}

function* answer(io: ReadWriter, session: Session, parser: RequestParser): Async<void> {
  const { out } = session;
  try {
    for (let request = parser.next(); request !== undefined; request = parser.next()) {
      execute(session, request);
      if (session.isClosing) return;
      // A peer that asks for more than it reads has to wait.
      if (out.length > MOST_REPLIES) yield* flush(io, session);
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    out.error(`ERR ${error.message}`);
    session.isClosing = true;
  }
}

/** Nearly always one piece, and so one write. */
function* flush(io: ReadWriter, session: Session): Async<void> {
  const { out } = session;
  if (out.length > MOST_REPLIES) session.checkOutput();
  for (let piece = out.take(); piece !== undefined; piece = out.take()) yield* io.writeAll(piece);
  if (session.isOverSoftLimit) session.checkOutput();
}
