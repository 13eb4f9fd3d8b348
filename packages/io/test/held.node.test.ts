/** Small chunks that are gathered, or wait in a queue, keep no more alive than they are. */
import { Writable } from "node:stream";
import { type Future, PENDING } from "@rt/core";
import { BufReader, copy, cursor, fromNodeWritable, type Reader, toNodeReadable } from "@rt/io";
import { describe, expect, it } from "vitest";
import { BUFFER, Drip } from "./support/held.ts";
import { ChunkScript, cx, finish, Script, text } from "./support/io.ts";

const PIECES = 300;
const INPUT: string = "x".repeat(PIECES);

/** Polls once, and keeps the future as somebody does who waits. */
function begin(future: Future<unknown>): Future<unknown> {
  expect(future.poll(cx())).toBe(PENDING);
  return future;
}

type Given = readonly [what: string, make: (input: Drip) => Reader, wait: (io: Reader) => Future<unknown>];

const GATHERING: readonly Given[] = [
  ["readToEnd", (input) => input, (io) => io.readToEnd()],
  ["readToString", (input) => input, (io) => io.readToString()],
  ["readToEnd of a take", (input) => input.take(10_000), (io) => io.readToEnd()],
  ["readToEnd of a chain", (input) => input.chain(cursor("")), (io) => io.readToEnd()],
  ["readToEnd of a BufReader", (input) => new BufReader(input), (io) => io.readToEnd()],
  ["readExact", (input) => input, (io) => io.readExact(10_000)],
  ["readUntil", (input) => input, (io) => (io as Drip).readUntil(0x0a)],
  ["readUntil of a BufReader", (input) => new BufReader(input), (io) => (io as Drip).readUntil(0x0a)],
  ["readLine", (input) => input, (io) => (io as Drip).readLine()],
  ["lines", (input) => input, (io) => io.lines().nextLine()],
  ["split", (input) => input, (io) => (io as Drip).split(0x0a).nextSegment()],
];

describe("Small chunks of large buffers", () => {
  it.each(GATHERING)("do not keep those alive while %s waits for more", async (_what, make, wait) => {
    const input = new Drip(INPUT);
    const waiting = begin(wait(make(input)));
    expect(await input.held()).toBeLessThanOrEqual(BUFFER); // the one that is in the reader's hands
    waiting.drop();
  });

  it.each(GATHERING)("that come in one piece do not, while %s waits for more", async (_what, make, wait) => {
    const input = new Drip(INPUT, PIECES);
    const waiting = begin(wait(make(input)));
    expect(await input.held()).toBe(0);
    waiting.drop();
  });

  it("do not keep those alive that readToEnd has given", async () => {
    const input = new Drip(INPUT).take(PIECES);
    const all = finish(input.readToEnd());
    expect(await input.getRef().held()).toBe(0);
    expect(text(all)).toBe(INPUT);
  });

  it("do not keep those alive when what follows in the window is another kind of reading", async () => {
    const input = new Drip("ab\ncd", 5);
    expect(finish(input.readLine())).toBe("ab\n");
    const waiting = begin(input.readLine());
    expect(await input.held()).toBe(0);
    waiting.drop();
  });

  it("do not keep those alive in the queue of a stream of Node that is read from", async () => {
    const input = new Drip(INPUT);
    const stream = toNodeReadable(input);
    stream.read(0);
    while (stream.readableLength < PIECES) await input.held();
    expect(await input.held()).toBeLessThanOrEqual(BUFFER);
    stream.destroy();
  });

  it("do not keep those alive in the queue of a stream of Node that is written to", async () => {
    const input = new Drip(INPUT);
    const stuck = new Writable({ write: () => {} });
    const waiting = begin(copy(input, fromNodeWritable(stuck)));
    while (stuck.writableLength < PIECES) waiting.poll(cx());
    expect(await input.held()).toBeLessThanOrEqual(2 * BUFFER); // what a copy holds itself
    waiting.drop();
  });
});

describe("A buffer that has grown for a long line", () => {
  it.each([
    ["a source of chunks", ChunkScript],
    ["a source that copies", Script],
  ])("is not kept for a short one that is awaited, from %s", (_what, Source) => {
    const length = 1024 * 1024;
    const input = new BufReader(new Source("x".repeat(length), "y\nab", "pending"), 1024);
    expect(finish(input.readLine()).length).toBe(length + 2);
    const waiting = begin(input.readLine());
    expect(text(input.buffer())).toBe("ab");
    expect(input.buffer().buffer.byteLength).toBeLessThanOrEqual(8 * 1024);
    waiting.drop();
  });
});
