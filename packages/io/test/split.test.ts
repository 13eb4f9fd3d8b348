import { spawn } from "@rt/core";
import { cursor, duplex, empty, join, ReadWriter, readWriter, sink, split } from "@rt/io";
import { describe, expect, it } from "vitest";
import {
  bytes,
  ChunkScript,
  finish,
  inLane,
  LANES,
  run,
  Script,
  Taker,
  text,
  thrownBy,
  utf8,
} from "./support/io.ts";

describe("split", () => {
  it("gives two halves that two tasks can use", async () => {
    const [a, b] = duplex(2);
    const [input, output] = split(a);
    const echoed = await run(function* () {
      spawn(function* () {
        yield* output.writeAll("hello there");
        yield* output.shutdown();
      });
      spawn(function* () {
        yield* b.writeAll(yield* b.readToEnd());
        yield* b.shutdown();
      });
      return yield* input.readToString();
    });
    expect(echoed).toBe("hello there");
  });

  it("has halves that know each other", () => {
    const [input, output] = split(duplex(1)[0]);
    const [foreignInput, foreignOutput] = split(duplex(1)[0]);
    expect([
      input.isPairOf(output),
      output.isPairOf(input),
      input.isPairOf(foreignOutput),
      output.isPairOf(foreignInput),
    ]).toEqual([true, true, false, false]);
  });

  it("passes several arrays on, and says whether they are taken together", () => {
    const [, plain] = split(
      Object.assign(new Script(), { pollWrite: () => 1, pollFlush() {}, pollShutdown() {} }),
    );
    const [, output] = split(duplex(8)[0]);
    expect([
      plain.isWriteVectored(),
      output.isWriteVectored(),
      finish(output.writeVectored([bytes(1), bytes(2)])),
    ]).toEqual([false, true, 2]);
  });

  it("passes chunks on", () => {
    const array = utf8("abc");
    const [input] = split(
      Object.assign(new ChunkScript(array), { pollWrite: () => 1, pollFlush() {}, pollShutdown() {} }),
    );
    expect([input.isReadChunked(), finish(input.readChunk()) === array]).toEqual([true, true]);
  });

  it("disposes of the stream when both halves are disposed, and not before", () => {
    const [a, b] = duplex(8);
    const [input, output] = split(a);
    output[Symbol.dispose]();
    output[Symbol.dispose]();
    finish(b.writeAll("x"));
    input[Symbol.dispose]();
    expect(thrownBy(() => finish(b.writeAll("y")))).toMatchObject({ kind: "BrokenPipe" });
  });

  it("throws ERR_RT_DISPOSED when a disposed half is used", () => {
    const [input, output] = split(duplex(8)[0]);
    input[Symbol.dispose]();
    output[Symbol.dispose]();
    expect([thrownBy(() => finish(input.read(bytes(0)))), thrownBy(() => finish(output.flush()))]).toEqual([
      expect.objectContaining({ code: "ERR_RT_DISPOSED" }),
      expect.objectContaining({ code: "ERR_RT_DISPOSED" }),
    ]);
  });
});

describe("ReadHalf.unsplit", () => {
  it("gives the stream back", () => {
    const [a] = duplex(8);
    const [input, output] = split(a);
    expect(input.unsplit(output)).toBe(a);
  });

  it("uses both halves up", () => {
    const [input, output] = split(duplex(8)[0]);
    input.unsplit(output);
    expect(thrownBy(() => finish(output.flush()))).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });

  it("throws for the half of another stream, and changes nothing", () => {
    const [input, output] = split(duplex(8)[0]);
    const [, foreign] = split(duplex(8)[0]);
    const error = thrownBy(() => input.unsplit(foreign));
    expect([error, input.unsplit(output) !== null]).toEqual([
      expect.objectContaining({ code: "ERR_RT_INVALID_STATE" }),
      true,
    ]);
  });
});

describe("join", () => {
  it.each(LANES)("reads from one and writes to the other in the %s lane", async (lane) => {
    const out = cursor();
    const stream = join(cursor("in"), out);
    const values = await inLane<unknown>(
      lane,
      () => stream.readToString(),
      () => stream.writeAll("out"),
    );
    expect([values[0], text(out.getRef())]).toEqual(["in", "out"]);
  });

  it("gives its parts, and gives them back", () => {
    const [a, b] = [cursor("a"), sink()];
    const stream = join(a, b);
    expect([stream.reader() === a, stream.writer() === b, stream.intoInner()]).toEqual([true, true, [a, b]]);
  });

  it("passes on flush, shutdown, several arrays and chunks", () => {
    const out = new Taker();
    out.vectored = true;
    const array = utf8("abc");
    const stream = join(new ChunkScript(array), out);
    finish(stream.writeVectored([utf8("a"), utf8("b")]));
    finish(stream.flush());
    finish(stream.shutdown());
    expect([
      out.writes,
      out.flushes,
      out.shutdowns,
      stream.isWriteVectored(),
      stream.isReadChunked(),
      finish(stream.readChunk()) === array,
    ]).toEqual([[2], 1, 1, true, true, true]);
  });
});

describe("readWriter", () => {
  it("gives a foreign stream every method", () => {
    const out: number[] = [];
    const stream = readWriter({
      pollRead: (_cx, buf) => ((buf[0] = 7), 1),
      pollWrite: (_cx, buf) => (out.push(...buf), buf.length),
      pollFlush() {},
      pollShutdown() {},
    });
    finish(stream.writeU16(1));
    expect([finish(stream.readU8()), out]).toEqual([7, [0, 1]]);
  });

  it("gives a ReadWriter back as it is", () => {
    const [a] = duplex(1);
    expect(readWriter(a)).toBe(a);
  });

  it("takes a stream that got its methods otherwise", () => {
    expect(readWriter(empty())).toBeInstanceOf(ReadWriter);
  });

  it("refuses what can't be polled", () => {
    expect(thrownBy(() => readWriter({} as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});
