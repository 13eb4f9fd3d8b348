import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { PENDING, spawn, type UsageError, yieldNow } from "@rt/core";
import { type DirEntry, readDir } from "@rt/fs";
import { describe, expect, it, vi } from "vitest";
import {
  expectClosed,
  folder,
  inLane,
  LANES,
  openIn,
  pollAndDrop,
  rejectionOf,
  run,
  SEES_DESCRIPTORS,
  TestWaker,
} from "./support/fs.ts";

/** A folder with that many files. */
function folderOf(count: number): string {
  const path = folder();
  for (let i = 0; i < count; i += 1) writeFileSync(join(path, `${i}`), "");
  return path;
}

/** The one entry of a folder. */
async function only(path: string): Promise<DirEntry> {
  using dir = await run(readDir(path));
  return (await run(dir.nextEntry()))!;
}

describe("readDir", () => {
  it.each(LANES)(
    "fails with NotFound, code, syscall and path for what is not there in the %s lane",
    async (lane) => {
      const path = join(folder(), "no");
      expect(await rejectionOf(inLane(lane, () => readDir(path)))).toMatchObject({
        kind: "NotFound",
        code: "ENOENT",
        syscall: "opendir",
        path,
      });
    },
  );

  it("fails with NotADirectory for a file", async () => {
    const path = join(folderOf(1), "0");
    expect(await rejectionOf(run(readDir(path)))).toMatchObject({ kind: "NotADirectory", code: "ENOTDIR" });
  });

  it("takes a URL", async () => {
    const path = folderOf(1);
    using dir = await run(readDir(pathToFileURL(path)));
    expect((await run(dir.nextEntry()))!.path()).toBe(join(path, "0"));
  });

  it("takes a URL of another realm, which is no instance of the class here", async () => {
    const path = folderOf(1);
    const { href, protocol, hostname, pathname } = pathToFileURL(path);
    using dir = await run(readDir({ href, protocol, hostname, pathname } as URL));
    expect((await run(dir.nextEntry()))!.path()).toBe(join(path, "0"));
  });

  it.skipIf(!SEES_DESCRIPTORS)(
    "closes what was opened when it is given up before it is fetched",
    async () => {
      const path = folder();
      const future = readDir(path);
      const waker = new TestWaker();
      future.poll(waker);
      await vi.waitFor(() => expect(waker.count).toBe(1));
      expect(openIn(path)).toHaveLength(1);
      future.drop();
      await expectClosed(path);
    },
  );
});

describe("ReadDir.nextEntry", () => {
  it.each([
    [0, "generator"],
    [1, "generator"],
    [32, "generator"],
    [100, "generator"],
    [100, "async"],
  ] as const)("gives each of %i entries once, then undefined, in the %s lane", async (count, lane) => {
    using dir = await run(readDir(folderOf(count)));
    const names: string[] = [];
    for (;;) {
      const entry = await inLane(lane, () => dir.nextEntry());
      if (entry === undefined) break;
      names.push(entry.fileName());
    }
    expect(names.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: count }, (_, i) => `${i}`),
    );
    expect(await run(dir.nextEntry())).toBeUndefined();
  });

  it("loses nothing when it is given up", async () => {
    using dir = await run(readDir(folderOf(40)));
    let count = 0;
    pollAndDrop(dir.nextEntry());
    while ((await run(dir.nextEntry())) !== undefined) {
      count += 1;
      if (count === 32) pollAndDrop(dir.nextEntry()); // the second batch
    }
    expect(count).toBe(40);
  });

  it("gives way to other tasks though it is always ready", async () => {
    using dir = await run(readDir(folderOf(300)));
    let turns = 0;
    await run(function* () {
      const other = spawn(function* () {
        for (;;) {
          turns += 1;
          yield* yieldNow();
        }
      });
      while ((yield* dir.nextEntry()) !== undefined);
      other.abort();
    });
    expect(turns).toBeGreaterThan(2);
  });
});

describe("ReadDir.pollNextEntry", () => {
  it("fetches 32 entries together", async () => {
    using dir = await run(readDir(folderOf(40)));
    const waker = new TestWaker();
    expect(dir.pollNextEntry(waker)).toBe(PENDING);
    await vi.waitFor(() => expect(waker.count).toBe(1));
    let ready = 0;
    while (dir.pollNextEntry(waker) !== PENDING) ready += 1;
    expect(ready).toBe(32);
  });

  it("wakes the waker of the last poll alone", async () => {
    using dir = await run(readDir(folderOf(1)));
    const [first, second] = [new TestWaker(), new TestWaker()];
    dir.pollNextEntry(first);
    dir.pollNextEntry(second);
    await vi.waitFor(() => expect(second.count).toBe(1));
    expect(first.count).toBe(0);
  });
});

describe("ReadDir[Symbol.asyncIterator]", () => {
  it("gives every entry", async () => {
    const names = await run(async () => {
      const all: string[] = [];
      for await (const entry of await readDir(folderOf(50))) all.push(entry.fileName());
      return all;
    });
    expect(new Set(names).size).toBe(50);
  });

  it.skipIf(!SEES_DESCRIPTORS)("closes the directory when the loop is left", async () => {
    const path = folderOf(3);
    for await (const entry of await readDir(path)) if (entry.fileName() !== "") break;
    await expectClosed(path);
  });

  it.skipIf(!SEES_DESCRIPTORS)(
    "answers return() and throw() while next() waits, and closes the directory behind what is under way",
    async () => {
      const path = folderOf(3);
      for (const end of ["return", "throw"] as const) {
        const iterator = (await readDir(path))[Symbol.asyncIterator]();
        const next = iterator.next();
        if (end === "return") await iterator.return();
        else await rejectionOf(iterator.throw(new Error("stop")));
        expect(await next).toEqual({ done: true, value: undefined });
        await expectClosed(path);
      }
    },
  );

  it("makes the next use throw ERR_RT_DISPOSED when the loop is left", async () => {
    const dir = await readDir(folderOf(3));
    for await (const _ of dir) break;
    expect(await rejectionOf(dir.nextEntry())).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});

describe("ReadDir[Symbol.dispose]", () => {
  it.skipIf(!SEES_DESCRIPTORS)("closes the directory behind what is under way", async () => {
    const path = folderOf(3);
    const dir = await run(readDir(path));
    pollAndDrop(dir.nextEntry());
    dir[Symbol.dispose]();
    dir[Symbol.dispose]();
    await expectClosed(path);
  });

  it.skipIf(!SEES_DESCRIPTORS)("is not needed at the end", async () => {
    const path = folderOf(1);
    const dir = await run(readDir(path));
    while ((await run(dir.nextEntry())) !== undefined);
    await expectClosed(path);
  });

  it("makes the next use throw ERR_RT_DISPOSED", async () => {
    const dir = await run(readDir(folderOf(1)));
    dir[Symbol.dispose]();
    expect(((await rejectionOf(run(dir.nextEntry()))) as UsageError).code).toBe("ERR_RT_DISPOSED");
  });

  it("ends the wait of another task", async () => {
    const dir = await run(readDir(folderOf(1)));
    const waker = new TestWaker();
    expect(dir.pollNextEntry(waker)).toBe(PENDING);
    dir[Symbol.dispose]();
    expect(waker.count).toBe(1);
  });
});

describe("DirEntry", () => {
  it("has a path of the directory as it was given, and the name", async () => {
    const path = folderOf(1);
    const entries = [await only(path), await only(path + sep), await only(`${path}${sep}.`)];
    expect(entries.map((entry) => entry.path())).toEqual([
      `${path}${sep}0`,
      `${path}${sep}0`,
      `${path}${sep}.${sep}0`,
    ]);
  });

  it("does not follow links for metadata", async () => {
    const path = folder();
    symlinkSync("nowhere", join(path, "link"));
    expect((await run((await only(path)).metadata())).isSymlink()).toBe(true);
  });

  it("does not follow links for the file type", async () => {
    const path = folder();
    symlinkSync(path, join(path, "link"));
    const type = (await only(path)).fileType();
    expect([type.isSymlink(), type.isDir()]).toEqual([true, false]);
  });

  it("knows a directory", async () => {
    const path = folder();
    mkdirSync(join(path, "sub"));
    expect((await only(path)).fileType().isDir()).toBe(true);
  });
});
