/** Accepts connections and ends them. */
import { type Async, type Future, type IntoFuture, TaskBuilder } from "@rt/core";
import { IoError, type ReadWriter } from "@rt/io";
import { select } from "@rt/macros";
import { mpsc, Semaphore, type SemaphorePermit, watch } from "@rt/sync";
import { Elapsed, sleep, timeout } from "@rt/time";
import { serveConnection } from "./connection.ts";
import { patrol } from "./patrol.ts";
import { Session, type ServerOptions, Shared } from "./session.ts";

/** What a server asks of a listener: `TcpListener` is one, and so is whatever a test needs. */
export interface Listener extends Disposable {
  accept(): Future<[stream: Stream, peer: unknown]>;
  localAddr(): { readonly port: number };
}

/** What it asks of a connection. */
export interface Stream extends ReadWriter, Disposable {
  /** Whether small pieces are sent without waiting for more. */
  setNodelay?(on: boolean): void;
  /** Whether a silent peer is asked now and then if it is there; the time before that in ms. */
  setKeepalive?(how: { readonly time: number }): void;
}

/** How long it waits after a failure to accept, at first and at last. In between it doubles. */
const FIRST_PAUSE = 1_000;
const LAST_PAUSE = 64_000;
/** After so many ms a silent peer is asked if it is there: one that has vanished tells nobody. Redis's. */
const KEEPALIVE = 300_000;

/** What every connection is given. */
interface Lines {
  /** Changes when the server shuts down. */
  readonly stop: watch.Receiver<boolean>;
  /** Nothing is ever sent: the last one that is disposed tells that all connections have ended. */
  readonly alive: mpsc.Sender<never>;
}

/**
 * Serves the connections of `listener` until `shutdown` is over, and ends in good order then: it accepts no more,
 * every connection finishes what it is at, and the listener is closed.
 *
 * @throws what `listener` throws when it fails over and over again.
 */
export function* serve(
  listener: Listener,
  shutdown: IntoFuture<unknown>,
  options: ServerOptions = {},
): Async<void> {
  const shared = new Shared(options);
  shared.port = listener.localAddr().port;
  const { tx: stop, rx } = watch.channel(false);
  const { tx: alive, rx: ended } = mpsc.channel<never>(1);
  const background = [
    new TaskBuilder().name("expiry").spawn(shared.store.expire()),
    new TaskBuilder().name("patrol").spawn(patrol(shared)),
  ];
  try {
    using _listener = listener;
    using _rx = rx;
    yield* select({ shutdown, failure: acceptAll(listener, shared, { stop: rx, alive }) });
  } finally {
    stop.sendReplace(true);
    alive.drop();
    yield* drain(shared, ended);
    for (const task of background) task.abort();
    stop.drop();
  }
}

/** Waits until every connection has ended. Those that take too long are ended. */
function* drain(shared: Shared, ended: mpsc.Receiver<never>): Async<void> {
  try {
    yield* timeout(shared.graceMs, ended.recv());
  } catch (error) {
    if (!(error instanceof Elapsed)) throw error;
    for (const task of shared.sessions.values()) task?.abort();
    yield* ended.recv();
  }
}

function* acceptAll(listener: Listener, shared: Shared, lines: Lines): Async<never> {
  const permits = new Semaphore(shared.maxClients);
  for (;;) {
    // First the permit: who is too many waits in the queue of the operating system.
    const permit = yield* permits.acquire();
    const [stream, peer] = yield* accept(listener);
    stream.setNodelay?.(true);
    stream.setKeepalive?.({ time: KEEPALIVE });
    const session = new Session(shared, String(peer));
    const alive = lines.alive.clone();
    const task = new TaskBuilder()
      .name(`client ${session.id}`)
      .spawn(handle(stream, session, permit, { stop: lines.stop.clone(), alive }));
    if (shared.sessions.has(session)) shared.sessions.set(session, task.abortHandle());
  }
}

/** A failure to accept is nearly always a lack of descriptors, which may be over soon. */
function* accept(listener: Listener): Async<[Stream, unknown]> {
  for (let pause = FIRST_PAUSE; ; pause *= 2) {
    try {
      return yield* listener.accept();
    } catch (error) {
      // Only what the listener says: giving up is told by an error, too.
      if (!(error instanceof IoError) || pause > LAST_PAUSE) throw error;
      yield* sleep(pause);
    }
  }
}

function* handle(stream: Stream, session: Session, permit: SemaphorePermit, lines: Lines): Async<void> {
  using _alive = lines.alive; // the last to go
  using _permit = permit;
  using _stop = lines.stop;
  using _stream = stream;
  using _session = session;
  try {
    yield* serveConnection(stream, session, lines.stop);
    yield* stream.shutdown();
  } catch (error) {
    // The connection broke. Nobody else notices.
    if (!(error instanceof IoError)) throw error;
  }
}
