/* oxlint-disable no-unmodified-loop-condition -- what is waited for changes it */
import { PENDING, spawn, type Context, type Poll } from "@rt/core";
import { cursor, duplex, empty, IoError, ReadBuf, Reader, reader, type AsyncRead } from "@rt/io";
import { describe, expect, it } from "vitest";
import {
  bytes,
  ChunkScript,
  cx,
  finish,
  inLane,
  LANES,
  rejectionOf,
  run,
  Script,
  text,
  thrownBy,
  utf8,
} from "./support/io.ts";

describe("Reader.read", () => {
  it.each(LANES)("gives what one read of the source gives in the %s lane", async (lane) => {
    const source = new Script("ab", "pending", "cde");
    const buf = new Uint8Array(8);
    const counts = await inLane(
      lane,
      () => source.read(buf),
      () => source.read(buf),
      () => source.read(buf),
    );
    expect([counts, text(buf.subarray(0, 3))]).toEqual([[2, 3, 0], "cde"]);
  });

  it("gives 0 for an empty buffer", () => {
    expect(finish(cursor("x").read(bytes()))).toBe(0);
  });

  it("does nothing until it is polled", () => {
    const source = new Script("a");
    source.read(new Uint8Array(1));
    expect(source.reads).toBe(0);
  });

  it("loses nothing when it is dropped while pending", () => {
    const source = new Script("pending", "abc");
    const dropped = source.read(new Uint8Array(3));
    dropped.poll(cx());
    dropped.drop();
    expect(text(finish(source.readToEnd()))).toBe("abc");
  });

  it("throws what the source throws", () => {
    const error = new Error("broken");
    expect(thrownBy(() => finish(new Script(error).read(new Uint8Array(1))))).toBe(error);
  });

  it("refuses what is not a Uint8Array", () => {
    expect(thrownBy(() => cursor("x").read("x" as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("says what it waits for", () => {
    expect(new Script().read(bytes()).describe()).toBe("data to read from a Script");
  });

  it.each(LANES)("lets another task run within 128 reads in the %s lane", async (lane) => {
    const source = new (class Zeros extends Reader {
      override pollRead(): Poll<number> {
        return 1;
      }
    })();
    const buf = new Uint8Array(1);
    let reads = 0;
    let ran = false;
    const note = () => void (ran = true);
    await run(
      lane === "generator"
        ? function* () {
            // oxlint-disable-next-line require-yield -- need not wait
            spawn(function* () {
              note();
            });
            for (; !ran; reads += 1) yield* source.read(buf);
          }
        : async () => {
            spawn(async () => note());
            for (; !ran; reads += 1) await source.read(buf);
          },
    );
    expect(reads).toBeLessThanOrEqual(129);
  });
});

describe("Reader.readChunk", () => {
  it("copies from a source that owns no arrays", () => {
    const source = new Script("abc");
    const chunk = finish(source.readChunk());
    expect(text(chunk)).toBe("abc");
  });

  it("gives away the very array of a source that owns it", () => {
    const array = utf8("abc");
    expect(finish(new ChunkScript(array).readChunk())).toBe(array);
  });

  it("gives undefined at the end", () => {
    expect(finish(empty().readChunk())).toBeUndefined();
  });

  it("gives at most max bytes and keeps the rest", () => {
    const source = new Script("abcde");
    const chunks = [finish(source.readChunk(2)), finish(source.readChunk(2)), finish(source.readChunk(2))];
    expect(chunks.map(text)).toEqual(["ab", "cd", "e"]);
  });

  it("refuses a max of 0", () => {
    expect(thrownBy(() => cursor().readChunk(0))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
  });

  it("gives arrays that do not share memory where it copies", () => {
    const source = new Script("ab", "cd");
    const first = finish(source.readChunk()) as Uint8Array;
    finish(source.readChunk());
    expect(text(first)).toBe("ab");
  });

  it("may be used by a reader that is read from in the same way", () => {
    const inner = new Script("inner");
    const outer = new (class Outer extends Reader {
      override pollRead(context: Context, buf: Uint8Array): Poll<number> {
        buf.set(utf8("outer:"));
        const chunk = inner.pollReadChunk(context, 5);
        if (chunk === PENDING || chunk === undefined) return 0;
        buf.set(chunk, 6);
        return 11;
      }
    })();
    expect(text(finish(outer.readChunk()))).toBe("outer:inner");
  });

  it("leaves the source usable when it throws", () => {
    const source = new Script(new Error("once"), "abc");
    thrownBy(() => finish(source.readChunk()));
    expect(text(finish(source.readChunk()))).toBe("abc");
  });
});

describe("Reader.readBuf", () => {
  it("appends to what is filled", () => {
    const buf = new ReadBuf(new Uint8Array(5));
    buf.putSlice(utf8("ab"));
    finish(cursor("cdefg").readBuf(buf));
    expect(text(buf.filled())).toBe("abcde");
  });

  it("gives 0 for a full buffer", () => {
    expect(finish(cursor("x").readBuf(new ReadBuf(bytes())))).toBe(0);
  });

  it("leaves the buffer as it is while pending", () => {
    const buf = new ReadBuf(new Uint8Array(2));
    const future = new Script("pending", "ab").readBuf(buf);
    future.poll(cx());
    expect(buf.filled().length).toBe(0);
  });

  it("throws when the source says that it filled more than there is", () => {
    const liar = reader({ pollRead: (_, buf) => buf.length + 1 });
    expect(thrownBy(() => finish(liar.readBuf(new ReadBuf(new Uint8Array(2)))))).toBeInstanceOf(RangeError);
  });
});

describe("Reader.readExact", () => {
  it.each(LANES)("fills all of a buffer in the %s lane", async (lane) => {
    const source = new Script("a", "pending", "bc", "defg");
    const [all] = await inLane(lane, () => source.readExact(new Uint8Array(5)));
    expect(text(all)).toBe("abcde");
  });

  it("makes a buffer of the size it is given", () => {
    expect(text(finish(cursor("abc").readExact(2)))).toBe("ab");
  });

  it("reads no more than it needs", () => {
    const source = new Script("abcdef");
    finish(source.readExact(4));
    expect(text(finish(source.readToEnd()))).toBe("ef");
  });

  it("throws UnexpectedEof when the input ends early", () => {
    const error = thrownBy(() => finish(new Script("abc").readExact(5)));
    expect(error).toMatchObject({ kind: "UnexpectedEof", code: "ERR_RT_IO_UNEXPECTED_EOF" });
  });

  it("is ready at once for an empty buffer, at the end as well", () => {
    expect(finish(empty().readExact(0)).length).toBe(0);
  });

  it("tells how far it has come", () => {
    const future = new Script("ab", "pending").readExact(4);
    future.poll(cx());
    expect(future.describe()).toContain("2 of 4 bytes");
  });
});

describe("Reader.readToEnd", () => {
  it.each(LANES)("gives everything in the %s lane", async (lane) => {
    const source = new Script("ab", "pending", "cd");
    const [all] = await inLane(lane, () => source.readToEnd());
    expect(text(all)).toBe("abcd");
  });

  it("gives an empty array at the end", () => {
    expect(finish(empty().readToEnd())).toEqual(bytes());
  });

  it("gives a single chunk without copying it", () => {
    const array = utf8("abc");
    expect(finish(new ChunkScript(array).readToEnd())).toBe(array);
  });
});

describe("Reader.readToString", () => {
  it.each(LANES)("decodes characters that come in pieces in the %s lane", async (lane) => {
    const all = utf8("ż€😀");
    const source = new Script(...[...all].map((byte) => bytes(byte)));
    expect(await inLane(lane, () => source.readToString())).toEqual(["ż€😀"]);
  });

  it("throws InvalidData on invalid UTF-8", () => {
    const error = thrownBy(() => finish(cursor(bytes(0x61, 0xff)).readToString()));
    expect(error).toMatchObject({ kind: "InvalidData" });
  });

  it("takes a replacement character that is there for text", () => {
    expect(finish(cursor("a\u{fffd}b").readToString())).toBe("a\u{fffd}b");
  });

  it("keeps a byte order mark", () => {
    expect(finish(cursor("\u{feff}a").readToString())).toBe("\u{feff}a");
  });
});

describe("Take", () => {
  it("gives at most the limit, then the end without touching the inner reader", () => {
    const source = new Script("abcdef");
    const take = source.take(3);
    finish(take.readToEnd());
    const { reads } = source;
    finish(take.read(new Uint8Array(1)));
    expect([source.reads - reads, text(finish(source.readToEnd()))]).toEqual([0, "def"]);
  });

  it("does not count a failed read", () => {
    const take = new Script(new Error("once"), "abcdef").take(3);
    thrownBy(() => finish(take.read(new Uint8Array(1))));
    expect([take.limit(), text(finish(take.readToEnd()))]).toEqual([3, "abc"]);
  });

  it("takes a new limit", () => {
    const take = cursor("abcdef").take(2);
    finish(take.readToEnd());
    take.setLimit(3);
    expect(text(finish(take.readToEnd()))).toBe("cde");
  });

  it("throws when the inner reader says that it gave more than was asked for", () => {
    const liar = reader({ pollRead: () => 5 });
    expect(thrownBy(() => finish(liar.take(3).read(new Uint8Array(8))))).toBeInstanceOf(RangeError);
  });

  it("throws when the inner reader gives a chunk that is too large", () => {
    const liar = reader({ pollRead: () => 0, pollReadChunk: () => new Uint8Array(9) });
    expect(thrownBy(() => finish(liar.take(3).readChunk()))).toBeInstanceOf(RangeError);
  });

  it("gives away the arrays of a source that owns them", () => {
    const array = utf8("abc");
    expect(finish(new ChunkScript(array).take(10).readChunk())).toBe(array);
  });

  it("has lines that end with the limit", () => {
    const source = cursor("ab\ncdefgh");
    const lines = source.take(5).lines();
    expect([finish(lines.nextLine()), finish(lines.nextLine()), finish(lines.nextLine())]).toEqual([
      "ab",
      "cd",
      undefined,
    ]);
  });

  it("gives back what it read ahead to a reader with a buffer", () => {
    const source = cursor("ab\ncdefgh").buffered();
    const take = source.take(5);
    finish(take.readLine());
    expect(text(finish(take.intoInner().readToEnd()))).toBe("cdefgh");
  });

  it("leaves a cursor in front of what it read ahead, with all its bytes", () => {
    const source = cursor("ab\ncdefgh");
    const take = source.take(5);
    finish(take.readLine());
    take.intoInner();
    expect([source.position(), text(source.getRef())]).toEqual([3, "ab\ncdefgh"]);
  });

  it("counts what it read ahead as left", () => {
    const take = cursor("ab\ncdefgh").take(5);
    finish(take.readLine());
    expect(take.limit()).toBe(2);
  });
});

describe("Chain", () => {
  it("reads the second after the first", () => {
    expect(finish(new Script("ab", "pending", "c").chain(cursor("de")).readToString())).toBe("abcde");
  });

  it("does not touch the second before the first has ended", () => {
    const second = new Script("b");
    finish(new Script("a").chain(second).read(new Uint8Array(1)));
    expect(second.reads).toBe(0);
  });

  it("does not take a read into an empty buffer for the end of the first", () => {
    const chain = cursor("a").chain(cursor("b"));
    finish(chain.read(bytes()));
    expect(finish(chain.readToString())).toBe("ab");
  });

  it("has lines that go over from the first to the second", () => {
    const lines = cursor("a\nb").chain(cursor("c\nd")).lines();
    expect([finish(lines.nextLine()), finish(lines.nextLine()), finish(lines.nextLine())]).toEqual([
      "a",
      "bc",
      "d",
    ]);
  });

  it("gives both readers back", () => {
    const [first, second] = [cursor("a"), cursor("b")];
    expect(first.chain(second).intoInner()).toEqual([first, second]);
  });
});

describe("Reader[Symbol.asyncIterator]", () => {
  it("gives the chunks until the end", async () => {
    const seen: string[] = [];
    for await (const chunk of new Script("ab", "pending", "c")) seen.push(text(chunk) as string);
    expect(seen).toEqual(["ab", "c"]);
  });

  it("leaves the rest when the loop is left", async () => {
    const source = new Script("ab", "c");
    for await (const _chunk of source) break;
    expect(finish(source.readToString())).toBe("c");
  });

  it("throws what the source throws", async () => {
    const error = new IoError("Other", "broken");
    const loop = async () => {
      for await (const _chunk of new Script("a", error)) continue;
    };
    expect(await rejectionOf(loop())).toBe(error);
  });

  it("gives up its wait at return(), and leaves what comes later to the reader", async () => {
    const [a, b] = duplex(8);
    const iterator = a[Symbol.asyncIterator]();
    const next = iterator.next();
    const returned = iterator.return();
    await b.writeAll("late");
    expect([await returned, await next, text(await a.readChunk())]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
      "late",
    ]);
  });
});

describe("reader", () => {
  const foreign: AsyncRead = {
    pollRead(_cx, buf) {
      buf[0] = 7;
      return 1;
    },
  };

  it("gives a foreign object every method", () => {
    expect(finish(reader(foreign).readU16())).toBe(0x0707);
  });

  it("copies from one without chunks", () => {
    expect([finish(reader(foreign).readChunk()), reader(foreign).isReadChunked()]).toEqual([bytes(7), false]);
  });

  it("passes chunks on from one that has them", () => {
    const array = bytes(1);
    const io = reader({ ...foreign, pollReadChunk: () => array });
    expect([finish(io.readChunk()) === array, io.isReadChunked()]).toEqual([true, true]);
  });

  it("gives a Reader back as it is", () => {
    const io = cursor("x");
    expect(reader(io)).toBe(io);
  });

  it("refuses what can't be polled", () => {
    expect(thrownBy(() => reader({} as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});
