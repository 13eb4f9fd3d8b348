import {
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { File, OpenOptions, readToString } from "@rt/fs";
import { describe, expect, it } from "vitest";
import { folder, IS_ROOT, rejectionOf, run } from "./support/fs.ts";

const options = (): OpenOptions => new OpenOptions();
const UMASK = process.umask();

/** Opens, writes `text` and closes. */
async function writeWith(how: OpenOptions, path: string, text: string): Promise<void> {
  using file = await run(how.open(path));
  await run(file.writeAll(text));
  await run(file.flush());
}

function fileWith(content: string): string {
  const path = join(folder(), "file");
  writeFileSync(path, content);
  return path;
}

describe("OpenOptions.open", () => {
  it.each<[string, OpenOptions]>([
    ["nothing", options()],
    ["truncate without write", options().read(true).truncate(true)],
    ["create without write or append", options().read(true).create(true)],
    ["createNew without write or append", options().read(true).createNew(true)],
    ["append with truncate", options().append(true).truncate(true)],
  ])("fails with InvalidInput for %s", async (_name, how) => {
    const path = fileWith("");
    expect(await rejectionOf(run(how.open(path)))).toMatchObject({
      kind: "InvalidInput",
      code: "EINVAL",
      syscall: "open",
      path,
    });
  });

  it("takes the options as they are when it is called", async () => {
    const how = options().read(true);
    const opening = how.open(fileWith("a"));
    how.read(false);
    using file = await run(opening);
    expect(await run(file.readToString())).toBe("a");
  });

  it.skipIf(IS_ROOT)("fails with PermissionDenied where one may not (root may)", async () => {
    const path = join(folder(), "a");
    writeFileSync(path, "", { mode: 0o400 });
    expect(await rejectionOf(run(options().write(true).open(path)))).toMatchObject({
      kind: "PermissionDenied",
      code: "EACCES",
      path,
    });
  });

  it("fails with NotADirectory where a file stands for a directory", async () => {
    const path = join(fileWith(""), "below");
    expect(await rejectionOf(run(options().read(true).open(path)))).toMatchObject({
      kind: "NotADirectory",
      code: "ENOTDIR",
      path,
    });
  });
});

describe("OpenOptions.read", () => {
  it("allows reading alone", async () => {
    using file = await run(options().read(true).open(fileWith("a")));
    await run(file.writeAll("b"));
    expect(await rejectionOf(run(file.flush()))).toMatchObject({ code: "EBADF" });
  });
});

describe("OpenOptions.write", () => {
  it("overwrites from the start and does not create", async () => {
    const path = fileWith("abc");
    await writeWith(options().write(true), path, "X");
    expect(readFileSync(path, "utf8")).toBe("Xbc");
    expect(await rejectionOf(run(options().write(true).open(`${path}2`)))).toMatchObject({
      kind: "NotFound",
    });
  });

  it("allows writing alone", async () => {
    using file = await run(options().write(true).open(fileWith("a")));
    expect(await rejectionOf(run(file.readChunk()))).toMatchObject({ code: "EBADF" });
  });
});

describe("OpenOptions.append", () => {
  it("needs no write", async () => {
    const path = fileWith("abc");
    await writeWith(options().append(true), path, "d");
    expect(readFileSync(path, "utf8")).toBe("abcd");
  });

  it("does not create", async () => {
    const path = join(folder(), "a");
    expect(await rejectionOf(run(options().append(true).open(path)))).toMatchObject({ kind: "NotFound" });
  });

  it("creates with create", async () => {
    const path = join(folder(), "a");
    await writeWith(options().append(true).create(true), path, "a");
    expect(readFileSync(path, "utf8")).toBe("a");
  });
});

describe("OpenOptions.truncate", () => {
  it("throws away what was there", async () => {
    const path = fileWith("abc");
    await writeWith(options().write(true).truncate(true), path, "X");
    expect(readFileSync(path, "utf8")).toBe("X");
  });
});

describe("OpenOptions.create", () => {
  it("leaves what is there", async () => {
    const path = fileWith("abc");
    await writeWith(options().write(true).create(true), path, "X");
    expect(readFileSync(path, "utf8")).toBe("Xbc");
  });
});

describe("OpenOptions.createNew", () => {
  it("fails with AlreadyExists, also for a link that leads nowhere", async () => {
    const path = join(folder(), "link");
    symlinkSync("nowhere", path);
    expect(await rejectionOf(run(options().write(true).createNew(true).open(path)))).toMatchObject({
      kind: "AlreadyExists",
    });
  });

  it("ignores create and truncate", async () => {
    const path = fileWith("abc");
    const how = options().write(true).create(true).truncate(true).createNew(true);
    expect(await rejectionOf(run(how.open(path)))).toMatchObject({ kind: "AlreadyExists" });
    expect(readFileSync(path, "utf8")).toBe("abc");
  });
});

describe.skipIf(process.platform === "win32")("OpenOptions.mode", () => {
  it("is 0o666 without the umask at first", async () => {
    const path = join(folder(), "a");
    await writeWith(options().write(true).create(true), path, "");
    expect(statSync(path).mode & 0o777).toBe(0o666 & ~UMASK);
  });

  it("says who may do what with a new file", async () => {
    const path = join(folder(), "a");
    await writeWith(options().write(true).create(true).mode(0o600), path, "");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("throws a RangeError for what is no mode", () => {
    expect(() => options().mode(-1)).toThrow(RangeError);
  });
});

describe.skipIf(process.platform === "win32")("OpenOptions.customFlags", () => {
  it("are passed to the system", async () => {
    const path = join(folder(), "link");
    symlinkSync("file", path);
    const how = options().read(true).customFlags(constants.O_NOFOLLOW);
    expect(await rejectionOf(run(how.open(path)))).toMatchObject({ code: "ELOOP" });
  });

  it("can't change whether one reads or writes", async () => {
    const path = fileWith("a");
    using file = await run(options().read(true).customFlags(constants.O_WRONLY).open(path));
    expect(await run(file.readToString())).toBe("a");
  });
});

describe("File.options", () => {
  it("gives options with everything off", async () => {
    const path = join(folder(), "dir");
    mkdirSync(path);
    expect(File.options()).toBeInstanceOf(OpenOptions);
    expect(await rejectionOf(run(File.options().open(path)))).toMatchObject({ kind: "InvalidInput" });
    expect(existsSync(path)).toBe(true);
    expect(await rejectionOf(run(readToString(path)))).toMatchObject({ kind: "IsADirectory" });
  });
});
