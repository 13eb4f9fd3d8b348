import { PENDING } from "@rt/core";
import {
  type AsyncRead,
  BufWriter,
  copy,
  cursor,
  duplex,
  empty,
  fromReadableStream,
  fromWritableStream,
  IoError,
  sink,
  toReadableStream,
  toWritableStream,
} from "@rt/io";
import { describe, expect, it } from "vitest";
import {
  ChunkScript,
  cx,
  finish,
  inLane,
  LANES,
  rejectionOf,
  Script,
  Taker,
  text,
  thrownBy,
  turn,
  utf8,
} from "./support/io.ts";

function streamOf(...parts: (string | Error)[]): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      pull(controller) {
        const part = parts.shift();
        if (part === undefined) controller.close();
        else if (part instanceof Error) controller.error(part);
        else controller.enqueue(utf8(part));
      },
    },
    { highWaterMark: 0 },
  );
}

describe("a stream of the web in the place of one of ours", () => {
  it.each<[string, () => unknown, string]>([
    ["copy, from it", () => copy(streamOf() as never, sink()), "fromReadableStream()"],
    ["copy, to it", () => copy(empty(), new WritableStream() as never), "fromWritableStream()"],
    ["toWritableStream", () => toWritableStream(new WritableStream() as never), "fromWritableStream()"],
  ])("is refused with the name of the adapter: %s", (_call, call, adapter) => {
    expect(thrownBy(call)).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
      message: expect.stringContaining(`; wrap it in ${adapter}`),
    });
  });
});

describe("fromReadableStream", () => {
  it.each(LANES)("reads everything in the %s lane", async (lane) => {
    const io = fromReadableStream(streamOf("ab", "cd"));
    expect(await inLane(lane, () => io.readToString())).toEqual(["abcd"]);
  });

  it("gives the very chunks of the stream", async () => {
    const chunk = utf8("abc");
    const io = fromReadableStream(new ReadableStream({ start: (controller) => controller.enqueue(chunk) }));
    expect(await io.readChunk()).toBe(chunk);
  });

  it("makes plain arrays of chunks whose slice does not copy", async () => {
    const chunk = Object.setPrototypeOf(utf8("abc"), {
      __proto__: Uint8Array.prototype,
      constructor: Object,
    });
    const io = fromReadableStream(new ReadableStream({ start: (controller) => controller.enqueue(chunk) }));
    expect(Object.getPrototypeOf(await io.readChunk())).toBe(Uint8Array.prototype);
  });

  it("asks for nothing before it is asked itself, and then for one chunk", async () => {
    let pulls = 0;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulls += 1;
          controller.enqueue(utf8("x"));
        },
      },
      { highWaterMark: 0 },
    );
    const io = fromReadableStream(stream);
    await turn();
    const before = pulls;
    await io.readU8();
    await turn();
    expect([before, pulls]).toEqual([0, 1]);
  });

  it("throws the stream's error, with the original as its cause", async () => {
    const original = new Error("broken");
    const io = fromReadableStream(streamOf("a", original));
    const error = await rejectionOf(io.readToEnd());
    expect(error).toBeInstanceOf(IoError);
    expect((error as IoError).cause).toBe(original);
  });

  it("keeps what a dropped read brings for the next one", async () => {
    const io = fromReadableStream(streamOf("abc"));
    const dropped = io.readChunk();
    dropped.poll(cx());
    dropped.drop();
    await turn();
    expect(await io.readToString()).toBe("abc");
  });

  it("unlocks the stream at the end and after an error", async () => {
    const [ended, failed] = [streamOf(), streamOf(new Error("broken"))];
    await fromReadableStream(ended).readToEnd();
    await rejectionOf(fromReadableStream(failed).readToEnd());
    expect([ended.locked, failed.locked]).toEqual([false, false]);
  });

  it("cancels the stream when it is disposed, and wakes who waits", async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
    const io = fromReadableStream(stream);
    const waker = cx();
    const read = io.readChunk();
    read.poll(waker);
    io[Symbol.dispose]();
    io[Symbol.dispose]();
    await turn();
    expect([cancelled, stream.locked, waker.count, thrownBy(() => read.poll(waker))]).toEqual([
      true,
      false,
      1,
      expect.any(IoError),
    ]);
  });

  it("refuses a stream of objects", async () => {
    const stream = new ReadableStream({ start: (controller) => controller.enqueue({}) });
    expect(await rejectionOf(fromReadableStream(stream).readToEnd())).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });
});

/** A stream whose chunks are taken when the test says so. */
function slow(highWaterMark: number) {
  const taken: string[] = [];
  let release: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  const state = { aborted: false, closed: false };
  const stream = new WritableStream<Uint8Array>(
    {
      write(chunk) {
        taken.push(text(chunk) as string);
        return new Promise<void>((resolve, reject) => {
          release = resolve;
          fail = reject;
        });
      },
      close: () => void (state.closed = true),
      abort: () => void (state.aborted = true),
    },
    { highWaterMark },
  );
  return { stream, taken, state, release: () => release(), fail: (error: Error) => fail(error) };
}

describe("fromWritableStream", () => {
  it.each(LANES)("writes and closes in the %s lane", async (lane) => {
    const out = new Taker();
    const io = fromWritableStream(toWritableStream(out));
    await inLane<unknown>(
      lane,
      () => io.writeAll("hello"),
      () => io.shutdown(),
    );
    expect([out.text, out.shutdowns]).toEqual(["hello", 1]);
  });

  it("hands the stream the very array that it is given for good, if that is all of its buffer", async () => {
    const seen: Uint8Array[] = [];
    const io = fromWritableStream(new WritableStream({ write: (chunk) => void seen.push(chunk) }));
    const [whole, part] = [utf8("whole").slice(), utf8("a part").subarray(2)];
    io.pollWriteChunk(cx(), whole);
    await io.flush();
    io.pollWriteChunk(cx(), part);
    await io.flush();
    expect([seen[0] === whole, seen[1]?.buffer === part.buffer, text(seen[1])]).toEqual([
      true,
      false,
      "part",
    ]);
  });

  it("lets a write wait while the stream wants no more", async () => {
    const { stream, release } = slow(1);
    const io = fromWritableStream(stream);
    const waker = cx();
    const first = io.write(utf8("a")).poll(waker);
    const second = io.write(utf8("b"));
    const before = second.poll(waker);
    await turn();
    release();
    await turn();
    expect([first, before, waker.count > 0, second.poll(waker)]).toEqual([1, PENDING, true, 1]);
  });

  it("writes at most 2 MiB at a time", () => {
    expect(finish(fromWritableStream(new WritableStream()).write(new Uint8Array(3 * 1024 * 1024)))).toBe(
      2 * 1024 * 1024,
    );
  });

  it("flushes when the stream has taken in every chunk", async () => {
    const { stream, release } = slow(9);
    const io = fromWritableStream(stream);
    finish(io.write(utf8("a")));
    const flush = io.flush();
    const before = flush.poll(cx());
    await turn();
    release();
    await turn();
    expect([before, flush.poll(cx())]).toEqual([PENDING, undefined]);
  });

  it("keeps what it was given, whatever is done to the array", async () => {
    const { stream, taken } = slow(9);
    const array = utf8("abc");
    finish(fromWritableStream(stream).write(array));
    array.fill(0);
    await turn();
    expect(taken).toEqual(["abc"]);
  });

  it("throws the stream's error, unlocks it, and leaves no rejection unhandled", async () => {
    const { stream, fail } = slow(9);
    const io = fromWritableStream(stream);
    const original = new Error("broken");
    finish(io.write(utf8("a")));
    await turn();
    fail(original);
    await turn();
    const error = thrownBy(() => finish(io.flush()));
    expect([(error as IoError).cause, stream.locked]).toEqual([original, false]);
  });

  it("throws BrokenPipe for a write behind a shutdown, and nothing for a second shutdown", async () => {
    const { stream, state } = slow(1);
    const io = fromWritableStream(stream);
    await io.shutdown();
    await io.shutdown();
    expect([thrownBy(() => finish(io.write(utf8("x")))), state.closed, stream.locked]).toEqual([
      expect.objectContaining({ kind: "BrokenPipe" }),
      true,
      false,
    ]);
  });

  it("aborts the stream when it is disposed", async () => {
    const { stream, state } = slow(1);
    const io = fromWritableStream(stream);
    io[Symbol.dispose]();
    io[Symbol.dispose]();
    await turn();
    expect([state.aborted, thrownBy(() => finish(io.flush()))]).toEqual([
      true,
      expect.objectContaining({ kind: "BrokenPipe" }),
    ]);
  });

  it("aborts nothing that was shut down", async () => {
    const { stream, state } = slow(1);
    const io = fromWritableStream(stream);
    await io.shutdown();
    io[Symbol.dispose]();
    await turn();
    expect(state.aborted).toBe(false);
  });
});

describe("toReadableStream", () => {
  it("gives everything", async () => {
    expect(await new Response(toReadableStream(new Script("ab", "pending", "cd"))).text()).toBe("abcd");
  });

  it("reads only when it is asked", async () => {
    const source = new Script("ab", "cd");
    const stream = toReadableStream(source);
    await turn();
    const before = source.reads;
    const taker = stream.getReader();
    await taker.read();
    await turn();
    expect([before, source.reads]).toEqual([0, 1]);
  });

  it("gives away the arrays of a source that owns them", async () => {
    const array = utf8("abc");
    const { value } = await toReadableStream(new ChunkScript(array)).getReader().read();
    expect(value).toBe(array);
  });

  it("fails with the reader's error", async () => {
    const error = new IoError("Other", "broken");
    const taker = toReadableStream(new Script("a", error)).getReader();
    await taker.read();
    expect(await rejectionOf(taker.read())).toBe(error);
  });

  it("disposes of the reader when it is cancelled", async () => {
    const [a, b] = duplex(8);
    await toReadableStream(a).cancel();
    expect(thrownBy(() => finish(b.write(utf8("x"))))).toMatchObject({ kind: "BrokenPipe" });
  });
});

describe("toReadableStream, when it is cancelled during a read,", () => {
  it("leaves what comes later to the reader", async () => {
    const [a, b] = duplex(8);
    const foreign: AsyncRead = { pollRead: (context, buf) => a.pollRead(context, buf) };
    const stream = toReadableStream(foreign).getReader();
    const read = stream.read();
    await stream.cancel();
    await b.writeAll("late");
    await turn();
    expect([await read, text(await a.readChunk())]).toEqual([{ done: true, value: undefined }, "late"]);
  });

  it("gives what was taken already to the one who reads", async () => {
    const [a, b] = duplex(8);
    const foreign: AsyncRead = {
      pollRead(context, buf) {
        const count = a.pollRead(context, buf);
        if (count !== PENDING) queueMicrotask(() => void stream.cancel());
        return count;
      },
    };
    const stream = toReadableStream(foreign).getReader();
    const read = stream.read();
    await b.writeAll("taken");
    expect(text((await read).value)).toBe("taken");
  });
});

describe("toWritableStream", () => {
  it("writes and flushes each chunk, and shuts down when it is closed", async () => {
    const out = new Taker(2, "pending");
    const taker = toWritableStream(new BufWriter(out)).getWriter();
    await taker.write(utf8("abc"));
    const before = out.text;
    await taker.close();
    expect([before, out.shutdowns]).toEqual(["abc", 1]);
  });

  it("keeps the backpressure of the writer", async () => {
    const [a, b] = duplex(4);
    const taker = toWritableStream(a).getWriter();
    const written = taker.write(utf8("longer than the pipe"));
    await turn();
    const wanted = taker.desiredSize;
    const all = text(await b.readExact(20));
    await written;
    expect([wanted, all, taker.desiredSize]).toEqual([0, "longer than the pipe", 1]);
  });

  it("fails with the writer's error", async () => {
    const error = new IoError("Other", "broken");
    const taker = toWritableStream(new Taker(1, error)).getWriter();
    taker.closed.catch(() => {});
    expect(await rejectionOf(taker.write(utf8("a")))).toBe(error);
  });

  it("fails with WriteZero when the writer takes no more", async () => {
    const taker = toWritableStream(cursor(new Uint8Array(1))).getWriter();
    taker.closed.catch(() => {});
    expect(await rejectionOf(taker.write(utf8("abc")))).toMatchObject({ kind: "WriteZero" });
  });

  it("disposes of the writer when it is aborted", async () => {
    const [a, b] = duplex(8);
    await toWritableStream(a).abort();
    expect(await b.readToString()).toBe("");
  });

  it("disposes of the writer at once when it is aborted during a write", async () => {
    const [a, b] = duplex(2);
    const taker = toWritableStream(a).getWriter();
    taker.closed.catch(() => {});
    const written = rejectionOf(taker.write(utf8("too long")));
    await turn();
    const reason = new Error("given up");
    await taker.abort(reason);
    expect([await written, await b.readToString()]).toEqual([reason, "to"]);
  });

  it("takes text as UTF-8", async () => {
    const out = new Taker();
    const taker = toWritableStream(out).getWriter();
    // The type does not allow it, and a page written in JavaScript does it all the same.
    await taker.write("é" as unknown as Uint8Array);
    expect(out.text).toBe("é");
  });
});
