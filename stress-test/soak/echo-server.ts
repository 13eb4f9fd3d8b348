/** The server under test: echoes until the peer's end, then ends too. */
import { type Async, JoinSet } from "@rt/core";
import { IoError } from "@rt/io";
import { branch, select } from "@rt/macros";
import type { TcpListener, TcpStream } from "@rt/net";
import type { Notify } from "@rt/sync";

export interface Served {
  readonly accepted: number;
  /** Connections that the peer broke off. */
  readonly broken: number;
  readonly bytes: number;
}

interface Connection {
  readonly bytes: number;
  readonly broken: boolean;
}

/** Serves until `stop` is notified, then waits for the connections there are. */
export function* serve(listener: TcpListener, stop: Notify): Async<Served> {
  const connections = new JoinSet<Connection>();
  let served: Served = { accepted: 0, broken: 0, bytes: 0 };
  for (let open = true; open; ) {
    const event = yield* select({
      accept: listener.accept(),
      ended: branch(connections.joinNext(), { when: !connections.isEmpty() }),
      stop: stop.notified(),
    });
    switch (event.branch) {
      case "accept":
        served = { ...served, accepted: served.accepted + 1 };
        connections.spawn(echo(event.value[0]));
        break;
      case "ended":
        if (event.value !== undefined) served = add(served, event.value);
        break;
      case "stop":
        open = false;
    }
  }
  listener.close();
  while (!connections.isEmpty()) served = add(served, (yield* connections.joinNext()) as Connection);
  return served;
}

function add(served: Served, { bytes, broken }: Connection): Served {
  return { ...served, bytes: served.bytes + bytes, broken: served.broken + Number(broken) };
}

/** @throws whatever is not the peer's doing. */
function* echo(stream: TcpStream): Async<Connection> {
  let bytes = 0;
  try {
    for (;;) {
      const chunk = yield* stream.readChunk();
      if (chunk === undefined) break;
      yield* stream.writeAll(chunk);
      bytes += chunk.length;
    }
    yield* stream.shutdown();
    return { bytes, broken: false };
  } catch (error) {
    if (isBrokenOff(error)) return { bytes, broken: true };
    throw error;
  } finally {
    stream.close();
  }
}

/** Whether the peer has reset the connection, or closed it while we were writing. */
function isBrokenOff(error: unknown): boolean {
  return error instanceof IoError && (error.kind === "ConnectionReset" || error.kind === "BrokenPipe");
}
