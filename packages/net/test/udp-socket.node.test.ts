import { type Async, Builder, PENDING, spawn } from "@rt/core";
import { isRtShutdownErr, ReadBuf } from "@rt/io";
import { Interest, SocketAddr, TcpListener, UdpSocket } from "@rt/net";
import { describe, expect, it } from "vitest";
import {
  failureOf,
  inLane,
  LANES,
  run,
  TestWaker,
  text,
  thrownBy,
  turns,
  until,
  utf8,
} from "./support/net.ts";

/** Two sockets, each connected to the other. */
function* udpPair(): Async<[UdpSocket, UdpSocket]> {
  const a = yield* UdpSocket.bind("127.0.0.1:0");
  const b = yield* UdpSocket.bind("127.0.0.1:0");
  yield* a.connect(b.localAddr());
  yield* b.connect(a.localAddr());
  return [a, b];
}

describe("UdpSocket.bind", () => {
  it("takes a free port for port 0", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("127.0.0.1:0");
      expect(socket.localAddr().port).toBeGreaterThan(0);
    }));

  it("throws AddrInUse for a port that is taken", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("127.0.0.1:0");
      expect(yield* failureOf(UdpSocket.bind(socket.localAddr()))).toMatchObject({
        kind: "AddrInUse",
        code: "EADDRINUSE",
        syscall: "bind",
      });
    }));

  it("tries several addresses in order", () =>
    run(function* () {
      using taken = yield* UdpSocket.bind("127.0.0.1:0");
      using socket = yield* UdpSocket.bind([taken.localAddr(), "127.0.0.1:0"]);
      expect(socket.localAddr().port).not.toBe(taken.localAddr().port);
    }));

  it("works over IPv6", () =>
    run(function* () {
      using a = yield* UdpSocket.bind("[::1]:0");
      using b = yield* UdpSocket.bind("[::1]:0");
      yield* a.sendTo(utf8("six"), b.localAddr());
      const [count, from] = yield* b.recvFrom(new Uint8Array(8));
      expect([count, String(from)]).toEqual([3, String(a.localAddr())]);
    }));
});

describe("UdpSocket.send and recv", () => {
  it.each(LANES)("carry datagrams between connected sockets, in the %s lane", (lane) =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const buf = new Uint8Array(16);
      const receiving = inLane(lane, () => b.recv(buf));
      expect(yield* inLane(lane, () => a.send(utf8("ping")))).toBe(4);
      expect(yield* receiving).toBe(4);
      expect(text(buf.subarray(0, 4))).toBe("ping");
      a.close();
      b.close();
    }),
  );

  it("keep the borders of datagrams, empty ones too", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      yield* a.send(utf8("ab"));
      yield* a.send(utf8(""));
      yield* a.send(utf8("c"));
      const buf = new Uint8Array(16);
      const counts = [yield* b.recv(buf), yield* b.recv(buf), yield* b.recv(buf)];
      expect(counts).toEqual([2, 0, 1]);
      a.close();
      b.close();
    }));

  it("lose what does not fit into the array", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      yield* a.send(utf8("abcdef"));
      yield* a.send(utf8("next"));
      const buf = new Uint8Array(4);
      expect(yield* b.recv(buf)).toBe(4);
      expect(text(buf)).toBe("abcd");
      yield* b.recv(buf);
      expect(text(buf)).toBe("next");
      a.close();
      b.close();
    }));

  it("receive from the peer only once connected", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      using stranger = yield* UdpSocket.bind("127.0.0.1:0");
      yield* stranger.sendTo(utf8("stranger"), b.localAddr());
      yield* a.send(utf8("friend"));
      const buf = new Uint8Array(16);
      expect(text(buf.subarray(0, yield* b.recv(buf)))).toBe("friend");
      a.close();
      b.close();
    }));

  it("need connect, else they throw NotConnected", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("127.0.0.1:0");
      expect(yield* failureOf(socket.send(utf8("x")))).toMatchObject({ kind: "NotConnected" });
      expect(thrownBy(() => socket.peerAddr())).toMatchObject({ kind: "NotConnected" });
    }));

  it("throw ConnectionRefused once nobody is there", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      b.close();
      yield* a.send(utf8("anybody?"));
      expect(yield* failureOf(a.recv(new Uint8Array(1)))).toMatchObject({ kind: "ConnectionRefused" });
      a.close();
    }));

  it("lose no datagram when a receive is dropped after it was woken", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const cx = new TestWaker();
      const dropped = b.recv(new Uint8Array(16));
      expect(dropped.poll(cx)).toBe(PENDING);
      yield* a.send(utf8("kept"));
      yield* until(() => cx.count > 0);
      dropped.drop();
      expect(yield* b.recv(new Uint8Array(16))).toBe(4);
      a.close();
      b.close();
    }));

  it("pass a datagram on when the one who was woken for it is dropped", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const [first, second] = [b.recv(new Uint8Array(16)), b.recv(new Uint8Array(16))];
      const [one, two] = [new TestWaker(), new TestWaker()];
      expect([first.poll(one), second.poll(two)]).toEqual([PENDING, PENDING]);
      yield* a.send(utf8("x"));
      yield* until(() => one.count > 0);
      expect(two.count).toBe(0);
      first.drop();
      expect(two.count).toBe(1);
      expect(yield* second).toBe(1);
      a.close();
      b.close();
    }));

  it("serve a sender and a receiver task at once without splitting", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const receiving = spawn(a.recv(new Uint8Array(8)));
      yield* a.send(utf8("out"));
      expect(yield* b.recv(new Uint8Array(8))).toBe(3);
      yield* b.send(utf8("in"));
      expect(yield* receiving).toBe(2);
      a.close();
      b.close();
    }));

  it("give way to other tasks in a loop over a socket that is always ready", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const buf = new Uint8Array(1);
      for (let i = 0; i < 150; i += 1) yield* a.send(utf8("x"));
      yield* turns();
      let others = 0;
      const other = spawn(async () => void (others += 1));
      for (let i = 0; i < 150; i += 1) yield* b.recv(buf);
      expect(others).toBe(1);
      yield* other;
      a.close();
      b.close();
    }));
});

describe("UdpSocket.sendTo and recvFrom", () => {
  it.each(LANES)("name the sender, in the %s lane", (lane) =>
    run(function* () {
      using a = yield* UdpSocket.bind("127.0.0.1:0");
      using b = yield* UdpSocket.bind("127.0.0.1:0");
      yield* inLane(lane, () => a.sendTo(utf8("hi"), String(b.localAddr())));
      expect(yield* inLane(lane, () => b.recvFrom(new Uint8Array(8)))).toEqual([2, a.localAddr()]);
    }),
  );

  it("use the first of several addresses only", () =>
    run(function* () {
      using a = yield* UdpSocket.bind("127.0.0.1:0");
      using b = yield* UdpSocket.bind("127.0.0.1:0");
      using c = yield* UdpSocket.bind("127.0.0.1:0");
      yield* a.sendTo(utf8("hi"), [b.localAddr(), c.localAddr()]);
      expect(yield* b.recv(new Uint8Array(8))).toBe(2);
      yield* turns();
      expect(c.tryRecv(new Uint8Array(8))).toBeNull();
    }));

  it("throw InvalidInput without an address", () =>
    run(function* () {
      using a = yield* UdpSocket.bind("127.0.0.1:0");
      expect(yield* failureOf(a.sendTo(utf8("hi"), []))).toMatchObject({ kind: "InvalidInput" });
    }));

  it("throw what Node tells of a datagram that is too long", () =>
    run(function* () {
      using a = yield* UdpSocket.bind("127.0.0.1:0");
      expect(yield* failureOf(a.sendTo(new Uint8Array(70_000), a.localAddr()))).toMatchObject({
        code: "EMSGSIZE",
        syscall: "send",
      });
    }));
});

describe("UdpSocket with buffers", () => {
  it("appends to the free part", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const buf = new ReadBuf(new Uint8Array(5));
      yield* a.send(utf8("ab"));
      yield* a.send(utf8("cdef"));
      expect(yield* b.recvBuf(buf)).toBe(2);
      expect(yield* b.recvBufFrom(buf)).toEqual([3, a.localAddr()]);
      expect(text(buf.filled())).toBe("abcde");
      a.close();
      b.close();
    }));

  it("does so without waiting", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const buf = new ReadBuf(new Uint8Array(8));
      expect([b.tryRecvBuf(buf), b.tryRecvBufFrom(buf)]).toEqual([null, null]);
      yield* a.send(utf8("ab"));
      yield* a.send(utf8("c"));
      yield* turns();
      expect([b.tryRecvBuf(buf), b.tryRecvBufFrom(buf)]).toEqual([2, [1, a.localAddr()]]);
      expect(text(buf.filled())).toBe("abc");
      a.close();
      b.close();
    }));
});

describe("UdpSocket.peek", () => {
  it("shows the same datagram again and leaves it", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const from = a.localAddr();
      const buf = new Uint8Array(8);
      yield* a.send(utf8("abc"));
      expect(yield* b.peek(buf)).toBe(3);
      expect(yield* b.peekFrom(buf)).toEqual([3, from]);
      expect(yield* b.peekSender()).toEqual(from);
      expect([b.tryPeek(buf), b.tryPeekFrom(buf), b.tryPeekSender()]).toEqual([3, [3, from], from]);
      const cx = new TestWaker();
      expect([b.pollPeek(cx, buf), b.pollPeekFrom(cx, buf), b.pollPeekSender(cx)]).toEqual([
        3,
        [3, from],
        from,
      ]);
      expect(yield* b.recv(buf)).toBe(3);
      expect([b.tryPeek(buf), b.tryPeekFrom(buf), b.tryPeekSender()]).toEqual([null, null, null]);
      a.close();
      b.close();
    }));

  it("wakes the next one too, since the datagram stays", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const peeking = spawn(b.peek(new Uint8Array(8)));
      const receiving = spawn(b.recv(new Uint8Array(8)));
      yield* turns(2);
      yield* a.send(utf8("x"));
      expect(yield* peeking).toBe(1);
      expect(yield* receiving).toBe(1);
      a.close();
      b.close();
    }));
});

describe("UdpSocket polled and tried by hand", () => {
  it("gives null and PENDING when there is nothing, and wakes the last waker", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const buf = new Uint8Array(8);
      const [old, last] = [new TestWaker(), new TestWaker()];
      expect(b.tryRecv(buf)).toBeNull();
      expect(b.tryRecvFrom(buf)).toBeNull();
      expect(b.pollRecv(old, buf)).toBe(PENDING);
      expect(b.pollRecvFrom(last, buf)).toBe(PENDING);
      yield* a.send(utf8("ab"));
      yield* until(() => last.count > 0);
      expect(old.count).toBe(0);
      expect(b.pollRecvFrom(last, buf)).toEqual([2, a.localAddr()]);
      yield* a.send(utf8("c"));
      yield* b.readable();
      expect(b.tryRecvFrom(buf)).toEqual([1, a.localAddr()]);
      a.close();
      b.close();
    }));

  it("sends a copy", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const data = utf8("abc");
      expect(a.trySend(data)).toBe(3);
      expect(a.trySendTo(data, b.localAddr())).toBe(3);
      data.fill(0);
      const buf = new Uint8Array(8);
      yield* b.recv(buf);
      expect(text(buf.subarray(0, 3))).toBe("abc");
      a.close();
      b.close();
    }));

  it("tells a later operation what became of a datagram that was only tried", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("127.0.0.1:0");
      expect(socket.trySendTo(new Uint8Array(70_000), socket.localAddr())).toBe(70_000);
      expect(yield* failureOf(socket.recv(new Uint8Array(1)))).toMatchObject({ code: "EMSGSIZE" });
    }));

  it("sends by polling", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const cx = new TestWaker();
      const data = utf8("abc");
      let sent = a.pollSend(cx, data);
      yield* until(() => (sent = sent === PENDING ? a.pollSend(cx, data) : sent) !== PENDING);
      expect(sent).toBe(3);
      sent = a.pollSendTo(cx, data, b.localAddr());
      yield* until(
        () => (sent = sent === PENDING ? a.pollSendTo(cx, data, b.localAddr()) : sent) !== PENDING,
      );
      yield* turns();
      expect([
        b.tryRecv(new Uint8Array(8)),
        b.tryRecv(new Uint8Array(8)),
        b.tryRecv(new Uint8Array(8)),
      ]).toEqual([3, 3, null]);
      a.close();
      b.close();
    }));
});

describe("UdpSocket readiness", () => {
  it("tells of datagrams and of room", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      const cx = new TestWaker();
      expect(b.tryIo(Interest.READABLE, () => 1)).toBeNull();
      expect(b.pollRecvReady(cx)).toBe(PENDING);
      expect(b.pollSendReady(cx)).toBeUndefined();
      yield* b.writable();
      const reading = spawn(b.asyncIo(Interest.READABLE, () => b.tryRecv(new Uint8Array(8))));
      yield* turns(2);
      yield* a.send(utf8("x"));
      expect(yield* reading).toBe(1);
      yield* a.send(utf8("y"));
      expect((yield* b.ready(Interest.READABLE)).isReadable()).toBe(true);
      expect(b.tryIo(Interest.READABLE, () => b.tryRecv(new Uint8Array(8)))).toBe(1);
      a.close();
      b.close();
    }));
});

describe("UdpSocket options", () => {
  it("reads back what was set", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("127.0.0.1:0");
      expect([socket.broadcast(), socket.multicastLoopV4(), socket.multicastTtlV4(), socket.ttl()]).toEqual([
        false,
        true,
        1,
        64,
      ]);
      socket.setBroadcast(true);
      socket.setMulticastLoopV4(false);
      socket.setMulticastTtlV4(7);
      socket.setTtl(9);
      expect([socket.broadcast(), socket.multicastLoopV4(), socket.multicastTtlV4(), socket.ttl()]).toEqual([
        true,
        false,
        7,
        9,
      ]);
    }));

  it("reads back multicast loop for IPv6", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("[::1]:0");
      expect(socket.multicastLoopV6()).toBe(true);
      socket.setMulticastLoopV6(false);
      expect(socket.multicastLoopV6()).toBe(false);
    }));

  it("refuses what is out of range", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("127.0.0.1:0");
      expect(thrownBy(() => socket.setTtl(0))).toBeInstanceOf(RangeError);
    }));

  it("joins and leaves a group over IPv4, and receives from it", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("0.0.0.0:0");
      socket.joinMulticastV4("239.255.7.7", "127.0.0.1");
      socket.leaveMulticastV4("239.255.7.7", "127.0.0.1");
      expect(thrownBy(() => socket.leaveMulticastV4("239.255.7.7", "127.0.0.1"))).toMatchObject({
        kind: "AddrNotAvailable",
      });
    }));

  it("passes on what the system says about a group over IPv6", () =>
    run(function* () {
      using socket = yield* UdpSocket.bind("[::]:0");
      expect(thrownBy(() => socket.joinMulticastV6("::1", 0))).toMatchObject({ name: "IoError" });
      expect(thrownBy(() => socket.leaveMulticastV6("ff02::7777", 0))).toMatchObject({ name: "IoError" });
    }));

  it.each(["tos", "setTos", "device", "bindDevice"] as const)(
    "throws ERR_RT_UNSUPPORTED for UDP %s",
    (name) =>
      run(function* () {
        using socket = yield* UdpSocket.bind("127.0.0.1:0");
        const call = socket[name] as (value: unknown) => unknown;
        expect(thrownBy(() => call.call(socket, 1))).toMatchObject({ code: "ERR_RT_UNSUPPORTED" });
      }),
  );

  it("takeError tells an error once", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      b.close();
      yield* a.send(utf8("anybody?"));
      let error: unknown = null;
      yield* until(() => (error = a.takeError()) !== null);
      expect(error).toMatchObject({ kind: "ConnectionRefused" });
      expect(a.takeError()).toBeNull();
      a.close();
    }));

  it("may be connected again", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      using c = yield* UdpSocket.bind("127.0.0.1:0");
      yield* a.connect(c.localAddr());
      expect(a.peerAddr()).toEqual(c.localAddr());
      yield* a.send(utf8("x"));
      expect(yield* c.recv(new Uint8Array(8))).toBe(1);
      a.close();
      b.close();
    }));
});

describe("UdpSocket that nobody reads from", () => {
  it("holds a bounded number of bytes and loses the newest", () =>
    run(function* () {
      const [a, b] = yield* udpPair();
      for (let i = 0; i < 400; i += 1) {
        yield* a.send(new Uint8Array(1000).fill(i & 0xff));
        if (i % 20 === 0) yield* turns(1);
      }
      yield* turns();
      const buf = new Uint8Array(1000);
      let count = 0;
      let first = -1;
      for (; b.tryRecv(buf) !== null; count += 1) if (first < 0) first = buf[0] as number;
      expect(first).toBe(0);
      expect(count).toBeLessThan(200);
      yield* a.send(utf8("again"));
      expect(yield* b.recv(buf)).toBe(5);
      a.close();
      b.close();
    }));
});

describe("UdpSocket.close", () => {
  it("frees the port and ends what waits", () =>
    run(function* () {
      const socket = yield* UdpSocket.bind("127.0.0.1:0");
      const addr = socket.localAddr();
      const receiving = spawn(failureOf(socket.recv(new Uint8Array(1))));
      yield* turns(2);
      socket.close();
      socket.close();
      expect(yield* receiving).toMatchObject({ code: "ERR_RT_DISPOSED" });
      expect(yield* failureOf(socket.send(utf8("x")))).toMatchObject({ code: "ERR_RT_DISPOSED" });
      using _again = yield* UdpSocket.bind(addr);
    }));

  it("ends a send that is under way", () =>
    run(function* () {
      const socket = yield* UdpSocket.bind("127.0.0.1:0");
      const sending = spawn(failureOf(socket.sendTo(utf8("x"), socket.localAddr())));
      yield* turns(0);
      const polled = socket.sendTo(utf8("x"), socket.localAddr());
      expect(polled.poll(new TestWaker())).toBe(PENDING);
      socket.close();
      expect(yield* failureOf(polled)).toMatchObject({ code: "ERR_RT_DISPOSED" });
      expect(yield* sending).toMatchObject({ code: "ERR_RT_DISPOSED" });
    }));

  it("comes with the end of the runtime, as isRtShutdownErr", async () => {
    const runtime = Builder.currentThread().build();
    const socket = await runtime.blockOn(UdpSocket.bind("127.0.0.1:0"));
    const cx = new TestWaker();
    expect(socket.pollRecv(cx, new Uint8Array(1))).toBe(PENDING);
    runtime.shutdownBackground();
    expect(cx.count).toBe(1);
    expect(isRtShutdownErr(thrownBy(() => socket.tryRecv(new Uint8Array(1))))).toBe(true);
    expect(
      isRtShutdownErr(
        await socket.sendTo(utf8("x"), new SocketAddr("127.0.0.1", 9)).then(null, (e: unknown) => e),
      ),
    ).toBe(true);
  });

  it("leaves TCP ports of the same number alone", () =>
    run(function* () {
      using tcp = yield* TcpListener.bind("127.0.0.1:0");
      using udp = yield* UdpSocket.bind(tcp.localAddr());
      expect(tcp.localAddr()).toEqual(udp.localAddr());
    }));
});
