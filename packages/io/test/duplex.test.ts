import { Builder, PENDING, spawn, UsageError, yieldNow, type Async } from "@rt/core";
import { copy, duplex, simplex, SimplexStream, split } from "@rt/io";
import { describe, expect, it } from "vitest";
import { bytes, cx, finish, inLane, LANES, run, text, thrownBy, utf8 } from "./support/io.ts";

describe("duplex", () => {
  it.each(LANES)("passes bytes in both directions in the %s lane", async (lane) => {
    const [a, b] = duplex(64);
    const values = await inLane<unknown>(
      lane,
      () => a.writeAll("ping"),
      () => b.readExact(4),
      () => b.writeAll("pong"),
      () => a.readExact(4),
    );
    expect([text(values[1] as Uint8Array), text(values[3] as Uint8Array)]).toEqual(["ping", "pong"]);
  });

  it("takes as much as there is room for", () => {
    const [a] = duplex(4);
    expect(a.write(utf8("abcdef")).poll(cx())).toBe(4);
  });

  it("lets a write wait while it is full, and go on as soon as something was read", () => {
    const [a, b] = duplex(2);
    const waker = cx();
    finish(a.writeAll("ab"));
    const write = a.write(utf8("cd"));
    const before = write.poll(waker);
    finish(b.readU8());
    expect([before, waker.count, write.poll(waker)]).toEqual([PENDING, 1, 1]);
  });

  it("lets a read wait until something was written", () => {
    const [a, b] = duplex(2);
    const waker = cx();
    const buf = new Uint8Array(2);
    const read = b.read(buf);
    const before = read.poll(waker);
    finish(a.write(utf8("x")));
    expect([before, waker.count, read.poll(waker)]).toEqual([PENDING, 1, 1]);
  });

  it("wakes only the waker of the last poll", () => {
    const [a, b] = duplex(2);
    const [first, second] = [cx(), cx()];
    const read = b.read(new Uint8Array(1));
    read.poll(first);
    read.poll(second);
    finish(a.write(utf8("x")));
    expect([first.count, second.count]).toEqual([0, 1]);
  });

  it("gives 0 at once for a read into an empty buffer", () => {
    expect(duplex(1)[0].read(bytes()).poll(cx())).toBe(0);
  });

  it("gives 0 at once for a write of nothing, when it is full as well", () => {
    const [a] = duplex(1);
    finish(a.writeAll("x"));
    expect([a.write(bytes()).poll(cx()), a.writeVectored([]).poll(cx())]).toEqual([0, 0]);
  });

  it("throws BrokenPipe for a write of nothing when the other end is gone", () => {
    const [a, b] = duplex(1);
    b.close();
    expect(thrownBy(() => a.write(bytes()).poll(cx()))).toMatchObject({ kind: "BrokenPipe" });
  });

  it("gives what is left and then the end when the other end was closed", () => {
    const [a, b] = duplex(8);
    finish(a.writeAll("left"));
    a.close();
    expect(finish(b.readToString())).toBe("left");
  });

  it("wakes a read that waits when the other end is closed", () => {
    const [a, b] = duplex(8);
    const waker = cx();
    const read = b.read(new Uint8Array(1));
    read.poll(waker);
    a.close();
    expect([waker.count, read.poll(waker)]).toEqual([1, 0]);
  });

  it("fails writes with BrokenPipe when the other end was closed, one that waits as well", () => {
    const [a, b] = duplex(1);
    const waker = cx();
    finish(a.writeAll("x"));
    const write = a.write(utf8("y"));
    write.poll(waker);
    b.close();
    expect([waker.count, thrownBy(() => write.poll(waker))]).toEqual([
      1,
      expect.objectContaining({ kind: "BrokenPipe" }),
    ]);
  });

  it("ends one direction with a shutdown", () => {
    const [a, b] = duplex(8);
    finish(a.shutdown());
    finish(b.writeAll("back"));
    expect([finish(b.readToEnd()).length, text(finish(a.readExact(4)))]).toEqual([0, "back"]);
  });

  it("throws BrokenPipe for a write behind a shutdown, and nothing for a second shutdown", () => {
    const [a] = duplex(8);
    finish(a.shutdown());
    finish(a.shutdown());
    expect(thrownBy(() => finish(a.write(utf8("x"))))).toMatchObject({ kind: "BrokenPipe" });
  });

  it("throws ERR_RT_DISPOSED when a closed end is used, by one that waits as well", () => {
    const [a] = duplex(8);
    const waker = cx();
    const read = a.read(new Uint8Array(1));
    read.poll(waker);
    a.close();
    a.close();
    const error = thrownBy(() => read.poll(waker));
    expect(error).toBeInstanceOf(UsageError);
    expect([(error as UsageError).code, waker.count]).toEqual(["ERR_RT_DISPOSED", 1]);
  });

  it("closes with using", () => {
    const [a, b] = duplex(8);
    {
      using end = a;
      finish(end.writeAll("x"));
    }
    expect(finish(b.readToString())).toBe("x");
  });

  it("goes on when a waker throws", () => {
    const reports: unknown[] = [];
    const runtime = Builder.currentThread()
      .onReport((report) => reports.push(report))
      .build();
    using _entered = runtime.enter();
    const [a, b] = duplex(8);
    b.read(new Uint8Array(1)).poll({
      waker: {
        wake() {
          throw new Error("this waker throws");
        },
      },
    });
    expect([a.write(utf8("x")).poll(cx()), text(finish(b.readExact(1))), reports.length]).toEqual([
      1,
      "x",
      1,
    ]);
  });

  it("tolerates a waker that reads at once", () => {
    const [a, b] = duplex(1);
    const got: unknown[] = [];
    const read = b.read(new Uint8Array(1));
    read.poll({ waker: { wake: () => void got.push(read.poll(cx())) } });
    const count = a.write(utf8("x")).poll(cx());
    expect([count, got]).toEqual([1, [1]]);
  });

  it("loses nothing when reads and writes are dropped at every poll", () => {
    const [a, b] = duplex(3);
    const input = Uint8Array.from({ length: 50 }, (_, i) => i);
    const output: number[] = [];
    let sent = 0;
    while (output.length < input.length) {
      const write = a.write(input.subarray(sent));
      const count = write.poll(cx());
      write.drop();
      if (count !== PENDING) sent += count;
      const read = b.readChunk(2);
      const chunk = read.poll(cx());
      read.drop();
      if (chunk !== PENDING && chunk !== undefined) output.push(...chunk);
    }
    expect(output).toEqual([...input]);
  });

  it("holds no more memory than its limit, and little while it is unused", () => {
    const [a, b] = duplex(2 ** 40);
    finish(a.writeAll("x"));
    expect(finish(b.readU8())).toBe(0x78);
  });

  it("takes several arrays at once", () => {
    const [a, b] = duplex(5);
    const count = finish(a.writeVectored([utf8("ab"), bytes(), utf8("cd"), utf8("ef")]));
    expect([count, a.isWriteVectored(), text(finish(b.readChunk()))]).toEqual([5, true, "abcde"]);
  });

  it("refuses a limit of 0", () => {
    expect(thrownBy(() => duplex(0))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
  });

  it.each(["read", "write"])("lets another task run while a %s is always ready", async (kind) => {
    const [a, b] = duplex(1_000_000);
    finish(a.writeAll(new Uint8Array(500_000)));
    let ops = 0;
    function* loop(): Async<void> {
      const buf = new Uint8Array(1);
      for (; ops < 5_000; ops += 1) yield* kind === "read" ? b.read(buf) : a.write(buf);
    }
    const seen = await run(function* () {
      const looping = spawn(loop());
      yield* yieldNow();
      const during = ops;
      yield* looping;
      return during;
    });
    expect(seen).toBe(128);
  });

  it("passes what copy reads while the other end writes", async () => {
    const [a, b] = duplex(16);
    const [c, d] = duplex(7);
    const all = await run(function* () {
      spawn(function* () {
        for (let i = 0; i < 100; i += 1) yield* a.writeAll(`line ${i}\n`);
        yield* a.shutdown();
      });
      spawn(function* () {
        yield* copy(b, c);
        yield* c.shutdown();
      });
      return yield* d.readToString();
    });
    expect(all.split("\n").length).toBe(101);
  });
});

describe("simplex", () => {
  it.each(LANES)("gives to the reader what the writer was given in the %s lane", async (lane) => {
    const [input, output] = simplex(64);
    const values = await inLane<unknown>(
      lane,
      () => output.writeAll("hello"),
      () => input.readExact(5),
    );
    expect(text(values[1] as Uint8Array)).toBe("hello");
  });

  it("gives what is left and then the end after a shutdown", () => {
    const [input, output] = simplex(64);
    finish(output.writeAll("left"));
    finish(output.shutdown());
    expect(finish(input.readToString())).toBe("left");
  });

  it("lets a write wait while it is full", () => {
    const [, output] = simplex(2);
    expect([output.write(utf8("abc")).poll(cx()), output.write(utf8("c")).poll(cx())]).toEqual([2, PENDING]);
  });

  it("becomes one object again with unsplit", () => {
    const [input, output] = simplex(8);
    finish(output.writeAll("x"));
    const whole = input.unsplit(output);
    expect([whole instanceof SimplexStream, finish(whole.readU8())]).toEqual([true, 0x78]);
  });

  it("closes when both halves are disposed", () => {
    const stream = SimplexStream.newUnsplit(16);
    const [input, output] = split(stream);
    input[Symbol.dispose]();
    finish(output.writeAll("still open"));
    output[Symbol.dispose]();
    expect(thrownBy(() => finish(stream.write(bytes(1))))).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});

describe("SimplexStream.newUnsplit", () => {
  it("reads what is written to it", () => {
    const stream = SimplexStream.newUnsplit(8);
    finish(stream.writeAll("echo"));
    expect(text(finish(stream.readExact(4)))).toBe("echo");
  });
});
