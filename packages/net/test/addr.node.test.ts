/** Addresses of sockets, which Node writes in its own way. */
import { Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { lookupHost, SocketAddr, TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream } from "@rt/net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { failureOf, inLane, LANES, run, until } from "./support/net.ts";
import { openSockets } from "./support/programs.ts";

const hasV6: boolean = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

/** A link-local address of this host, and the interface it is on. */
const scoped = Object.entries(networkInterfaces())
  .flatMap(([name, all]) => (all ?? []).map((one) => ({ ...one, name })))
  .find(({ address, family }) => family === "IPv6" && address.startsWith("fe80:"));

describe("the addresses of sockets", () => {
  it.skipIf(!hasV6)("print and compare like those that are written by hand, for TCP", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("[0:0:0:0:0:0:0:1]:0");
      const { port } = listener.localAddr();
      const byHand = SocketAddr.parse(`[0:0::0001]:${port}`);
      expect(listener.localAddr()).toEqual(byHand);
      using client = yield* TcpStream.connect(["0::1", port]);
      const [server, from] = yield* listener.accept();
      expect(client.peerAddr().equals(byHand)).toBe(true);
      expect(server.localAddr().equals(byHand)).toBe(true);
      expect(from.equals(client.localAddr())).toBe(true);
      expect(String(client.peerAddr())).toBe(`[::1]:${port}`);
      server.close();
    }),
  );

  it.skipIf(!hasV6)("print and compare like those that are written by hand, for UDP", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("[0:0:0:0:0:0:0:1]:0");
      const byHand = SocketAddr.parse(`[0:0:0:0:0:0:0:1]:${socket.localAddr().port}`);
      yield* socket.connect(byHand);
      expect(yield* socket.sendTo(new Uint8Array(1), byHand)).toBe(1);
      const [, from] = yield* socket.recvFrom(new Uint8Array(1));
      expect([from, socket.peerAddr(), socket.localAddr()]).toEqual([byHand, byHand, byHand]);
    }),
  );

  it.skipIf(!hasV6)("show an IPv4 peer of an IPv6 listener as one", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("[::]:0");
      using client = yield* TcpStream.connect(["127.0.0.1", listener.localAddr().port]);
      const [server, from] = yield* listener.accept();
      const { port } = client.localAddr();
      expect(String(from)).toBe(`[::ffff:127.0.0.1]:${port}`);
      expect(from.equals(SocketAddr.parse(`[::FFFF:7f00:1]:${port}`))).toBe(true);
      expect(from.equals(client.localAddr())).toBe(false);
      server.close();
    }),
  );

  it.skipIf(scoped === undefined)("name the scope of a link-local address by its number", () =>
    run(function* () {
      const { address, name, scopeid } = scoped as typeof scoped & { scopeid: number };
      using listener = yield* TcpListener.bind(`[${address}%${scopeid}]:0`);
      const { port } = listener.localAddr();
      const byHand = SocketAddr.parse(`[${address}%${scopeid}]:${port}`);
      expect(listener.localAddr()).toEqual(byHand);
      // As Node writes it, and the system.
      for (const peer of [
        byHand,
        [`${address}%${name}`, port],
        { address: `${address}%${name}`, port },
      ] as const) {
        using client = yield* TcpStream.connect(peer);
        const [server, from] = yield* listener.accept();
        expect([client.peerAddr(), server.localAddr()]).toEqual([byHand, byHand]);
        expect(from).toEqual(client.localAddr());
        server.close();
      }
      using socket = yield* UdpSocket.bind([`${address}%${name}`, 0]);
      yield* socket.sendTo(new Uint8Array(1), socket.localAddr());
      const [, from] = yield* socket.recvFrom(new Uint8Array(1));
      expect(from).toEqual(socket.localAddr());
      expect(from.address).toBe(`${address}%${scopeid}`);
    }),
  );

  it("that lookupHost gives are written in one way", () =>
    run(function* () {
      const written = ["[0:0::1]:1", ["FE80::1%7", 1], { host: "0::FFFF:1.2.3.4", port: 1 }] as const;
      expect((yield* lookupHost(written)).map(String)).toEqual([
        "[::1]:1",
        "[fe80::1%7]:1",
        "[::ffff:1.2.3.4]:1",
      ]);
      expect(yield* failureOf(lookupHost({ address: "localhost", port: 1 }))).toMatchObject({
        kind: "InvalidInput",
      });
    }));

  it.runIf(process.platform === "linux")("are the same at both ends of a Unix socket", () =>
    run(function* () {
      using listener = yield* UnixListener.bind(`\0rt-addr-${process.pid}`);
      using client = yield* UnixStream.connect(listener.localAddr());
      const [server] = yield* listener.accept();
      for (const addr of [client.peerAddr(), server.localAddr()]) {
        expect(addr.equals(listener.localAddr())).toBe(true);
        expect(String(addr)).toBe(`@rt-addr-${process.pid}`);
      }
      server.close();
    }),
  );
});

describe("one of several addresses", () => {
  const LIST = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"] as const;

  it.each(LANES)("is not given up for the next by one who gives up all, in the %s lane", (lane) =>
    run(function* () {
      let tried = 0;
      const connect = vi.spyOn(Socket.prototype, "connect").mockImplementation(function (this: Socket) {
        tried += 1;
        return this; // and never connects
      });
      onTestFinished(() => connect.mockRestore());
      const connecting = inLane(lane, () => TcpStream.connect(LIST));
      yield* until(() => tried === 1);
      connecting.abort();
      expect(yield* failureOf(connecting)).toMatchObject({ name: "JoinError" });
      expect([tried, openSockets()]).toEqual([1, 0]);
    }),
  );

  it("fails with the error of the last", () =>
    run(function* () {
      expect(yield* failureOf(TcpStream.connect(LIST))).toMatchObject({ code: "ECONNREFUSED", port: 3 });
    }));
});
