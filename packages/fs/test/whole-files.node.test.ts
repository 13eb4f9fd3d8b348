import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Builder, PENDING, spawn, yieldNow } from "@rt/core";
import { isClockHeld } from "@rt/core/driver";
import { copy, File, metadata, read, readDir, readToString, rename, tryExists, write } from "@rt/fs";
import { IoError } from "@rt/io";
import { describe, expect, it, vi } from "vitest";
import {
  expectClosed,
  folder,
  inLane,
  IS_ROOT,
  LANES,
  pollAndDrop,
  rejectionOf,
  run,
  SEES_DESCRIPTORS,
  TestWaker,
} from "./support/fs.ts";

describe("read", () => {
  it.each(LANES)("gives the bytes of a file in the %s lane", async (lane) => {
    const path = join(folder(), "a");
    writeFileSync(path, Uint8Array.of(0, 255, 7));
    expect(await inLane(lane, () => read(path))).toEqual(Uint8Array.of(0, 255, 7));
  });

  it.each(LANES)(
    "fails with NotFound and Node's code, syscall and path for a missing file in the %s lane",
    async (lane) => {
      const path = join(folder(), "missing");
      const error = await rejectionOf(inLane(lane, () => read(path)));
      expect(error).toBeInstanceOf(IoError);
      expect(error).toMatchObject({ kind: "NotFound", code: "ENOENT", syscall: "open", path });
    },
  );

  it("fails with IsADirectory where a directory is", async () => {
    expect(await rejectionOf(run(read(folder())))).toMatchObject({ kind: "IsADirectory", code: "EISDIR" });
  });

  it.skipIf(IS_ROOT)("fails with PermissionDenied where one may not read (root may)", async () => {
    const path = join(folder(), "a");
    writeFileSync(path, "", { mode: 0 });
    expect(await rejectionOf(run(read(path)))).toMatchObject({ kind: "PermissionDenied", code: "EACCES" });
  });

  it("fails with an IoError for a path that is none, and has no text", async () => {
    for (const path of [Object.create(null), Symbol("path")] as never[]) {
      const error = await rejectionOf(run(read(path)));
      // Node itself may fail at naming what it refuses.
      expect(error).toBeInstanceOf(IoError);
    }
  });

  it("takes a URL", async () => {
    const path = join(folder(), "a");
    writeFileSync(path, "x");
    expect(await run(read(pathToFileURL(path)))).toEqual(Uint8Array.of(120));
  });

  it("gives an array whose slice is a copy", async () => {
    const path = join(folder(), "a");
    writeFileSync(path, "ab");
    const bytes = await run(read(path));
    bytes.slice(0, 1)[0] = 0;
    expect(bytes[0]).toBe(97);
  });

  it("fails with InvalidInput for a path with a zero byte", async () => {
    expect(await rejectionOf(run(read("a\0b")))).toMatchObject({ kind: "InvalidInput" });
  });

  it("fails with FilesystemLoop for a link to itself", async () => {
    const path = join(folder(), "loop");
    symlinkSync(path, path);
    expect(await rejectionOf(run(read(path)))).toMatchObject({ kind: "FilesystemLoop", code: "ELOOP" });
  });

  it("fails with InvalidFilename for a name that is too long", async () => {
    const path = join(folder(), "x".repeat(300));
    expect(await rejectionOf(run(read(path)))).toMatchObject({
      kind: "InvalidFilename",
      code: "ENAMETOOLONG",
    });
  });

  it("throws an error whose stack is that of the task", async () => {
    function* asksForNothing() {
      yield* read("/does/not/exist");
    }
    expect(((await rejectionOf(run(asksForNothing()))) as Error).stack).toContain("asksForNothing");
  });

  it("says what a task waits for", () => {
    expect(read("/some/where").describe()).toBe("a read of /some/where");
  });
});

describe("readToString", () => {
  it.each(LANES)("gives the text of a file, byte order mark included, in the %s lane", async (lane) => {
    const path = join(folder(), "a");
    writeFileSync(path, "\ufeffgrün");
    expect(await inLane(lane, () => readToString(path))).toBe("\ufeffgrün");
  });

  it("fails with InvalidData and the path for what is not UTF-8", async () => {
    const path = join(folder(), "a");
    writeFileSync(path, Uint8Array.of(0xff));
    expect(await rejectionOf(run(readToString(path)))).toMatchObject({ kind: "InvalidData", path });
  });
});

describe("write", () => {
  it.each(LANES)("makes a file with all of the data in the %s lane", async (lane) => {
    const path = join(folder(), "a");
    const data = new Uint8Array(3 * 1024 * 1024).fill(7);
    await inLane(lane, () => write(path, data));
    expect(readFileSync(path).equals(data)).toBe(true);
  });

  it("replaces what was in the file", async () => {
    const path = join(folder(), "a");
    writeFileSync(path, "long content");
    await run(write(path, "short"));
    expect(readFileSync(path, "utf8")).toBe("short");
  });

  it("fails with NotFound where the directory is missing", async () => {
    expect(await rejectionOf(run(write(join(folder(), "no", "a"), "x")))).toMatchObject({ kind: "NotFound" });
  });

  it("is done all the same when it is given up", async () => {
    const path = join(folder(), "a");
    pollAndDrop(write(path, "still written"));
    await vi.waitFor(() => expect(readFileSync(path, "utf8")).toBe("still written"));
  });

  it("does nothing when it is given up before it was polled", async () => {
    const path = join(folder(), "a");
    write(path, "x").drop();
    await run(metadata(folder()));
    expect(existsSync(path)).toBe(false);
  });
});

describe("copy", () => {
  it.each(LANES)("gives the number of bytes and overwrites in the %s lane", async (lane) => {
    const path = folder();
    writeFileSync(join(path, "a"), "12345");
    writeFileSync(join(path, "b"), "something longer");
    expect(await inLane(lane, () => copy(join(path, "a"), join(path, "b")))).toBe(5);
    expect(readFileSync(join(path, "b"), "utf8")).toBe("12345");
  });

  it("copies the permissions", async () => {
    const path = folder();
    writeFileSync(join(path, "a"), "", { mode: 0o640 });
    await run(copy(join(path, "a"), join(path, "b")));
    expect(statSync(join(path, "b")).mode & 0o777).toBe(0o640);
  });

  it("fails with NotFound for a missing source", async () => {
    const path = folder();
    expect(await rejectionOf(run(copy(join(path, "a"), join(path, "b"))))).toMatchObject({
      kind: "NotFound",
      path: join(path, "a"),
    });
  });

  it("fails where the source is a directory", async () => {
    const path = folder();
    mkdirSync(join(path, "a"));
    expect(await rejectionOf(run(copy(join(path, "a"), join(path, "b"))))).toBeInstanceOf(IoError);
  });
});

describe("a call in the pool", () => {
  it("holds a paused clock until it is over", async () => {
    const runtime = Builder.currentThread().build();
    const waker = new TestWaker();
    {
      using _entered = runtime.enter();
      tryExists("/does/not/exist").poll(waker);
    }
    expect(isClockHeld(runtime.handle())).toBe(true);
    await vi.waitFor(() => expect(waker.count).toBe(1));
    expect(isClockHeld(runtime.handle())).toBe(false);
    runtime.shutdownBackground();
  });

  it("holds a paused clock from its first poll to its drop", () => {
    const runtime = Builder.currentThread().build();
    using _entered = runtime.enter();
    const future = read("/does/not/exist");
    const seen = [isClockHeld(runtime.handle())];
    expect(future.poll(new TestWaker())).toBe(PENDING);
    seen.push(isClockHeld(runtime.handle()));
    future.drop();
    seen.push(isClockHeld(runtime.handle()));
    runtime.shutdownBackground();
    expect(seen).toEqual([false, true, false]);
  });

  it("wakes the waker of the last poll alone", async () => {
    const path = join(folder(), "a");
    const [first, second] = [new TestWaker(), new TestWaker()];
    const future = tryExists(path);
    future.poll(first);
    future.poll(second);
    await vi.waitFor(() => expect(second.count).toBe(1));
    expect(first.count).toBe(0);
  });

  it("is ready for thousands at once", async () => {
    const path = folder();
    const answers = await run(async () => {
      const tasks = Array.from({ length: 2000 }, (_, i) =>
        spawn(async () => {
          const [from, to] = [join(path, `${i}`), join(path, `${i}-done`)];
          await write(from, `${i}`);
          await rename(from, to);
          const { length } = await read(to);
          return (await metadata(to)).len() === length;
        }),
      );
      const all: boolean[] = [];
      for (const task of tasks) all.push(await task);
      return all;
    });
    expect(answers.filter(Boolean)).toHaveLength(2000);
  });

  it.skipIf(!SEES_DESCRIPTORS)(
    "may be under way when its runtime shuts down, and leaves nothing open",
    async () => {
      const path = folder();
      const runtime = Builder.currentThread().build();
      await runtime.blockOn(function* () {
        for (let i = 0; i < 20; i += 1) {
          spawn(File.create(join(path, `${i}`)));
          spawn(readDir(path));
        }
        yield* yieldNow(); // they have begun
      });
      runtime.shutdownBackground();
      await run(metadata(path)); // behind them in the pool
      await expectClosed(path);
    },
  );
});
