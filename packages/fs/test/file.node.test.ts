import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Builder, type Future, PENDING, spawn, UsageError, yieldNow } from "@rt/core";
import { File, OpenOptions, Permissions } from "@rt/fs";
import { copy, cursor, IoError } from "@rt/io";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  expectClosed,
  folder,
  inLane,
  LANES,
  openIn,
  pollAndDrop,
  program,
  rejectionOf,
  run,
  SEES_DESCRIPTORS,
  TestWaker,
  text,
  utf8,
} from "./support/fs.ts";

/** A file with that in it. */
function fileWith(content: string | Uint8Array): string {
  const path = join(folder(), "file");
  writeFileSync(path, content);
  return path;
}

/** Bytes that tell where they stand. */
function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 7 + (i >> 8)) & 0xff;
  return bytes;
}

/** A pipe with a name. */
function fifo(): string {
  const path = join(folder(), "fifo");
  execFileSync("mkfifo", [path]);
  return path;
}

const opened: File[] = [];
afterEach(() => {
  for (const file of opened.splice(0)) file[Symbol.dispose]();
});

/** Opens it until the test is over. */
async function open(path: string, options = new OpenOptions().read(true).write(true)): Promise<File> {
  const file = await run(options.open(path));
  opened.push(file);
  return file;
}

describe("File.open", () => {
  it.each(LANES)("opens a file to read it in the %s lane", async (lane) => {
    const file = await inLane(lane, () => File.open(fileWith("hello")));
    opened.push(file);
    expect(await run(file.readToString())).toBe("hello");
  });

  it("fails with NotFound, code, syscall and path for a missing file", async () => {
    const path = join(folder(), "missing");
    expect(await rejectionOf(run(File.open(path)))).toMatchObject({
      kind: "NotFound",
      code: "ENOENT",
      syscall: "open",
      path,
    });
  });

  it("opens a directory, whose reading fails with IsADirectory and the path", async () => {
    const path = folder();
    const file = await open(path, new OpenOptions().read(true));
    expect(await rejectionOf(run(file.readChunk()))).toMatchObject({
      kind: "IsADirectory",
      code: "EISDIR",
      syscall: "read",
      path,
    });
  });

  it("does not allow writing", async () => {
    const file = await open(fileWith("a"), new OpenOptions().read(true));
    await run(file.writeAll("b"));
    expect(await rejectionOf(run(file.flush()))).toMatchObject({ code: "EBADF" });
  });

  it.skipIf(!SEES_DESCRIPTORS)("leaves nothing open when it is given up on the way", async () => {
    const path = fifo(); // opening it to read waits for somebody who writes
    pollAndDrop(File.open(path));
    closeSync(openSync(path, "w")); // now it is open
    await expectClosed(path);
  });

  it.skipIf(!SEES_DESCRIPTORS)(
    "closes what was opened when it is given up before it is fetched",
    async () => {
      const path = fileWith("a");
      const future = File.open(path);
      const waker = new TestWaker();
      future.poll(waker);
      await vi.waitFor(() => expect(waker.count).toBe(1));
      expect(openIn(path)).toHaveLength(1);
      future.drop();
      await expectClosed(path);
    },
  );

  it.skipIf(!SEES_DESCRIPTORS)("leaves nothing open when its task is aborted", async () => {
    const path = fifo();
    await run(function* () {
      const task = spawn(File.open(path));
      yield* yieldNow();
      task.abort();
    });
    closeSync(openSync(path, "w"));
    await expectClosed(path);
  });
});

describe("File.create", () => {
  it("makes a file to write", async () => {
    const path = join(folder(), "new");
    using file = await run(File.create(path));
    await run(file.writeAll("x"));
    await run(file.flush());
    expect(readFileSync(path, "utf8")).toBe("x");
  });

  it("throws away what was in it", async () => {
    const path = fileWith("old");
    using _file = await run(File.create(path));
    expect(statSync(path).size).toBe(0);
  });
});

describe("File.createNew", () => {
  it("makes a file to read and write", async () => {
    using file = await run(File.createNew(join(folder(), "new")));
    await run(file.writeAll("x"));
    await run(file.rewind());
    expect(await run(file.readToString())).toBe("x");
  });

  it("fails with AlreadyExists where there is one", async () => {
    expect(await rejectionOf(run(File.createNew(fileWith(""))))).toMatchObject({
      kind: "AlreadyExists",
      code: "EEXIST",
    });
  });
});

describe("File.read", () => {
  it.each(LANES)("reads on from where it is, to 0 at the end, in the %s lane", async (lane) => {
    const file = await open(fileWith("abcde"));
    const buf = new Uint8Array(3);
    const seen: [number, string | undefined][] = [];
    for (let i = 0; i < 3; i += 1) {
      const count = await inLane(lane, () => file.read(buf));
      seen.push([count, text(buf.subarray(0, count))]);
    }
    expect(seen).toEqual([
      [3, "abc"],
      [2, "de"],
      [0, ""],
    ]);
  });

  it("gives 0 for an empty buffer without touching the file", async () => {
    const file = await open(folder(), new OpenOptions().read(true)); // reading a directory fails
    expect(file.pollRead(new TestWaker(), new Uint8Array(0))).toBe(0);
  });

  it("does not touch the buffer while it is pending", async () => {
    const file = await open(fileWith("abc"));
    const buf = new Uint8Array(3);
    const waker = new TestWaker();
    expect(file.pollRead(waker, buf)).toBe(PENDING);
    await vi.waitFor(() => expect(waker.count).toBe(1));
    expect([...buf]).toEqual([0, 0, 0]);
    expect(file.pollRead(waker, buf)).toBe(3);
  });

  it("gives what a dropped read has got to the next one", async () => {
    const file = await open(fileWith("abcdef"));
    pollAndDrop(file.read(new Uint8Array(4)));
    const buf = new Uint8Array(6);
    const count = await run(file.read(buf));
    expect(text(buf.subarray(0, count))).toBe("abcd");
  });

  it("serves smaller reads from what a larger one has fetched", async () => {
    const file = await open(fileWith("abcd"));
    pollAndDrop(file.read(new Uint8Array(4)));
    await run(file.read(new Uint8Array(1)));
    expect(file.pollRead(new TestWaker(), new Uint8Array(2))).toBe(2);
  });

  it("reads at most maxBufSize at a time", async () => {
    const file = await open(fileWith("abcdef"));
    file.setMaxBufSize(4);
    expect(await run(file.read(new Uint8Array(6)))).toBe(4);
  });

  it("reads on behind an end when more was written", async () => {
    const path = fileWith("a");
    const file = await open(path);
    expect(await run(file.readToString())).toBe("a");
    appendFileSync(path, "b");
    expect(await run(file.readToString())).toBe("b");
  });

  it("gives way to other tasks though it is always ready", async () => {
    const file = await open(fileWith(new Uint8Array(4096)));
    let turns = 0;
    await run(function* () {
      yield* file.readExact(new Uint8Array(1));
      pollAndDrop(file.read(new Uint8Array(4000)));
      yield* file.read(new Uint8Array(1));
      const other = spawn(function* () {
        turns += 1;
        yield* yieldNow();
      });
      // None of these has to wait: the bytes are there.
      for (let i = 0; i < 300; i += 1) yield* file.read(new Uint8Array(1));
      expect(turns).toBe(1);
      yield* other;
    });
    expect.assertions(2);
  });
});

describe("File.readChunk", () => {
  it.each([1, 1000, 64 * 1024, 256 * 1024, 1024 * 1024])(
    "reads a file whole in chunks of %i",
    async (max) => {
      // Each chunk is a trip to the thread pool, which takes its time on a busy machine.
      const content = pattern(Math.min(max * 500 + 1, 3_000_001));
      const file = await open(fileWith(content));
      const out = cursor();
      await run(function* () {
        for (let chunk; (chunk = yield* file.readChunk(max)) !== undefined; ) {
          expect(chunk.length).toBeLessThanOrEqual(max);
          yield* out.writeAll(chunk);
        }
      });
      expect(Buffer.compare(out.intoInner(), content)).toBe(0);
    },
  );

  it("gives arrays that belong to the caller", async () => {
    const file = await open(fileWith(pattern(1_000_000)));
    const chunks = await run(function* () {
      const all: Uint8Array[] = [];
      for (let chunk; (chunk = yield* file.readChunk(64 * 1024)) !== undefined; ) all.push(chunk);
      return all;
    });
    expect(Buffer.compare(Buffer.concat(chunks), pattern(1_000_000))).toBe(0);
  });

  it("does not keep a large array for a few bytes", async () => {
    const file = await open(fileWith("few"));
    const chunk = await run(file.readChunk());
    expect(chunk!.buffer.byteLength).toBe(3);
  });

  it("sees what was written behind the last chunk before it asks", async () => {
    const path = fileWith(new Uint8Array(512 * 1024));
    const file = await open(path);
    await run(function* () {
      // Read ahead by now, and nothing was there.
      for (let left = 512 * 1024; left > 0; ) left -= (yield* file.readChunk(128 * 1024))!.length;
      yield* yieldNow();
    });
    appendFileSync(path, "more");
    expect(text(await run(file.readChunk()))).toBe("more");
  });

  it("sees what this file has written where it had read ahead", async () => {
    const file = await open(fileWith(new Uint8Array(2 * 1024 * 1024)));
    const seen = await run(function* () {
      for (let i = 0; i < 4; i += 1) yield* file.readChunk(128 * 1024);
      const at = yield* file.streamPosition();
      yield* file.writeAll("new");
      yield* file.seek({ start: at });
      return yield* file.readExact(3);
    });
    expect(text(seen)).toBe("new");
  });

  it("can be iterated over with for await", async () => {
    const content = pattern(700_000);
    const file = await open(fileWith(content));
    const chunks: Uint8Array[] = [];
    for await (const chunk of file) chunks.push(chunk);
    expect(Buffer.compare(Buffer.concat(chunks), content)).toBe(0);
  });
});

describe("File.write", () => {
  it.each(LANES)(
    "gives the number of bytes before they are written, and copies them, in the %s lane",
    async (lane) => {
      const path = fileWith("");
      const file = await open(path);
      const data = utf8("abc");
      expect(await inLane(lane, () => file.write(data))).toBe(3);
      data.fill(0);
      await inLane(lane, () => file.flush());
      expect(readFileSync(path, "utf8")).toBe("abc");
    },
  );

  it("is ready at once when nothing is under way", async () => {
    const file = await open(fileWith(""));
    expect(file.pollWrite(new TestWaker(), utf8("abc"))).toBe(3);
  });

  it("waits for the one before", async () => {
    const path = fileWith("");
    const file = await open(path);
    const waker = new TestWaker();
    file.pollWrite(waker, utf8("abc"));
    expect(file.pollWrite(waker, utf8("def"))).toBe(PENDING);
    await vi.waitFor(() => expect(waker.count).toBe(1));
    expect(readFileSync(path, "utf8")).toBe("abc");
  });

  it("takes at most maxBufSize at a time", async () => {
    const file = await open(fileWith(""));
    file.setMaxBufSize(2);
    expect(await run(file.write(utf8("abc")))).toBe(2);
  });

  it("takes 2 MiB at a time by default", async () => {
    const file = await open(fileWith(""));
    expect(await run(file.write(new Uint8Array(3 * 1024 * 1024)))).toBe(2 * 1024 * 1024);
  });

  it("writes all of a large array piece by piece", async () => {
    const path = fileWith("");
    const file = await open(path);
    const data = pattern(5_000_000);
    await run(file.writeAll(data));
    await run(file.flush());
    expect(readFileSync(path).equals(data)).toBe(true);
  });

  it("takes nothing of an empty array", async () => {
    const file = await open(fileWith(""));
    expect(await run(file.write(new Uint8Array(0)))).toBe(0);
  });

  it.each(["write", "flush", "shutdown"] as const)(
    "has its error told by the next %s, with code and path, once",
    async (next) => {
      const path = fileWith("");
      const file = await open(path, new OpenOptions().read(true)); // so that writing fails
      await run(file.write(utf8("a")));
      const tell = (): Future<unknown> => (next === "write" ? file.write(utf8("b")) : file[next]());
      expect(await rejectionOf(run(tell()))).toMatchObject({ code: "EBADF", syscall: "write", path });
      file.pollWrite(new TestWaker(), new Uint8Array(0)); // throws if it is told again
    },
  );

  it("has its error told by no read", async () => {
    const file = await open(fileWith("abc"), new OpenOptions().read(true));
    await run(file.write(utf8("x")));
    expect(text(await run(file.readExact(3)))).toBe("abc");
    expect(await rejectionOf(run(file.flush()))).toMatchObject({ code: "EBADF" });
  });

  it("goes where the reads have come to, not where they have fetched to", async () => {
    const path = fileWith("abcdef");
    const file = await open(path);
    pollAndDrop(file.read(new Uint8Array(6)));
    await run(file.read(new Uint8Array(2)));
    await run(file.writeAll("XY"));
    await run(file.flush());
    expect(readFileSync(path, "utf8")).toBe("abXYef");
  });

  it("reaches the file when its runtime was shut down behind it", async () => {
    const path = fileWith("");
    const file = await open(path);
    const runtime = Builder.currentThread().build();
    await runtime.blockOn(file.write(utf8("accepted")));
    runtime.shutdownBackground();
    await vi.waitFor(() => expect(readFileSync(path, "utf8")).toBe("accepted"));
  });

  it("goes on in another runtime when the one before was shut down", async () => {
    const path = fileWith("");
    const file = await open(path);
    await run(file.write(utf8("one")));
    await run(file.writeAll(" two"));
    await run(file.flush());
    expect(readFileSync(path, "utf8")).toBe("one two");
  });

  it("reaches the file when it was disposed of behind it", async () => {
    const path = fileWith("");
    const file = await open(path);
    file.pollWrite(new TestWaker(), pattern(1_000_000));
    file[Symbol.dispose]();
    await vi.waitFor(() => expect(readFileSync(path).equals(pattern(1_000_000))).toBe(true));
  });
});

describe("File.writeVectored", () => {
  it("gathers all arrays into one write", async () => {
    const path = fileWith("");
    const file = await open(path);
    expect(file.isWriteVectored()).toBe(true);
    expect(await run(file.writeVectored([utf8("ab"), utf8(""), utf8("cde")]))).toBe(5);
    await run(file.flush());
    expect(readFileSync(path, "utf8")).toBe("abcde");
  });

  it("takes at most maxBufSize of them", async () => {
    const path = fileWith("");
    const file = await open(path);
    file.setMaxBufSize(3);
    expect(await run(file.writeVectored([utf8("ab"), utf8("cd")]))).toBe(3);
    await run(file.flush());
    expect(readFileSync(path, "utf8")).toBe("abc");
  });

  it("takes nothing of empty arrays", async () => {
    const file = await open(fileWith(""));
    expect(await run(file.writeVectored([utf8("")]))).toBe(0);
  });
});

describe("File in io.copy", () => {
  it.each(LANES)("passes all bytes from one file to another in the %s lane", async (lane) => {
    const content = pattern(3_000_001);
    const source = await open(fileWith(content));
    const path = fileWith("");
    const target = await open(path);
    expect(await inLane(lane, () => copy(source, target))).toBe(content.length);
    expect(readFileSync(path).equals(content)).toBe(true);
  });
});

describe("File.lines", () => {
  it.each(LANES)("gives every line over the borders of chunks in the %s lane", async (lane) => {
    const lines = Array.from({ length: 40_000 }, (_, i) => `${i} ${"ä".repeat(i % 50)}`);
    const file = await open(fileWith(`${lines.join("\n")}\n`));
    const found: string[] = [];
    if (lane === "async") {
      await run(async () => {
        for await (const line of file.lines()) found.push(line);
      });
    } else {
      await run(function* () {
        const input = file.lines();
        for (let line; (line = yield* input.nextLine()) !== undefined; ) found.push(line);
      });
    }
    expect(found).toEqual(lines);
  });
});

describe("File.seek", () => {
  it.each([
    [{ start: 2 }, 2],
    [{ end: -1 }, 5],
    [{ end: 3 }, 9],
    [{ current: 1 }, 4],
    [{ current: -3 }, 0],
  ] as const)("moves to %o", async (position, expected) => {
    const file = await open(fileWith("abcdef"));
    await run(file.readExact(3));
    expect(await run(file.seek(position))).toBe(expected);
    expect(await run(file.streamPosition())).toBe(expected);
  });

  it.each(LANES)("decides where one reads on in the %s lane", async (lane) => {
    const file = await open(fileWith("abcdef"));
    await inLane(lane, () => file.seek({ start: 4 }));
    expect(await inLane(lane, () => file.readToString())).toBe("ef");
  });

  it("counts bytes that were fetched and not read as not read", async () => {
    const file = await open(fileWith("abcdef"));
    pollAndDrop(file.read(new Uint8Array(6)));
    await run(file.read(new Uint8Array(2)));
    expect(await run(file.streamPosition())).toBe(2);
  });

  it.each([{ current: -1 }, { end: -10 }])(
    "fails with InvalidInput before the start, with %o",
    async (position) => {
      const file = await open(fileWith("abc"));
      expect(await rejectionOf(run(file.seek(position)))).toMatchObject({
        kind: "InvalidInput",
        code: "EINVAL",
      });
      expect(await run(file.readToString())).toBe("abc");
    },
  );

  it("sees what others have written since", async () => {
    const path = fileWith("abc");
    const file = await open(path);
    pollAndDrop(file.read(new Uint8Array(3)));
    writeFileSync(path, "xyz");
    await run(file.rewind());
    expect(await run(file.readToString())).toBe("xyz");
  });

  it("forgets the end that a dropped read has come to", async () => {
    const file = await open(fileWith("abc"));
    await run(file.readExact(3));
    pollAndDrop(file.read(new Uint8Array(1)));
    await run(file.rewind());
    expect(await run(file.read(new Uint8Array(3)))).toBe(3);
  });

  it("waits for a write under way", async () => {
    const file = await open(fileWith(""));
    file.pollWrite(new TestWaker(), utf8("abc"));
    expect(await run(file.streamPosition())).toBe(3);
  });

  it("fills a gap behind the end with zeros once something is written", async () => {
    const path = fileWith("a");
    const file = await open(path);
    await run(file.seek({ start: 3 }));
    await run(file.writeAll("b"));
    await run(file.flush());
    expect(readFileSync(path, "latin1")).toBe("a\0\0b");
  });

  it("gives way to other tasks in a loop of seeks and reads", async () => {
    const file = await open(fileWith("abc"));
    await run(file.seek({ start: 1 }));
    let turns = 0;
    await run(function* () {
      const other = spawn(function* () {
        turns += 1;
        yield* yieldNow();
      });
      for (let i = 0; i < 300; i += 1) yield* file.seek({ start: i & 1 });
      expect(turns).toBe(1);
      yield* other;
    });
    expect.assertions(1);
  });
});

describe("File.startSeek", () => {
  it("throws while another operation is under way", async () => {
    const file = await open(fileWith("abc"));
    file.pollRead(new TestWaker(), new Uint8Array(1));
    expect(() => file.startSeek({ start: 0 })).toThrow(IoError);
  });

  it("is allowed again once that is over", async () => {
    const file = await open(fileWith("abc"));
    const waker = new TestWaker();
    file.pollRead(waker, new Uint8Array(1));
    await vi.waitFor(() => expect(waker.count).toBe(1));
    file.startSeek({ start: 2 });
    expect(await run(file.streamPosition())).toBe(2);
  });
});

describe("File that appends", () => {
  const APPEND = (): OpenOptions => new OpenOptions().read(true).append(true);

  it("writes at the end, wherever it is", async () => {
    const path = fileWith("abc");
    const file = await open(path, APPEND());
    await run(file.seek({ start: 1 }));
    await run(file.writeAll("d"));
    await run(file.flush());
    appendFileSync(path, "e");
    await run(file.writeAll("f"));
    await run(file.flush());
    expect(readFileSync(path, "utf8")).toBe("abcdef");
  });

  it("is at the end afterwards", async () => {
    const file = await open(fileWith("abc"), APPEND());
    await run(file.writeAll("d"));
    expect(await run(file.readToString())).toBe("");
    expect(await run(file.streamPosition())).toBe(4);
  });

  it("reads from the start before", async () => {
    const file = await open(fileWith("abc"), APPEND());
    expect(await run(file.readToString())).toBe("abc");
  });
});

describe("File.setLen", () => {
  it.each([
    [2, "ab"],
    [6, "abcd\0\0"],
  ])("cuts off or extends to %i bytes with zeros", async (length, expected) => {
    const path = fileWith("abcd");
    const file = await open(path);
    await run(file.setLen(length));
    expect(readFileSync(path, "latin1")).toBe(expected);
  });

  it("leaves the position where it is", async () => {
    const file = await open(fileWith("abcdef"));
    pollAndDrop(file.read(new Uint8Array(6)));
    await run(file.read(new Uint8Array(3)));
    await run(file.setLen(5));
    expect(await run(file.streamPosition())).toBe(3);
    expect(await run(file.readToString())).toBe("de");
  });

  it("cuts or extends the file behind a write under way", async () => {
    const path = fileWith("");
    const file = await open(path);
    file.pollWrite(new TestWaker(), utf8("abcdef"));
    await run(file.setLen(2));
    expect(readFileSync(path, "utf8")).toBe("ab");
  });

  it("fails with InvalidInput for a file that is not written", async () => {
    const file = await open(fileWith("abc"), new OpenOptions().read(true));
    expect(await rejectionOf(run(file.setLen(1)))).toMatchObject({ kind: "InvalidInput", code: "EINVAL" });
  });

  it("throws a RangeError for a negative length at once", async () => {
    const file = await open(fileWith(""));
    expect(() => file.setLen(-1)).toThrow(RangeError);
  });
});

describe("File.syncAll", () => {
  it.each(LANES)("comes behind a write under way in the %s lane", async (lane) => {
    const path = fileWith("");
    const file = await open(path);
    file.pollWrite(new TestWaker(), utf8("abc"));
    await inLane(lane, () => file.syncAll());
    expect(readFileSync(path, "utf8")).toBe("abc");
  });

  it("leaves the error of the write to the next flush", async () => {
    const file = await open(fileWith(""), new OpenOptions().read(true));
    file.pollWrite(new TestWaker(), utf8("abc"));
    await run(file.syncAll());
    expect(await rejectionOf(run(file.flush()))).toMatchObject({ code: "EBADF" });
  });

  it("stops the waiting alone when it is given up", async () => {
    const file = await open(fileWith("abc"));
    pollAndDrop(file.syncAll());
    expect(await run(file.readToString())).toBe("abc");
  });
});

describe("File.syncData", () => {
  it("comes behind a write that is under way", async () => {
    const path = fileWith("");
    const file = await open(path);
    file.pollWrite(new TestWaker(), utf8("abc"));
    await run(file.syncData());
    expect(readFileSync(path, "utf8")).toBe("abc");
  });
});

describe("File.metadata", () => {
  it("knows what a write under way has written", async () => {
    const file = await open(fileWith(""));
    file.pollWrite(new TestWaker(), utf8("abc"));
    const found = await run(file.metadata());
    expect([found.len(), found.isFile()]).toEqual([3, true]);
  });
});

describe("File.setPermissions", () => {
  it("says who may do what", async () => {
    const path = fileWith("");
    const file = await open(path);
    await run(file.setPermissions(new Permissions(0o600)));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe("File.tryClone", () => {
  it("gives a file with the same position", async () => {
    const file = await open(fileWith("abcdef"));
    using clone = await run(file.tryClone());
    await run(file.readExact(2));
    expect(text(await run(clone.readExact(2)))).toBe("cd");
    expect(await run(file.readToString())).toBe("ef");
  });

  it("gives one that never reads the same bytes at the same time", async () => {
    const file = await open(fileWith("abcd"));
    using clone = await run(file.tryClone());
    const parts = await run(function* () {
      const tasks = [file, clone].map((each) => spawn(each.readExact(2)));
      const all: (string | undefined)[] = [];
      for (const task of tasks) all.push(text(yield* task));
      return all;
    });
    expect(parts).toEqual(["ab", "cd"]);
  });

  it("keeps maxBufSize", async () => {
    const file = await open(fileWith(""));
    file.setMaxBufSize(7);
    using clone = await run(file.tryClone());
    expect(clone.maxBufSize()).toBe(7);
  });

  it("gives one that knows where a write under way ends", async () => {
    const file = await open(fileWith(""));
    file.pollWrite(new TestWaker(), utf8("abc"));
    using clone = await run(file.tryClone());
    expect(await run(clone.streamPosition())).toBe(3);
  });

  it("keeps the error of a write to the one that wrote", async () => {
    const file = await open(fileWith(""), new OpenOptions().read(true));
    using clone = await run(file.tryClone());
    await run(file.write(utf8("a")));
    await run(clone.flush());
    expect(await rejectionOf(run(file.flush()))).toMatchObject({ code: "EBADF" });
  });

  it.skipIf(!SEES_DESCRIPTORS)("leaves the descriptor open until the last is disposed of", async () => {
    const path = fileWith("abc");
    const file = await open(path);
    const clone = await run(file.tryClone());
    file[Symbol.dispose]();
    expect(await run(clone.readToString())).toBe("abc");
    clone[Symbol.dispose]();
    await expectClosed(path);
  });
});

describe("File.setMaxBufSize", () => {
  it("is 2 MiB at first", async () => {
    expect((await open(fileWith(""))).maxBufSize()).toBe(2 * 1024 * 1024);
  });

  it("throws a RangeError for 0", async () => {
    const file = await open(fileWith(""));
    expect(() => file.setMaxBufSize(0)).toThrow(RangeError);
  });
});

describe("File.fromFd", () => {
  it("takes a descriptor over and closes it", async () => {
    const path = fileWith("abc");
    const fd = openSync(path, "r");
    const file = File.fromFd(fd);
    expect(file.fd()).toBe(fd);
    expect(await run(file.readToString())).toBe("abc");
    await run(file.close());
    expect(() => readSync(fd, new Uint8Array(1))).toThrow("EBADF");
  });

  it("begins at the position it is told", async () => {
    using file = File.fromFd(openSync(fileWith("abc"), "r"), { position: 1 });
    expect(await run(file.readToString())).toBe("bc");
  });

  it("appends when it is told so", async () => {
    const path = fileWith("abc");
    using file = File.fromFd(openSync(path, "a"), { append: true });
    await run(file.writeAll("d"));
    await run(file.flush());
    expect(readFileSync(path, "utf8")).toBe("abcd");
  });

  it("throws a RangeError for what is no descriptor", () => {
    expect(() => File.fromFd(-1)).toThrow(RangeError);
  });

  it("has a descriptor that is not open told by every operation", async () => {
    const fd = openSync(fileWith(""), "r");
    closeSync(fd);
    const file = File.fromFd(fd);
    expect(await rejectionOf(run(file.readChunk()))).toMatchObject({ code: "EBADF" });
    expect(await rejectionOf(run(file.seek({ end: 0 })))).toMatchObject({ code: "EBADF" });
    expect(await rejectionOf(run(file.metadata()))).toMatchObject({ code: "EBADF" });
    expect(await rejectionOf(run(file.close()))).toMatchObject({ code: "EBADF" });
  });
});

describe("File.intoFd", () => {
  it("waits for what is under way and gives the descriptor away", async () => {
    const path = fileWith("");
    const file = await open(path);
    file.pollWrite(new TestWaker(), utf8("abc"));
    const fd = await run(file.intoFd());
    expect(readFileSync(path, "utf8")).toBe("abc");
    writeSync(fd, "d", 3); // it is open
    closeSync(fd);
    expect(() => file.fd()).toThrow(UsageError);
  });

  it("fails while clones use it", async () => {
    const file = await open(fileWith(""));
    using _clone = await run(file.tryClone());
    expect(await rejectionOf(run(file.intoFd()))).toBeInstanceOf(IoError);
  });
});

describe("File.tryIntoFd", () => {
  it("gives null while something is under way, and the file is as before", async () => {
    const file = await open(fileWith(""));
    file.pollWrite(new TestWaker(), utf8("abc"));
    expect(file.tryIntoFd()).toBeNull();
    expect(await run(file.streamPosition())).toBe(3);
  });

  it("gives the descriptor away when nothing is", async () => {
    const file = await open(fileWith("abc"));
    const fd = file.tryIntoFd()!;
    expect(readSync(fd, new Uint8Array(3))).toBe(3);
    closeSync(fd);
  });
});

describe("File.close", () => {
  it.each(LANES)("waits for the write under way in the %s lane", async (lane) => {
    const path = fileWith("");
    const file = await open(path);
    file.pollWrite(new TestWaker(), utf8("abc"));
    await inLane(lane, () => file.close());
    expect(readFileSync(path, "utf8")).toBe("abc");
  });

  it.skipIf(!SEES_DESCRIPTORS)("has closed it once it is ready", async () => {
    const path = fileWith("");
    const file = await open(path);
    await run(file.close());
    expect(openIn(path)).toEqual([]);
  });

  it.skipIf(!SEES_DESCRIPTORS)("tells of the error of a write, and closes it all the same", async () => {
    const path = fileWith("");
    const file = await open(path, new OpenOptions().read(true));
    await run(file.write(utf8("a")));
    expect(await rejectionOf(run(file.close()))).toMatchObject({ code: "EBADF", syscall: "write" });
    expect(openIn(path)).toEqual([]);
  });

  it.skipIf(!SEES_DESCRIPTORS)("closes it all the same when it is given up while it closes", async () => {
    const path = fileWith("");
    const file = await open(path);
    pollAndDrop(file.close());
    await expectClosed(path);
  });

  it("does nothing when it is given up while it waits for a write", async () => {
    const file = await open(fileWith(""));
    file.pollWrite(new TestWaker(), utf8("abc"));
    pollAndDrop(file.close());
    expect(await run(file.streamPosition())).toBe(3);
  });
});

describe("File[Symbol.dispose]", () => {
  it.skipIf(!SEES_DESCRIPTORS)("closes the file when what is under way is done", async () => {
    const path = fileWith(pattern(1_000_000));
    const file = await open(path);
    file.pollReadChunk(new TestWaker(), 1_000_000);
    file[Symbol.dispose]();
    await expectClosed(path);
  });

  it.skipIf(!SEES_DESCRIPTORS)("closes the file when it is being read ahead", async () => {
    const path = fileWith(new Uint8Array(2 * 1024 * 1024));
    const file = await open(path);
    await run(function* () {
      for (let i = 0; i < 4; i += 1) yield* file.readChunk(128 * 1024);
    });
    file[Symbol.dispose]();
    await expectClosed(path);
  });

  it("does nothing the second time", async () => {
    const file = await open(fileWith(""));
    file[Symbol.dispose]();
    const fd = openSync(fileWith("other"), "r"); // has the same number now, perhaps
    file[Symbol.dispose]();
    expect(readSync(fd, new Uint8Array(1))).toBe(1);
    closeSync(fd);
  });

  it("makes every use throw ERR_RT_DISPOSED", async () => {
    const file = await open(fileWith(""));
    file[Symbol.dispose]();
    const uses: Future<unknown>[] = [
      file.readChunk(),
      file.write(utf8("a")),
      file.flush(),
      file.seek({ start: 0 }),
      file.syncAll(),
      file.tryClone(),
      file.close(),
    ];
    const codes = uses.map(async (future) => ((await rejectionOf(run(future))) as UsageError).code);
    expect(new Set(await Promise.all(codes))).toEqual(new Set(["ERR_RT_DISPOSED"]));
  });

  it("ends the wait of another task", async () => {
    const file = await open(fileWith("abc"));
    const waker = new TestWaker();
    expect(file.read(new Uint8Array(1)).poll(waker)).toBe(PENDING);
    file[Symbol.dispose]();
    expect(waker.count).toBe(1);
  });
});

describe.skipIf(process.platform === "win32")("File of a pipe", () => {
  it("is read and written without positions", async () => {
    const file = await open(fifo());
    await run(file.writeAll("abc"));
    await run(file.flush());
    expect(text(await run(file.readExact(2)))).toBe("ab");
    await run(file.writeAll("d"));
    expect(text(await run(file.readExact(2)))).toBe("cd");
  });

  it("keeps what was fetched when something is written in between", async () => {
    const file = await open(fifo());
    await run(file.writeAll("abc"));
    await run(file.flush());
    pollAndDrop(file.read(new Uint8Array(3)));
    await run(file.writeAll("d"));
    expect(text(await run(file.readExact(4)))).toBe("abcd");
  });

  it("fails with NotSeekable when it is asked for a position", async () => {
    const file = await open(fifo());
    expect(await rejectionOf(run(file.streamPosition()))).toMatchObject({
      kind: "NotSeekable",
      code: "ESPIPE",
    });
  });
});

describe("a program that waits for a file alone", () => {
  it("goes on when that is there, without a DeadlockError", async () => {
    const { stdout } = await program(`
      const file = await runtime.blockOn(File.open(${JSON.stringify(fileWith("there"))}));
      console.log(await runtime.blockOn(file.readToString()));
    `);
    expect(stdout).toBe("there\n");
  });
});

describe("a folder in place of a file", () => {
  it("fails with IsADirectory when it is opened to be written", async () => {
    const path = join(folder(), "dir");
    mkdirSync(path);
    expect(await rejectionOf(run(File.create(path)))).toMatchObject({
      kind: "IsADirectory",
      code: "EISDIR",
      path,
    });
  });
});
