import { PENDING, spawn, yieldNow, type Async, type Future } from "@rt/core";
import {
  BufReader,
  BufStream,
  BufWriter,
  copy,
  copyBidirectional,
  copyBidirectionalWithSizes,
  copyBuf,
  cursor,
  duplex,
  empty,
  join,
  reader,
  readWriter,
  repeat,
  sink,
  split,
  toReadableStream,
  toWritableStream,
  writer,
  type DuplexStream,
} from "@rt/io";
import { describe, expect, it } from "vitest";
import {
  ChunkScript,
  cx,
  finish,
  inLane,
  LANES,
  rejectionOf,
  run,
  Script,
  Taker,
  text,
  thrownBy,
  utf8,
} from "./support/io.ts";

describe("every function that takes a reader or a writer", () => {
  const other = {} as never;
  const calls: Record<string, [call: () => unknown, takes: string]> = {
    reader: [() => reader(other), "pollRead"],
    writer: [() => writer(other), "pollWrite"],
    readWriter: [() => readWriter(other), "pollRead and pollWrite"],
    "copy, from it": [() => copy(other, sink()), "pollRead"],
    "copy, to it": [() => copy(empty(), other), "pollWrite"],
    "copyBuf, from it": [() => copyBuf(other, sink()), "pollRead"],
    "copyBuf, to it": [() => copyBuf(empty(), other), "pollWrite"],
    "copyBidirectional, a": [() => copyBidirectional(other, empty()), "pollRead and pollWrite"],
    "copyBidirectional, b": [() => copyBidirectional(empty(), other), "pollRead and pollWrite"],
    split: [() => split(other), "pollRead and pollWrite"],
    "join, the reader": [() => join(other, sink()), "pollRead"],
    "join, the writer": [() => join(empty(), other), "pollWrite"],
    BufReader: [() => new BufReader(other), "pollRead"],
    BufWriter: [() => new BufWriter(other), "pollWrite"],
    BufStream: [() => new BufStream(other), "pollRead and pollWrite"],
    chain: [() => empty().chain(other), "pollRead"],
    toReadableStream: [() => toReadableStream(other), "pollRead"],
    toWritableStream: [() => toWritableStream(other), "pollWrite"],
  };

  it.each(Object.keys(calls))("throws a TypeError at the call that names what is missing: %s", (name) => {
    const [call, takes] = calls[name]!;
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
      message: expect.stringMatching(
        new RegExp(`^\\w+ takes an object with ${takes}, not an object of class Object$`),
      ),
    });
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["5", 5],
  ])("throws it for %s", (shown, value) => {
    expect(thrownBy(() => copy(value as never, sink()))).toMatchObject({
      message: `copy takes an object with pollRead, not ${shown}`,
    });
  });

  it.each<[string, unknown]>([
    ["text", "hello"],
    ["bytes", utf8("hello")],
  ])("says how to read %s", (_what, value) => {
    expect(thrownBy(() => copy(value as never, sink()))).toMatchObject({
      message: expect.stringMatching(/; wrap it in cursor\(\)$/),
    });
  });

  it("says that a promise or a future must be waited for", () => {
    expect(thrownBy(() => copy(Promise.resolve(empty()) as never, sink()))).toMatchObject({
      message: "copy takes an object with pollRead, not an object of class Promise; wait for it first",
    });
  });

  it("says how to give a reader the buffer that copyBuf takes", () => {
    expect(thrownBy(() => copyBuf(repeat(1) as never, sink()))).toMatchObject({
      message:
        "copyBuf takes an object with pollFillBuf, not an object of class Repeat; wrap it in new BufReader()",
    });
  });
});

describe("copy", () => {
  it.each(LANES)("copies everything and gives the count in the %s lane", async (lane) => {
    const out = new Taker(2, "pending", "ok", "pending");
    const source = new Script("ab", "pending", "cde");
    expect([await inLane(lane, () => copy(source, out)), out.text]).toEqual([[5], "abcde"]);
  });

  it("flushes at the end and does not shut down", () => {
    const out = new Taker();
    out.flushPending = 2;
    finish(copy(cursor("a"), out));
    expect([out.flushes, out.shutdowns]).toEqual([1, 0]);
  });

  it("flushes when the reader has nothing", () => {
    const out = new Taker();
    const future = copy(new Script("a", "pending", "b"), out);
    future.poll(cx());
    expect([out.text, out.flushes]).toEqual(["a", 1]);
  });

  it("flushes no second time while the reader still has nothing", () => {
    const out = new Taker();
    const future = copy(new Script("a", "pending", "pending", "b"), out);
    future.poll(cx());
    future.poll(cx());
    expect(out.flushes).toBe(1);
  });

  it("reads on while the writer is busy", () => {
    const source = new Script("ab", "cd", "ef");
    const future = copy(source, new Taker(Infinity, "pending", "pending"));
    future.poll(cx());
    expect(source.steps.map((step) => text(step as Uint8Array))).toEqual(["ef"]);
  });

  it("reads no more than one buffer ahead", () => {
    const source = new Script("ab", "cd", "ef");
    const future = copy(source, new Taker(Infinity, "pending", "pending"));
    future.poll(cx());
    future.poll(cx());
    expect(source.steps.length).toBe(1);
  });

  it("does not touch the array that the writer is pending on", () => {
    const held: Uint8Array[] = [];
    const seen: string[] = [];
    const out = writer({
      pollWrite(context, buf) {
        if (held.length === 0) {
          held.push(buf);
          context.waker.wake();
          return PENDING;
        }
        seen.push(text(held.pop()) as string);
        return buf.length;
      },
      pollFlush: () => {},
      pollShutdown: () => {},
    });
    finish(copy(new Script("ab", "cd", "ef"), out));
    expect(seen).toEqual(["ab", "cd", "ef"]);
  });

  it("reads 8 KiB at a time from a reader that owns no arrays", () => {
    const source = new Script("a");
    finish(copy(source, sink()));
    expect(new Set(source.asked)).toEqual(new Set([8192]));
  });

  it("writes the very arrays of a source that owns them", () => {
    const [first, second] = [utf8("ab"), utf8("cd")];
    const seen: Uint8Array[] = [];
    const out = writer({
      pollWrite: (_cx, buf) => (seen.push(buf), buf.length),
      pollFlush() {},
      pollShutdown() {},
    });
    finish(copy(new ChunkScript(first, second), out));
    expect([seen[0] === first, seen[1] === second]).toEqual([true, true]);
  });

  it("throws WriteZero when the writer takes no more", () => {
    expect(thrownBy(() => finish(copy(cursor("a"), new Taker(1, "zero"))))).toMatchObject({
      kind: "WriteZero",
    });
  });

  it("throws what the reader throws", () => {
    const error = new Error("broken");
    expect(thrownBy(() => finish(copy(new Script("a", error), sink())))).toBe(error);
  });

  it("throws what the writer throws", () => {
    const error = new Error("broken");
    expect(thrownBy(() => finish(copy(cursor("a"), new Taker(1, error))))).toBe(error);
  });

  it("lets a request and its answer pass when both sides buffer", async () => {
    const [client, a] = duplex(64);
    const out = new Taker();
    const answer = await run(function* () {
      spawn(copy(a, out));
      yield* client.writeAll("ping");
      for (let i = 0; i < 10 && out.flushes === 0; i += 1) yield* tick();
      return out.text;
    });
    expect(answer).toBe("ping");
  });

  it.each(["copy", "copyBuf"])("lets another task run while %s copies without end", async (kind) => {
    const ran = await run(function* () {
      const endless = repeat(1);
      const copying = spawn(kind === "copy" ? copy(endless, sink()) : copyBuf(endless.buffered(), sink()));
      const other = spawn(tick());
      yield* other;
      copying.abort();
      return true;
    });
    expect(ran).toBe(true);
  });

  it("says what it waits for", () => {
    const reading = copy(new Script("pending"), sink());
    const writing = copy(new Script("a"), new Taker(1, "pending"));
    reading.poll(cx());
    writing.poll(cx());
    expect([reading.describe(), writing.describe()]).toEqual([
      "data to read from a Script",
      "room to write to a Taker",
    ]);
  });
});

describe("copyBuf", () => {
  it("says which side it waits for", () => {
    const reading = copyBuf(new Script("pending").buffered(), new Taker());
    const writing = copyBuf(cursor("a"), new Taker(1, "pending"));
    reading.poll(cx());
    writing.poll(cx());
    expect([reading.describe(), writing.describe()]).toEqual([
      "data to read from a BufReader",
      "room to write to a Taker",
    ]);
  });

  it.each(LANES)("copies from the buffer of the reader in the %s lane", async (lane) => {
    const out = new Taker(2, "pending");
    const source = new Script("abc", "pending", "d").buffered();
    expect([await inLane(lane, () => copyBuf(source, out)), out.text]).toEqual([[4], "abcd"]);
  });

  it("flushes at the end", () => {
    const out = new Taker();
    finish(copyBuf(cursor("a"), out));
    expect(out.flushes).toBe(1);
  });

  it("throws WriteZero when the writer takes no more, and keeps what is left", () => {
    const source = cursor("abc");
    const error = thrownBy(() => finish(copyBuf(source, new Taker(1, "ok", "zero"))));
    expect([error, source.remaining()]).toEqual([expect.objectContaining({ kind: "WriteZero" }), 2]);
  });
});

function* tick(): Async<void> {
  yield* yieldNow();
}

/** Both ends of two streams with the copy between them. */
function proxied(size = 64): [client: DuplexStream, server: DuplexStream, Future<[number, number]>] {
  const [client, a] = duplex(size);
  const [b, server] = duplex(size);
  return [client, server, copyBidirectional(a, b)];
}

describe("copyBidirectional", () => {
  it.each(LANES)("copies both ways until both sides have ended in the %s lane", async (lane) => {
    const [client, server, copying] = proxied();
    const [counts] = await inLane(lane, () => {
      finish(client.writeAll("ping!"));
      finish(server.writeAll("pong"));
      finish(client.shutdown());
      finish(server.shutdown());
      return copying;
    });
    expect([counts, text(finish(server.readToEnd())), text(finish(client.readToEnd()))]).toEqual([
      [5, 4],
      "ping!",
      "pong",
    ]);
  });

  it("passes the end of one side on, and goes on in the other direction", async () => {
    const [client, server, copying] = proxied();
    const result = await run(function* () {
      const task = spawn(copying);
      yield* client.writeAll("all");
      yield* client.shutdown();
      const asked = yield* server.readToString(); // ends, so the shutdown came through
      const open = !task.isFinished();
      yield* server.writeAll("still here");
      yield* server.shutdown();
      return [asked, open, yield* client.readToString(), yield* task];
    });
    expect(result).toEqual(["all", true, "still here", [3, 10]]);
  });

  it("is not blocked in one direction by the other", async () => {
    const [client, server, copying] = proxied(4);
    const answer = await run(function* () {
      spawn(copying);
      spawn(client.writeAll("nobody reads this, and it does not fit"));
      yield* server.writeAll("pong");
      return text(yield* client.readExact(4));
    });
    expect(answer).toBe("pong");
  });

  it("throws the first error of either side at once", async () => {
    const [, a] = duplex(4);
    const error = new Error("broken");
    const broken = Object.assign(new Script("pending", error), {
      pollWrite: () => 1,
      pollFlush: () => {},
      pollShutdown: () => {},
    });
    expect(await rejectionOf(run(copyBidirectional(a, broken)))).toBe(error);
  });

  it("fails with BrokenPipe when a side that is written to goes away", async () => {
    const [client, server, copying] = proxied();
    const error = await rejectionOf(
      run(function* () {
        const task = spawn(copying);
        server.close();
        yield* client.writeAll("x");
        yield* task;
      }),
    );
    expect(error).toMatchObject({ kind: "BrokenPipe" });
  });
});

describe("copyBidirectionalWithSizes", () => {
  it("uses buffers of the given sizes", () => {
    const side = (...steps: string[]) =>
      Object.assign(new Script(...steps), {
        pollWrite: (_cx: unknown, buf: Uint8Array) => buf.length,
        pollFlush: () => {},
        pollShutdown: () => {},
      });
    const [a, b] = [side("abc"), side("de")];
    const counts = finish(copyBidirectionalWithSizes(a, b, 2, 5));
    expect([counts, new Set(a.asked), new Set(b.asked)]).toEqual([[3, 2], new Set([2]), new Set([5])]);
  });

  it("refuses a size of 0", () => {
    const [a, b] = duplex(1);
    expect(thrownBy(() => copyBidirectionalWithSizes(a, b, 0, 1))).toMatchObject({
      code: "ERR_RT_OUT_OF_RANGE",
    });
  });
});
