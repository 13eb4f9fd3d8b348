import { describe, expect, it } from "vitest";
import { Ring } from "../../src/mpsc/ring.ts";

function filled(count: number): Ring<number> {
  const ring = new Ring<number>();
  for (let n = 0; n < count; n += 1) ring.push(n);
  return ring;
}

describe("Ring", () => {
  it("gives what was pushed, oldest first, then undefined", () => {
    const ring = filled(3);
    expect([ring.shift(), ring.shift(), ring.shift(), ring.shift()]).toEqual([0, 1, 2, undefined]);
  });

  it.each([15, 16, 17, 32, 33])("grows around a border of %d with its head anywhere", (count) => {
    for (let offset = 0; offset < 20; offset += 1) {
      const ring = filled(offset);
      ring.drain();
      const values = Array.from({ length: count }, (_, n) => n);
      for (const n of values) ring.push(n);
      expect(ring.drain()).toEqual(values);
    }
  });

  it("shrinks as it drains, and keeps the order", () => {
    const ring = filled(100_000);
    const largest = ring._slots.length;
    const values = ring.drain();
    expect([largest, ring._slots.length, values.length, values.at(-1)]).toEqual([
      131_072, 1024, 100_000, 99_999,
    ]);
  });

  it("keeps what is in it when it shrinks", () => {
    const ring = filled(5000);
    for (let n = 0; n < 4990; n += 1) ring.shift();
    expect(ring.drain()).toEqual([4990, 4991, 4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999]);
  });

  it("holds no value that was taken out", () => {
    const ring = filled(20);
    ring.drain();
    expect(ring._slots.filter((slot) => slot !== undefined)).toEqual([]);
  });

  it("goes on when its counters wrap", () => {
    const ring = new Ring<number>();
    ring._head = 2 ** 31 - 3;
    ring._tail = 2 ** 31 - 3;
    for (let n = 0; n < 40; n += 1) ring.push(n);
    expect([ring.length, ring.drain()]).toEqual([40, Array.from({ length: 40 }, (_, n) => n)]);
  });
});
