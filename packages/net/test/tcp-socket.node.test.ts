import { Socket } from "node:net";
import { UnsupportedError } from "@rt/io";
import { SocketAddr, TcpListener, TcpSocket, TcpStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import { failureOf, run, thrownBy } from "./support/net.ts";

describe("TcpSocket", () => {
  it("connects from the address of bind", () =>
    run(function* () {
      using free = yield* TcpListener.bind("127.0.0.1:0");
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const local = free.localAddr();
      free.close();
      const socket = TcpSocket.newV4();
      socket.bind(local);
      using client = yield* socket.connect(listener.localAddr());
      expect(client.localAddr()).toEqual(local);
    }));

  it("listens on the address of bind", () =>
    run(function* () {
      const socket = TcpSocket.newV4();
      socket.bind("127.0.0.1:0");
      using listener = yield* socket.listen(16);
      using client = yield* TcpStream.connect(listener.localAddr());
      const [server] = yield* listener.accept();
      expect(server.peerAddr()).toEqual(client.localAddr());
      server.close();
    }));

  it("listens and connects over IPv6", () =>
    run(function* () {
      const socket = TcpSocket.newV6();
      socket.bind("[::1]:0");
      using listener = yield* socket.listen(16);
      using client = yield* TcpSocket.newV6().connect(listener.localAddr());
      expect(client.peerAddr().family).toBe("IPv6");
    }));

  it("throws AddrInUse for an address that is taken", () =>
    run(function* () {
      using taken = yield* TcpListener.bind("127.0.0.1:0");
      const socket = TcpSocket.newV4();
      socket.bind(taken.localAddr());
      expect(yield* failureOf(socket.listen(1))).toMatchObject({ kind: "AddrInUse" });
    }));

  it("is used up by connect and listen", () =>
    run(function* () {
      const socket = TcpSocket.newV4();
      socket.bind("127.0.0.1:0");
      using _listener = yield* socket.listen(1);
      expect(thrownBy(() => socket.listen(1))).toMatchObject({ code: "ERR_RT_DISPOSED" });
      expect(thrownBy(() => socket.connect("127.0.0.1:1"))).toMatchObject({ code: "ERR_RT_DISPOSED" });
    }));

  it("refuses addresses of the other family", () => {
    expect(thrownBy(() => TcpSocket.newV4().bind("[::1]:0"))).toMatchObject({ code: "ERR_RT_INVALID_STATE" });
  });

  it("refuses names to bind to", () => {
    expect(thrownBy(() => TcpSocket.newV4().bind("localhost:0"))).toMatchObject({ kind: "InvalidInput" });
  });

  it("refuses a backlog that is none", () => {
    expect(thrownBy(() => TcpSocket.newV4().listen(0))).toBeInstanceOf(RangeError);
  });

  it("gives the getters what was set", () => {
    const socket = TcpSocket.newV4();
    expect([socket.nodelay(), socket.keepalive(), socket.linger(), socket.reuseport(), socket.tos()]).toEqual(
      [false, null, null, false, 0],
    );
    socket.setNodelay(true);
    socket.setKeepalive({ time: 1000 });
    socket.setZeroLinger();
    socket.setReuseport(true);
    socket.setTos(0x10);
    expect([socket.nodelay(), socket.keepalive(), socket.linger(), socket.reuseport(), socket.tos()]).toEqual(
      [true, { time: 1000 }, 0, true, 0x10],
    );
    socket.setLinger(null);
    expect(socket.linger()).toBeNull();
  });

  it("always reuses addresses", () => {
    const socket = TcpSocket.newV4();
    socket.setReuseaddr(true);
    expect(socket.reuseaddr()).toBe(true);
    expect(thrownBy(() => socket.setReuseaddr(false))).toBeInstanceOf(UnsupportedError);
  });

  it("gives a connection its options", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const socket = TcpSocket.newV4();
      socket.setNodelay(true);
      // Not on older versions of Node.
      const tos = "setTypeOfService" in Socket.prototype ? 0x10 : null;
      if (tos !== null) socket.setTos(tos);
      socket.setLinger(0);
      const client = yield* socket.connect(listener.localAddr());
      expect([client.nodelay(), tos === null ? tos : client.tos(), client.linger()]).toEqual([true, tos, 0]);
      const [server] = yield* listener.accept();
      client.close();
      expect(yield* failureOf(server.readChunk())).toMatchObject({ kind: "ConnectionReset" });
      server.close();
    }));

  it("gives accepted connections the options of the listener", () =>
    run(function* () {
      const socket = TcpSocket.newV4();
      socket.setNodelay(true);
      socket.bind("127.0.0.1:0");
      using listener = yield* socket.listen(16);
      using _client = yield* TcpStream.connect(listener.localAddr());
      const [server] = yield* listener.accept();
      expect(server.nodelay()).toBe(true);
      server.close();
    }));

  it.runIf(process.platform === "linux")("shares a port with reuseport", () =>
    run(function* () {
      const first = TcpSocket.newV4();
      first.setReuseport(true);
      first.bind("127.0.0.1:0");
      using a = yield* first.listen(16);
      const second = TcpSocket.newV4();
      second.setReuseport(true);
      second.bind(a.localAddr());
      using b = yield* second.listen(16);
      expect(b.localAddr()).toEqual(a.localAddr());
    }),
  );

  it("tells the address of bind, and that nothing went wrong", () => {
    const socket = TcpSocket.newV4();
    expect(socket.localAddr()).toBeNull();
    socket.bind("127.0.0.1:8080");
    expect(socket.localAddr()).toEqual(new SocketAddr("127.0.0.1", 8080));
    expect(socket.takeError()).toBeNull();
  });

  it.each([
    "sendBufferSize",
    "setSendBufferSize",
    "recvBufferSize",
    "setRecvBufferSize",
    "device",
    "bindDevice",
  ] as const)("throws ERR_RT_UNSUPPORTED for %s", (name) => {
    const socket = TcpSocket.newV4();
    const call = socket[name] as (value: unknown) => unknown;
    expect(thrownBy(() => call.call(socket, 1))).toMatchObject({ code: "ERR_RT_UNSUPPORTED" });
  });
});
