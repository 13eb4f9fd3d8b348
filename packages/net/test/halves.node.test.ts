import { type Async, PENDING, spawn } from "@rt/core";
import { ReadBuf } from "@rt/io";
import { Interest, ReuniteError, type TcpStream, UnixStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import {
  failureOf,
  LANES,
  inLane,
  run,
  tcpPair,
  TestWaker,
  text,
  thrownBy,
  turns,
  utf8,
} from "./support/net.ts";

function* unixPair(): Async<[UnixStream, UnixStream]> {
  return yield* UnixStream.pair();
}

// Both have all that is used here.
const KINDS = [
  ["TcpStream", tcpPair],
  ["UnixStream", unixPair as never as typeof tcpPair],
] as const;

describe.each(KINDS)("%s.split", (_name, pair) => {
  it("gives both directions at once, and leaves the stream usable", () =>
    run(function* () {
      const [client, server] = yield* pair();
      const [read, write] = client.split();
      yield* write.writeAll("ping");
      expect(text(yield* server.readChunk())).toBe("ping");
      yield* server.writeAll("pong");
      expect(text(yield* read.readChunk())).toBe("pong");
      yield* client.writeAll("again");
      expect(text(yield* server.readChunk())).toBe("again");
      client.close();
      server.close();
    }));

  it("has the methods of each direction", () =>
    run(function* () {
      const [client, server] = yield* pair();
      const [read, write] = client.split();
      const buf = new Uint8Array(8);
      expect(read.tryRead(buf)).toBeNull();
      expect(read.pollPeek(new TestWaker(), buf)).toBe(PENDING);
      expect(write.tryWrite(utf8("ab"))).toBe(2);
      expect(write.tryWriteVectored([utf8("c"), utf8("d")])).toBe(2);
      expect(yield* write.writeVectored([utf8("e")])).toBe(1);
      yield* write.writable();
      expect((yield* write.ready(Interest.WRITABLE)).isWritable()).toBe(true);
      yield* write.shutdown();
      expect(yield* server.readToString()).toBe("abcde");
      yield* server.writeAll("xyz");
      yield* read.readable();
      expect((yield* read.ready(Interest.READABLE)).isReadable()).toBe(true);
      expect(yield* read.peek(buf)).toBe(3);
      expect(read.tryReadVectored([new Uint8Array(1)])).toBe(1);
      expect(read.tryReadBuf(new ReadBuf(new Uint8Array(1)))).toBe(1);
      expect(String(read.localAddr())).toBe(String(client.localAddr()));
      expect(String(read.peerAddr())).toBe(String(client.peerAddr()));
      expect(String(write.localAddr())).toBe(String(client.localAddr()));
      expect(String(write.peerAddr())).toBe(String(client.peerAddr()));
      client.close();
      server.close();
    }));
});

describe.each(KINDS)("%s.intoSplit", (_name, pair) => {
  it.each(LANES)("lets two tasks use a direction each, in the %s lane", (lane) =>
    run(function* () {
      const [client, server] = yield* pair();
      const [read, write] = client.intoSplit();
      const reading = inLane(lane, () => read.readToString());
      yield* inLane(lane, () => write.writeAll("ping"));
      expect(text(yield* server.readChunk())).toBe("ping");
      yield* server.writeAll("pong");
      server.close();
      expect(yield* reading).toBe("pong");
      read[Symbol.dispose]();
      write[Symbol.dispose]();
    }),
  );

  it("uses the stream up", () =>
    run(function* () {
      const [client, server] = yield* pair();
      const [read, write] = client.intoSplit();
      expect(yield* failureOf(client.readChunk())).toMatchObject({ code: "ERR_RT_DISPOSED" });
      read[Symbol.dispose]();
      write[Symbol.dispose]();
      server.close();
    }));

  it("ends the direction of writing when the writing half is disposed", () =>
    run(function* () {
      const [client, server] = yield* pair();
      const [read, write] = client.intoSplit();
      yield* write.writeAll("last");
      write[Symbol.dispose]();
      expect(yield* server.readToString()).toBe("last");
      yield* server.writeAll("still open");
      expect(text(yield* read.readChunk())).toBe("still open");
      read[Symbol.dispose]();
      server.close();
    }));

  it("closes nothing when only the reading half is disposed", () =>
    run(function* () {
      const [client, server] = yield* pair();
      const [read, write] = client.intoSplit();
      read[Symbol.dispose]();
      yield* write.writeAll("x");
      expect(text(yield* server.readChunk())).toBe("x");
      expect(thrownBy(() => read.tryRead(new Uint8Array(1)))).toMatchObject({ code: "ERR_RT_DISPOSED" });
      write[Symbol.dispose]();
      write[Symbol.dispose]();
      server.close();
    }));

  it("closes the socket with the second half", () =>
    run(function* () {
      const [client, server] = yield* pair();
      const [read, write] = client.intoSplit();
      write.forget();
      const ending = spawn(server.readToString());
      yield* turns(5);
      expect(ending.isFinished()).toBe(false);
      read[Symbol.dispose]();
      expect(yield* ending).toBe("");
      server.close();
    }));

  it("forgets the writing half without ending its direction, once", () =>
    run(function* () {
      const [client, server] = yield* pair();
      const [read, write] = client.intoSplit();
      write.forget();
      expect(thrownBy(() => write.forget())).toMatchObject({ code: "ERR_RT_DISPOSED" });
      const reading = server.readChunk();
      yield* turns(5);
      expect(reading.poll(new TestWaker())).toBe(PENDING);
      reading.drop();
      read[Symbol.dispose]();
      server.close();
    }));

  it("gives the stream back when both halves are reunited", () =>
    run(function* () {
      const [client, server] = yield* pair();
      const [read, write] = client.intoSplit();
      const whole = read.reunite(write);
      yield* whole.writeAll("x");
      expect(text(yield* server.readChunk())).toBe("x");
      read[Symbol.dispose]();
      write[Symbol.dispose]();
      yield* whole.writeAll("y");
      expect(text(yield* server.readChunk())).toBe("y");
      expect(thrownBy(() => read.tryRead(new Uint8Array(1)))).toMatchObject({ code: "ERR_RT_DISPOSED" });
      whole.close();
      server.close();
    }));

  it("throws ReuniteError with both halves when they are of two streams", () =>
    run(function* () {
      const [a, b] = yield* pair();
      const [readA, writeA] = a.intoSplit();
      const [readB, writeB] = b.intoSplit();
      const error = thrownBy(() => writeB.reunite(readA)) as ReuniteError<TcpStream>;
      expect(error).toBeInstanceOf(ReuniteError);
      expect([error.readHalf, error.writeHalf]).toEqual([readA, writeB]);
      yield* writeA.writeAll("unharmed");
      expect(text(yield* readB.readChunk())).toBe("unharmed");
      for (const half of [readA, writeA, readB, writeB]) half[Symbol.dispose]();
    }));
});
