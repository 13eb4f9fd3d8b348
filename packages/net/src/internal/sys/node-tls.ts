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

function onSecure(this: Socket): void {
  (this as Tagged)[SOURCE].opened();
}

function sourceOf(registry: Registry, socket: tls.TLSSocket, isOpen: boolean): NodeStream {
  socket.pause();
  return new NodeStream(registry, socket, isOpen);
}

export function connectTls(registry: Registry, io: unknown, options: tls.ConnectionOptions): NodeStream {
  const socket = tls.connect({ ...options, socket: under(io) });
  socket.once("secureConnect", onSecure);
  return sourceOf(registry, socket, false);
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
  return sourceOf(registry, socket, false);
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
    server.once("secureConnection", (socket) => resolve(sourceOf(registry, socket, true)));
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
  const socket = (source as NodeStream)._socket as tls.TLSSocket; // a TlsStream has no other source
  const raw = socket.getPeerX509Certificate?.()?.raw;
  return {
    protocol: socket.getProtocol(),
    alpn: socket.alpnProtocol || null,
    serverName: (socket as { servername?: string | false }).servername || null,
    certificate: raw === undefined ? null : new Uint8Array(raw),
  };
}

export function secureContextOf(options: tls.SecureContextOptions): tls.SecureContext {
  try {
    return tls.createSecureContext(options);
  } catch (error) {
    throw IoError.from(error);
  }
}
