/** TLS, over `node:tls`: a stream source around another stream. */
import { type Future, fromCallback } from "@rt/core";
import { type AsyncRead, type AsyncWrite, IoError, toNodeDuplex } from "@rt/io";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import type { Registry, StreamSource } from "../source.ts";
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

/** With a server of Node's for each: only that one checks the certificates of clients. */
export function acceptTlsChecked(
  registry: Registry,
  io: unknown,
  options: tls.TlsOptions,
): Future<NodeStream> {
  return fromCallback((resolve, reject) => {
    const server = tls.createServer(options);
    const raw = under(io);
    server.once("secureConnection", (socket) => {
      const source = sourceOf(registry, socket);
      source.opened();
      resolve(source);
    });
    server.once("tlsClientError", (error) => reject(IoError.from(error)));
    raw.once("error", (error) => reject(IoError.from(error)));
    server.emit("connection", raw);
    return () => raw.destroy();
  });
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
