import { Future, PENDING } from "@rt/core";
import {
  BufReader,
  ChunkReader,
  cursor,
  duplex,
  IoError,
  LimitError,
  reader,
  type AsyncRead,
  type BufRead,
} from "@rt/io";
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
  turn,
  utf8,
} from "./support/io.ts";

/** The two kinds of source: one that fills a buffer, one that gives its arrays away. */
const KINDS = [
  ["a reader", (...steps: ConstructorParameters<typeof Script>) => new Script(...steps)],
  ["a source of chunks", (...steps: ConstructorParameters<typeof Script>) => new ChunkScript(...steps)],
] as const;

/** Makes the future anew for every poll, as a lost race does. */
function finishDropping<T>(make: () => Future<T>): T {
  for (let i = 0; i < 10_000; i += 1) {
    const future = make();
    const value = future.poll(cx());
    future.drop();
    if (value !== PENDING) return value;
  }
  throw new Error("It is still pending");
}

function allLines(io: BufRead): (string | undefined)[] {
  const lines = io.lines();
  const found: string[] = [];
  for (let line = finish(lines.nextLine()); line !== undefined; line = finish(lines.nextLine()))
    found.push(line);
  return found;
}

describe.each(KINDS)("BufReader over %s", (_kind, make) => {
  it("shows the same bytes until they are consumed", () => {
    const io = new BufReader(make("abc"));
    const first = text(finish(io.fillBuf()));
    const again = text(finish(io.fillBuf()));
    io.consume(2);
    expect([first, again, text(finish(io.fillBuf()))]).toEqual(["abc", "abc", "c"]);
  });

  it("shows nothing at the end", () => {
    expect(finish(new BufReader(make()).fillBuf()).length).toBe(0);
  });

  it("refuses to consume more than it shows", () => {
    const io = new BufReader(make("abc"));
    finish(io.fillBuf());
    expect([thrownBy(() => io.consume(4)), text(io.buffer())]).toEqual([expect.any(RangeError), "abc"]);
  });

  it("gives small reads from its buffer", () => {
    const source = make("abcdef");
    const io = new BufReader(source);
    finish(io.readExact(2));
    const left = source.steps.length;
    expect([left, text(finish(io.readExact(4)))]).toEqual([0, "cdef"]);
  });

  it("reads up to and including a delimiter", () => {
    const io = new BufReader(make("ab", "pending", "c,d", ",", "e"));
    const parts = [0, 1, 2, 3].map(() => text(finish(io.readUntil(0x2c))));
    expect(parts).toEqual(["abc,", "d,", "e", ""]);
  });

  it("loses nothing when readUntil is dropped at every poll", () => {
    const io = new BufReader(make("a", "pending", "b", "pending", "pending", "c,", "d"));
    expect(text(finishDropping(() => io.readUntil(0x2c)))).toBe("abc,");
  });

  it("keeps what it has when the source fails before the delimiter", () => {
    const io = new BufReader(make("ab", new Error("once"), "c,"));
    thrownBy(() => finish(io.readUntil(0x2c)));
    expect(text(finish(io.readUntil(0x2c)))).toBe("abc,");
  });

  it("throws LimitError for a segment that is too long, and keeps it", () => {
    const io = new BufReader(make("abc", "def,g"));
    const error = thrownBy(() => finish(io.readUntil(0x2c, { limit: 5 })));
    expect(error).toBeInstanceOf(LimitError);
    expect(text(finish(io.readUntil(0x2c, { limit: 6 })))).toBe("abcdef,");
  });

  it("reads a line including its end", () => {
    const io = new BufReader(make("one\r", "\ntwo"));
    expect([finish(io.readLine()), finish(io.readLine()), finish(io.readLine())]).toEqual([
      "one\r\n",
      "two",
      "",
    ]);
  });

  it("reads over a line that is not valid UTF-8", () => {
    const io = new BufReader(make(bytes(0xff, 0x0a), "ok\n"));
    expect([thrownBy(() => finish(io.readLine())), finish(io.readLine())]).toEqual([
      expect.objectContaining({ kind: "InvalidData" }),
      "ok\n",
    ]);
  });

  it("gives lines without their ends", () => {
    expect(allLines(new BufReader(make("a\r\n\nb", "\nc\r")))).toEqual(["a", "", "b", "c\r"]);
  });

  it("gives a carriage return that ends no line", () => {
    expect(allLines(new BufReader(make("a\rb\r\r\n")))).toEqual(["a\rb\r"]);
  });

  it("loses no line when nextLine is dropped at every poll", () => {
    const lines = new BufReader(make("a", "pending", "b\ncd", "pending", "\n", "pending")).lines();
    const found = [0, 1, 2].map(() => finishDropping(() => lines.nextLine()));
    expect(found).toEqual(["ab", "cd", undefined]);
  });

  it("goes on behind the last line that was given", () => {
    const io = new BufReader(make("one\ntwo\nżółć\nrest"));
    const lines = io.lines();
    finish(lines.nextLine());
    const rest: unknown[] = [
      finish(io.readExact(2)).length,
      finish(lines.nextLine()),
      finish(lines.nextLine()),
    ];
    expect([...rest, finish(io.readToString())]).toEqual([2, "o", "żółć", "rest"]);
  });

  it("gives the good lines around one that is not valid UTF-8", () => {
    const lines = new BufReader(make("a\nb\n", bytes(0x63, 0xff, 0x0a), "d\ne")).lines();
    const found: unknown[] = [];
    for (let i = 0; i < 6; i += 1) {
      try {
        found.push(finish(lines.nextLine()));
      } catch (error) {
        found.push((error as IoError).kind);
      }
    }
    expect(found).toEqual(["a", "b", "InvalidData", "d", "e", undefined]);
  });

  it("throws LimitError for a line that is too long, wherever it stands, and keeps it", () => {
    const io = new BufReader(make("abc\nde\nabcd\nfg\n"));
    const lines = io.lines({ limit: 3 });
    const found = [finish(lines.nextLine()), finish(lines.nextLine())];
    const error = thrownBy(() => finish(lines.nextLine()));
    expect([found, (error as LimitError).limit, finish(io.readLine()), finish(lines.nextLine())]).toEqual([
      ["abc", "de"],
      3,
      "abcd\n",
      "fg",
    ]);
  });

  it("fetches no more than it must to know that a line is too long", () => {
    const source = make(...Array<string>(100).fill("x".repeat(10)));
    const lines = new BufReader(source).lines({ limit: 25 });
    thrownBy(() => finish(lines.nextLine()));
    expect(source.steps.length).toBe(97);
  });

  it("gives segments without their delimiter, and none behind the last", () => {
    const split = new BufReader(make("a,b", ",,c,")).split(0x2c);
    const parts: (string | undefined)[] = [];
    for (let part = finish(split.nextSegment()); part !== undefined; part = finish(split.nextSegment()))
      parts.push(text(part));
    expect(parts).toEqual(["a", "b", "", "c"]);
  });

  it("loses no segment when nextSegment is dropped at every poll", () => {
    const split = new BufReader(make("a", "pending", "b,c", "pending")).split(0x2c);
    const found = [0, 1, 2].map(() => text(finishDropping(() => split.nextSegment())));
    expect(found).toEqual(["ab", "c", undefined]);
  });

  it("reads lines much longer than its buffer", () => {
    const long = "x".repeat(100_000);
    const io = new BufReader(make(`${long}\n${long}`), 16);
    expect(allLines(io)).toEqual([long, long]);
  });

  it.each(LANES)("gives lines in the %s lane", async (lane) => {
    const lines = new BufReader(make("a\nb", "pending", "c\n")).lines();
    const next = () => lines.nextLine();
    expect(await inLane(lane, next, next, next)).toEqual(["a", "bc", undefined]);
  });

  it("says that it waits for a line", () => {
    expect(new BufReader(make()).lines().nextLine().describe()).toBe("a line to read from a BufReader");
  });

  it("loses what is in the buffer with intoInner", () => {
    const io = new BufReader(make("abc", "def"));
    finish(io.readU8());
    expect(text(finish(io.intoInner().readToEnd()))).toBe("def");
  });
});

describe("BufReader", () => {
  it("asks for 8 KiB, unless it is told otherwise", () => {
    const [usual, small] = [new Script("a"), new Script("a")];
    finish(new BufReader(usual).fillBuf());
    finish(new BufReader(small, 3).fillBuf());
    expect([usual.asked, small.asked]).toEqual([[8192], [3]]);
  });

  it("asks a source that gives its arrays away for 64 KiB, however it is made", () => {
    const asked: number[] = [];
    const source = reader({
      pollRead: () => 0,
      pollReadChunk: (_cx, max) => void asked.push(max),
    });
    finish(new BufReader(source).fillBuf());
    finish(source.buffered().fillBuf());
    finish(source.lines().nextLine());
    expect(asked).toEqual([65_536, 65_536, 65_536]);
  });

  it("makes futures of lines and segments", () => {
    const io = new BufReader(new Script());
    const made = [io.lines().nextLine(), io.split(0x2c).nextSegment()];
    expect(made.map((future) => future instanceof Future)).toEqual([true, true]);
  });

  it("does not read another line for a future that has given one", async () => {
    const lines = new BufReader(new Script("a\nb\n")).lines();
    const first = lines.nextLine();
    const twice = run(function* () {
      yield* first;
      yield* first;
    });
    expect([await rejectionOf(twice), finish(lines.nextLine())]).toMatchObject([
      { code: "ERR_RT_AWAITED_TWICE" },
      "b",
    ]);
  });

  it.each([8, 40, 80])("gives segments of %i bytes that filling its buffer again leaves alone", (size) => {
    const split = new BufReader(new Script(`${"a".repeat(size)},`, `${"b".repeat(size)},`)).split(0x2c);
    const first = finish(split.nextSegment());
    finish(split.nextSegment());
    expect(text(first)).toBe("a".repeat(size));
  });

  it("passes reads on that are as large as its buffer, when that is empty", () => {
    const source = new Script("abcdefgh", "ij");
    const io = new BufReader(source, 4);
    const buf = new Uint8Array(6);
    finish(io.read(buf));
    expect([source.asked, io.buffer().length]).toEqual([[6], 0]);
  });

  it("gives away the arrays of its source", () => {
    const array = utf8("abc");
    const io = new BufReader(new ChunkScript(array));
    expect([finish(io.readChunk()), io.isReadChunked()]).toEqual([array, true]);
  });

  it("gives away what is left of an array that it showed", () => {
    const io = new BufReader(new ChunkScript(utf8("abc")));
    finish(io.readU8());
    expect(text(finish(io.readChunk()))).toBe("bc");
  });

  it("copies what it gives away of a buffer that it fills again", () => {
    const io = new BufReader(new Script("abc", "xyz"));
    finish(io.fillBuf());
    const chunk = finish(io.readChunk());
    finish(io.fillBuf());
    expect(text(chunk)).toBe("abc");
  });

  it("copies segments out of an array of Node's kind", () => {
    const shared = Object.setPrototypeOf(utf8("a,b"), {
      __proto__: Uint8Array.prototype,
      slice: Uint8Array.prototype.subarray,
    });
    const part = finish(cursor(shared as Uint8Array).readUntil(0x2c));
    part[0] = 0;
    expect(text(shared as Uint8Array)).toBe("a,b");
  });

  it("skips empty arrays of its source", () => {
    const io = new BufReader(new ChunkScript(bytes(), utf8("a"), bytes(), utf8("b")));
    expect(finish(io.readToString())).toBe("ab");
  });

  it("throws when its source says that it gave more than there was room for", () => {
    const liar: AsyncRead = { pollRead: (_cx, buf) => buf.length + 1 };
    expect(thrownBy(() => finish(new BufReader(liar).fillBuf()))).toBeInstanceOf(RangeError);
  });

  it("refuses a capacity of 0", () => {
    expect(thrownBy(() => new BufReader(cursor(), 0))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
  });

  it("counts unread bytes in a relative seek", async () => {
    const io = new BufReader(cursor("0123456789"));
    const result = await run(function* () {
      yield* io.readExact(3);
      const at = yield* io.seek({ current: 2 });
      return [at, yield* io.readToString()];
    });
    expect(result).toEqual([5, "56789"]);
  });

  it("forgets its buffer in an absolute seek", () => {
    const io = new BufReader(cursor("0123456789"));
    finish(io.readExact(3));
    finish(io.seek({ start: 1 }));
    expect([io.buffer().length, finish(io.readToString())]).toEqual([0, "123456789"]);
  });

  it("tells its position without losing its buffer's place", () => {
    const io = new BufReader(cursor("0123456789"));
    finish(io.readExact(3));
    expect([finish(io.streamPosition()), finish(io.readToString())]).toEqual([3, "3456789"]);
  });

  it("keeps its buffer when a seek fails", () => {
    let failing = false;
    const source = Object.assign(new Script("01234"), {
      startSeek: () => void (failing = true),
      pollComplete(): number {
        if (!failing) return 5;
        failing = false;
        throw new IoError("Other", "broken");
      },
    });
    const io = new BufReader(source);
    finish(io.readU8());
    thrownBy(() => finish(io.seek({ start: 0 })));
    expect([io.pollComplete(cx()), text(io.buffer())]).toEqual([1, "1234"]);
  });

  it("seeks twice where no single relative seek can express the distance", () => {
    const seeks: unknown[] = [];
    const source = Object.assign(new Script("abc"), {
      startSeek: (position: unknown) => void seeks.push(position),
      pollComplete: () => 0,
    });
    const io = new BufReader(source);
    finish(io.fillBuf());
    finish(io.seek({ current: Number.MIN_SAFE_INTEGER }));
    expect(seeks).toEqual([{ current: -3 }, { current: Number.MIN_SAFE_INTEGER }]);
  });

  it("throws Unsupported for a seek where its source has no position", () => {
    const error = thrownBy(() => finish(new BufReader(new Script()).seek({ start: 0 })));
    expect(error).toMatchObject({ kind: "Unsupported" });
  });
});

describe("Lines[Symbol.asyncIterator]", () => {
  it("gives every line", async () => {
    const found: string[] = [];
    for await (const line of new Script("a\nb\n", "pending", "c\nd").lines()) found.push(line);
    expect(found).toEqual(["a", "b", "c", "d"]);
  });

  it("rejects with LimitError at a line that is too long, in a block or not", async () => {
    for (const input of ["a\nlong\n", "long\n"]) {
      const io = cursor(input);
      const loop = async () => {
        for await (const _line of io.lines({ limit: 2 })) continue;
      };
      expect(await rejectionOf(loop())).toBeInstanceOf(LimitError);
      expect(text(io.buffer())).toBe("long\n");
    }
  });

  it("leaves the rest in the reader when the loop is left", async () => {
    const io = cursor("a\n\nbody\n");
    for await (const line of io.lines()) if (line === "") break;
    expect(finish(io.readToString())).toBe("body\n");
  });

  it("throws what the reader throws", async () => {
    const error = new IoError("Other", "broken");
    const loop = async () => {
      for await (const _line of new Script("a\n", error).lines()) continue;
    };
    expect(await rejectionOf(loop())).toBe(error);
  });

  it("gives up its wait at return(), and leaves what comes later to the next loop", async () => {
    const [a, b] = duplex(8);
    const items = a.lines();
    const iterator = items[Symbol.asyncIterator]();
    const next = iterator.next();
    await turn();
    await b.writeAll("la");
    expect([await iterator.return(undefined), await next]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    await b.writeAll("te\n");
    expect(await items[Symbol.asyncIterator]().next()).toEqual({ done: false, value: "late" });
  });

  it("ends with an error, also for one who goes on asking", async () => {
    const iterator = cursor("long\na\n").lines({ limit: 2 })[Symbol.asyncIterator]();
    expect(await rejectionOf(iterator.next())).toBeInstanceOf(LimitError);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});

describe("Split[Symbol.asyncIterator]", () => {
  it("gives every segment", async () => {
    const found: unknown[] = [];
    for await (const part of cursor("a;b").split(0x3b)) found.push(text(part));
    expect(found).toEqual(["a", "b"]);
  });

  it("gives segments that come in pieces, and leaves the rest when the loop is left", async () => {
    const io = new Script("a", "pending", "b;;c", "pending", "d;rest").buffered();
    const found: unknown[] = [];
    for await (const part of io.split(0x3b)) if (found.push(text(part)) === 3) break;
    expect([found, finish(io.readToString())]).toEqual([["ab", "", "cd"], "rest"]);
  });

  it("rejects with LimitError at a segment that is too long, which stays in the reader", async () => {
    const io = cursor("a;long;");
    const loop = async () => {
      for await (const _part of io.split(0x3b, { limit: 2 })) continue;
    };
    expect(await rejectionOf(loop())).toBeInstanceOf(LimitError);
    expect(text(io.buffer())).toBe("long;");
  });

  it("gives bytes that belong to nobody else", async () => {
    const parts: Uint8Array[] = [];
    for await (const part of cursor("ab;cd").split(0x3b)) parts.push(part);
    parts[0]?.fill(0x78);
    expect(parts.map(text)).toEqual(["xx", "cd"]);
  });

  it("gives up its wait at return(), and leaves what comes later to the next loop", async () => {
    const [a, b] = duplex(8);
    const items = a.buffered().split(0x3b);
    const iterator = items[Symbol.asyncIterator]();
    const next = iterator.next();
    await turn();
    await b.writeAll("la");
    expect([await iterator.return(undefined), await next]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    await b.writeAll("te;");
    expect(await items[Symbol.asyncIterator]().next()).toEqual({ done: false, value: utf8("late") });
  });

  it("ends with an error, also for one who goes on asking", async () => {
    const iterator = cursor("long;a;").split(0x3b, { limit: 2 })[Symbol.asyncIterator]();
    expect(await rejectionOf(iterator.next())).toBeInstanceOf(LimitError);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});

describe("ChunkReader", () => {
  class Words extends ChunkReader {
    readonly #words: Uint8Array[];
    constructor(...words: string[]) {
      super();
      this.#words = words.map(utf8);
    }
    override pollNextChunk(): Uint8Array | undefined {
      return this.#words.shift();
    }
  }

  it("reads, shows and gives away its arrays", () => {
    const io = new Words("ab", "", "cde");
    const shown = text(finish(io.fillBuf()));
    expect([
      shown,
      text(finish(io.readChunk())),
      text(finish(io.readExact(1))),
      text(finish(io.readToEnd())),
    ]).toEqual(["ab", "ab", "c", "de"]);
  });

  it("has every method that needs a buffer", () => {
    expect(finish(new Words("a", "b\nc").readLine())).toBe("ab\n");
  });
});
