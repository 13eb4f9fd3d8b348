import { readFileSync } from "node:fs";
import { type Async, PENDING, spawn } from "@rt/core";
import { duplex } from "@rt/io";
import { TcpListener, TcpStream, TlsAcceptor, TlsConnector, type TlsStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import {
  failureOf,
  inLane,
  LANES,
  run,
  tcpPair,
  TestWaker,
  text,
  thrownBy,
  turns,
  utf8,
} from "./support/net.ts";

// Self-signed, for "localhost".
const key = readFileSync(new URL("fixtures/key.pem", import.meta.url));
const cert = readFileSync(new URL("fixtures/cert.pem", import.meta.url));

const acceptor = new TlsAcceptor({ key, cert, ALPNProtocols: ["rt/1"] });
const connector = new TlsConnector({ ca: cert, ALPNProtocols: ["rt/1"] });

function* tlsPair(): Async<[TlsStream, TlsStream]> {
  const [a, b] = yield* tcpPair();
  const accepting = spawn(acceptor.accept(b));
  const client = yield* connector.connect("localhost", a);
  return [client, yield* accepting];
}

describe("TlsConnector.connect and TlsAcceptor.accept", () => {
  it.each(LANES)("carry bytes both ways, in the %s lane", (lane) =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const accepting = inLane(lane, () => acceptor.accept(b));
      const client = yield* inLane(lane, () => connector.connect("localhost", a));
      const server = yield* accepting;
      yield* client.writeAll("ping");
      expect(text(yield* server.readExact(4))).toBe("ping");
      yield* server.writeAll("pong");
      expect(text(yield* client.readExact(4))).toBe("pong");
      client.close();
      server.close();
    }),
  );

  it("use the plain streams up", () =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const accepting = spawn(acceptor.accept(b));
      const client = yield* connector.connect("localhost", a);
      const server = yield* accepting;
      expect(yield* failureOf(a.readChunk())).toMatchObject({ code: "ERR_RT_DISPOSED" });
      expect(yield* failureOf(b.readChunk())).toMatchObject({ code: "ERR_RT_DISPOSED" });
      client.close();
      server.close();
    }));

  it("tell what was agreed on", () =>
    run(function* () {
      const [client, server] = yield* tlsPair();
      expect(client.protocol()).toBe("TLSv1.3");
      expect([client.alpnProtocol(), server.alpnProtocol()]).toEqual(["rt/1", "rt/1"]);
      expect(server.serverName()).toBe("localhost");
      expect(client.peerCertificate()?.length).toBeGreaterThan(100);
      expect(server.peerCertificate()).toBeNull();
      expect(client.peerAddr()).toEqual(server.localAddr());
      expect(client.localAddr()).toEqual(server.peerAddr());
      client.close();
      server.close();
    }));

  it("send the end with a shutdown, and go on reading", () =>
    run(function* () {
      const [client, server] = yield* tlsPair();
      yield* client.writeAll("last words");
      yield* client.shutdown();
      expect(yield* server.readToString()).toBe("last words");
      yield* server.writeAll("answer");
      yield* server.shutdown();
      expect(yield* client.readToString()).toBe("answer");
      client.close();
      server.close();
    }));

  it("carry a megabyte and more, with backpressure", () =>
    run(function* () {
      const [client, server] = yield* tlsPair();
      const data = new Uint8Array(8 * 1024 * 1024).map((_, i) => i & 0xff);
      const writing = spawn(function* () {
        yield* client.writeAll(data);
        yield* client.shutdown();
      });
      yield* turns(50);
      expect(writing.isFinished()).toBe(false);
      const all = yield* server.readToEnd();
      yield* writing;
      expect(Buffer.compare(all, data)).toBe(0);
      client.close();
      server.close();
    }));

  it("work over a stream in memory", () =>
    run(function* () {
      const [a, b] = duplex(64 * 1024);
      const accepting = spawn(acceptor.accept(b));
      const client = yield* connector.connect("localhost", a);
      const server = yield* accepting;
      yield* client.writeAll("in memory");
      yield* client.shutdown();
      expect(yield* server.readToString()).toBe("in memory");
      expect(thrownBy(() => client.peerAddr())).toMatchObject({ kind: "NotConnected" });
      client.close();
      server.close();
    }));

  it("take over what was read ahead", () =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const connecting = spawn(connector.connect("localhost", a));
      yield* b.peek(new Uint8Array(1)); // the first bytes of the handshake have arrived
      const server = yield* acceptor.accept(b);
      const client = yield* connecting;
      yield* client.writeAll("x");
      expect(text(yield* server.readChunk())).toBe("x");
      client.close();
      server.close();
    }));

  it("throw what Node tells of a certificate that nobody trusts", () =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const accepting = spawn(failureOf(acceptor.accept(b)));
      expect(yield* failureOf(new TlsConnector().connect("localhost", a))).toMatchObject({
        name: "IoError",
        code: "DEPTH_ZERO_SELF_SIGNED_CERT",
      });
      accepting.abort();
    }));

  it("throw what Node tells of a certificate for another name", () =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const accepting = spawn(failureOf(acceptor.accept(b)));
      expect(yield* failureOf(connector.connect("example.org", a))).toMatchObject({
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
      });
      accepting.abort();
    }));

  it("throw at the server when the peer speaks no TLS", () =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      yield* a.writeAll("GET / HTTP/1.1\r\n\r\n");
      const error = yield* failureOf(acceptor.accept(b));
      expect(error).toMatchObject({ name: "IoError" });
      expect((error as { code: string }).code).toMatch(/^(ERR_SSL_|ECONNRESET)/);
      a.close();
    }));

  it("throw at the client when the peer goes away during the handshake", () =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const connecting = spawn(failureOf(connector.connect("localhost", a)));
      yield* turns(5);
      b.close();
      expect(yield* connecting).toMatchObject({ name: "IoError", code: "ECONNRESET" });
    }));

  it("close the stream when the handshake is dropped", () =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const connecting = connector.connect("localhost", a);
      expect(connecting.poll(new TestWaker())).toBe(PENDING);
      connecting.drop();
      const rest = spawn(b.readToEnd());
      yield* rest;
      b.close();
    }));

  it("refuse keys that are none at once", () => {
    expect(thrownBy(() => new TlsAcceptor({ key: "nonsense", cert }))).toMatchObject({ name: "IoError" });
  });
});

describe("TlsAcceptor with requestCert", () => {
  const strict = new TlsAcceptor({ key, cert, ca: cert, requestCert: true, rejectUnauthorized: true });

  it("takes clients with a certificate", () =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const accepting = spawn(strict.accept(b));
      const client = yield* new TlsConnector({ ca: cert, key, cert }).connect("localhost", a);
      const server = yield* accepting;
      expect(server.peerCertificate()?.length).toBeGreaterThan(100);
      yield* client.writeAll("x");
      expect(text(yield* server.readChunk())).toBe("x");
      client.close();
      server.close();
    }));

  it("refuses clients without one", () =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const accepting = spawn(failureOf(strict.accept(b)));
      const client = yield* connector.connect("localhost", a);
      expect(yield* accepting).toMatchObject({ name: "IoError" });
      expect(yield* failureOf(client.readExact(1))).toMatchObject({ name: "IoError" });
      client.close();
    }));
});

describe("TlsStream", () => {
  it("splits like any stream", () =>
    run(function* () {
      const [client, server] = yield* tlsPair();
      const [read, write] = client.intoSplit();
      const reading = spawn(read.readToString());
      yield* write.writeAll("ping");
      expect(text(yield* server.readExact(4))).toBe("ping");
      yield* server.writeAll("pong");
      server.close();
      expect(yield* reading).toBe("pong");
      write[Symbol.dispose]();
      read[Symbol.dispose]();
    }));

  it("is served by a listener beside other connections", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const accepting = spawn(function* () {
        const [plain] = yield* listener.accept();
        const stream = yield* acceptor.accept(plain);
        yield* stream.writeAll(utf8("hello"));
        yield* stream.shutdown();
        stream.close();
      });
      const plain = yield* TcpStream.connect(listener.localAddr());
      const stream = yield* connector.connect("localhost", plain);
      expect(yield* stream.readToString()).toBe("hello");
      stream.close();
      yield* accepting;
    }));
});
