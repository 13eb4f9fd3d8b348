/** However a reader came to stop reading, its peer is stopped, and what is held for it is bounded. */
import { type Async, type Future, PENDING, spawn } from "@rt/core";
import { type SocketStream, UnixStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import { fill, run, TestWaker, turns } from "./support/net.ts";

/** What is told of: 64 KiB queued, a read of Node's under way, and what Node itself holds; and some for the rounding. */
const AHEAD = (64 + 80 + 64) * 1024;

/** As the finest that is told apart. */
const BLOCK = 16 * 1024;

const buf = new Uint8Array(1);
const given: readonly [string, (stream: SocketStream) => void][] = [
  ["nothing", () => {}],
  ["tryRead", (stream) => expect(stream.tryRead(buf)).toBeNull()],
  ["a read that was given up", (stream) => giveUp(stream.read(buf))],
  ["a peek that was given up", (stream) => giveUp(stream.peek(buf))],
  ["a wait for readiness that was given up", (stream) => giveUp(stream.readable())],
  ["a wait for readiness that goes on", (stream) => void spawn(stream.readable())],
  ["looks at it, again and again", (stream) => void spawn(looking(stream))],
];

function giveUp(future: Future<unknown>): void {
  expect(future.poll(new TestWaker())).toBe(PENDING);
  future.drop();
}

function* looking(stream: SocketStream): Async<void> {
  for (let i = 0; i < 200; i += 1) {
    stream.pollPeek(new TestWaker(), buf);
    yield* turns(1);
  }
}

describe("A stream that nobody reads", () => {
  it.each(given)("stops its peer, after %s", (_what, before) =>
    run(function* () {
      const [idle, bare] = yield* UnixStream.pair();
      const kernel = yield* fill(bare, BLOCK);
      const [reader, writer] = yield* UnixStream.pair();
      before(reader);
      yield* turns(1);
      const taken = yield* fill(writer, BLOCK);
      expect(taken).toBeGreaterThanOrEqual(kernel - 16 * 1024);
      expect(taken).toBeLessThanOrEqual(kernel + AHEAD);
      for (const end of [idle, bare, reader, writer]) end.close();
    }),
  );

  it("goes on where it was once somebody reads again, and stops its peer again", () =>
    run(function* () {
      const [reader, writer] = yield* UnixStream.pair();
      let written = 0;
      let read = 0;
      for (let round = 0; round < 5; round += 1) {
        written += yield* fill(writer, BLOCK);
        expect(written - read).toBeLessThanOrEqual(AHEAD + 512 * 1024);
        while (read < written) read += (yield* reader.readChunk())?.length ?? Number.NaN;
      }
      expect(read).toBe(written);
      reader.close();
      writer.close();
    }));

  it("keeps a write waiting that finds no room, until somebody reads", () =>
    run(function* () {
      const [reader, writer] = yield* UnixStream.pair();
      const writing = spawn(writer.writeAll(new Uint8Array(1024 * 1024)));
      yield* turns(20);
      expect(writing.isFinished()).toBe(false);
      for (let read = 0; read < 1024 * 1024; ) read += (yield* reader.readChunk())?.length ?? Number.NaN;
      yield* writing;
      reader.close();
      writer.close();
    }));
});
