import { readFileSync } from "node:fs";
import { type Async, PENDING, spawn } from "@rt/core";
import { show } from "@rt/core/driver";
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
  until,
  utf8,
} from "./support/net.ts";
import { openSockets } from "./support/programs.ts";

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
    const refused = { name: "IoError", kind: "InvalidInput" };
    for (const bad of ["nonsense", 5, cert]) {
      expect(thrownBy(() => new TlsAcceptor({ key: bad as never, cert }))).toMatchObject(refused);
      expect(thrownBy(() => new TlsConnector({ key: bad as never, cert }))).toMatchObject(refused);
    }
    expect(thrownBy(() => new TlsConnector({ minVersion: "TLSv9" as never }))).toMatchObject(refused);
  });

  it.each([
    [[""]],
    [["h2", ""]],
    [["x".repeat(256)]],
    [[5]],
    ["h2"],
    [new Uint8Array([0])],
    [new Uint8Array([3, 1])],
  ])("refuse %j as protocols at once", (bad) => {
    const refused = { name: "IoError", kind: "InvalidInput" };
    const options = { ALPNProtocols: bad as never };
    expect(thrownBy(() => new TlsConnector(options))).toMatchObject(refused);
    expect(thrownBy(() => new TlsAcceptor({ ...options, key, cert }))).toMatchObject(refused);
  });

  it.each([true, false])(
    "close the stream when Node refuses the options, with requestCert %j",
    (requestCert) =>
      run(function* () {
        const bad = { key, cert, ca: cert, requestCert, pskCallback: 5 as never };
        const refused = { name: "IoError", kind: "InvalidInput", code: "ERR_INVALID_ARG_TYPE" };
        const [a, b] = yield* tcpPair();
        expect(yield* failureOf(new TlsAcceptor(bad).accept(b))).toMatchObject(refused);
        expect(yield* a.readToEnd()).toHaveLength(0);
        a.close();
        const [c, d] = yield* tcpPair();
        expect(yield* failureOf(new TlsConnector(bad).connect("localhost", c))).toMatchObject(refused);
        expect(yield* d.readToEnd()).toHaveLength(0);
        d.close();
        yield* until(() => openSockets() === 0);
      }),
  );
});

describe("the domain of TlsConnector.connect", () => {
  const NAMES = `. .. a..b .localhost localhost.. -a.b a-.b * *.localhost localhost:443 https://localhost localhost/
    user@localhost [::1] [localhost] b\u00fccher.example \uFF4Cocalhost localhost\u3002 \u200blocalhost ${"a".repeat(64)}
    ${"a.".repeat(130)} 127.1 127.0.0.1. 0177.0.0.1 2130706433 256.0.0.1 ::1%1 fe80::1%eth0 ::g 1.2.3.4:443`;
  const BLANKS = ["", " ", "\t", "\n", "\0", "localhost\0", "\0localhost", "localhost\0.example.org"];
  const SPACED = ["localhost ", " localhost", "local host", "localhost\n"];
  const OTHERS = [undefined, null, 0, 1, true, {}, [], ["localhost"], new String("localhost")];
  const BAD: readonly unknown[] = [...NAMES.split(/ +|\n */), ...BLANKS, ...SPACED, ...OTHERS];

  it.each(LANES)("is refused when it is none, before anything is sent, in the %s lane", (lane) =>
    run(function* () {
      for (const bad of BAD) {
        const [a, b] = yield* tcpPair();
        const error = yield* failureOf(inLane(lane, () => connector.connect(bad as string, a)));
        expect(error, show(bad)).toMatchObject({ name: "IoError", kind: "InvalidInput" });
        // The stream is closed, as after any failure.
        expect(yield* b.readToEnd(), show(bad)).toHaveLength(0);
        b.close();
      }
      expect(openSockets()).toBe(0);
    }),
  );

  it("is refused over a stream of any kind", () =>
    run(function* () {
      const [a, b] = duplex(1024);
      expect(yield* failureOf(connector.connect("", a))).toMatchObject({ kind: "InvalidInput" });
      expect(yield* b.readToEnd()).toHaveLength(0);
    }));

  it.each(["localhost", "LOCALHOST", "localhost."])("is taken as %j, and told without the dot", (domain) =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const accepting = spawn(acceptor.accept(b));
      const client = yield* connector.connect(domain, a);
      const server = yield* accepting;
      expect(server.serverName()?.toLowerCase()).toBe("localhost");
      client.close();
      server.close();
    }),
  );

  it.each(["127.0.0.1", "::1", "0:0::1", "localhost.example", "xn--bcher-kva.example", "a_b.example"])(
    "is what the certificate is checked for: %j",
    (domain) =>
      run(function* () {
        const [a, b] = yield* tcpPair();
        const accepting = spawn(failureOf(acceptor.accept(b)));
        const error = yield* failureOf(connector.connect(domain, a));
        expect(error).toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
        accepting.abort();
      }),
  );

  it("is checked for as an IP address, which is not told to the server", () =>
    run(function* () {
      for (const domain of ["127.0.0.1", "0:0:0::1"]) {
        const [a, b] = yield* tcpPair();
        const accepting = spawn(acceptor.accept(b));
        const asked: string[] = [];
        const lenient = new TlsConnector({ ca: cert, checkServerIdentity: (name) => void asked.push(name) });
        const client = yield* lenient.connect(domain, a);
        const server = yield* accepting;
        expect([server.serverName(), asked]).toEqual([null, [domain === "127.0.0.1" ? domain : "::1"]]);
        client.close();
        server.close();
      }
    }));

  it.each(["", "example.org", null, 5, "localhost\0", "localhost:1"])(
    "is refused when the option servername says something else: %j",
    (servername) =>
      run(function* () {
        const [a, b] = yield* tcpPair();
        const other = new TlsConnector({ ca: cert, servername: servername as string });
        expect(yield* failureOf(other.connect("localhost", a))).toMatchObject({
          name: "IoError",
          kind: "InvalidInput",
          message: expect.stringContaining("servername") as string,
        });
        expect(yield* b.readToEnd()).toHaveLength(0);
        b.close();
        // The name that the certificate is for does not help another domain.
        const [c, d] = yield* tcpPair();
        const right = new TlsConnector({ ca: cert, servername: "localhost" });
        expect(yield* failureOf(right.connect("example.org", c))).toMatchObject({ kind: "InvalidInput" });
        d.close();
      }),
  );

  it("may be said again by the option servername; host says nothing", () =>
    run(function* () {
      const [a, b] = yield* tcpPair();
      const accepting = spawn(acceptor.accept(b));
      const same = new TlsConnector({ ca: cert, servername: "LocalHost.", host: "example.org" });
      const client = yield* same.connect("localhost", a);
      client.close();
      (yield* accepting).close();
      const [c, d] = yield* tcpPair();
      const rejecting = spawn(failureOf(acceptor.accept(d)));
      const other = new TlsConnector({ ca: cert, host: "localhost" });
      expect(yield* failureOf(other.connect("127.0.0.1", c))).toMatchObject({
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
      });
      rejecting.abort();
    }));
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
