/** TLS over any stream. */
import { type Async, type Future, Handle, intoFuture } from "@rt/core";
import type { AsyncRead, AsyncWrite } from "@rt/io";
import type { ConnectionOptions, SecureContext, TlsOptions } from "node:tls";
import type { SocketAddr } from "./addr.ts";
import { Opening } from "./internal/opening.ts";
import { serverName } from "./internal/server-name.ts";
import {
  acceptChecked,
  acceptTls,
  alpnOf,
  connectTls,
  secureContextOf,
  tlsFacts,
} from "./internal/sys/node-tls.ts";
import { ioKey } from "./io-driver.ts";
import { SocketStream } from "./stream.ts";

/**
 * An encrypted stream. Reading and writing are as those of {@link TcpStream}; a shutdown tells the peer first that
 * nothing more comes (`close_notify`), and reading goes on.
 *
 * Closing tells the peer the same, and what was written last arrives even if something of the peer's was not read: in
 * the background, the socket takes and throws away what still comes until the peer ends, too. It waits for 2 seconds at
 * most in which nothing comes, and for 30 in all; the process is kept alive for it.
 * @see tokio-rustls, tokio-native-tls `TlsStream`
 * @public
 */
export class TlsStream extends SocketStream {
  /** The version that was agreed on: `TLSv1.3`. */
  protocol(): string | null {
    return tlsFacts(this._io()).protocol;
  }
  /** The protocol that was agreed on (ALPN), or null. */
  alpnProtocol(): string | null {
    return tlsFacts(this._io()).alpn;
  }
  /** The name of the server that the client asked for (SNI), or null. */
  serverName(): string | null {
    return tlsFacts(this._io()).serverName;
  }
  /** The peer's certificate in DER form, or null. */
  peerCertificate(): Uint8Array | null {
    return tlsFacts(this._io()).certificate;
  }
  /** @throws IoError `NotConnected` over a stream without addresses. */
  override localAddr(): SocketAddr {
    return this._io().localAddr();
  }
  /** @throws IoError `NotConnected` over a stream without addresses. */
  override peerAddr(): SocketAddr {
    return this._io().peerAddr();
  }
}

/** Asks for no class: it may be that of another copy. */
function isSocketStream(stream: object): stream is SocketStream {
  const { _io, _give } = stream as Partial<SocketStream>;
  return _io !== undefined && _give !== undefined;
}

/** The platform's own stream, if `stream` has one and can give it away: it is used up then. Else `stream` itself. */
function take(stream: AsyncRead & AsyncWrite): unknown {
  if (!isSocketStream(stream)) return stream;
  const own = stream._io().detach();
  if (own === null) return stream;
  stream._give();
  return own;
}

/**
 * Encrypts streams as a client.
 *
 * @example
 * ```ts no-run
 * const connector = new TlsConnector();
 * const plain = yield* TcpStream.connect("example.org:443");
 * using stream = yield* connector.connect("example.org", plain);
 * yield* stream.writeAll("GET / HTTP/1.0\r\nHost: example.org\r\n\r\n");
 * const page = yield* stream.readToString();
 * ```
 * @see tokio-rustls `TlsConnector`
 * @public
 */
export class TlsConnector {
  readonly #options: ConnectionOptions;
  /**
   * @param options - those of `tls.connect` of Node: `ca`, `cert`, `key`, `ALPNProtocols`, `minVersion`, …
   * @throws IoError `InvalidInput` when a key, a certificate or `ALPNProtocols` is none.
   */
  constructor(options: ConnectionOptions = {}) {
    this.#options = {
      ...options,
      ...alpnOf(options.ALPNProtocols),
      secureContext: options.secureContext ?? secureContextOf(options),
    };
  }

  /**
   * Shakes hands. The certificate must be valid for `domain`, which the server is told. `stream` belongs to the encrypted
   * stream from then on, and is closed when this fails.
   *
   * Cancel safety: giving up closes the stream.
   *
   * @param domain - a name in ASCII (`example.org`, `xn--bcher-kva.example`) or an IP address, which the server is not
   * told.
   * @throws IoError with Node's `code`: `ERR_TLS_CERT_ALTNAME_INVALID`, `DEPTH_ZERO_SELF_SIGNED_CERT`, `ECONNRESET`, …
   * `InvalidInput`, before anything is sent, when `domain` is neither, or the options have another `servername`.
   */
  connect(domain: string, stream: AsyncRead & AsyncWrite): Future<TlsStream> {
    return intoFuture(connect(domain, stream, this.#options));
  }
}

/**
 * Encrypts streams as a server.
 *
 * @example
 * ```ts no-run
 * import { readFileSync } from "node:fs";
 * const acceptor = new TlsAcceptor({ key: readFileSync("key.pem"), cert: readFileSync("cert.pem") });
 * using listener = yield* TcpListener.bind("0.0.0.0:443");
 * const [plain] = yield* listener.accept();
 * using stream = yield* acceptor.accept(plain);
 * ```
 * @see tokio-rustls `TlsAcceptor`
 * @public
 */
export class TlsAcceptor {
  readonly #options: TlsOptions;
  readonly #context: SecureContext;
  /**
   * @param options - those of `tls.createServer` of Node: `key`, `cert`, `requestCert`, `ca`, `ALPNProtocols`, …
   * @throws IoError `InvalidInput` when a key, a certificate or `ALPNProtocols` is none.
   */
  constructor(options: TlsOptions) {
    this.#options = { ...options, ...alpnOf(options.ALPNProtocols) };
    this.#context = secureContextOf(options);
  }

  /**
   * Shakes hands. `stream` belongs to the encrypted stream from then on.
   *
   * Cancel safety: giving up closes the stream.
   * @throws IoError with Node's `code` when the peer speaks no TLS, none that fits, or has no certificate that was asked
   * for.
   */
  accept(stream: AsyncRead & AsyncWrite): Future<TlsStream> {
    return intoFuture(accept(stream, this.#options, this.#context));
  }
}

function* connect(
  domain: string,
  stream: AsyncRead & AsyncWrite,
  options: ConnectionOptions,
): Async<TlsStream> {
  const named = (): ConnectionOptions => ({ ...options, ...serverName(domain, options.servername) });
  const source = yield* new Opening(
    () => connectTls(Handle.current().driver(ioKey), take(stream), named),
    "a TLS handshake",
  );
  return new TlsStream(source);
}

function* accept(
  stream: AsyncRead & AsyncWrite,
  options: TlsOptions,
  context: SecureContext,
): Async<TlsStream> {
  const driver = Handle.current().driver(ioKey);
  if (options.requestCert) {
    const handshake = yield* new Opening(
      () => acceptChecked(driver, take(stream), options),
      "a TLS handshake",
    );
    return new TlsStream(handshake.take());
  }
  const source = yield* new Opening(
    () => acceptTls(driver, take(stream), options, context),
    "a TLS handshake",
  );
  return new TlsStream(source);
}
