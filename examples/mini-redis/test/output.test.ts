import { constants } from "node:buffer";
import { describe, expect, it } from "vitest";
import { LARGE } from "../src/resp/bulk.ts";
import { Output } from "../src/resp/output.ts";

function taken(out: Output): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let piece = out.take(); piece !== undefined; piece = out.take()) pieces.push(piece);
  return pieces;
}

function text(pieces: readonly Uint8Array[]): string {
  return Buffer.concat(pieces).toString("latin1");
}

describe("Output.take", () => {
  it("gives what is small in one piece", () => {
    const out = new Output();
    out.array(2);
    out.bulks(["a", Uint8Array.of(0x62)]);
    expect(text([out.take()!]).startsWith("*2\r\n$1\r\na\r\n$1\r\n")).toBe(true);
  });

  it("gives everything in order, whatever the sizes", () => {
    const out = new Output();
    const values = [1, LARGE, 5, LARGE - 1, 2 * LARGE].map((length) => "x".repeat(length));
    let wanted = "";
    for (let round = 0; round < 10; round += 1) {
      for (const value of values) {
        out.bulk(round % 2 === 0 ? value : Buffer.from(value));
        wanted += `$${value.length}\r\n${value}\r\n`;
      }
      out.integer(round);
      wanted += `:${round}\r\n`;
    }
    expect(out.length).toBe(wanted.length);
    expect(text(taken(out)) === wanted).toBe(true);
    expect(out.length).toBe(0);
  });

  it("counts the piece that was taken as unread, until another one is", () => {
    const out = new Output();
    out.bulk(new Uint8Array(LARGE));
    const all = out.length;
    const first = out.take()!;
    expect(out.length).toBe(all);
    const second = out.take()!;
    expect(out.length).toBe(all - first.length);
    expect(second.length).toBe(LARGE);
  });

  it("gives in pieces what is longer than any text can be", () => {
    const out = new Output();
    const value = "x".repeat(LARGE - 1);
    let wanted = 0;
    while (wanted <= constants.MAX_STRING_LENGTH) {
      out.bulk(value);
      wanted += value.length + "$16383\r\n\r\n".length;
    }
    let length = 0;
    let longest = 0;
    for (let piece = out.take(); piece !== undefined; piece = out.take()) {
      length += piece.length;
      longest = Math.max(longest, piece.length);
    }
    expect(length).toBe(wanted);
    expect(longest).toBeLessThan(128 * 1024);
  });

  it("gives nothing of what was thrown away", () => {
    const out = new Output();
    out.bulks(["a", new Uint8Array(LARGE), "b"]);
    out.take();
    out.clear();
    expect([out.length, out.take()]).toEqual([0, undefined]);
  });
});
