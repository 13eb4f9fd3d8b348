/** TLS, over `node:tls`: a stream source around another stream. */
import { type Context, PENDING, type Poll, type Waker } from "@rt/core";
import { wakeSafely } from "@rt/core/driver";
import { type AsyncRead, type AsyncWrite, IoError, toNodeDuplex } from "@rt/io";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import { type Registry, Source, type StreamSource } from "../source.ts";
import { NodeStream, SOURCE, type Tagged } from "./node-stream.ts";

/** What TLS is spoken over: a socket that was given away, or any stream of ours. */
function under(io: unknown): Duplex {
  return io instanceof Duplex ? io : toNodeDuplex(io as AsyncRead & AsyncWrite);
}

class TlsSource extends NodeStream {
  certificate: Uint8Array | null = null;
  /** Asked for as the handshake ends: Node forgets some certificates soon after (measured on 24.21). */
  override opened(): void {
    const { raw } = (this._socket as tls.TLSSocket).getPeerCertificate() as Partial<tls.PeerCertificate>;
    this.certificate = raw === undefined ? null : new Uint8Array(raw);
    super.opened();
  }
  override canReset(): boolean {
    return false;
  }
}

function onSecure(this: Socket): void {
  (this as Tagged)[SOURCE].opened();
}

function sourceOf(registry: Registry, socket: tls.TLSSocket): TlsSource {
  socket.pause();
  return new TlsSource(registry, socket, false);
}

export function connectTls(registry: Registry, io: unknown, options: tls.ConnectionOptions): NodeStream {
  const socket = tls.connect({ ...options, socket: under(io) });
  socket.once("secureConnect", onSecure);
  return sourceOf(registry, socket);
}

export function acceptTls(
  registry: Registry,
  io: unknown,
  options: tls.TlsOptions,
  secureContext: tls.SecureContext,
): NodeStream {
  const socket = new tls.TLSSocket(under(io), {
    ...(options as tls.TLSSocketOptions),
    isServer: true,
    secureContext,
  });
  socket.once("secure", onSecure);
  return sourceOf(registry, socket);
}

/** A handshake with a server of Node's for itself: only that one checks the certificates of clients. */
export class CheckedHandshake extends Source {
  readonly #raw: Duplex;
  #waker: Waker | null = null;
  #stream: NodeStream | null = null;
  #isOver = false;

  constructor(registry: Registry, io: unknown, options: tls.TlsOptions) {
    super(registry);
    this.#raw = under(io);
    const server = tls.createServer(options);
    server.once("secureConnection", (socket) => {
      if (this.#isOver) return;
      this.#stream = sourceOf(registry, socket);
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

export function secureContextOf(options: tls.SecureContextOptions): tls.SecureContext {
  try {
    return tls.createSecureContext(options);
  } catch (error) {
    throw IoError.from(error);
  }
}
