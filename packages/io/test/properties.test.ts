/** For any input, cut in any way, with pending points and errors anywhere, the result is the same. */
import { PENDING, type Future } from "@rt/core";
import { BufReader, BufStream, BufWriter, copy, copyBuf, cursor, duplex, type Reader } from "@rt/io";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkScript, cx, finish, Script, type Step, Taker, utf8 } from "./support/io.ts";

const RUNS = { numRuns: 200 };

/** Bytes with many line ends. */
const data = fc
  .array(fc.oneof(fc.constantFrom(0x0a, 0x0d, 0x61, 0x2c), fc.integer({ min: 0, max: 255 })), {
    maxLength: 60,
  })
  .map((values) => Uint8Array.from(values));
const cuts = fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.boolean()), { maxLength: 40 });

/** Cuts `input` into steps of the given lengths, some of them empty, some behind a pending. */
function script(input: Uint8Array, lengths: [number, boolean][], empty = false): Step[] {
  const steps: Step[] = [];
  let at = 0;
  for (const [length, pending] of lengths) {
    if (pending) steps.push("pending");
    if (length > 0 || empty) steps.push(input.subarray(at, at + length));
    at += length;
  }
  if (at < input.length) steps.push(input.subarray(at));
  return steps.filter((step) => !(step instanceof Uint8Array) || step.length > 0 || empty);
}

const sources: [string, (input: Uint8Array, lengths: [number, boolean][]) => Reader][] = [
  ["a reader", (input, lengths) => new Script(...script(input, lengths))],
  ["a source of chunks, some empty", (input, lengths) => new ChunkScript(...script(input, lengths, true))],
  ["one byte at a time", (input) => new Script(...[...input].map((byte) => Uint8Array.of(byte)))],
];

function stepwise<T>(make: () => Future<T>): T {
  for (let i = 0; i < 10_000; i += 1) {
    const future = make();
    const value = future.poll(cx());
    future.drop();
    if (value !== PENDING) return value;
  }
  throw new Error("It is still pending");
}

/** What splitting by hand gives. */
function modelSegments(input: Uint8Array, byte: number): number[][] {
  const parts: number[][] = [[]];
  for (const value of input) {
    if (value === byte) parts.push([]);
    else parts.at(-1)?.push(value);
  }
  if (parts.at(-1)?.length === 0) parts.pop();
  return parts;
}

describe.each(sources)("for any cutting of the input, over %s,", (_name, make) => {
  it("reads the same bytes", () => {
    fc.assert(
      fc.property(data, cuts, (input, lengths) => {
        expect(finish(make(input, lengths).readToEnd())).toEqual(input);
      }),
      RUNS,
    );
  });

  it("reads the same exact pieces from a buffered reader of any capacity", () => {
    fc.assert(
      fc.property(
        data,
        cuts,
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: 0, max: 12 })),
        (input, lengths, capacity, sizes) => {
          const io = new BufReader(make(input, lengths), capacity);
          let at = 0;
          for (const size of sizes) {
            if (at + size > input.length) break;
            expect(finish(io.readExact(size))).toEqual(input.slice(at, at + size));
            at += size;
          }
          expect(finish(io.readToEnd())).toEqual(input.slice(at));
        },
      ),
      RUNS,
    );
  });

  it("gives the same segments, dropped at every poll", () => {
    fc.assert(
      fc.property(data, cuts, fc.integer({ min: 1, max: 9 }), (input, lengths, capacity) => {
        const split = new BufReader(make(input, lengths), capacity).split(0x0a);
        const found: number[][] = [];
        for (
          let part = stepwise(() => split.nextSegment());
          part !== undefined;
          part = stepwise(() => split.nextSegment())
        )
          found.push([...part]);
        expect(found).toEqual(modelSegments(input, 0x0a));
      }),
      RUNS,
    );
  });

  it("gives the same lines, dropped at every poll, and fails for the same ones", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(data, cuts, fc.integer({ min: 1, max: 9 }), (input, lengths, capacity) => {
        const expected = modelSegments(input, 0x0a).map((part, i, all) => {
          const ended = i < all.length - 1 || input.at(-1) === 0x0a;
          const line = ended && part.at(-1) === 0x0d ? part.slice(0, -1) : part;
          try {
            return decoder.decode(Uint8Array.from(line));
          } catch {
            return null;
          }
        });
        const lines = new BufReader(make(input, lengths), capacity).lines();
        const found: (string | null)[] = [];
        for (;;) {
          try {
            const line = stepwise(() => lines.nextLine());
            if (line === undefined) break;
            found.push(line);
          } catch {
            found.push(null);
          }
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("interleaves lines and reads exactly", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a\n", "żó\n", "b", "€\r\n"), { maxLength: 20 }),
        cuts,
        fc.array(fc.boolean()),
        (words, lengths, choices) => {
          const input = utf8(words.join(""));
          const io = new BufReader(make(input, lengths));
          const lines = io.lines();
          let at = 0;
          for (const line of choices) {
            if (at >= input.length) break;
            if (line) {
              const end = input.indexOf(0x0a, at);
              const stop = end < 0 ? input.length : end + 1;
              try {
                finish(lines.nextLine());
              } catch {
                // a line that began in the middle of a character has been read over
              }
              at = stop;
            } else {
              expect(finish(io.readU8())).toBe(input[at]);
              at += 1;
            }
          }
          expect(finish(io.readToEnd())).toEqual(input.slice(at));
        },
      ),
      RUNS,
    );
  });

  it("copies the same bytes to a writer of any kind", () => {
    fc.assert(
      fc.property(
        data,
        cuts,
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom<"pending" | "ok">("pending", "ok")),
        fc.boolean(),
        (input, lengths, most, steps, buffered) => {
          const out = new Taker(most, ...steps);
          const source = make(input, lengths);
          const count = finish(buffered ? copyBuf(new BufReader(source, 4), out) : copy(source, out));
          expect([count, Uint8Array.from(out.taken), out.flushes > 0]).toEqual([input.length, input, true]);
        },
      ),
      RUNS,
    );
  });

  it("keeps every byte with copyBuf dropped at every poll", () => {
    fc.assert(
      fc.property(
        data,
        cuts,
        fc.array(fc.constantFrom<"pending" | "ok">("pending", "ok")),
        (input, lengths, steps) => {
          const out = new Taker(3, ...steps);
          const source = new BufReader(make(input, lengths));
          stepwise(() => copyBuf(source, out));
          expect(Uint8Array.from(out.taken)).toEqual(input);
        },
      ),
      RUNS,
    );
  });

  it("takes and chains exactly", () => {
    fc.assert(
      fc.property(data, cuts, fc.integer({ min: 0, max: 70 }), (input, lengths, limit) => {
        const source = make(input, lengths);
        const head = finish(source.take(limit).readToEnd());
        const tail = finish(cursor("#").chain(source).readToEnd());
        expect([...head, ...tail]).toEqual([...input.subarray(0, limit), 0x23, ...input.subarray(limit)]);
        expect(head.length).toBe(Math.min(limit, input.length));
      }),
      RUNS,
    );
  });
});

describe("for an error at any position,", () => {
  it("a buffered reader loses nothing of the lines around it", () => {
    const input = utf8("one\ntwo\r\nthree\nżółć\nlast");
    for (let at = 0; at <= input.length; at += 1) {
      for (const Kind of [Script, ChunkScript]) {
        const steps = [input.subarray(0, at), new Error("once"), input.subarray(at)].filter(
          (step) => step instanceof Error || step.length > 0,
        );
        const lines = new BufReader(new Kind(...steps)).lines();
        const found: string[] = [];
        let errors = 0;
        for (;;) {
          try {
            const line = finish(lines.nextLine());
            if (line === undefined) break;
            found.push(line);
          } catch {
            errors += 1;
          }
        }
        expect([found, errors]).toEqual([["one", "two", "three", "żółć", "last"], 1]);
      }
    }
  });

  it("a number in a buffered reader is read once the source goes on", () => {
    for (let at = 0; at < 8; at += 1) {
      const input = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
      const steps = [input.subarray(0, at), new Error("once"), input.subarray(at)].filter(
        (step) => step instanceof Error || step.length > 0,
      );
      const io = new BufReader(new Script(...steps));
      expect(() => finish(io.readU64())).toThrow("once");
      expect(finish(io.readU64())).toBe(0x0102030405060708n);
    }
  });
});

describe("for UTF-8 cut at any byte,", () => {
  it("lines and text are the same", () => {
    const input = utf8("a€\n😀ż\n\u{feff}z");
    for (let at = 0; at <= input.length; at += 1) {
      const parts = [input.subarray(0, at), input.subarray(at)].filter((part) => part.length > 0);
      const lines = new BufReader(new ChunkScript(...parts)).lines();
      expect([finish(lines.nextLine()), finish(lines.nextLine()), finish(lines.nextLine())]).toEqual([
        "a€",
        "😀ż",
        "\u{feff}z",
      ]);
      expect(finish(new Script(...parts).readToString())).toBe("a€\n😀ż\n\u{feff}z");
    }
  });
});

describe("BufWriter and BufStream, for any sequence of writes and flushes,", () => {
  const ops = fc.array(fc.oneof(fc.constant("flush" as const), fc.integer({ min: 0, max: 12 })), {
    maxLength: 20,
  });
  it.each(["BufWriter", "BufStream"])("%s writes the same bytes in order", (kind) => {
    fc.assert(
      fc.property(
        ops,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom<"pending" | "ok">("pending", "ok")),
        fc.boolean(),
        (writes, capacity, most, steps, vectored) => {
          const out = new Taker(most, ...steps);
          const [end] = duplex(1);
          const stream = Object.assign(end, {
            pollWrite: out.pollWrite.bind(out),
            pollFlush: out.pollFlush.bind(out),
            pollWriteVectored: out.pollWriteVectored.bind(out),
            isWriteVectored: () => false,
          });
          const io = kind === "BufWriter" ? new BufWriter(out, capacity) : new BufStream(stream, 8, capacity);
          const expected: number[] = [];
          let next = 0;
          for (const op of writes) {
            if (op === "flush") {
              stepwise(() => io.flush());
              expect(out.taken).toEqual(expected);
              continue;
            }
            const piece = Uint8Array.from({ length: op }, () => next++ % 256);
            const count = stepwise(() =>
              vectored
                ? io.writeVectored([piece.subarray(0, 1), new Uint8Array(0), piece.subarray(1)])
                : io.write(piece),
            );
            expected.push(...piece.subarray(0, count));
          }
          stepwise(() => io.flush());
          expect(out.taken).toEqual(expected);
        },
      ),
      RUNS,
    );
  });
});

describe("duplex, for any sequence of operations,", () => {
  it("is a bounded queue of bytes in each direction", () => {
    type Op = { kind: "read" | "chunk" | "write" | "vectored" | "shutdown"; side: 0 | 1; size: number };
    const op = fc.record<Op>({
      kind: fc.constantFrom("read", "chunk", "write", "write", "vectored", "shutdown"),
      side: fc.constantFrom(0, 1),
      size: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 33 }), fc.array(op, { maxLength: 60 }), (max, ops) => {
        const ends = duplex(max);
        const queues: number[][] = [[], []];
        const ended = [false, false];
        let next = 0;
        for (const { kind, side, size } of ops) {
          const end = ends[side];
          const out = queues[side] as number[];
          const input = queues[1 - side] as number[];
          if (kind === "shutdown") {
            finish(end.shutdown());
            ended[side] = true;
          } else if (kind === "write" || kind === "vectored") {
            const piece = Uint8Array.from({ length: size }, () => next++ % 256);
            const write = () =>
              kind === "write"
                ? end.write(piece)
                : end.writeVectored([piece.subarray(0, 3), piece.subarray(3)]);
            if (ended[side]) {
              expect(() => write().poll(cx())).toThrow("shut down");
              continue;
            }
            const free = max - out.length;
            expect(write().poll(cx())).toBe(size === 0 ? 0 : free === 0 ? PENDING : Math.min(size, free));
            out.push(...piece.subarray(0, Math.min(size, free)));
          } else if (kind === "read") {
            const buf = new Uint8Array(size);
            const count = Math.min(size, input.length);
            expect(end.read(buf).poll(cx())).toBe(
              size > 0 && input.length === 0 && !ended[1 - side] ? PENDING : count,
            );
            expect([...buf.subarray(0, count)]).toEqual(input.splice(0, count));
          } else {
            const chunk = end.readChunk(size + 1).poll(cx());
            const expected = input.splice(0, size + 1);
            if (expected.length > 0) expect([...(chunk as Uint8Array)]).toEqual(expected);
            else expect(chunk).toBe(ended[1 - side] ? undefined : PENDING);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
