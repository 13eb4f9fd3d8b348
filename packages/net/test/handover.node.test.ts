/** One who stops waiting, in whatever way, takes nothing from the others who wait. */
import { fileURLToPath } from "node:url";
import { type Async, Builder, PENDING, spawn, UsageError } from "@rt/core";
import { isRtShutdownErr } from "@rt/io";
import { PipeOpenOptions, TcpListener, TcpStream, UdpSocket, UnixStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import {
  failureOf,
  fill,
  run,
  tcpPair,
  TestWaker,
  thrownBy,
  turns,
  turnUntil,
  until,
  utf8,
} from "./support/net.ts";
import { descriptors } from "./support/programs.ts";

/** Two sockets, of which the first sends to the second. */
function* udpPair(): Async<[UdpSocket, UdpSocket]> {
  const tx = yield* UdpSocket.bind("127.0.0.1:0");
  const rx = yield* UdpSocket.bind("127.0.0.1:0");
  yield* tx.connect(rx.localAddr());
  return [tx, rx];
}

describe("TcpListener.pollAccept", () => {
  it("takes no connection from accept when nobody polls again", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      expect(listener.pollAccept(new TestWaker())).toBe(PENDING);
      const accepting = spawn(listener.accept());
      using _client = yield* TcpStream.connect(listener.localAddr());
      yield* turns();
      expect(accepting.isFinished()).toBe(true);
      (yield* accepting)[0].close();
    }));

  it("is woken for a connection that accept has not taken", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const gone = listener.accept();
      expect(gone.poll(new TestWaker())).toBe(PENDING);
      const cx = new TestWaker();
      expect(listener.pollAccept(cx)).toBe(PENDING);
      using _client = yield* TcpStream.connect(listener.localAddr());
      yield* until(() => cx.count > 0);
      const accepted = listener.pollAccept(cx);
      if (accepted === PENDING) throw new Error("It was woken for nothing");
      accepted[0].close();
      gone.drop();
    }));
});

describe("UdpSocket", () => {
  const byHand: readonly [string, (rx: UdpSocket, cx: TestWaker) => unknown][] = [
    ["pollRecv", (rx, cx) => rx.pollRecv(cx, new Uint8Array(8))],
    ["pollPeek", (rx, cx) => rx.pollPeek(cx, new Uint8Array(8))],
    ["pollPeekSender", (rx, cx) => rx.pollPeekSender(cx)],
    ["pollRecvReady", (rx, cx) => rx.pollRecvReady(cx)],
  ];

  it.each(byHand)("gives a datagram to recv when nobody goes on with %s", (_name, poll) =>
    run(function* () {
      const [tx, rx] = yield* udpPair();
      const cx = new TestWaker();
      expect(poll(rx, cx)).toBe(PENDING);
      const receiving = spawn(rx.recv(new Uint8Array(8)));
      yield* turns(2);
      yield* tx.send(utf8("hi"));
      yield* turns();
      expect(cx.count).toBeGreaterThan(0);
      expect(receiving.isFinished()).toBe(true);
      expect(yield* receiving).toBe(2);
      tx.close();
      rx.close();
    }),
  );

  it("wakes a receiver though one before it has failed out of turn", () =>
    run(function* () {
      const peer = yield* UdpSocket.bind("127.0.0.1:0");
      const addr = peer.localAddr();
      const socket = yield* UdpSocket.bind("127.0.0.1:0");
      yield* socket.connect(addr);
      peer.close();
      const [first, second] = [socket.recv(new Uint8Array(8)), socket.recv(new Uint8Array(8))];
      const [one, two] = [new TestWaker(), new TestWaker()];
      expect(first.poll(one)).toBe(PENDING);
      expect(second.poll(two)).toBe(PENDING);
      // To nobody: the first is woken to be told so, but the second asks before it.
      yield* socket.send(utf8("x"));
      yield* until(() => one.count > 0);
      expect(thrownBy(() => second.poll(two))).toMatchObject({ code: "ECONNREFUSED" });
      expect(first.poll(one)).toBe(PENDING);
      const again = yield* UdpSocket.bind(addr);
      yield* again.sendTo(utf8("hi"), socket.localAddr());
      yield* until(() => one.count > 1);
      expect(first.poll(one)).toBe(2);
      again.close();
      socket.close();
    }));
});

describe("UdpSocket.connect", () => {
  it("comes behind one that was given up", () =>
    run(function* () {
      const [tx, rx] = yield* udpPair();
      const other = yield* UdpSocket.bind("127.0.0.1:0");
      for (let i = 0; i < 2; i += 1) {
        const given = tx.connect(rx.localAddr());
        expect(given.poll(new TestWaker())).toBe(PENDING);
        given.drop();
      }
      yield* tx.connect(other.localAddr());
      expect(tx.peerAddr()).toEqual(other.localAddr());
      yield* tx.send(utf8("hi"));
      expect(yield* other.recv(new Uint8Array(8))).toBe(2);
      for (const one of [tx, rx, other]) one.close();
    }));
});

describe("A stream that is given away", () => {
  it("fails those who still wait for it, for intoSplit", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const waiting = [spawn(failureOf(client.readChunk())), spawn(failureOf(client.readable()))];
      yield* turns(2);
      const [read, write] = client.intoSplit();
      yield* turns(2);
      for (const one of waiting) expect(one.isFinished()).toBe(true);
      for (const one of waiting) expect(yield* one).toBeInstanceOf(UsageError);
      read[Symbol.dispose]();
      write[Symbol.dispose]();
      server.close();
    }));

  it("fails those who still wait for a half, for reunite", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const [read, write] = client.intoSplit();
      const waiting = spawn(failureOf(read.readChunk()));
      yield* turns(2);
      const whole = read.reunite(write);
      yield* turns(2);
      expect(waiting.isFinished()).toBe(true);
      expect(yield* waiting).toBeInstanceOf(UsageError);
      whole.close();
      server.close();
    }));

  it("fails those who still wait for a half, for its disposal", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const [read, write] = client.intoSplit();
      const waiting = spawn(failureOf(read.readChunk()));
      yield* turns(2);
      read[Symbol.dispose]();
      yield* turns(2);
      expect(waiting.isFinished()).toBe(true);
      expect(yield* waiting).toBeInstanceOf(UsageError);
      write[Symbol.dispose]();
      server.close();
    }));
});

describe("A closed stream that has bytes of tryWrite to send", () => {
  it("does not wait for a peer that waits for it in the same way", async () => {
    const before = descriptors();
    await run(function* () {
      for (const [a, b] of [yield* tcpPair(), yield* UnixStream.pair()]) {
        for (const end of [a, b]) while (end.tryWrite(new Uint8Array(65_536)) !== null);
        a.close();
        b.close();
      }
    });
    await turnUntil(() => descriptors() <= before);
    expect(descriptors()).toBe(before);
  });

  it("is reset when more comes, as by a kernel", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* fill(client);
      client.close();
      yield* server.writeAll("more");
      const error = yield* failureOf(server.readToEnd());
      expect(error).toMatchObject({ code: "ECONNRESET" });
      server.close();
    }));
});

describe("PipeOpenOptions", () => {
  it("leaves no descriptor of a file that is no pipe", () => {
    const before = descriptors();
    const options = new PipeOpenOptions().unchecked(true);
    expect(() => options.openReceiver(fileURLToPath(import.meta.url))).toThrow("fd type");
    expect(descriptors()).toBe(before);
  });

  it("leaves no descriptor when the runtime has shut down", async () => {
    const runtime = Builder.currentThread().build();
    await runtime.blockOn(function* () {
      (yield* UdpSocket.bind("127.0.0.1:0")).close();
    });
    const guard = runtime.enter();
    runtime.shutdownBackground();
    await turnUntil(() => runtime.handle().isShutdown());
    const before = descriptors();
    const failure = thrownBy(() => new PipeOpenOptions().unchecked(true).openReceiver("/dev/null"));
    guard[Symbol.dispose]();
    expect(isRtShutdownErr(failure)).toBe(true);
    expect(descriptors()).toBe(before);
  });
});
