/** A source hears that a read of it was given up, however it is read. */
import { type Context, type Future, PENDING, type Poll } from "@rt/core";
import * as io from "@rt/io";
import { describe, expect, it } from "vitest";
import { cx } from "./support/io.ts";

/** Has nothing, ever. */
class Silent extends io.Reader implements io.AsyncWrite {
  drops = 0;
  override pollRead(): Poll<number> {
    return PENDING;
  }
  override dropRead(): void {
    this.drops += 1;
  }
  pollWrite(_cx: Context, buf: Uint8Array): Poll<number> {
    return buf.length;
  }
  pollFlush(): Poll<void> {}
  pollShutdown(): Poll<void> {}
}

type Wrap = (source: Silent) => io.Reader;
const wraps: Record<string, Wrap> = {
  "the source": (source) => source,
  "a buffer": (source) => source.buffered(),
  "a take": (source) => source.take(10),
  "the first of a chain": (source) => source.chain(io.cursor("")),
  "the second of a chain": (source) => io.cursor("").chain(source),
  "the half of a split": (source) => io.split(source)[0],
  "a join": (source) => io.join(source, source),
  "a wrapper of a foreign source": ({ dropRead, pollRead }: Silent) => io.reader({ dropRead, pollRead }),
};

const reads: Record<string, (reader: io.Reader) => Future<unknown>> = {
  read: (reader) => reader.read(new Uint8Array(1)),
  readChunk: (reader) => reader.readChunk(),
  readBuf: (reader) => reader.readBuf(new io.ReadBuf(new Uint8Array(1))),
  readExact: (reader) => reader.readExact(2),
  readToEnd: (reader) => reader.readToEnd(),
  readToString: (reader) => reader.readToString(),
  readU32: (reader) => reader.readU32(),
  nextLine: (reader) => reader.lines().nextLine(),
  nextSegment: (reader) => reader.buffered().split(0).nextSegment(),
  readLine: (reader) => reader.buffered().readLine(),
  readUntil: (reader) => reader.buffered().readUntil(0),
  fillBuf: (reader) => reader.buffered().fillBuf(),
  copy: (reader) => io.copy(reader, io.cursor()),
  copyBuf: (reader) => io.copyBuf(reader.buffered(), io.cursor()),
};

describe("a read that is given up", () => {
  it.each(Object.keys(reads))("is told to the source: %s", (name) => {
    const source = new Silent();
    const reading = reads[name]!(source);
    expect(reading.poll(cx())).toBe(PENDING);
    expect(source.drops).toBe(0);
    reading.drop();
    expect(source.drops).toBe(1);
  });

  it.each(Object.keys(wraps))("is told by %s", (name) => {
    const source = new Silent();
    let drops = 0;
    source.dropRead = () => (drops += 1);
    const reading = wraps[name]!(source).readChunk();
    expect(reading.poll(cx())).toBe(PENDING);
    reading.drop();
    expect(drops).toBe(1);
  });

  it("is told to both sides of a copy in both directions", () => {
    const [a, b] = [new Silent(), new Silent()];
    const copying = io.copyBidirectional(a, b);
    expect(copying.poll(cx())).toBe(PENDING);
    copying.drop();
    expect([a.drops, b.drops]).toEqual([1, 1]);
  });

  it("is told when a stream of the web over the source is cancelled", async () => {
    const source = new Silent();
    const reader = io.toReadableStream(source).getReader();
    void reader.read();
    await reader.cancel();
    expect(source.drops).toBe(1);
  });
});

describe("a half that was disposed of", () => {
  it("tells nothing about a stream that may be somebody else's", () => {
    const source = new Silent();
    const [half, other] = io.split(source);
    const reading = half.readChunk();
    reading.poll(cx());
    half.unsplit(other);
    reading.drop();
    expect(source.drops).toBe(0);
  });
});
