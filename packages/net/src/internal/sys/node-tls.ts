/** TLS, over `node:tls`: a stream source around another stream. */
import { type Context, PENDING, type Poll, type Waker } from "@rt/core";
import { show, wakeSafely } from "@rt/core/driver";
import { type AsyncRead, type AsyncWrite, IoError, toNodeDuplex } from "@rt/io";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import { type Registry, Source, type StreamSource } from "../source.ts";
import {
  CLOSED,
  ENDED,
  FINISHED,
  LINGER,
  NodeStream,
  OPEN,
  OWED,
  SHUT,
  SOURCE,
  type Tagged,
} from "./node-stream.ts";

/** Of the host's own: what tests put in its place must not stop a socket. */
const { setImmediate } = globalThis;
const now: () => number = performance.now.bind(performance);

/** Milliseconds that a closed stream waits for a peer that sends nothing and does not end either. Arbitrary. */
const SILENCE = 2_000;
/** Milliseconds that it goes on taking what a peer sends that does not stop. Arbitrary. */
const LONGEST = 30_000;

/**
 * What TLS is spoken over: a socket that was given away, or any stream of ours. That one is not to go by itself once
 * both directions have ended: what has come of it may not be decrypted yet.
 */
function under(io: unknown): Duplex {
  return io instanceof Duplex ? io : toNodeDuplex(io as AsyncRead & AsyncWrite, { autoDestroy: false });
}

class TlsSource extends NodeStream {
  certificate: Uint8Array | null = null;
  /** When a closed one that still takes what comes stops doing so. */
  _until = 0;

  /** Asked for as the handshake ends: Node forgets some certificates soon after (measured on 24.21). */
  override opened(): void {
    const { raw } = (this._socket as tls.TLSSocket).getPeerCertificate() as Partial<tls.PeerCertificate>;
    this.certificate = raw === undefined ? null : new Uint8Array(raw);
    super.opened();
  }

  override canReset(): boolean {
    return false;
  }

  /**
   * Behind the callback that may be running: within one for bytes that have come, OpenSSL still has those behind them,
   * and would drop them where Node shuts it down.
   */
  override end(): void {
    setImmediate(() => {
      if (!this._socket.destroyed) this._socket.end();
    });
  }

  override lingers(): boolean {
    const state = this._state;
    return (state & OPEN) !== 0 && (state & (ENDED | FINISHED)) !== (ENDED | FINISHED);
  }

  /**
   * Says the end, and takes what comes until the peer's. There nearly always is something that nobody has read: the
   * session tickets of TLS 1.3 and the peer's own end are bytes to the kernel, which resets a connection that is closed
   * on them, and with that the peer may lose what was written last.
   */
  override linger(): void {
    const socket = this._socket;
    this._until = now() + LONGEST;
    socket.setTimeout((this._state & OWED) === 0 ? SILENCE : LINGER, () => socket.destroy());
    if ((this._state & FINISHED) === 0) socket.once("finish", () => socket.setTimeout(SILENCE));
    if ((this._state & SHUT) === 0) this.end();
    socket.resume();
  }

  override arrived(chunk: Uint8Array): void {
    if ((this._state & CLOSED) === 0) super.arrived(chunk);
    else if (now() > this._until) this._socket.destroy();
  }
}

function onSecure(this: Socket): void {
  (this as Tagged)[SOURCE].opened();
}

/** Begins a handshake over `io`, which goes with it, also when Node refuses the options. */
function over<S>(registry: Registry, io: unknown, begin: (raw: Duplex) => S): S {
  const raw = under(io);
  try {
    if (registry.failure !== null) throw registry.failure;
    return begin(raw);
  } catch (error) {
    raw.destroy();
    throw IoError.from(error);
  }
}

function sourceOf(registry: Registry, socket: tls.TLSSocket): TlsSource {
  socket.pause();
  return new TlsSource(registry, socket, false);
}

/** @param options - are asked for once `io` is taken. */
export function connectTls(
  registry: Registry,
  io: unknown,
  options: () => tls.ConnectionOptions,
): NodeStream {
  return over(registry, io, (raw) => {
    const socket = tls.connect({ ...options(), socket: raw });
    socket.once("secureConnect", onSecure);
    return sourceOf(registry, socket);
  });
}

export function acceptTls(
  registry: Registry,
  io: unknown,
  options: tls.TlsOptions,
  secureContext: tls.SecureContext,
): NodeStream {
  return over(registry, io, (raw) => {
    const socket = new tls.TLSSocket(raw, {
      ...(options as tls.TLSSocketOptions),
      isServer: true,
      secureContext,
    });
    socket.once("secure", onSecure);
    return sourceOf(registry, socket);
  });
}

/** As {@link acceptTls}, with the certificates of clients checked. */
export function acceptChecked(registry: Registry, io: unknown, options: tls.TlsOptions): CheckedHandshake {
  return over(registry, io, (raw) => {
    const handshake = new CheckedHandshake(registry, raw, tls.createServer(options));
    try {
      handshake.begin();
    } catch (error) {
      handshake.close();
      throw error;
    }
    return handshake;
  });
}

/** A handshake with a server of Node's for itself: only that one checks the certificates of clients. */
export class CheckedHandshake extends Source {
  readonly #raw: Duplex;
  readonly #server: tls.Server;
  #waker: Waker | null = null;
  #stream: NodeStream | null = null;
  #isOver = false;

  constructor(registry: Registry, raw: Duplex, server: tls.Server) {
    super(registry);
    this.#raw = raw;
    this.#server = server;
  }

  begin(): void {
    const server = this.#server;
    server.once("secureConnection", (socket) => {
      if (this.#isOver) return;
      this.#stream = sourceOf(this.registry, socket);
      this.#stream.opened();
      this.#finish();
    });
    // Once it is over, the encrypted stream hears of errors.
    const failed = (error: Error): void => {
      if (!this.#isOver) this.fail(IoError.from(error));
    };
    server.once("tlsClientError", failed);
    this.#raw.on("error", failed);
    server.emit("connection", this.#raw);
  }

  override pollOpen(cx: Context): Poll<void> {
    if (this.error !== null) throw this.error;
    if (this.#stream !== null) return;
    this.#waker = cx.waker;
    return PENDING;
  }

  /** The encrypted stream, once it is open. It is the caller's then. */
  take(): NodeStream {
    const stream = this.#stream as NodeStream;
    this.#stream = null;
    return stream;
  }

  override close(): void {
    this.#stream?.close();
    this.#stream = null;
    if (this.#isOver) return;
    this.#raw.destroy();
    this.#finish();
  }

  override fail(error: IoError): void {
    this.error = error;
    this.close();
  }

  #finish(): void {
    this.#isOver = true;
    this.registry.remove(this);
    const waker = this.#waker;
    this.#waker = null;
    if (waker !== null) wakeSafely(waker);
  }
}

export interface TlsFacts {
  readonly protocol: string | null;
  readonly alpn: string | null;
  readonly serverName: string | null;
  readonly certificate: Uint8Array | null;
}

export function tlsFacts(source: StreamSource): TlsFacts {
  const tlsSource = source as TlsSource; // a TlsStream has no other
  const socket = tlsSource._socket as tls.TLSSocket;
  return {
    protocol: socket.getProtocol(),
    alpn: socket.alpnProtocol || null,
    serverName: (socket as { servername?: string | false }).servername || null,
    certificate: tlsSource.certificate,
  };
}

/** Whatever is wrong with keys and certificates was given to it. */
export function secureContextOf(options: tls.SecureContextOptions): tls.SecureContext {
  try {
    return tls.createSecureContext(options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // of Node
    throw new IoError("InvalidInput", message, { code, cause: error });
  }
}

/** As Node hands them to OpenSSL. Not all of its versions look at them, and one ends the process for an empty one. */
export function alpnOf(given: unknown): { ALPNProtocols?: Uint8Array } {
  if (given == null) return {};
  const wire = Array.isArray(given) ? alpnWire(given) : given;
  if (!(wire instanceof Uint8Array) || !isAlpnWire(wire))
    throw new IoError(
      "InvalidInput",
      `Cannot use ${show(given)} as ALPNProtocols: it must be a list of names of 1 to 255 bytes, such as ["h2", "http/1.1"]`,
    );
  return { ALPNProtocols: wire };
}

/** Each name behind its length; null when one is none. */
function alpnWire(names: readonly unknown[]): Uint8Array | null {
  const parts: Uint8Array[] = [];
  for (const name of names) {
    const bytes = typeof name === "string" ? Buffer.from(name) : name;
    if (!(bytes instanceof Uint8Array) || bytes.length > 255) return null;
    parts.push(Uint8Array.of(bytes.length), bytes);
  }
  return Buffer.concat(parts);
}

function isAlpnWire(wire: Uint8Array): boolean {
  let at = 0;
  for (let length; (length = wire[at]) !== undefined; at += 1 + length) if (length === 0) return false;
  return at === wire.length;
}
