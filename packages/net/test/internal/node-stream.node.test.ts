import { type SocketStream, UnixStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import type { NodeStream } from "../../src/internal/sys/node-stream.ts";
import { run, text } from "../support/net.ts";

/** Hands `stream` what its socket would read from a peer that sends byte by byte, each in a buffer of 64 KiB. */
function drip(stream: SocketStream, letters: string): void {
  const { _socket: socket } = stream._source as NodeStream;
  for (const letter of letters) socket.emit("data", Buffer.alloc(64 * 1024, letter).subarray(0, 1));
}

const LETTERS: string = "abcdefghij".repeat(500);

describe("NodeStream, sent many small chunks while nobody reads,", () => {
  it("keeps little more than their bytes, and gives them in order", () =>
    run(function* () {
      const [reader, writer] = yield* UnixStream.pair();
      drip(reader, LETTERS);
      const buffers = new Set<ArrayBufferLike>();
      let got = "";
      while (got.length < LETTERS.length) {
        const chunk = yield* reader.readChunk();
        got += text(chunk);
        if (chunk !== undefined) buffers.add(chunk.buffer);
      }
      expect(got).toBe(LETTERS);
      const held = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
      expect(held).toBeLessThanOrEqual(64 * 1024 + 4 * LETTERS.length);
      reader.close();
      writer.close();
    }));

  it("gives as many at a time as are wanted, and shows them before it gives them", () =>
    run(function* () {
      const [reader, writer] = yield* UnixStream.pair();
      drip(reader, LETTERS.slice(0, 10));
      const buf = new Uint8Array(7);
      expect([yield* reader.peek(buf), text(buf)]).toEqual([7, "abcdefg"]);
      expect([yield* reader.read(buf.subarray(0, 3)), text(buf.subarray(0, 3))]).toEqual([3, "abc"]);
      drip(reader, "xyz");
      let rest = "";
      while (rest.length < 10) rest += text(yield* reader.readChunk(2));
      expect(rest).toBe("defghijxyz");
      reader.close();
      writer.close();
    }));
});
