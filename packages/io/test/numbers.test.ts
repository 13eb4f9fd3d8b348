import { PENDING } from "@rt/core";
import { BufReader, cursor, type NumberReads, type NumberWrites } from "@rt/io";
import { describe, expect, it } from "vitest";
import { bytes, cx, finish, inLane, LANES, Script, Taker, thrownBy } from "./support/io.ts";

type Num = number | bigint;

/** Name, value, and its bytes in network order. */
const SAMPLES: [string, Num, number[]][] = [
  ["U8", 0xfe, [0xfe]],
  ["I8", -2, [0xfe]],
  ["U16", 0x0102, [1, 2]],
  ["I16", -2, [0xff, 0xfe]],
  ["U32", 0xfffefdfc, [0xff, 0xfe, 0xfd, 0xfc]],
  ["I32", -2, [0xff, 0xff, 0xff, 0xfe]],
  ["U64", 0x0102030405060708n, [1, 2, 3, 4, 5, 6, 7, 8]],
  ["I64", -2n, [255, 255, 255, 255, 255, 255, 255, 254]],
  ["U128", 0x0102030405060708090a0b0c0d0e0f10n, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]],
  ["I128", -(2n ** 127n) + 1n, [0x80, ...Array<number>(14).fill(0), 1]],
  ["F32", 1.5, [0x3f, 0xc0, 0, 0]],
  ["F64", -1.5, [0xbf, 0xf8, 0, 0, 0, 0, 0, 0]],
];
const CASES: [string, Num, number[]][] = SAMPLES.flatMap(([name, value, big]): [string, Num, number[]][] =>
  name.endsWith("8") && big.length === 1
    ? [[name, value, big]]
    : [
        [name, value, big],
        [`${name}Le`, value, big.toReversed()],
      ],
);

const read = (io: NumberReads, name: string) => io[`read${name}` as "readU8"]();
const write = (io: NumberWrites, name: string, value: Num) =>
  io[`write${name}` as "writeU8"](value as number);

describe("Reader's numbers", () => {
  it.each(CASES)("read%s reads %s", (name, value, data) => {
    expect(finish(read(cursor(Uint8Array.from(data)), name))).toBe(value);
  });

  it.each(CASES)("read%s reads %s that comes byte by byte", (name, value, data) => {
    const source = new Script(...data.flatMap((byte) => [bytes(byte), "pending" as const]));
    expect(finish(read(source, name))).toBe(value);
  });

  it.each(CASES)("read%s throws UnexpectedEof a byte before the end of %s", (name, _value, data) => {
    const error = thrownBy(() => finish(read(new Script(Uint8Array.from(data.slice(1))), name)));
    expect(error).toMatchObject({ kind: "UnexpectedEof" });
  });

  it.each(CASES)("read%s leaves what comes behind %s", (name, _value, data) => {
    const source = new Script(Uint8Array.from([...data, 99]));
    finish(read(source, name));
    expect(finish(source.readU8())).toBe(99);
  });

  it.each(CASES)(
    "read%s, dropped at any poll, loses nothing of %s on a reader with a buffer",
    (name, value, data) => {
      const source = new BufReader(new Script(...data.flatMap((byte) => ["pending" as const, bytes(byte)])));
      let result: Num | typeof PENDING = PENDING;
      for (let i = 0; i < 100 && result === PENDING; i += 1) {
        const future = read(source, name);
        result = future.poll(cx());
        future.drop();
      }
      expect(result).toBe(value);
    },
  );

  it("leaves an incomplete number in a reader with a buffer", () => {
    const source = new BufReader(cursor(bytes(1, 2)));
    thrownBy(() => finish(source.readU32()));
    expect(finish(source.readU16())).toBe(0x0102);
  });

  it.each(LANES)("reads several in a row in the %s lane", async (lane) => {
    const source = cursor(bytes(1, 0, 2, 3, 0, 0, 0));
    const values = await inLane<number>(
      lane,
      () => source.readU8(),
      () => source.readU16(),
      () => source.readU32Le(),
    );
    expect(values).toEqual([1, 2, 3]);
  });

  it("may be read by a reader while it is asked for a number itself", () => {
    const inner = new Script(bytes(0, 5));
    const outer = new Script();
    outer.pollRead = (context, buf) => {
      buf.set([9, 9].slice(0, buf.length)); // before the nested read, which must not touch it
      const value = inner.readU16().poll(context) as number;
      return value === 5 ? 2 : 0;
    };
    expect(finish(outer.readU16())).toBe(0x0909);
  });
});

describe("Writer's numbers", () => {
  it.each(CASES)("write%s writes %s", (name, value, data) => {
    const out = cursor();
    finish(write(out, name, value));
    expect([...out.getRef()]).toEqual(data);
  });

  it.each(CASES)("write%s writes %s to a writer that takes a byte at a time", (name, value, data) => {
    const out = new Taker(1, "pending", "ok", "pending");
    finish(write(out, name, value));
    expect(out.taken).toEqual(data);
  });

  it.each(CASES)("write%s throws WriteZero when the writer takes nothing of %s", (name, value) => {
    expect(thrownBy(() => finish(write(new Taker(1, "zero"), name, value)))).toMatchObject({
      kind: "WriteZero",
    });
  });

  it.each([
    ["U8", -1],
    ["U8", 256],
    ["I8", 128],
    ["I8", -129],
    ["U16", 65536],
    ["I16", -32769],
    ["U32", 2 ** 32],
    ["I32", 2 ** 31],
    ["U64", 2n ** 64n],
    ["U64", -1n],
    ["I64", 2n ** 63n],
    ["U128", 2n ** 128n],
    ["I128", -(2n ** 127n) - 1n],
    ["U8", 1.5],
    ["U8", Number.NaN],
  ])("write%s refuses %s at once", (name, value) => {
    expect(thrownBy(() => write(cursor(), name, value))).toMatchObject({
      name: "RangeError",
      code: "ERR_RT_OUT_OF_RANGE",
    });
  });

  it.each([
    ["U8", 1n],
    ["U64", 1],
    ["F64", 1n],
  ])("write%s refuses %s of the wrong type", (name, value) => {
    expect(thrownBy(() => write(cursor(), name, value))).toMatchObject({ name: "TypeError" });
  });

  it("keeps numbers apart that wait at the same time", () => {
    const [first, second] = [new Taker(1, "pending"), new Taker(1, "pending")];
    const futures = [first.writeU32(1), second.writeU32(2)];
    for (const future of futures) future.poll(cx());
    for (const future of futures) finish(future);
    expect([first.taken, second.taken]).toEqual([
      [0, 0, 0, 1],
      [0, 0, 0, 2],
    ]);
  });
});
