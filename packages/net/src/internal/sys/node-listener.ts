/**
 * A listener source over `net.Server`.
 *
 * Node accepts whatever arrives; a connection that nobody has asked for is queued, paused, and reads nothing. As many
 * are queued as the backlog says; those beyond it are reset, where a kernel would let them wait or refuse them.
 */
import { PENDING, UsageError, type Context, type Poll, type Waker } from "@rt/core";
import { wakeSafely } from "@rt/core/driver";
import { IoError } from "@rt/io";
import type { AddressInfo, ListenOptions, Server, Socket } from "node:net";
import type { SocketAddr } from "../../addr.ts";
import { type Accepted, ListenerSource, type Registry } from "../source.ts";
import { addrOf } from "./node-addr.ts";
import { NodeStream } from "./node-stream.ts";

/** Where a server keeps its source. */
const SOURCE: unique symbol = Symbol("@rt/net");
interface Tagged extends Server {
  [SOURCE]: NodeListener;
}

/** Tokio's. */
export const BACKLOG = 1024;

export class NodeListener extends ListenerSource {
  readonly _server: Server;
  readonly _backlog: number;
  readonly _path: string;
  /** Gives each connection the options of the listener. */
  readonly _setup: ((source: NodeStream) => void) | null;
  _isOpen = false;
  _isClosed = false;
  _opener: Waker | null = null;
  _sockets: Socket[] = [];
  /** What accepting has failed with since the last time somebody asked. The listener goes on. */
  _failure: IoError | null = null;

  constructor(
    registry: Registry,
    server: Server,
    options: ListenOptions,
    setup: ((source: NodeStream) => void) | null = null,
  ) {
    super(registry);
    this._server = server;
    this._backlog = options.backlog ?? BACKLOG;
    this._path = options.path ?? "";
    this._setup = setup;
    (server as Tagged)[SOURCE] = this;
    server.on("connection", onConnection).on("listening", onListening).on("error", onError);
  }

  listen(options: ListenOptions): void {
    this._server.listen(options);
  }

  override pollOpen(cx: Context): Poll<void> {
    if (this.error !== null) throw this.error;
    if (this._isOpen) return;
    this._opener = cx.waker;
    return PENDING;
  }

  override tryAccept(): Accepted | null {
    for (let socket = this._sockets.shift(); socket !== undefined; socket = this._sockets.shift()) {
      const accepted = this.accepted(socket);
      if (accepted !== null) return accepted;
    }
    if (this.error !== null) throw this.error;
    if (this._isClosed) throw closed();
    const failure = this._failure;
    this._failure = null;
    if (failure !== null) throw failure;
    return null;
  }

  /** Null for one that was reset before anybody asked for it. */
  accepted(socket: Socket): Accepted | null {
    socket.off("error", ignore);
    if (socket.destroyed) return null;
    if (this._path !== "") {
      const source = new NodeStream(this.registry, socket, true);
      source.localPath = this._path;
      return { source, peer: null };
    }
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.on("error", ignore);
      socket.destroy();
      return null;
    }
    const source = new NodeStream(this.registry, socket, true);
    const peer = addrOf(remoteAddress, remotePort);
    if (this._setup !== null)
      try {
        this._setup(source);
      } catch (error) {
        source.close();
        throw error;
      }
    return { source, peer };
  }

  override localAddr(): SocketAddr {
    const address = this._server.address() as AddressInfo | null;
    if (address === null)
      throw new IoError("NotConnected", "Cannot tell the address: the listener is closed");
    return addrOf(address.address, address.port);
  }

  override localPath(): string {
    return this._path;
  }

  override close(): void {
    if (this._isClosed) return;
    this._isClosed = true;
    this.registry.remove(this);
    for (const socket of this._sockets) reset(socket);
    this._sockets = [];
    this._server.close();
    this.wakeOpener();
    this.wakePoller();
    this.waiters.wakeAll(-1);
  }

  override fail(error: IoError): void {
    this.error = error;
    this.close();
  }

  // --- what Node tells ---

  arrived(socket: Socket): void {
    socket.on("error", ignore);
    if (this._isClosed || this._sockets.length >= this._backlog) {
      reset(socket);
      return;
    }
    // Asked for now, since nobody can tell once it is reset; the socket keeps it.
    void socket.remotePort;
    this._sockets.push(socket);
    this.wakeAcceptor();
  }

  listening(): void {
    this._isOpen = true;
    this.wakeOpener();
  }

  failed(error: unknown): void {
    if (this._isOpen) {
      this._failure = IoError.from(error);
      this.wakeAcceptor();
      return;
    }
    this.error = IoError.from(error);
    this.wakeOpener();
  }

  wakeOpener(): void {
    const waker = this._opener;
    this._opener = null;
    if (waker !== null) wakeSafely(waker);
  }
}

/** Only TCP knows resets. */
function reset(socket: Socket): void {
  if (socket.remotePort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

function closed(): UsageError {
  return new UsageError("ERR_RT_DISPOSED", "Cannot accept on a listener that was closed; bind a new one");
}

/** An error of a connection that nobody has asked for yet. It is told when somebody has. */
function ignore(): void {}

function onConnection(this: Server, socket: Socket): void {
  (this as Tagged)[SOURCE].arrived(socket);
}

function onListening(this: Server): void {
  (this as Tagged)[SOURCE].listening();
}

function onError(this: Server, error: Error): void {
  (this as Tagged)[SOURCE].failed(error);
}
