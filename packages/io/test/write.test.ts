import { PENDING } from "@rt/core";
import { cursor, duplex, IoError, sink, type Writer, writer, type AsyncWrite, type Buf } from "@rt/io";
import { describe, expect, it } from "vitest";
import { bytes, cx, finish, inLane, LANES, run, Taker, text, thrownBy, utf8 } from "./support/io.ts";

/** A Buf of several arrays. */
class Pieces implements Buf {
  readonly #parts: Uint8Array[];
  asked: number[] = [];
  constructor(...parts: string[]) {
    this.#parts = parts.map(utf8);
  }
  remaining(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }
  chunk(): Uint8Array {
    return this.#parts[0] ?? bytes();
  }
  chunks(max: number): Uint8Array[] {
    this.asked.push(max);
    return this.#parts.slice(0, max);
  }
  advance(count: number): void {
    let left = count;
    while (left > 0) {
      const part = this.#parts[0] as Uint8Array;
      if (part.length > left) this.#parts[0] = part.subarray(left);
      else this.#parts.shift();
      left -= Math.min(left, part.length);
    }
  }
}

describe("Writer.write", () => {
  it.each(LANES)("gives how much one write took in the %s lane", async (lane) => {
    const out = new Taker(3);
    expect(await inLane(lane, () => out.write(utf8("abcde")))).toEqual([3]);
  });

  it("does nothing until it is polled", () => {
    const out = new Taker();
    out.write(utf8("abc"));
    expect(out.writes).toEqual([]);
  });

  it("has written nothing when it is dropped while pending", () => {
    const out = new Taker(Infinity, "pending");
    const future = out.write(utf8("abc"));
    future.poll(cx());
    future.drop();
    expect(out.text).toBe("");
  });

  it("says what it waits for", () => {
    expect(new Taker().write(bytes()).describe()).toBe("room to write to a Taker");
  });

  it("refuses what is not a Uint8Array", () => {
    expect(thrownBy(() => sink().write("x" as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});

describe("Writer.writeAll", () => {
  it.each(LANES)("writes all of it in the %s lane", async (lane) => {
    const out = new Taker(2, "pending", "ok", "pending");
    await inLane(lane, () => out.writeAll(utf8("abcde")));
    expect(out.text).toBe("abcde");
  });

  it("writes text as UTF-8", () => {
    const out = new Taker();
    finish(out.writeAll("ż€"));
    expect(out.text).toBe("ż€");
  });

  it("is ready at once with nothing to write", () => {
    const out = new Taker(1, new Error("not asked"));
    expect(finish(out.writeAll(""))).toBeUndefined();
  });

  it("throws WriteZero when the writer takes no more", () => {
    const error = thrownBy(() => finish(new Taker(1, "ok", "zero").writeAll("abc")));
    expect(error).toMatchObject({ name: "IoError", kind: "WriteZero", code: "ERR_RT_IO_WRITE_ZERO" });
  });

  it("polls the writer with the same array while it is pending", () => {
    const seen: Uint8Array[] = [];
    let pending = true;
    const out = writer({
      pollWrite(_cx, buf) {
        seen.push(buf);
        pending = !pending;
        return pending ? 1 : PENDING;
      },
      pollFlush: () => {},
      pollShutdown: () => {},
    });
    finish(out.writeAll("ab"));
    expect([seen[0] === seen[1], seen[2] === seen[3], seen.length]).toEqual([true, true, 4]);
  });

  it("tells how much is left", () => {
    const future = new Taker(2, "ok", "pending").writeAll("abcde");
    future.poll(cx());
    expect(future.describe()).toContain("3 bytes are left");
  });
});

describe("Writer.writeVectored", () => {
  it("writes the first array that is not empty where the writer can do no more", () => {
    const out = new Taker();
    finish(out.writeVectored([bytes(), utf8("ab"), utf8("cd")]));
    expect([out.text, out.isWriteVectored()]).toEqual(["ab", false]);
  });

  it("writes several arrays at once where the writer can", () => {
    const out = new Taker();
    out.vectored = true;
    expect([finish(out.writeVectored([utf8("ab"), utf8("cd")])), out.text]).toEqual([4, "abcd"]);
  });

  it("gives 0 when all arrays are empty", () => {
    expect(finish(new Taker().writeVectored([bytes(), bytes()]))).toBe(0);
  });
});

describe("Writer.writeBuf", () => {
  it("takes what was written from the buffer", () => {
    const buf = cursor("abcde");
    const out = new Taker(2);
    expect([finish(out.writeBuf(buf)), buf.remaining()]).toEqual([2, 3]);
  });

  it("writes several pieces at once where the writer can", () => {
    const out = new Taker();
    out.vectored = true;
    const buf = new Pieces("ab", "cd");
    finish(out.writeBuf(buf));
    expect([out.writes, buf.asked]).toEqual([[4], [64]]);
  });

  it("gives 0 for a buffer with nothing left", () => {
    expect(finish(new Taker(1, new Error("not asked")).writeBuf(cursor("")))).toBe(0);
  });
});

describe("Writer.writeAllBuf", () => {
  it.each(LANES)("writes everything in the %s lane", async (lane) => {
    const out = new Taker(2, "pending", "ok");
    await inLane(lane, () => out.writeAllBuf(new Pieces("abc", "de")));
    expect(out.text).toBe("abcde");
  });

  it("leaves the buffer at the first byte that was not written when it fails", () => {
    const buf = cursor("abcde");
    thrownBy(() => finish(new Taker(2, "ok", new Error("broken")).writeAllBuf(buf)));
    expect(text(buf.chunk())).toBe("cde");
  });

  it("goes on where it was dropped, at whatever poll", () => {
    const out = new Taker(2, "pending", "ok", "pending", "pending", "ok", "ok", "pending");
    const buf = new Pieces("abc", "def", "gh");
    for (let i = 0; i < 20 && buf.remaining() > 0; i += 1) {
      const future = out.writeAllBuf(buf);
      future.poll(cx());
      future.drop();
    }
    expect(out.text).toBe("abcdefgh");
  });

  it("throws WriteZero when the writer takes no more", () => {
    expect(thrownBy(() => finish(new Taker(1, "zero").writeAllBuf(cursor("a"))))).toMatchObject({
      kind: "WriteZero",
    });
  });

  it("asks for at most 64 pieces at a time", () => {
    const out = new Taker();
    out.vectored = true;
    const buf = new Pieces(...Array<string>(100).fill("x"));
    finish(out.writeAllBuf(buf));
    expect(out.writes).toEqual([64, 36]);
  });
});

describe("Writer.flush", () => {
  it.each(LANES)("waits until the writer has flushed in the %s lane", async (lane) => {
    const out = new Taker();
    out.flushPending = 2;
    await inLane(lane, () => out.flush());
    expect(out.flushes).toBe(1);
  });
});

describe("Writer.shutdown", () => {
  it("shuts the writer down", () => {
    const out = new Taker();
    finish(out.shutdown());
    expect(out.shutdowns).toBe(1);
  });
});

describe("writer", () => {
  const seen: string[] = [];
  const foreign: AsyncWrite = {
    pollWrite(_cx, buf) {
      seen.push(text(buf) as string);
      return buf.length;
    },
    pollFlush: () => {},
    pollShutdown: () => {},
  };

  it("gives a foreign object every method", () => {
    finish(writer(foreign).writeAll("hi"));
    expect(seen).toEqual(["hi"]);
  });

  it("writes the first of several arrays where the object can do no more", () => {
    expect([
      finish(writer(foreign).writeVectored([utf8("ab"), utf8("c")])),
      writer(foreign).isWriteVectored(),
    ]).toEqual([2, false]);
  });

  it("passes several arrays on where the object takes them", () => {
    const io = writer({
      ...foreign,
      pollWriteVectored: (_cx, bufs) => bufs.length,
      isWriteVectored: () => true,
    });
    expect([finish(io.writeVectored([bytes(1), bytes(2)])), io.isWriteVectored()]).toEqual([2, true]);
  });

  it("gives a Writer back as it is, and what has its methods", () => {
    const [taker, [stream]] = [new Taker(), duplex(1)];
    expect([writer(taker) === taker, writer(stream) === (stream as Writer)]).toEqual([true, true]);
  });

  it("refuses what can't be polled", () => {
    expect(thrownBy(() => writer({} as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});

describe("Seeker.seek", () => {
  it.each(LANES)("moves from the start, the end and where it is in the %s lane", async (lane) => {
    const file = cursor("0123456789");
    const at = await inLane(
      lane,
      () => file.seek({ start: 4 }),
      () => file.seek({ current: -1 }),
      () => file.seek({ end: -2 }),
      () => file.streamPosition(),
    );
    expect(at).toEqual([4, 3, 8, 8]);
  });

  it("refuses a position before the start", () => {
    const error = thrownBy(() => finish(cursor("abc").seek({ end: -4 })));
    expect(error).toBeInstanceOf(IoError);
    expect(error).toMatchObject({ kind: "InvalidInput" });
  });

  it.each([{ start: -1 }, { start: 1.5 }, { current: Number.POSITIVE_INFINITY }])(
    "refuses %o at once",
    (position) => {
      expect(thrownBy(() => cursor("abc").seek(position))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
    },
  );

  it("refuses what is no position at once", () => {
    expect(thrownBy(() => cursor("abc").seek({} as never))).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });
});

describe("Seeker.rewind", () => {
  it("moves to the start", async () => {
    const file = cursor("abc");
    const all = await run(function* () {
      yield* file.readU8();
      yield* file.rewind();
      return yield* file.readToString();
    });
    expect(all).toBe("abc");
  });
});
