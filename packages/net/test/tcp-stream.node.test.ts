import { Socket } from "node:net";
import { type Async, Builder, type IntoFuture, PENDING, spawn, UsageError } from "@rt/core";
import { type Buf, cursor, IoError, isRtShutdownErr, ReadBuf, UnsupportedError } from "@rt/io";
import { Interest, TcpListener, TcpStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import {
  failureOf,
  fill,
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

function* readAll(stream: TcpStream): Async<number> {
  let total = 0;
  for (let chunk; (chunk = yield* stream.readChunk()) !== undefined; ) total += chunk.length;
  return total;
}

describe("TcpStream.connect", () => {
  it.each(LANES)("throws ConnectionRefused with what Node tells, in the %s lane", async (lane) => {
    const port = await run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      return listener.localAddr().port;
    });
    const error = await run(function* () {
      return yield* failureOf(inLane(lane, () => TcpStream.connect(["127.0.0.1", port])));
    });
    expect(error).toBeInstanceOf(IoError);
    expect(error).toMatchObject({
      kind: "ConnectionRefused",
      code: "ECONNREFUSED",
      syscall: "connect",
      address: "127.0.0.1",
      port,
    });
  });

  it("tries several addresses in order and takes the first that answers", () =>
    run(function* () {
      using closed = yield* TcpListener.bind("127.0.0.1:0");
      const refused = closed.localAddr();
      closed.close();
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      using stream = yield* TcpStream.connect([refused, listener.localAddr()]);
      expect(stream.peerAddr()).toEqual(listener.localAddr());
    }));

  it("throws the last error when no address answers", () =>
    run(function* () {
      using a = yield* TcpListener.bind("127.0.0.1:0");
      using b = yield* TcpListener.bind("127.0.0.1:0");
      const refused = [a.localAddr(), b.localAddr()];
      a.close();
      b.close();
      expect(yield* failureOf(TcpStream.connect(refused))).toMatchObject({ port: refused[1]?.port });
    }));

  it("throws InvalidInput when there is no address", () =>
    run(function* () {
      expect(yield* failureOf(TcpStream.connect([]))).toMatchObject({ kind: "InvalidInput" });
    }));

  it("looks names up", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      using stream = yield* TcpStream.connect(["localhost", listener.localAddr().port]);
      expect(stream.peerAddr().port).toBe(listener.localAddr().port);
    }));

  it("does nothing until it is polled", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      TcpStream.connect(listener.localAddr());
      yield* turns();
      const cx = new TestWaker();
      expect(listener.pollAccept(cx)).toBe(PENDING);
    }));

  it("closes the socket when it is dropped", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const connecting = TcpStream.connect(listener.localAddr());
      expect(connecting.poll(new TestWaker())).toBe(PENDING);
      connecting.drop();
      yield* turns();
      // Nobody came, or somebody who has gone again.
      const cx = new TestWaker();
      const accepted = listener.pollAccept(cx);
      if (accepted !== PENDING) expect(yield* failureOrEnd(accepted[0])).toBe(0);
    }));
});

function* failureOrEnd(stream: TcpStream): Async<number> {
  try {
    return yield* stream.read(new Uint8Array(1));
  } catch {
    return 0;
  } finally {
    stream.close();
  }
}

describe("TcpStream reading", () => {
  it.each(LANES)("gives what the peer wrote, then the end, in the %s lane", async (lane) => {
    await run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.writeAll("hello");
      yield* client.shutdown();
      const got = yield* inLane(lane, () => server.readToString());
      expect(got).toBe("hello");
      expect(yield* server.read(new Uint8Array(8))).toBe(0);
      client.close();
      server.close();
    });
  });

  it("keeps what does not fit for the next read", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.writeAll("abcdef");
      const buf = new Uint8Array(4);
      yield* server.readExact(buf);
      expect(text(buf)).toBe("abcd");
      expect(text(yield* server.readChunk(1))).toBe("e");
      expect(text(yield* server.readChunk())).toBe("f");
      client.close();
      server.close();
    }));

  it("gives 0 at once for an empty array", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(yield* server.read(new Uint8Array(0))).toBe(0);
      client.close();
      server.close();
    }));

  it("takes bytes that come one at a time", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      client.setNodelay(true);
      const reading = spawn(server.readExact(5));
      for (const byte of utf8("hello")) {
        yield* client.write(Uint8Array.of(byte));
        yield* turns(2);
      }
      expect(text(yield* reading)).toBe("hello");
      client.close();
      server.close();
    }));

  it("throws ConnectionReset when the peer resets", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const reading = spawn(failureOf(server.read(new Uint8Array(1))));
      yield* turns(2);
      client.setZeroLinger();
      client.close();
      expect(yield* reading).toMatchObject({ kind: "ConnectionReset", code: "ECONNRESET", syscall: "read" });
      server.close();
    }));

  it("gives what had arrived before the reset first", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.writeAll("last words");
      yield* server.readable();
      client.setZeroLinger();
      client.close();
      yield* turns();
      expect(text(yield* server.readChunk())).toBe("last words");
      expect(yield* failureOf(server.readChunk())).toMatchObject({ kind: "ConnectionReset" });
      server.close();
    }));

  it.each([1, 2])("loses nothing when it is dropped after poll number %i", (polls) =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const first = server.readChunk();
      for (let i = 0; i < polls; i += 1) expect(first.poll(new TestWaker())).toBe(PENDING);
      yield* client.writeAll("kept");
      yield* server.readable();
      first.drop();
      expect(text(yield* server.readChunk())).toBe("kept");
      client.close();
      server.close();
    }),
  );

  it("wakes only the waker of the last poll", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const [old, last] = [new TestWaker(), new TestWaker()];
      const buf = new Uint8Array(1);
      expect(server.pollRead(old, buf)).toBe(PENDING);
      expect(server.pollRead(last, buf)).toBe(PENDING);
      yield* client.writeAll("x");
      yield* until(() => last.count > 0);
      expect(old.count).toBe(0);
      client.close();
      server.close();
    }));

  it("stops reading from the kernel when nobody reads", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* server.readable().poll(new TestWaker()) === PENDING ? turns(1) : turns(1);
      const taken = yield* fill(client);
      // Reading has begun, and the writer was stopped nevertheless: what is here is bounded.
      const head = yield* server.readChunk();
      expect(head).toBeDefined();
      expect(client.tryWrite(new Uint8Array(1))).toBeNull();
      const counting = spawn(readAll(server));
      yield* client.shutdown();
      expect((yield* counting) + (head?.length ?? 0)).toBe(taken);
      client.close();
      server.close();
    }));

  it("holds a bounded number of bytes that nobody takes", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(server.tryRead(new Uint8Array(1))).toBeNull(); // reading begins
      yield* fill(client);
      // Taken without giving the event loop a turn: what the stream itself holds.
      const block = new Uint8Array(16 * 1024);
      let held = 0;
      for (let count = server.tryRead(block); count !== null; count = server.tryRead(block)) held += count;
      expect(held).toBeGreaterThan(0);
      expect(held).toBeLessThan(2 * 64 * 1024);
      client.close();
      server.close();
    }));

  it("reads nothing from the kernel before something is wanted", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const taken = yield* fill(client);
      const counting = spawn(readAll(server));
      yield* client.shutdown();
      expect(yield* counting).toBe(taken);
      client.close();
      server.close();
    }));

  it("gives way to other tasks when it is always ready", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.writeAll(new Uint8Array(4096));
      yield* until(() => server.tryIo(Interest.READABLE, () => true) === true);
      let others = 0;
      const other = spawn(async () => void (others += 1));
      let seen = 0;
      for (let i = 0; i < 200; i += 1) {
        yield* server.readChunk(1);
        seen = others;
      }
      expect(seen).toBe(1);
      yield* other;
      client.close();
      server.close();
    }));
});

describe("TcpStream writing", () => {
  it("is done when the kernel has the bytes, so the array may be used again", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const buf = utf8("first.");
      yield* client.writeAll(buf);
      buf.set(utf8("second"));
      yield* client.writeAll(buf);
      yield* client.shutdown();
      expect(yield* server.readToString()).toBe("first.second");
      client.close();
      server.close();
    }));

  it("waits while the peer does not read, and goes on when it does", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const size = 32 * 1024 * 1024;
      const writing = spawn(client.writeAll(new Uint8Array(size)));
      yield* turns(50);
      expect(writing.isFinished()).toBe(false);
      const counting = spawn(readAll(server));
      yield* writing;
      client.close();
      expect(yield* counting).toBe(size);
      server.close();
    }));

  it("writes what was given up half-way before anything else", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const taken = yield* fill(client);
      const given = client.write(utf8("given up,"));
      expect(given.poll(new TestWaker())).toBe(PENDING);
      given.drop();
      const counting = spawn(server.readToEnd());
      yield* client.writeAll("next");
      yield* client.shutdown();
      const all = yield* counting;
      expect(text(all.subarray(taken))).toMatch(/^(given up,)?next$/);
      client.close();
      server.close();
    }));

  it.each([
    ["once", "without a flush in between", false, 1],
    ["again", "behind a flush", true, 2],
  ] as const)("writes an array that was given up %s %s", (_times, _how, flushes, times) =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const bytes = new Uint8Array(16 * 1024 * 1024);
      const given = client.write(bytes);
      expect(given.poll(new TestWaker())).toBe(PENDING);
      given.drop();
      const counting = spawn(readAll(server));
      if (flushes) yield* client.flush();
      yield* client.writeAll(bytes);
      client.close();
      expect(yield* counting).toBe(times * bytes.length);
      server.close();
    }),
  );

  it("writes several arrays once, however often it has to wait", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const total = 16 * 1024 * 1024;
      const buf = cursor(new Uint8Array(total));
      const parts: Buf = {
        remaining: () => buf.remaining(),
        chunk: () => buf.chunk(),
        chunks: () => [buf.chunk().subarray(0, total / 4), buf.chunk().subarray(total / 4, total / 2)],
        advance: (count) => buf.advance(count),
      };
      const writing = spawn(client.writeAllBuf(parts));
      yield* turns(50);
      expect(writing.isFinished()).toBe(false);
      const counting = spawn(readAll(server));
      yield* writing;
      client.close();
      expect(yield* counting).toBe(total);
      server.close();
    }));

  it("flushes once what was given up is out", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* fill(client);
      const flush = client.flush();
      expect(flush.poll(new TestWaker())).toBe(PENDING);
      const reading = spawn(readAll(server));
      yield* flush;
      client.close();
      yield* reading;
      server.close();
    }));

  it("throws BrokenPipe or ConnectionReset when the peer has gone, and the process lives on", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      server.setZeroLinger();
      server.close();
      yield* turns();
      const error = yield* failureOf(
        (function* () {
          for (;;) {
            yield* client.writeAll("x");
            yield* turns(1);
          }
        })() as never as ReturnType<TcpStream["flush"]>,
      );
      expect(["BrokenPipe", "ConnectionReset"]).toContain((error as IoError).kind);
      client.close();
    }));

  it("wakes a pending write when the peer resets", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* fill(client);
      const writing = spawn(failureOf(client.writeAll("more")));
      yield* turns(2);
      server.setZeroLinger();
      server.close();
      expect(yield* writing).toBeInstanceOf(IoError);
      client.close();
    }));

  it("sends several arrays together", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(client.isWriteVectored()).toBe(true);
      const count = yield* client.writeVectored([utf8("a"), utf8(""), utf8("bc"), utf8("def")]);
      expect(count).toBe(6);
      yield* client.shutdown();
      expect(yield* server.readToString()).toBe("abcdef");
      client.close();
      server.close();
    }));

  it("gives 0 at once for an empty array when writing", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(yield* client.write(new Uint8Array(0))).toBe(0);
      client.close();
      server.close();
    }));
});

describe("TcpStream.shutdown", () => {
  it.each(LANES)("ends the direction of writing only, in the %s lane", (lane) =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* inLane(lane, () => client.shutdown());
      expect(yield* server.read(new Uint8Array(1))).toBe(0);
      yield* server.writeAll("still here");
      yield* server.shutdown();
      expect(yield* client.readToString()).toBe("still here");
      client.close();
      server.close();
    }),
  );

  it("may be repeated", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.shutdown();
      yield* client.shutdown();
      client.close();
      server.close();
    }));

  it("makes later writes fail with BrokenPipe", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.shutdown();
      expect(yield* failureOf(client.write(utf8("x")))).toMatchObject({ kind: "BrokenPipe" });
      client.close();
      server.close();
    }));

  it("succeeds on a connection that was reset", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      server.setZeroLinger();
      server.close();
      yield* failureOf(client.readExact(1));
      yield* client.shutdown();
      client.close();
    }));

  it("goes on where a dropped one stopped", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const first = client.shutdown();
      first.poll(new TestWaker());
      first.drop();
      yield* client.shutdown();
      expect(yield* server.readToString()).toBe("");
      client.close();
      server.close();
    }));
});

describe("TcpStream.peek", () => {
  it("gives the same bytes again and leaves them for a read", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.writeAll("peek");
      const buf = new Uint8Array(8);
      expect(yield* server.peek(buf)).toBe(4);
      expect(yield* server.peek(buf)).toBe(4);
      expect(text(buf.subarray(0, 4))).toBe("peek");
      expect(yield* server.read(buf)).toBe(4);
      client.close();
      server.close();
    }));

  it("looks over several chunks", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      client.setNodelay(true);
      yield* client.writeAll("ab");
      yield* server.readable();
      yield* client.writeAll("cd");
      const buf = new Uint8Array(3);
      yield* until(() => server.pollPeek(new TestWaker(), buf) === 3);
      expect(text(buf)).toBe("abc");
      client.close();
      server.close();
    }));

  it("gives 0 at the end", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      client.close();
      expect(yield* server.peek(new Uint8Array(1))).toBe(0);
      server.close();
    }));

  it("loses nothing when it is dropped", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const peek = server.peek(new Uint8Array(4));
      expect(peek.poll(new TestWaker())).toBe(PENDING);
      peek.drop();
      yield* client.writeAll("kept");
      expect(text(yield* server.readExact(4))).toBe("kept");
      client.close();
      server.close();
    }));
});

describe("TcpStream readiness", () => {
  it("says that an idle connection is writable and not readable", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const ready = yield* client.ready(Interest.READABLE.add(Interest.WRITABLE));
      expect(ready.isWritable()).toBe(true);
      expect(ready.isReadable()).toBe(false);
      client.close();
      server.close();
    }));

  it("says that the peer has closed its side", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.shutdown();
      yield* server.readable();
      yield* until(() => server.tryRead(new Uint8Array(1)) === 0);
      const ready = yield* server.ready(Interest.READABLE);
      expect(ready.isReadClosed()).toBe(true);
      client.close();
      server.close();
    }));

  it("wakes every task that waits to read", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const waiting = [
        spawn(server.readable()),
        spawn(server.readable()),
        spawn(server.ready(Interest.READABLE)),
      ];
      yield* turns(2);
      yield* client.writeAll("x");
      for (const each of waiting) yield* each;
      client.close();
      server.close();
    }));

  it("stays until an operation finds nothing", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.writeAll("x");
      yield* server.readable();
      yield* server.readable();
      expect(server.tryRead(new Uint8Array(8))).toBe(1);
      expect(server.tryRead(new Uint8Array(8))).toBeNull();
      const again = server.readable();
      expect(again.poll(new TestWaker())).toBe(PENDING);
      again.drop();
      client.close();
      server.close();
    }));

  it("waits for room to write", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* fill(client);
      const writable = client.writable();
      expect(writable.poll(new TestWaker())).toBe(PENDING);
      const reading = spawn(readAll(server));
      yield* writable;
      client.close();
      yield* reading;
      server.close();
    }));

  it("wakes readers and writers separately", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const [reader, writer] = [new TestWaker(), new TestWaker()];
      yield* fill(client);
      expect(client.pollReadReady(reader)).toBe(PENDING);
      expect(client.pollWriteReady(writer)).toBe(PENDING);
      yield* server.writeAll("x");
      yield* until(() => reader.count > 0);
      expect(writer.count).toBe(0);
      server.close();
      client.close();
    }));

  it("is not lost for others when one that waits is dropped", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const dropped = server.readable();
      expect(dropped.poll(new TestWaker())).toBe(PENDING);
      const waiting = spawn(server.readable());
      yield* turns(2);
      dropped.drop();
      yield* client.writeAll("x");
      yield* waiting;
      client.close();
      server.close();
    }));

  it("refuses what is no interest", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(thrownBy(() => client.ready(1 as never))).toBeInstanceOf(TypeError);
      client.close();
      server.close();
    }));
});

describe("TcpStream try operations", () => {
  it("tryRead gives null, then bytes, then 0 at the end", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const buf = new Uint8Array(8);
      expect(server.tryRead(buf)).toBeNull();
      yield* client.writeAll("abc");
      yield* server.readable();
      expect(server.tryRead(buf)).toBe(3);
      yield* client.shutdown();
      yield* server.readable();
      expect(server.tryRead(buf)).toBe(0);
      client.close();
      server.close();
    }));

  it("tryRead gives 0 for an empty array", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(server.tryRead(new Uint8Array(0))).toBe(0);
      client.close();
      server.close();
    }));

  it("tryReadVectored fills one array after the other", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.writeAll("abcde");
      yield* server.readable();
      const [a, b] = [new Uint8Array(2), new Uint8Array(8)];
      expect(server.tryReadVectored([a, b])).toBe(5);
      expect([text(a), text(b.subarray(0, 3))]).toEqual(["ab", "cde"]);
      expect(server.tryReadVectored([a, b])).toBeNull();
      client.close();
      server.close();
    }));

  it("tryReadBuf appends to the buffer", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.writeAll("abc");
      yield* server.readable();
      const buf = new ReadBuf(new Uint8Array(8));
      expect(server.tryReadBuf(buf)).toBe(3);
      expect(text(buf.filled())).toBe("abc");
      expect(server.tryReadBuf(buf)).toBeNull();
      client.close();
      server.close();
    }));

  it("tryWrite gives null once there is no room, and borrows nothing", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const block = utf8("x".repeat(1000));
      let taken = 0;
      for (let count = client.tryWrite(block); count !== null; count = client.tryWrite(block)) {
        taken += count;
        if (taken > 64 * 1024 * 1024) throw new Error("There is no end");
      }
      block.fill(0);
      const counting = spawn(server.readToEnd());
      yield* client.shutdown();
      const all = yield* counting;
      expect(all.length).toBe(taken);
      expect(all.every((byte) => byte === 0x78)).toBe(true);
      client.close();
      server.close();
    }));

  it("tryWriteVectored writes one array after the other", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(client.tryWriteVectored([utf8("ab"), utf8(""), utf8("c")])).toBe(3);
      yield* client.shutdown();
      expect(yield* server.readToString()).toBe("abc");
      client.close();
      server.close();
    }));

  it("tryIo calls only when it can be done", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      let calls = 0;
      const io = () => (calls += 1);
      expect(server.tryIo(Interest.READABLE, io)).toBeNull();
      yield* client.writeAll("x");
      yield* server.readable();
      expect(server.tryIo(Interest.READABLE, io)).toBe(1);
      client.close();
      server.close();
    }));

  it("asyncIo waits and repeats while the function has nothing", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const buf = new Uint8Array(8);
      let calls = 0;
      const reading = spawn(
        server.asyncIo(Interest.READABLE, () => {
          calls += 1;
          return calls < 2 ? null : server.tryRead(buf);
        }),
      );
      yield* turns(2);
      yield* client.writeAll("a");
      yield* until(() => calls === 1);
      yield* client.writeAll("b");
      expect(yield* reading).toBeGreaterThan(0);
      expect(calls).toBe(2);
      client.close();
      server.close();
    }));
});

describe("TcpStream options", () => {
  it("keeps noDelay, off at first", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(client.nodelay()).toBe(false);
      client.setNodelay(true);
      expect(client.nodelay()).toBe(true);
      client.close();
      server.close();
    }));

  it("keeps keep-alive, off at first", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(client.keepalive()).toBeNull();
      client.setKeepalive({ time: 5000 });
      expect(client.keepalive()).toEqual({ time: 5000 });
      client.setKeepalive(null);
      expect(client.keepalive()).toBeNull();
      client.close();
      server.close();
    }));

  it("lingers not at all or as the kernel likes", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(client.linger()).toBeNull();
      client.setLinger(0);
      expect(client.linger()).toBe(0);
      client.setLinger(null);
      expect(client.linger()).toBeNull();
      expect(thrownBy(() => client.setLinger(1000))).toBeInstanceOf(UnsupportedError);
      client.close();
      server.close();
    }));

  it("resets the peer when it closes after setZeroLinger", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      client.setZeroLinger();
      client.close();
      expect(yield* failureOf(server.readChunk())).toMatchObject({ kind: "ConnectionReset" });
      server.close();
    }));

  // Not on older versions of Node.
  it.runIf("setTypeOfService" in Socket.prototype)("reads back the type of service", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      client.setTos(0x10);
      expect(client.tos()).toBe(0x10);
      client.close();
      server.close();
    }),
  );

  it.each(["ttl", "setTtl", "quickack", "setQuickack"] as const)("throws ERR_RT_UNSUPPORTED for %s", (name) =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const call = client[name] as (value: unknown) => unknown;
      expect(thrownBy(() => call.call(client, 1))).toMatchObject({ code: "ERR_RT_UNSUPPORTED" });
      client.close();
      server.close();
    }),
  );

  it("tells both addresses", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      expect(client.localAddr()).toEqual(server.peerAddr());
      expect(client.peerAddr()).toEqual(server.localAddr());
      client.close();
      server.close();
    }));

  it("takeError tells an error once, unless an operation has told it", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* server.readable().poll(new TestWaker()) === PENDING ? turns(1) : turns(1);
      expect(server.takeError()).toBeNull();
      client.setZeroLinger();
      client.close();
      let error: IoError | null = null;
      yield* until(() => (error = server.takeError()) !== null);
      expect(error).toMatchObject({ kind: "ConnectionReset" });
      expect(server.takeError()).toBeNull();
      server.close();
    }));
});

describe("TcpStream.close", () => {
  it("sends what was written, and then the end", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      yield* client.writeAll("bye");
      client.close();
      expect(yield* server.readToString()).toBe("bye");
      server.close();
    }));

  it("sends what tryWrite has taken, though the kernel has no room for it yet", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const taken = yield* fill(client);
      client.close();
      expect(yield* readAll(server)).toBe(taken);
      server.close();
    }));

  it("does not wait for a peer that reads nothing", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const writing = client.write(new Uint8Array(32 * 1024 * 1024));
      expect(writing.poll(new TestWaker())).toBe(PENDING);
      client.close();
      expect(yield* readAll(server)).toBeLessThan(32 * 1024 * 1024);
      server.close();
    }));

  it("ends a pending read of another task with ERR_RT_DISPOSED", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const reading = spawn(failureOf(server.readChunk()));
      yield* turns(2);
      server.close();
      expect(yield* reading).toMatchObject({ code: "ERR_RT_DISPOSED" });
      client.close();
    }));

  it("ends those who wait for readiness", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      const waiting = spawn(failureOf(server.readable()));
      yield* turns(2);
      server.close();
      expect(yield* waiting).toBeInstanceOf(UsageError);
      client.close();
    }));

  it("may be repeated, and comes with using", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      {
        using _closing = client;
      }
      client.close();
      expect(yield* server.readToString()).toBe("");
      server.close();
    }));

  it("makes every use throw ERR_RT_DISPOSED", () =>
    run(function* () {
      const [client, server] = yield* tcpPair();
      client.close();
      server.close();
      const buf = new Uint8Array(1);
      for (const use of [client.readChunk(), client.writeAll("x"), client.peek(buf), client.readable()])
        expect(yield* failureOf(use)).toMatchObject({ code: "ERR_RT_DISPOSED" });
      for (const use of [() => client.tryRead(buf), () => client.localAddr(), () => client.split()])
        expect(thrownBy(use)).toMatchObject({ code: "ERR_RT_DISPOSED" });
    }));
});

describe("a runtime that shuts down", () => {
  /** Makes a pair on a runtime of its own, shuts it down, and gives what is left. */
  async function afterShutdown<T>(body: () => IntoFuture<T>): Promise<T> {
    const runtime = Builder.currentThread().build();
    const made = await runtime.blockOn(body());
    runtime.shutdownBackground();
    return made;
  }

  it("ends later reads and writes of its streams", async () => {
    const [client, server] = await afterShutdown(() => tcpPair());
    const error = await server.readChunk().then(
      () => null,
      (e: unknown) => e,
    );
    expect(isRtShutdownErr(error)).toBe(true);
    expect(isRtShutdownErr(await client.writeAll("x").then(null, (e: unknown) => e))).toBe(true);
  });

  it("ends a pending read from outside", async () => {
    const runtime = Builder.currentThread().build();
    const [, server] = await runtime.blockOn(tcpPair());
    const cx = new TestWaker();
    expect(server.pollRead(cx, new Uint8Array(1))).toBe(PENDING);
    runtime.shutdownBackground();
    expect(cx.count).toBe(1);
    expect(isRtShutdownErr(thrownBy(() => server.pollRead(cx, new Uint8Array(1))))).toBe(true);
  });

  it("ends reads of what had arrived, too", async () => {
    const runtime = Builder.currentThread().build();
    const server = await runtime.blockOn(function* () {
      const [a, b] = yield* tcpPair();
      yield* a.writeAll("x");
      yield* b.readable();
      return b;
    });
    runtime.shutdownBackground();
    expect(isRtShutdownErr(thrownBy(() => server.tryRead(new Uint8Array(1))))).toBe(true);
  });
});
