import { Socket } from "node:net";
import { Duplex, PassThrough, Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { buffer, text as consumeText } from "node:stream/consumers";
import { PENDING, spawn } from "@rt/core";
import {
  BufReader,
  BufWriter,
  copy,
  copyBidirectional,
  copyBuf,
  cursor,
  duplex,
  empty,
  fromNodeDuplex,
  fromNodeReadable,
  fromNodeWritable,
  IoError,
  repeat,
  sink,
  split,
  toNodeDuplex,
  toNodeReadable,
  toNodeWritable,
} from "@rt/io";
import { describe, expect, it } from "vitest";
import {
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
  turn,
  utf8,
} from "./support/io.ts";

/** Everything that listens to the events that we use. */
function listeners(stream: Readable | Writable): number {
  return ["readable", "data", "end", "drain", "finish"].reduce(
    (sum, event) => sum + stream.listenerCount(event),
    0,
  );
}

/** A writable that takes each chunk when the test says so. */
class Slow extends Writable {
  readonly taken: string[] = [];
  #done: ((error?: Error) => void) | null = null;
  constructor(highWaterMark: number) {
    super({ highWaterMark });
  }
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.taken.push(chunk.toString());
    this.#done = done;
  }
  release(error?: Error): void {
    const done = this.#done;
    this.#done = null;
    done?.(error);
  }
}

describe("fromNodeReadable", () => {
  it.each(LANES)("reads everything in the %s lane", async (lane) => {
    const io = fromNodeReadable(Readable.from([Buffer.from("ab"), Buffer.from("cd")]));
    expect(await inLane(lane, () => io.readToString())).toEqual(["abcd"]);
  });

  it("gives the memory of the stream's chunks, as plain arrays", async () => {
    const chunk = Buffer.alloc(100_000, 1);
    const stream = new Readable({ read() {} });
    stream.push(chunk);
    stream.push(null);
    const got = (await fromNodeReadable(stream).readChunk()) as Uint8Array;
    expect([got.buffer === chunk.buffer, got.constructor, got.length]).toEqual([true, Uint8Array, 100_000]);
  });

  it("gives chunk by chunk what a stream has queued, without putting it together", async () => {
    const stream = new Readable({ highWaterMark: 100, read() {} });
    for (const chunk of [utf8("first"), utf8("second"), utf8("third"), null]) stream.push(chunk);
    const found: unknown[] = [];
    for await (const chunk of fromNodeReadable(stream)) found.push(text(chunk));
    expect(found).toEqual(["first", "second", "third"]);
  });

  it("leaves the highWaterMark of a stream whose chunks are larger as it is", async () => {
    const stream = new Readable({ highWaterMark: 2, read() {} });
    stream.push(utf8("longer"));
    await fromNodeReadable(stream).readChunk();
    expect(stream.readableHighWaterMark).toBe(2);
  });

  it("encodes the text of a stream that gives text", async () => {
    const stream = Readable.from([Buffer.from("żó")]);
    stream.setEncoding("utf8");
    expect(await fromNodeReadable(stream).readToString()).toBe("żó");
  });

  it("reads no further ahead than the stream's highWaterMark", async () => {
    let made = 0;
    const stream = new Readable({
      highWaterMark: 1_000,
      read() {
        made += 100;
        this.push(Buffer.alloc(100));
      },
    });
    const io = fromNodeReadable(stream);
    await io.readChunk(1);
    for (let i = 0; i < 5; i += 1) await turn();
    expect(made).toBeLessThanOrEqual(2_100);
    stream.destroy();
  });

  it("throws the stream's error as an IoError with Node's code", async () => {
    const original = Object.assign(new Error("reset"), { code: "ECONNRESET", syscall: "read" });
    const stream = new Readable({ read: () => stream.destroy(original) });
    const error = await rejectionOf(fromNodeReadable(stream).readToEnd());
    expect(error).toBeInstanceOf(IoError);
    expect(error).toMatchObject({
      kind: "ConnectionReset",
      code: "ECONNRESET",
      syscall: "read",
      cause: original,
    });
  });

  it("throws ERR_STREAM_PREMATURE_CLOSE for a stream that closes before its end", async () => {
    const stream = new Readable({ read: () => stream.destroy() });
    expect(await rejectionOf(fromNodeReadable(stream).readToEnd())).toMatchObject({
      kind: "UnexpectedEof",
      code: "ERR_STREAM_PREMATURE_CLOSE",
    });
  });

  it("knows of an error, a close and an end from before", async () => {
    const [failed, closed, ended] = [new PassThrough(), new PassThrough(), Readable.from([])];
    failed.on("error", () => {});
    failed.destroy(new Error("before"));
    closed.destroy();
    ended.resume();
    await turn();
    expect([
      thrownBy(() => fromNodeReadable(failed).pollNextChunk(cx())),
      thrownBy(() => fromNodeReadable(closed).pollNextChunk(cx())),
      fromNodeReadable(ended).pollNextChunk(cx()),
    ]).toEqual([
      expect.objectContaining({ message: "before" }),
      expect.objectContaining({ code: "ERR_STREAM_PREMATURE_CLOSE" }),
      undefined,
    ]);
  });

  it("leaves no listener at the end", async () => {
    const stream = Readable.from([Buffer.from("a")]);
    const before = ["error", "close"].map((event) => stream.listenerCount(event));
    await fromNodeReadable(stream).readToEnd();
    expect([listeners(stream), ["error", "close"].map((event) => stream.listenerCount(event))]).toEqual([
      0,
      before,
    ]);
  });

  it("leaves no listener after an error", async () => {
    const stream = new Readable({ read: () => stream.destroy(new Error("broken")) });
    await rejectionOf(fromNodeReadable(stream).readToEnd());
    expect([listeners(stream), stream.listenerCount("error"), stream.listenerCount("close")]).toEqual([
      0, 0, 0,
    ]);
  });

  it("destroys the stream when it is disposed, leaves no listener, and wakes who waits", () => {
    const stream = new PassThrough();
    const io = fromNodeReadable(stream);
    const waker = cx();
    const read = io.readChunk();
    read.poll(waker);
    io[Symbol.dispose]();
    expect([stream.destroyed, listeners(stream), waker.count, thrownBy(() => read.poll(waker))]).toEqual([
      true,
      listeners(new PassThrough()),
      1,
      expect.any(IoError),
    ]);
  });

  it("loses nothing when a read is dropped", async () => {
    const stream = new PassThrough();
    const io = fromNodeReadable(stream);
    const dropped = io.readChunk();
    dropped.poll(cx());
    dropped.drop();
    stream.end("abc");
    expect(await io.readToString()).toBe("abc");
  });

  it("refuses a stream of objects", async () => {
    expect(await rejectionOf(fromNodeReadable(Readable.from([{ a: 1 }])).readToEnd())).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });

  it("gives lines", async () => {
    const lines: string[] = [];
    for await (const line of fromNodeReadable(
      Readable.from([Buffer.from("a\nb"), Buffer.from("c\n")]),
    ).lines())
      lines.push(line);
    expect(lines).toEqual(["a", "bc"]);
  });
});

describe("fromNodeWritable", () => {
  it.each(LANES)("writes and ends in the %s lane", async (lane) => {
    const stream = new PassThrough();
    const io = fromNodeWritable(stream);
    await inLane<unknown>(
      lane,
      () => io.writeAll("hello"),
      () => io.shutdown(),
    );
    expect([await consumeText(stream), stream.writableFinished]).toEqual(["hello", true]);
  });

  it("hands the stream the very bytes that it is given for good, and a copy of others", () => {
    const seen: ArrayBufferLike[] = [];
    const stream = new Writable({ write: (chunk: Buffer) => void seen.push(chunk.buffer) });
    const io = fromNodeWritable(stream);
    const [given, lent] = [utf8("given"), utf8("lent")];
    io.pollWriteChunk(cx(), given);
    const other = fromNodeWritable(new Writable({ write: (chunk: Buffer) => void seen.push(chunk.buffer) }));
    other.pollWrite(cx(), lent);
    expect([seen[0] === given.buffer, seen[1] === lent.buffer]).toEqual([true, false]);
  });

  it("lets a write wait while as much as the highWaterMark is under way", () => {
    const stream = new Slow(4);
    const io = fromNodeWritable(stream);
    const waker = cx();
    const first = io.write(utf8("abcd")).poll(waker);
    const second = io.write(utf8("e"));
    const before = second.poll(waker);
    stream.release();
    return turn().then(() => {
      expect([first, before, waker.count, second.poll(waker)]).toEqual([4, PENDING, 1, 1]);
    });
  });

  it("keeps what it was given, whatever is done to the array", async () => {
    const stream = new Slow(1);
    const io = fromNodeWritable(stream);
    const array = utf8("one");
    finish(io.write(utf8("first")));
    finish(fromNodeWritable(stream).write(array)); // waits in the stream
    array.fill(0);
    stream.release();
    await turn();
    expect(stream.taken).toEqual(["first", "one"]);
  });

  it("flushes when the stream has reported everything as written", async () => {
    const stream = new Slow(100);
    const io = fromNodeWritable(stream);
    finish(io.write(utf8("abc")));
    const flush = io.flush();
    const before = flush.poll(cx());
    stream.release();
    await turn();
    expect([before, flush.poll(cx())]).toEqual([PENDING, undefined]);
  });

  it("throws the stream's error as an IoError", async () => {
    const stream = new Slow(100);
    const io = fromNodeWritable(stream);
    finish(io.write(utf8("abc")));
    stream.release(Object.assign(new Error("gone"), { code: "EPIPE" }));
    await turn();
    expect([thrownBy(() => finish(io.flush())), thrownBy(() => finish(io.write(utf8("x"))))]).toEqual([
      expect.objectContaining({ kind: "BrokenPipe", code: "EPIPE" }),
      expect.objectContaining({ kind: "BrokenPipe", code: "EPIPE" }),
    ]);
  });

  it("throws when the stream closes before its end", async () => {
    const stream = new Slow(100);
    const io = fromNodeWritable(stream);
    finish(io.write(utf8("abc")));
    stream.destroy();
    await turn();
    expect(thrownBy(() => finish(io.flush()))).toBeInstanceOf(IoError);
  });

  it("throws BrokenPipe for a stream that has ended already, and for a write behind a shutdown", async () => {
    const [ended, open] = [new PassThrough(), new PassThrough()];
    ended.end();
    open.resume();
    const io = fromNodeWritable(open);
    await io.shutdown();
    await io.shutdown();
    expect([
      thrownBy(() => finish(fromNodeWritable(ended).write(utf8("x")))),
      thrownBy(() => finish(io.write(utf8("x")))),
    ]).toEqual([
      expect.objectContaining({ kind: "BrokenPipe" }),
      expect.objectContaining({ kind: "BrokenPipe" }),
    ]);
  });

  it("only flushes in a shutdown that is not to end the stream", async () => {
    const stream = new PassThrough();
    const io = fromNodeWritable(stream, { end: false });
    await io.writeAll("abc");
    await io.shutdown();
    expect(stream.writableEnded).toBe(false);
  });

  it("leaves no listener at the end, nor after an error, nor when it is disposed", async () => {
    const streams = [new Slow(100), new Slow(100), new Slow(100)] as const;
    const ios = streams.map((stream) => fromNodeWritable(stream));
    for (const io of ios) finish(io.write(utf8("x")));
    const shutdown = ios[0]!.shutdown();
    shutdown.poll(cx());
    streams[0].release();
    streams[1].release(new Error("broken"));
    ios[2]![Symbol.dispose]();
    await turn();
    expect(shutdown.poll(cx())).toBeUndefined();
    expect(
      streams.map((each) => each.listenerCount("error") + each.listenerCount("close") + listeners(each)),
    ).toEqual([0, 0, 0]);
  });

  it("hears of the stream's error though it is not to end it, and listens no longer than a write takes", async () => {
    const [good, bad] = [new Slow(100), new Slow(100)];
    const ios = [good, bad].map((stream) => fromNodeWritable(stream, { end: false }));
    for (const io of ios) finish(io.write(utf8("x")));
    good.release();
    bad.release(new Error("broken"));
    await turn();
    expect([
      thrownBy(() => finish(ios[1]!.flush())),
      good.listenerCount("error") + bad.listenerCount("error"),
    ]).toEqual([expect.objectContaining({ message: "broken" }), 0]);
  });

  it("writes at most 2 MiB at a time", () => {
    expect(finish(fromNodeWritable(new PassThrough()).write(new Uint8Array(3 * 1024 * 1024)))).toBe(
      2 * 1024 * 1024,
    );
  });
});

describe("fromNodeDuplex", () => {
  it("reads from and writes to one stream", async () => {
    const io = fromNodeDuplex(new PassThrough());
    await io.writeAll("echo");
    await io.shutdown();
    expect(await io.readToString()).toBe("echo");
  });
});

describe("toNodeReadable", () => {
  it("gives everything to a consumer of Node", async () => {
    expect(await consumeText(toNodeReadable(new Script("ab", "pending", "cd")))).toBe("abcd");
  });

  it("reads no further ahead than the highWaterMark lets it", async () => {
    // oxlint-disable-next-line no-array-fill-with-reference-type -- they are only read
    const source = new Script(...Array<Uint8Array>(100).fill(new Uint8Array(32 * 1024)));
    const stream = toNodeReadable(source);
    stream.once("readable", () => {});
    for (let i = 0; i < 10; i += 1) await turn();
    const left = source.steps.length;
    stream.destroy();
    expect(left).toBeGreaterThanOrEqual(97);
  });

  it("lets the event loop turn between chunks of a source that is always ready", async () => {
    const stream = toNodeReadable(repeat(1));
    let total = 0;
    stream.on("data", (chunk: Buffer) => (total += chunk.length));
    await turn();
    stream.destroy();
    expect(total).toBeGreaterThan(0);
  });

  it("destroys the stream with the reader's error", async () => {
    const error = new IoError("Other", "broken");
    expect(await rejectionOf(buffer(toNodeReadable(new Script("a", error))))).toBe(error);
  });

  it("disposes of the reader when the stream is destroyed", async () => {
    const [a, b] = duplex(8);
    const stream = toNodeReadable(a);
    stream.resume();
    stream.destroy();
    await turn();
    expect(thrownBy(() => finish(b.write(utf8("x"))))).toMatchObject({ kind: "BrokenPipe" });
  });
});

describe("toNodeWritable", () => {
  it("writes everything, flushes, and shuts down at the end", async () => {
    const out = new Taker(2, "pending", "ok", "pending");
    await pipeline(Readable.from([Buffer.from("abc"), Buffer.from("de")]), toNodeWritable(out));
    expect([out.text, out.flushes > 0, out.shutdowns]).toEqual(["abcde", true, 1]);
  });

  it("flushes what it has written when nothing else is queued", async () => {
    const out = new Taker();
    const stream = toNodeWritable(new BufWriter(out));
    stream.write("abc");
    await turn();
    expect(out.text).toBe("abc");
  });

  it("keeps the backpressure of the writer", async () => {
    const [a, b] = duplex(10);
    const stream = toNodeWritable(a);
    const went = stream.write(Buffer.alloc(100_000));
    await turn();
    const held = stream.writableLength;
    const all = (await b.readExact(100_000)).length;
    await turn();
    expect([went, held, all, stream.writableLength]).toEqual([false, 100_000, 100_000, 0]);
    stream.destroy();
  });

  it("destroys the stream with the writer's error", async () => {
    const error = new IoError("Other", "broken");
    const stream = toNodeWritable(new Taker(1, error));
    expect(await rejectionOf(pipeline(Readable.from([Buffer.from("a")]), stream))).toBe(error);
  });

  it("disposes of the writer when the stream is destroyed", async () => {
    const [a, b] = duplex(8);
    toNodeWritable(a).destroy();
    await turn();
    expect(await b.readToString()).toBe("");
  });
});

describe("toNodeDuplex", () => {
  it("goes both ways", async () => {
    const [a, b] = duplex(8);
    const stream = toNodeDuplex(a);
    expect(stream).toBeInstanceOf(Duplex);
    const [asked, answer] = await Promise.all([
      run(function* () {
        const question = yield* b.readToString();
        yield* b.writeAll("answer");
        yield* b.shutdown();
        return question;
      }),
      consumeText(stream.end("question, longer than the pipe")),
    ]);
    expect([asked, answer]).toEqual(["question, longer than the pipe", "answer"]);
  });

  it.each([true, false])(
    "goes once both directions have ended if autoDestroy, here %j, says so",
    async (autoDestroy) => {
      const [a, b] = duplex(8);
      const stream = toNodeDuplex(a, { autoDestroy });
      stream.end("x");
      await run(b.shutdown());
      expect(await consumeText(stream)).toBe("");
      expect(await run(b.readToString())).toBe("x");
      await turn();
      expect([stream.writableFinished, stream.readableEnded, stream.destroyed]).toEqual([
        true,
        true,
        autoDestroy,
      ]);
      stream.destroy();
    },
  );

  it("disposes of the stream behind it when it is destroyed", async () => {
    const [a, b] = duplex(8);
    toNodeDuplex(a).destroy();
    await turn();
    expect(await b.readToString()).toBe("");
  });
});

describe("a stream of Node in the place of one of ours", () => {
  const node = new PassThrough() as never;
  const socket = new Socket() as never;
  it.each<[string, () => unknown, string]>([
    ["copy, from it", () => copy(node, sink()), "fromNodeReadable()"],
    ["copy, to it", () => copy(empty(), node), "fromNodeWritable()"],
    ["copy, to the standard output", () => copy(empty(), process.stdout as never), "fromNodeWritable()"],
    ["copyBuf, from it", () => copyBuf(node, sink()), "fromNodeReadable()"],
    ["copyBidirectional", () => copyBidirectional(socket, empty()), "fromNodeDuplex()"],
    ["split", () => split(socket), "fromNodeDuplex()"],
    ["BufReader", () => new BufReader(node), "fromNodeReadable()"],
    ["BufWriter", () => new BufWriter(node), "fromNodeWritable()"],
    ["toNodeReadable", () => toNodeReadable(node), "fromNodeReadable()"],
    ["toNodeWritable", () => toNodeWritable(node), "fromNodeWritable()"],
    ["toNodeDuplex", () => toNodeDuplex(node), "fromNodeDuplex()"],
  ])("is refused with the name of the adapter: %s", (_call, call, adapter) => {
    expect(thrownBy(call)).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
      message: expect.stringContaining(`; wrap it in ${adapter}`),
    });
  });

  it("is not said to be readable when it is not", () => {
    expect(thrownBy(() => copy(new Slow(1) as never, sink()))).toMatchObject({
      message: "copy takes an object with pollRead, not an object of class Slow",
    });
  });
});

describe("copy between streams of Node", () => {
  it("passes everything on, there and back", async () => {
    const data = Buffer.alloc(1_000_000, "0123456789");
    const out = new PassThrough();
    const [count, got] = await Promise.all([
      run(function* () {
        const writer = fromNodeWritable(out);
        const task = spawn(
          copy(fromNodeReadable(Readable.from([data.subarray(0, 300_000), data.subarray(300_000)])), writer),
        );
        const total = yield* task;
        yield* writer.shutdown();
        return total;
      }),
      buffer(out),
    ]);
    expect([count, got.equals(data)]).toEqual([1_000_000, true]);
  });

  it("survives a round trip through both adapters", async () => {
    const [chunk] = [utf8("round trip")];
    expect(text(await fromNodeReadable(toNodeReadable(cursor(chunk))).readToEnd())).toBe("round trip");
  });
});
