import { PENDING } from "@rt/core";
import { BufStream, BufWriter, cursor, duplex } from "@rt/io";
import { describe, expect, it } from "vitest";
import { bytes, cx, finish, inLane, LANES, run, Script, Taker, text, thrownBy, utf8 } from "./support/io.ts";

describe("BufWriter", () => {
  it("collects small writes", () => {
    const out = new Taker();
    const io = new BufWriter(out, 8);
    finish(io.writeAll("abc"));
    finish(io.writeAll("def"));
    expect([out.writes, text(io.buffer())]).toEqual([[], "abcdef"]);
  });

  it.each(LANES)("writes and flushes with flush in the %s lane", async (lane) => {
    const out = new Taker(2, "pending");
    const io = new BufWriter(out);
    await inLane<unknown>(
      lane,
      () => io.writeAll("abc"),
      () => io.flush(),
    );
    expect([out.text, out.flushes, io.buffer().length]).toEqual(["abc", 1, 0]);
  });

  it("writes what it has when the next write does not fit", () => {
    const out = new Taker();
    const io = new BufWriter(out, 4);
    finish(io.writeAll("abc"));
    finish(io.writeAll("de"));
    expect([out.text, text(io.buffer())]).toEqual(["abc", "de"]);
  });

  it("passes writes on that are as large as its buffer, behind what it has", () => {
    const out = new Taker();
    const io = new BufWriter(out, 4);
    finish(io.writeAll("a"));
    finish(io.writeAll("bcdef"));
    expect([out.writes, out.text]).toEqual([[1, 5], "abcdef"]);
  });

  it("takes 8 KiB unless it is told otherwise", () => {
    const out = new Taker();
    const io = new BufWriter(out);
    finish(io.write(new Uint8Array(8191)));
    const before = out.writes.length;
    finish(io.write(new Uint8Array(2)));
    expect([before, out.writes]).toEqual([0, [8191]]);
  });

  it("throws WriteZero when its writer takes no more, and keeps the rest", () => {
    const io = new BufWriter(new Taker(1, "ok", "zero"));
    finish(io.writeAll("abc"));
    expect([thrownBy(() => finish(io.flush())), text(io.buffer())]).toEqual([
      expect.objectContaining({ kind: "WriteZero" }),
      "bc",
    ]);
  });

  it("has taken nothing of a write that is pending", () => {
    const io = new BufWriter(new Taker(Infinity, "pending"), 4);
    finish(io.writeAll("abc"));
    const future = io.write(utf8("de"));
    expect([future.poll(cx()), text(io.buffer())]).toEqual([PENDING, "abc"]);
  });

  it("shows its writer the same array while that is pending, whatever is written in between", () => {
    const seen: Uint8Array[] = [];
    const io = new BufWriter(
      {
        pollWrite: (_cx, buf) => (seen.push(buf) < 3 ? PENDING : buf.length),
        pollFlush: () => {},
        pollShutdown: () => {},
      },
      8,
    );
    finish(io.writeAll("ab"));
    io.flush().poll(cx());
    finish(io.writeAll("cd"));
    finish(io.flush());
    expect([seen[0] === seen[1] && seen[1] === seen[2], seen.map(text)]).toEqual([
      true,
      ["ab", "ab", "ab", "cd"],
    ]);
  });

  it("flushes before it shuts its writer down", () => {
    const out = new Taker();
    const io = new BufWriter(out);
    finish(io.writeAll("abc"));
    finish(io.shutdown());
    expect([out.text, out.shutdowns]).toEqual(["abc", 1]);
  });

  it("writes what it has before it seeks", () => {
    const file = cursor("0123456789");
    const io = new BufWriter(file);
    finish(io.writeAll("ab"));
    const at = finish(io.seek({ current: 3 }));
    finish(io.writeAll("X"));
    finish(io.flush());
    expect([at, text(file.getRef())]).toEqual([5, "ab234X6789"]);
  });

  it("throws Unsupported for a seek where its writer has no position", () => {
    expect(thrownBy(() => finish(new BufWriter(new Taker()).seek({ start: 0 })))).toMatchObject({
      kind: "Unsupported",
    });
  });

  it("collects several arrays, and skips empty ones", () => {
    const out = new Taker();
    const io = new BufWriter(out, 8);
    const count = finish(io.writeVectored([bytes(), utf8("ab"), bytes(), utf8("cd")]));
    expect([count, text(io.buffer()), out.writes]).toEqual([4, "abcd", []]);
  });

  it("takes only the arrays that fit", () => {
    const io = new BufWriter(new Taker(), 4);
    expect([finish(io.writeVectored([utf8("abc"), utf8("de")])), text(io.buffer())]).toEqual([3, "abc"]);
  });

  it("passes a first large array on to a plain writer", () => {
    const out = new Taker(3);
    const io = new BufWriter(out, 4);
    expect([finish(io.writeVectored([utf8("abcdef"), utf8("g")])), out.text]).toEqual([3, "abc"]);
  });

  it("passes many arrays on to a writer that takes several, behind what it has", () => {
    const out = new Taker();
    out.vectored = true;
    const io = new BufWriter(out, 4);
    finish(io.writeAll("a"));
    expect([finish(io.writeVectored([utf8("bcd"), utf8("efg")])), out.writes]).toEqual([6, [1, 6]]);
  });

  it("writes nothing when it is given back", () => {
    const out = new Taker();
    const io = new BufWriter(out);
    finish(io.writeAll("abc"));
    io.intoInner();
    finish(io.flush());
    expect(out.text).toBe("");
  });
});

describe("BufStream", () => {
  it.each(LANES)("buffers both directions in the %s lane", async (lane) => {
    const [a, b] = duplex(64);
    const io = new BufStream(a);
    const values = await inLane<unknown>(
      lane,
      () => b.writeAll("question\nmore"),
      () => io.readLine(),
      () => io.writeAll("answer"),
      () => io.flush(),
      () => b.readExact(6),
    );
    expect([values[1], text(values[4] as Uint8Array), text(io.buffer())]).toEqual([
      "question\n",
      "answer",
      "more",
    ]);
  });

  it("takes a capacity for each direction", () => {
    const source = Object.assign(new Script("abcdef"), {
      pollWrite: () => 1,
      pollFlush: () => {},
      pollShutdown: () => {},
    });
    const io = new BufStream(source, 3, 5);
    finish(io.fillBuf());
    finish(io.write(new Uint8Array(4)));
    expect([source.asked, finish(io.write(new Uint8Array(9)))]).toEqual([[3], 1]);
  });

  it("writes what it has and forgets what it read ahead in a seek", async () => {
    const file = cursor("0123456789");
    const io = new BufStream(file);
    const result = await run(function* () {
      const head = yield* io.readExact(2);
      yield* io.seek({ start: 4 });
      yield* io.writeAll("XY");
      yield* io.seek({ start: 0 });
      return [text(head), yield* io.readToString()];
    });
    expect(result).toEqual(["01", "0123XY6789"]);
  });

  it("shuts its stream down behind what it has", async () => {
    const [a, b] = duplex(64);
    const io = new BufStream(a);
    const all = await run(function* () {
      yield* io.writeAll("bye");
      yield* io.shutdown();
      return yield* b.readToString();
    });
    expect(all).toBe("bye");
  });
});
