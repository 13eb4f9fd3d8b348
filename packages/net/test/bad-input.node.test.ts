/** Whatever Node can't do anything with is an IoError of kind InvalidInput, at once or later, and leaves nothing behind. */
import dns from "node:dns";
import { readdirSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Future, Handle, spawn } from "@rt/core";
import { isClockHeld } from "@rt/core/driver";
import { IoError } from "@rt/io";
import {
  lookupHost,
  PipeOpenOptions,
  PipeReceiver,
  SocketAddr,
  TcpListener,
  TcpSocket,
  TcpStream,
  UdpSocket,
  UnixListener,
  UnixStream,
} from "@rt/net";
import { describe, expect, it, onTestFinished } from "vitest";
import { failureOf, inLane, LANES, run, TestWaker, thrownBy, until } from "./support/net.ts";
import { descriptors, openSockets } from "./support/programs.ts";

/** Nothing holds the clock, and no socket is left. */
function checkNothingLeft(): void {
  expect({ held: isClockHeld(Handle.current()), sockets: openSockets() }).toEqual({
    held: false,
    sockets: 0,
  });
}

const HOSTS = [
  "a\0b",
  "\0",
  "127.0.0.1\0",
  "localhost\0.example.org",
  " localhost",
  "localhost ",
  "127.0.0.1 ",
  "a b",
  "a\tb",
  "a\nb",
  "\u0085",
  "[::1]",
  "[127.0.0.1]",
  "::1:1:",
  "1.2.3.4:80",
  "fe80::1%no-such-interface",
  "",
] as const;

const USES: Record<string, (host: string) => Future<unknown>> = {
  "lookupHost of a pair": (host) => lookupHost([host, 80]),
  "lookupHost of an object": (host) => lookupHost({ host, port: 80 }),
  "lookupHost of an address of Node": (address) => lookupHost({ address, port: 80 }),
  "lookupHost of a list": (host) => lookupHost(["127.0.0.1:1", [host, 80]]),
  "TcpStream.connect": (host) => TcpStream.connect([host, 80]),
  "TcpListener.bind": (host) => TcpListener.bind([host, 80]),
  "TcpSocket.connect": (host) => TcpSocket.newV4().connect([host, 80]),
  "UdpSocket.bind": (host) => UdpSocket.bind([host, 80]),
};

describe.each(Object.entries(USES))("%s", (_name, use) => {
  it.each(LANES)("refuses every host that is none, in the %s lane", (lane) =>
    run(function* () {
      for (const host of HOSTS) {
        const error = yield* failureOf(inLane(lane, () => use(host)));
        expect(error, JSON.stringify(host)).toBeInstanceOf(IoError);
        expect(error, JSON.stringify(host)).toMatchObject({ kind: "InvalidInput" });
        checkNothingLeft();
      }
    }),
  );
});

describe("an address as text", () => {
  it.each([
    "a\0b:80",
    "::1:80",
    "[127.0.0.1]:80",
    "[localhost]:80",
    " a:80",
    "a :80",
    "a:+80",
    "a:80 ",
    "a:b:80",
  ])("refuses %j", (text) =>
    run(function* () {
      for (const use of [lookupHost, TcpStream.connect, TcpListener.bind, UdpSocket.bind]) {
        const error = yield* failureOf(use(text));
        expect(error).toMatchObject({ name: "IoError", kind: "InvalidInput" });
      }
      checkNothingLeft();
    }),
  );
});

describe("what Node refuses at once", () => {
  /** Lets a method of Node throw until the test is over. */
  function breaks<K extends string>(object: Record<K, unknown>, name: K): void {
    const own = object[name];
    object[name] = () => {
      throw Object.assign(new TypeError("Not with me"), { code: "ERR_INVALID_ARG_VALUE" });
    };
    syncBuiltinESMExports();
    onTestFinished(() => {
      object[name] = own;
      syncBuiltinESMExports();
    });
  }

  const refused = { name: "IoError", kind: "InvalidInput", code: "ERR_INVALID_ARG_VALUE" };

  it.each(LANES)("holds no clock where it is a look-up, in the %s lane", (lane) =>
    run(function* () {
      breaks(dns as never, "lookup");
      expect(yield* failureOf(inLane(lane, () => lookupHost("localhost:80")))).toMatchObject(refused);
      expect(yield* failureOf(inLane(lane, () => TcpStream.connect("localhost:80")))).toMatchObject(refused);
      checkNothingLeft();
    }),
  );

  it("leaves no socket where it is a connect", () =>
    run(function* () {
      breaks(net.Socket.prototype as never, "connect");
      expect(yield* failureOf(TcpStream.connect("127.0.0.1:1"))).toMatchObject(refused);
      expect(yield* failureOf(UnixStream.connect("/nowhere"))).toMatchObject(refused);
      checkNothingLeft();
    }));

  it("leaves no listener where it is a listen", () =>
    run(function* () {
      breaks(net.Server.prototype as never, "listen");
      expect(yield* failureOf(TcpListener.bind("127.0.0.1:0"))).toMatchObject(refused);
      expect(yield* failureOf(UnixListener.bind(join(tmpdir(), "rt-never.sock")))).toMatchObject(refused);
      checkNothingLeft();
    }));

  it.skipIf("setTypeOfService" in net.Socket.prototype)("leaves no connection where it is an option", () =>
    run(function* () {
      const unsupported = { code: "ERR_RT_UNSUPPORTED" };
      const local = TcpSocket.newV4();
      local.setTos(8);
      local.bind("127.0.0.1:0");
      const listener = yield* local.listen(8);
      const before = descriptors();
      const client = TcpSocket.newV4();
      client.setTos(8);
      expect(yield* failureOf(client.connect(listener.localAddr()))).toMatchObject(unsupported);
      using _stream = yield* TcpStream.connect(listener.localAddr());
      expect(yield* failureOf(listener.accept())).toMatchObject(unsupported);
      _stream.close();
      listener.close();
      checkNothingLeft();
      yield* until(() => descriptors() < before);
    }),
  );
});

describe("UdpSocket", () => {
  const to = new SocketAddr("127.0.0.1", 0);
  const data = new Uint8Array(1);

  it.each(LANES)("refuses port 0 as a peer, in the %s lane", (lane) =>
    run(function* () {
      using socket = yield* UdpSocket.bind("127.0.0.1:0");
      const bad: (() => Future<unknown>)[] = [
        () => socket.connect(to),
        () => socket.connect(["localhost", 0]),
        () => socket.sendTo(data, to),
        () => socket.sendTo(data, "127.0.0.1:0"),
      ];
      for (const one of bad)
        expect(yield* failureOf(inLane(lane, one))).toMatchObject({
          name: "IoError",
          kind: "InvalidInput",
          code: "ERR_SOCKET_BAD_PORT",
        });
      const refused = { name: "IoError", kind: "InvalidInput" };
      expect(thrownBy(() => socket.trySendTo(data, to))).toMatchObject(refused);
      expect(thrownBy(() => socket.pollSendTo(new TestWaker(), data, to))).toMatchObject(refused);
    }),
  );

  it("refuses to send elsewhere than to its peer, and says so", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("127.0.0.1:0");
      using other = yield* UdpSocket.bind("127.0.0.1:0");
      const peer = socket.localAddr();
      yield* socket.connect(peer);
      const refused = {
        name: "IoError",
        kind: "InvalidInput",
        code: "ERR_SOCKET_DGRAM_IS_CONNECTED",
        message: `Cannot send to ${String(other.localAddr())}: the socket is connected to ${String(peer)}; use send(), or a socket that is not connected`,
      };
      expect(yield* failureOf(socket.sendTo(data, other.localAddr()))).toMatchObject(refused);
      expect(thrownBy(() => socket.trySendTo(data, other.localAddr()))).toMatchObject(refused);
      expect(yield* socket.sendTo(data, peer)).toBe(1);
    }));

  it("refuses groups that are none", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("127.0.0.1:0");
      for (const bad of ["", "nonsense", "1.2.3.4", "224.0.0.1\0", undefined as never])
        expect(thrownBy(() => socket.joinMulticastV4(bad))).toMatchObject({
          name: "IoError",
          kind: "InvalidInput",
        });
    }));
});

describe("paths", () => {
  const refused = { name: "IoError", kind: "InvalidInput" };
  /** One with so many bytes, of which some characters have two. */
  const pathOf = (bytes: number): string => {
    const start = join(tmpdir(), "rt-é-");
    return start + "a".repeat(bytes - Buffer.byteLength(start));
  };

  it.skipIf(process.platform === "win32").each(LANES)(
    "that are too long for a socket are refused, and never cut off, in the %s lane",
    (lane) =>
      run(function* () {
        for (const bytes of [108, 109, 300, 5_000])
          for (const use of [UnixStream.connect, UnixListener.bind]) {
            const one = async (): Promise<unknown> => await use(pathOf(bytes));
            const handle =
              lane === "async"
                ? spawn(one)
                : spawn(function* () {
                    return yield* use(pathOf(bytes)) as Future<unknown>;
                  });
            expect(yield* failureOf(handle)).toMatchObject(refused);
          }
        expect(readdirSync(tmpdir()).filter((name) => name.startsWith("rt-é-a"))).toEqual([]);
        checkNothingLeft();
      }),
  );

  it.runIf(process.platform === "linux")("that just fit are used, and names too", () =>
    run(function* () {
      for (const path of [pathOf(107), `\0${"a".repeat(107)}`]) {
        using listener = yield* UnixListener.bind(path);
        using client = yield* UnixStream.connect(path);
        const [server] = yield* listener.accept();
        expect(client.peerAddr().equals(listener.localAddr())).toBe(true);
        server.close();
      }
      expect(thrownBy(() => UnixStream.connect(`\0${"a".repeat(108)}`))).toMatchObject(refused);
    }),
  );

  it("with a zero byte, and descriptors that are no pipes, are InvalidInput", () =>
    run(function* () {
      expect(thrownBy(() => new PipeOpenOptions().openReceiver("a\0b"))).toMatchObject(refused);
      expect(thrownBy(() => PipeReceiver.fromFd(2 ** 20, { unchecked: true }))).toMatchObject(refused);
      checkNothingLeft();
      yield* lookupHost("127.0.0.1:1");
    }));
});
