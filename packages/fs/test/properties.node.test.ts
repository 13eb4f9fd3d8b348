/** Whatever is done with a file and a clone of it, in whatever order, it is as if each step were over at once. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Async } from "@rt/core";
import { File } from "@rt/fs";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { run, TestWaker } from "./support/fs.ts";

const root = mkdtempSync(join(tmpdir(), "rt-fs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Below and above what is read ahead for. */
const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(32 * 1024, 64 * 1024, 300_000));
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom("read", "chunk", "dropped"), size }),
  fc.record({
    kind: fc.constant("write"),
    size: fc.oneof(size, fc.constant(700_000)),
    fill: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ kind: fc.constant("start"), size: fc.oneof(fc.constant(0), size) }),
  fc.record({ kind: fc.constantFrom("end", "current"), size: fc.integer({ min: -40, max: 40 }) }),
  fc.record({ kind: fc.constant("setLen"), size }),
  fc.record({ kind: fc.constantFrom("other", "flush"), size: fc.constant(0) }),
  fc.record({ kind: fc.constant("stream"), size: fc.integer({ min: 2, max: 6 }) }),
);
type Step = { kind: string; size: number; fill?: number };

/** The file as it should be. */
class Model {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  read(count: number): Buffer {
    const found = this.bytes.subarray(this.at, this.at + count);
    this.at += found.length;
    return found;
  }
  write(data: Uint8Array): void {
    this.setLen(Math.max(this.bytes.length, this.at + data.length));
    this.bytes.set(data, this.at);
    this.at += data.length;
  }
  setLen(length: number): void {
    const bytes = Buffer.alloc(length);
    bytes.set(this.bytes.subarray(0, length));
    this.bytes = bytes;
  }
}

/** Bytes that tell where they stand. */
function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 7 + (i >> 8) + seed) & 0xff;
  return bytes;
}

function* play(file: File, clone: File, steps: readonly Step[], model: Model): Async<void> {
  let [one, other] = [file, clone];
  for (const { kind, size: count, fill } of steps) {
    if (kind === "read") {
      const buf = new Uint8Array(count);
      const got = yield* one.read(buf);
      expect(got > 0).toBe(model.at < model.bytes.length);
      expect(Buffer.compare(buf.subarray(0, got), model.read(got))).toBe(0);
    } else if (kind === "chunk") {
      const chunk = yield* one.readChunk(count);
      expect(chunk !== undefined).toBe(model.at < model.bytes.length);
      if (chunk !== undefined) expect(Buffer.compare(chunk, model.read(chunk.length))).toBe(0);
    } else if (kind === "dropped") {
      yield* one.flush();
      // What it gets is for the next read. At the end that would be the news of an end which may be none any more.
      if (model.at < model.bytes.length) {
        const dropped = one.readChunk(count);
        const now = dropped.poll(new TestWaker());
        if (now instanceof Uint8Array) expect(Buffer.compare(now, model.read(now.length))).toBe(0);
        dropped.drop();
      }
    } else if (kind === "stream") {
      for (let i = 0; i < count; i += 1) {
        const chunk = yield* one.readChunk(64 * 1024);
        if (chunk === undefined) break;
        expect(Buffer.compare(chunk, model.read(chunk.length))).toBe(0);
      }
    } else if (kind === "write") {
      const data = pattern(count, fill!);
      yield* one.writeAll(data);
      model.write(data);
    } else if (kind === "setLen") {
      yield* one.setLen(count);
      model.setLen(count);
    } else if (kind === "flush") {
      yield* one.flush();
    } else if (kind === "other") {
      [one, other] = [other, one];
    } else {
      const base = { start: 0, end: model.bytes.length, current: model.at }[kind as "start"];
      const target = Math.max(0, base + count);
      const offset = target - base;
      yield* one.seek(
        kind === "end" ? { end: offset } : kind === "current" ? { current: offset } : { start: target },
      );
      model.at = target;
    }
    expect(yield* one.streamPosition()).toBe(model.at);
  }
  yield* one.flush();
  yield* other.flush();
}

describe("File", () => {
  it("does in any order what a file in memory would do", async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        runs += 1;
        const path = join(root, `${runs}`);
        const model = new Model();
        await run(function* () {
          using file = yield* File.createNew(path);
          using clone = yield* file.tryClone();
          yield* play(file, clone, steps, model);
        });
        expect(readFileSync(path).equals(model.bytes)).toBe(true);
        rmSync(path);
      }),
      { numRuns: 150 },
    );
  });
});
