import { Chunks } from "@rt/io";
import { describe, expect, it } from "vitest";
import { bytes, thrownBy } from "./support/io.ts";

/** So many bytes, which tell where they are from. */
function numbered(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (seed + at) % 251);
}

const SIZES = [1, 5_000, 0, 3, 511, 512, 1, 1, 70_000, 600];
const PIECES: readonly Uint8Array[] = SIZES.map(numbered);
const ALL: Uint8Array = Uint8Array.from(PIECES.flatMap((piece) => [...piece]));

function filled(pieces: readonly Uint8Array[] = PIECES): Chunks {
  const chunks = new Chunks();
  for (const piece of pieces) chunks.push(piece);
  return chunks;
}

/** How much is kept alive by all that is in there, buffers counted once. */
function held(chunks: Chunks): number {
  const buffers = new Set<ArrayBufferLike>();
  for (let part = chunks.shift(); part !== undefined; part = chunks.shift()) buffers.add(part.buffer);
  return [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
}

function thin(size: number, buffer: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(buffer), 7, size);
}

describe("Chunks", () => {
  it("gives everything in one array, in order, and is empty then", () => {
    const chunks = filled();
    expect([chunks.length, chunks.concat(), chunks.length, chunks.concat()]).toEqual([
      ALL.length,
      ALL,
      0,
      bytes(),
    ]);
  });

  it("gives a large chunk that is alone as it is", () => {
    const chunk = numbered(10_000, 0);
    expect(filled([chunk]).concat()).toBe(chunk);
  });

  it.each([100, 5_000, 1_000_000])("gives it from the front, at most %i bytes at a time", (max) => {
    const chunks = filled();
    const got: number[] = [];
    for (let part = chunks.shift(max); part !== undefined; part = chunks.shift(max)) {
      expect(part.length).toBeLessThanOrEqual(max);
      got.push(...part);
      expect(chunks.length).toBe(ALL.length - got.length);
    }
    expect(Uint8Array.from(got)).toEqual(ALL);
  });

  it("copies from the front, as much as fits, and takes nothing", () => {
    const chunks = filled();
    const buf = new Uint8Array(5_002);
    expect([chunks.copyTo(buf, 1), chunks.length]).toEqual([5_001, ALL.length]);
    expect(buf.subarray(1)).toEqual(ALL.subarray(0, 5_001));
    expect(filled([bytes(1), bytes(2)]).copyTo(buf)).toBe(2);
  });

  it("does not write any more where it has given something away", () => {
    const chunks = filled([bytes(1), bytes(2)]);
    const given = chunks.shift();
    for (let i = 0; i < 5; i += 1) chunks.push(bytes(9));
    expect(given).toEqual(bytes(1, 2));
  });

  it("goes on behind what was taken", () => {
    const chunks = filled([bytes(1, 2, 3), numbered(5_000, 4)]);
    chunks.shift(2);
    chunks.push(bytes(7));
    chunks.push(bytes(8));
    expect(chunks.concat()).toEqual(Uint8Array.from([3, ...numbered(5_000, 4), 7, 8]));
  });

  it("is empty after clear", () => {
    const chunks = filled();
    chunks.clear();
    expect([chunks.length, chunks.shift()]).toEqual([0, undefined]);
  });

  it.each([
    ["bytes that come alone", 10_000, 1, 1],
    ["bytes of large buffers", 1_000, 1, 65_536],
    ["bytes between chunks that are kept", 200, 1, 65_536],
    ["half-empty buffers", 100, 5_000, 65_536],
  ])("keeps little more alive than is in it: %s", (what, count, size, buffer) => {
    const chunks = new Chunks();
    for (let i = 0; i < count; i += 1) {
      chunks.push(thin(size, Math.max(buffer, size + 7)));
      if (what.includes("between")) chunks.push(numbered(4_096, i));
    }
    const { length } = chunks;
    expect(held(chunks)).toBeLessThanOrEqual(4 * length + 8 * 1024);
  });

  it("refuses a count that is none", () => {
    expect([thrownBy(() => new Chunks().shift(0)), thrownBy(() => new Chunks().copyTo(bytes(), 1))]).toEqual([
      expect.objectContaining({ code: "ERR_RT_OUT_OF_RANGE" }),
      expect.objectContaining({ code: "ERR_RT_OUT_OF_RANGE" }),
    ]);
  });
});
