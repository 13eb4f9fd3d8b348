import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  canonicalize,
  createDir,
  createDirAll,
  DirBuilder,
  hardLink,
  metadata,
  Permissions,
  readLink,
  removeDir,
  removeDirAll,
  removeFile,
  rename,
  setPermissions,
  symlink,
  symlinkDir,
  symlinkFile,
  symlinkMetadata,
  tryExists,
} from "@rt/fs";
import type { Future } from "@rt/core";
import { describe, expect, it } from "vitest";
import { folder, inLane, IS_ROOT, LANES, rejectionOf, run } from "./support/fs.ts";

/** What a call in the pool fails with. */
const failureOf = (future: Future<unknown>): Promise<unknown> => rejectionOf(run(future));

/** A folder with `file` ("abc") and the empty folder `dir`. */
function tree(): { root: string; file: string; dir: string } {
  const root = folder();
  const [file, dir] = [join(root, "file"), join(root, "dir")];
  writeFileSync(file, "abc");
  mkdirSync(dir);
  return { root, file, dir };
}

describe("canonicalize", () => {
  it.each(LANES)("follows links and dots in the %s lane", async (lane) => {
    const { root, file } = tree();
    symlinkSync("file", join(root, "link"));
    expect(await inLane(lane, () => canonicalize(`${root}/dir/../link`))).toBe(file);
  });

  it("fails with NotFound where a part of the path is missing", async () => {
    expect(await failureOf(canonicalize(join(folder(), "no")))).toMatchObject({ kind: "NotFound" });
  });
});

describe("readLink", () => {
  it("gives where a link leads, though nothing is there", async () => {
    const path = join(folder(), "link");
    symlinkSync("some/where", path);
    expect(await run(readLink(path))).toBe("some/where");
  });

  it("fails with InvalidInput for a file", async () => {
    expect(await failureOf(readLink(tree().file))).toMatchObject({ kind: "InvalidInput", code: "EINVAL" });
  });
});

describe("metadata", () => {
  it.each(LANES)("follows links in the %s lane", async (lane) => {
    const { root } = tree();
    symlinkSync("file", join(root, "link"));
    const found = await inLane(lane, () => metadata(join(root, "link")));
    expect([found.isFile(), found.isSymlink(), found.len()]).toEqual([true, false, 3]);
  });

  it("fails with NotFound, code, syscall and path for what is not there", async () => {
    const path = join(folder(), "no");
    expect(await failureOf(metadata(path))).toMatchObject({
      kind: "NotFound",
      code: "ENOENT",
      syscall: "stat",
      path,
    });
  });
});

describe("Metadata", () => {
  it("tells what Node tells", async () => {
    const { file } = tree();
    const found = await run(metadata(file));
    const stats = statSync(file);
    expect(found.stats().ino).toBe(stats.ino);
    expect([found.modified(), found.created()]).toEqual([stats.mtime, stats.birthtime]);
    expect(found.accessed()).toBeInstanceOf(Date);
  });

  it("tells a directory from a file", async () => {
    const found = await run(metadata(tree().dir));
    expect([found.isDir(), found.isFile()]).toEqual([true, false]);
  });

  it("tells who may do what", async () => {
    const { file } = tree();
    await run(setPermissions(file, new Permissions(0o640)));
    expect((await run(metadata(file))).permissions().mode()).toBe(0o640);
  });
});

describe("FileType", () => {
  it.each(["isFile", "isDir", "isSymlink", "isBlockDevice", "isCharDevice", "isFifo", "isSocket"] as const)(
    "says by %s what a directory is",
    async (method) => {
      const type = (await run(metadata(tree().dir))).fileType();
      expect(type[method]()).toBe(method === "isDir");
    },
  );
});

describe("symlinkMetadata", () => {
  it("does not follow links", async () => {
    const path = join(folder(), "link");
    symlinkSync("nowhere", path);
    expect((await run(symlinkMetadata(path))).isSymlink()).toBe(true);
  });
});

describe("setPermissions", () => {
  it("says who may do what", async () => {
    const { file } = tree();
    await run(setPermissions(file, new Permissions(0o400)));
    expect(statSync(file).mode & 0o777).toBe(0o400);
  });

  it("fails with NotFound for a missing file", async () => {
    const path = join(folder(), "no");
    expect(await failureOf(setPermissions(path, new Permissions(0o600)))).toMatchObject({ kind: "NotFound" });
  });
});

describe("Permissions", () => {
  it("are read-only when nobody may write", () => {
    expect([0o444, 0o644].map((mode) => new Permissions(mode).isReadonly())).toEqual([true, false]);
  });

  it("take the kind of the file out of the mode", () => {
    expect(new Permissions(0o100644).mode()).toBe(0o644);
  });

  it("can be had for all to write", () => {
    expect(new Permissions(0o444).withReadonly(false).mode()).toBe(0o666);
  });
});

describe("tryExists", () => {
  it.each(LANES)("says whether something is there in the %s lane", async (lane) => {
    const { root, file } = tree();
    expect(await inLane(lane, () => tryExists(file))).toBe(true);
    expect(await inLane(lane, () => tryExists(join(root, "no")))).toBe(false);
  });

  it("says that a link which leads nowhere is not", async () => {
    const path = join(folder(), "link");
    symlinkSync("nowhere", path);
    expect(await run(tryExists(path))).toBe(false);
  });

  it("fails where it can't be told", async () => {
    expect(await failureOf(tryExists(join(tree().file, "below")))).toMatchObject({ kind: "NotADirectory" });
  });

  it.skipIf(IS_ROOT)(
    "fails with PermissionDenied below a directory one may not enter (root may)",
    async () => {
      const { dir } = tree();
      await run(setPermissions(dir, new Permissions(0)));
      expect(await failureOf(tryExists(join(dir, "a")))).toMatchObject({ kind: "PermissionDenied" });
    },
  );
});

describe("createDir", () => {
  it.each(LANES)("makes a directory in the %s lane", async (lane) => {
    const path = join(folder(), "new");
    await inLane(lane, () => createDir(path));
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it("fails with AlreadyExists where it is", async () => {
    const { dir } = tree();
    expect(await failureOf(createDir(dir))).toMatchObject({
      kind: "AlreadyExists",
      syscall: "mkdir",
      path: dir,
    });
  });

  it("fails with NotFound where the one above is missing", async () => {
    expect(await failureOf(createDir(join(folder(), "a", "b")))).toMatchObject({ kind: "NotFound" });
  });
});

describe("createDirAll", () => {
  it("makes those above as well", async () => {
    const path = join(folder(), "a", "b", "c");
    await run(createDirAll(path));
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it("does nothing where it is", async () => {
    const { dir } = tree();
    await run(createDirAll(dir));
    expect(statSync(dir).isDirectory()).toBe(true);
  });

  it("fails with AlreadyExists where a file is", async () => {
    expect(await failureOf(createDirAll(tree().file))).toMatchObject({ kind: "AlreadyExists" });
  });
});

describe("DirBuilder", () => {
  it("is not recursive at first", async () => {
    expect(await failureOf(new DirBuilder().create(join(folder(), "a", "b")))).toMatchObject({
      kind: "NotFound",
    });
  });

  it("makes those above when it is recursive", async () => {
    const path = join(folder(), "a", "b");
    await run(new DirBuilder().recursive(true).create(path));
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it.skipIf(process.platform === "win32")("has 0o777 without the umask as its mode at first", async () => {
    const path = join(folder(), "a");
    await run(new DirBuilder().create(path));
    expect(statSync(path).mode & 0o777).toBe(0o777 & ~process.umask());
  });

  it.skipIf(process.platform === "win32")("gives its mode to those above as well", async () => {
    const root = folder();
    await run(
      new DirBuilder()
        .recursive(true)
        .mode(0o700)
        .create(join(root, "a", "b")),
    );
    const modes = [join(root, "a"), join(root, "a", "b")].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700]);
  });

  it("throws a RangeError for what is no mode", () => {
    expect(() => new DirBuilder().mode(0o10000)).toThrow(RangeError);
  });
});

describe("removeFile", () => {
  it.each(LANES)("removes a file in the %s lane", async (lane) => {
    const { file } = tree();
    await inLane(lane, () => removeFile(file));
    expect(existsSync(file)).toBe(false);
  });

  it("removes a link and not what it leads to", async () => {
    const { root, file } = tree();
    symlinkSync(file, join(root, "link"));
    await run(removeFile(join(root, "link")));
    expect(existsSync(file)).toBe(true);
  });

  it("fails with NotFound, code, syscall and path for a missing file", async () => {
    const path = join(folder(), "no");
    expect(await failureOf(removeFile(path))).toMatchObject({
      kind: "NotFound",
      code: "ENOENT",
      syscall: "unlink",
      path,
    });
  });

  it("fails for a directory, which stays", async () => {
    const { dir } = tree();
    await failureOf(removeFile(dir));
    expect(existsSync(dir)).toBe(true);
  });
});

describe("removeDir", () => {
  it("removes an empty directory", async () => {
    const { dir } = tree();
    await run(removeDir(dir));
    expect(existsSync(dir)).toBe(false);
  });

  it("fails with DirectoryNotEmpty for one with something in it", async () => {
    const { dir } = tree();
    writeFileSync(join(dir, "a"), "");
    expect(await failureOf(removeDir(dir))).toMatchObject({ kind: "DirectoryNotEmpty", code: "ENOTEMPTY" });
  });
});

describe("removeDirAll", () => {
  it.each(LANES)("removes a directory with all that is in it in the %s lane", async (lane) => {
    const { root, dir } = tree();
    mkdirSync(join(dir, "a", "b"), { recursive: true });
    writeFileSync(join(dir, "a", "c"), "");
    symlinkSync(join(root, "file"), join(dir, "link"));
    await inLane(lane, () => removeDirAll(dir));
    expect([existsSync(dir), existsSync(join(root, "file"))]).toEqual([false, true]);
  });

  it("removes a link to a directory and not the directory", async () => {
    const { root, dir } = tree();
    symlinkSync(dir, join(root, "link"));
    await run(removeDirAll(join(root, "link")));
    expect([existsSync(dir), existsSync(join(root, "link"))]).toEqual([true, false]);
  });

  it("fails with NotADirectory for a file", async () => {
    const { file } = tree();
    expect(await failureOf(removeDirAll(file))).toMatchObject({
      kind: "NotADirectory",
      code: "ENOTDIR",
      path: file,
    });
    expect(existsSync(file)).toBe(true);
  });

  it("fails with NotFound for a missing directory", async () => {
    expect(await failureOf(removeDirAll(join(folder(), "no")))).toMatchObject({ kind: "NotFound" });
  });
});

describe("rename", () => {
  it.each(LANES)("replaces a file that has the name in the %s lane", async (lane) => {
    const { root, file } = tree();
    const to = join(root, "to");
    writeFileSync(to, "old");
    await inLane(lane, () => rename(file, to));
    expect([existsSync(file), readFileSync(to, "utf8")]).toEqual([false, "abc"]);
  });

  it("fails with NotFound, and both paths, for what is not there", async () => {
    const [path, dest] = [join(folder(), "no"), join(folder(), "to")];
    expect(await failureOf(rename(path, dest))).toMatchObject({
      kind: "NotFound",
      syscall: "rename",
      path,
      dest,
    });
  });

  it("fails with InvalidFilename for a name that is too long", async () => {
    const { root, file } = tree();
    expect(await failureOf(rename(file, join(root, "x".repeat(300))))).toMatchObject({
      code: "ENAMETOOLONG",
    });
  });
});

describe("hardLink", () => {
  it("gives a file one more name, which stays when the other goes", async () => {
    const { root, file } = tree();
    await run(hardLink(file, join(root, "second")));
    unlinkSync(file);
    expect(readFileSync(join(root, "second"), "utf8")).toBe("abc");
  });

  it("fails with NotFound for a missing source", async () => {
    const root = folder();
    expect(await failureOf(hardLink(join(root, "no"), join(root, "a")))).toMatchObject({ kind: "NotFound" });
  });

  it("fails with AlreadyExists where the name is taken", async () => {
    const { root, file } = tree();
    linkSync(file, join(root, "second"));
    expect(await failureOf(hardLink(file, join(root, "second")))).toMatchObject({ kind: "AlreadyExists" });
  });

  it("fails for a directory, which gets no second name", async () => {
    const { root, dir } = tree();
    await failureOf(hardLink(dir, join(root, "second")));
    expect(existsSync(join(root, "second"))).toBe(false);
  });
});

describe.each([
  ["symlink", symlink],
  ["symlinkFile", symlinkFile],
] as const)("%s", (_name, make) => {
  it("makes a link to a file", async () => {
    const { root, file } = tree();
    await run(make(file, join(root, "link")));
    expect(readFileSync(join(root, "link"), "utf8")).toBe("abc");
  });

  it("fails with AlreadyExists where something is", async () => {
    const { file, dir } = tree();
    expect(await failureOf(make(file, dir))).toMatchObject({ kind: "AlreadyExists" });
  });

  it("needs nothing to be where it leads", async () => {
    const path = join(folder(), "link");
    await run(make("no/where", path));
    expect(readlinkSync(path)).toBe("no/where");
  });
});

describe("symlinkDir", () => {
  it("makes a link to a directory", async () => {
    const { root, dir } = tree();
    await run(symlinkDir(dir, join(root, "link")));
    expect(lstatSync(join(root, "link")).isSymbolicLink()).toBe(true);
    expect(statSync(join(root, "link")).isDirectory()).toBe(true);
  });
});
