import { spawn } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const PACKAGE = join(import.meta.dirname, "..");
const SOURCE = "--conditions=@rt/source";
const LIMIT_MS = 60_000;

const scratch = mkdtempSync(join(tmpdir(), "rt-programs-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program of `test/programs` to its end, in files that both sides can read while it runs. */
function run(
  program: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Ended> {
  const place = mkdtempSync(join(scratch, "run-"));
  const [out, err] = [join(place, "out"), join(place, "err")];
  const [outFd, errFd] = [openSync(out, "a"), openSync(err, "a")];
  const { RT_DEBUG: _, NODE_OPTIONS: __, ...outer } = process.env;
  return new Promise((resolve, reject) => {
    const file = join(import.meta.dirname, "programs", program);
    const child = spawn(process.execPath, [SOURCE, file, ...args], {
      stdio: ["ignore", outFd, errFd],
      env: { ...outer, ...env },
      timeout: LIMIT_MS - 10_000,
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      resolve({ code, out: readFileSync(out, "utf8").trim(), err: readFileSync(err, "utf8").trim() });
    });
    closeSync(outFd);
    closeSync(errFd);
  });
}

/** As {@link run}, with both outputs in one file, whose name is the program's first argument. */
function runIntoOne(
  program: string,
  args: readonly string[],
): Promise<{ code: number | null; text: string }> {
  const file = join(mkdtempSync(join(scratch, "run-")), "output");
  const fd = openSync(file, "a");
  const { RT_DEBUG: _, NODE_OPTIONS: __, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const path = join(import.meta.dirname, "programs", program);
    const child = spawn(process.execPath, [SOURCE, path, file, ...args], {
      stdio: ["ignore", fd, fd],
      env,
      timeout: LIMIT_MS - 10_000,
    });
    child.once("error", reject);
    child.once("exit", (code) => resolve({ code, text: readFileSync(file, "utf8") }));
    closeSync(fd);
  });
}

/** A copy of the package's sources, of the given version. */
function copyOf(version: string | undefined): string {
  const place = mkdtempSync(join(scratch, "copy-"));
  cpSync(join(PACKAGE, "src"), join(place, "src"), { recursive: true });
  cpSync(join(PACKAGE, "package.json"), join(place, "package.json"));
  if (version !== undefined) replaceVersion(join(place, "src"), version);
  return pathToFileURL(join(place, "src", "index.ts")).href;
}

function replaceVersion(folder: string, version: string): void {
  let replaced = 0;
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".ts")) continue;
    const path = join(folder, entry);
    const text = readFileSync(path, "utf8");
    const changed = text.replace(/(const VERSION\b[^=]*= )"[^"]*"/, `$1"${version}"`);
    if (changed === text) continue;
    replaced += 1;
    writeFileSync(path, changed);
  }
  if (replaced !== 1) throw new Error(`The version stands in ${replaced} files, not in one`);
}

describe("a program whose tasks wait for each other", { timeout: LIMIT_MS }, () => {
  it("ends with an exit code other than 0, and other than Node's silent 13", async () => {
    const { code } = await run("deadlock.ts");
    expect(code).toBe(1);
  });

  it("tells DeadlockError with its code", async () => {
    const { err } = await run("deadlock.ts");
    expect(err).toMatch(/DeadlockError[^]*ERR_RT_DEADLOCK/);
  });

  it("names both tasks, and what each waits for", async () => {
    const { err } = await run("deadlock.ts");
    expect(err).toMatch(/task #(\d+) \(alice\) waits for task #(\d+) \(bob\)/);
    expect(err).toMatch(/task #(\d+) \(bob\) waits for task #(\d+) \(alice\)/);
  });

  it("may catch the error and use the runtime on", async () => {
    const { code, out } = await run("deadlock-caught.ts");
    expect([code, out]).toEqual([0, "ERR_RT_DEADLOCK\nagain"]);
  });

  it.each([
    "in a row",
    "on another runtime",
    "within the catch block",
    "behind real timers",
    "two at once",
    "in a worker",
  ])("is told of every deadlock, not of the first alone: %s", async (scene) => {
    const { code, out } = await run("deadlock-again.ts", [scene]);
    const lines = out.split("\n").filter((line) => line !== "end");
    expect([code, lines]).toEqual([0, Array.from({ length: 4 }, () => "ERR_RT_DEADLOCK")]);
  });

  it.each([
    ["in a JoinSet, generator lane", "generator"],
    ["in a JoinSet, async lane", "async"],
    ["of a LocalSet", "local"],
    ["whose report is ignored", "ignored"],
  ])("names a task that failed unseen, and gives its error as the cause: %s", async (_what, which) => {
    const { out } = await run("deadlock-failed.ts", [which]);
    expect(out).toMatch(/\n {2}unjoined task #\d+ \(writer\) failed: out of ink\ncauses: out of ink$/);
  });

  it("names several tasks that failed unseen, and gives all their errors", async () => {
    const { out } = await run("deadlock-failed.ts", ["two"]);
    expect(out).toMatch(
      /unjoined task #\d+ failed: out of ink\n {2}unjoined task #\d+ failed: out of paper\ncauses: out of ink, out of paper$/,
    );
  });

  it("names no failure that was seen: joined, or reported", async () => {
    const { out } = await run("deadlock-failed.ts", ["seen"]);
    expect(out).toMatch(/^Nothing is left[^\n]*\n {2}the body of blockOn waits for [^\n]*\ncauses:$/);
  });

  it("names the latest failures, where there are very many", async () => {
    const { out } = await run("deadlock-failed.ts", ["many"]);
    const named = out.match(/failed: failure \d+/g) ?? [];
    expect(named.length).toBeLessThanOrEqual(32);
    expect(named.at(-1)).toBe("failed: failure 1000");
  });
});

describe("a program with a failed task that nobody joins", { timeout: LIMIT_MS }, () => {
  const lanes = [
    ["generator", "unjoined.ts"],
    ["async", "unjoined-async.ts"],
  ] as const;

  it.each(lanes)("tells it once, with name, id and error: %s lane", async (_lane, program) => {
    const { out, err } = await run(program);
    expect(err.match(/failed and nobody is waiting/g)).toHaveLength(1);
    expect(err).toContain(`task #${out} (mailer)`);
    expect(err).toContain("out of stamps");
  });

  it.each(lanes)("does not tell the spawn site outside of debug mode: %s lane", async (_lane, program) => {
    const { err } = await run(program);
    expect(err).not.toContain("spawned");
  });

  it.each(lanes)("tells the spawn site with RT_DEBUG=1: %s lane", async (_lane, program) => {
    const { err } = await run(program, [], { RT_DEBUG: "1" });
    expect(err).toMatch(new RegExp(`spawned at [^\n]*${program}:\\d+`));
  });

  it.each(lanes)("goes on to its end: %s lane", async (_lane, program) => {
    const { code } = await run(program);
    expect(code).toBe(0);
  });

  it("tells both errors when the report sink throws", async () => {
    const { err } = await run("reports.ts");
    expect(err).toContain("the task's own");
    expect(err).toContain("the sink's own");
  });
});

describe("a program whose reports can't be told", { timeout: LIMIT_MS }, () => {
  it("goes on where nobody reads its standard error any more", async () => {
    const file = join(import.meta.dirname, "programs", "nobody-reads.ts");
    const child = spawn(process.execPath, [SOURCE, file], { stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.destroy();
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    const code = await new Promise((resolve) => {
      child.once("close", resolve);
    });
    expect([code, out]).toMatchObject([0, expect.stringMatching(/^went on, with [01] listeners/) as string]);
  });

  it("goes on where subscribers of its diagnostics channels throw", async () => {
    const { code, out } = await run("subscriber-throws.ts");
    expect([code, out]).toEqual([0, "done,done true"]);
  });
});

describe("a program with nothing left that keeps it alive", { timeout: LIMIT_MS }, () => {
  it("exits by itself, though tasks, a driver's timer and a watchdog are left", async () => {
    const { code, out } = await run("unreferenced.ts");
    expect([code, out]).toEqual([0, "end of main"]);
  });

  it.each(["own", "default", "other"])(
    "is kept alive by a driver's timer while a blockOn waits for it: %s runtime",
    async (whose) => {
      const { code, out } = await run("kept-alive.ts", [whose]);
      expect([code, out]).toEqual([0, "due"]);
    },
  );

  it("is kept alive by the driver of a default runtime that is made while a blockOn waits", async () => {
    const { code, out } = await run("kept-alive-late.ts");
    expect([code, out]).toEqual([0, "due"]);
  });
});

describe("Builder.watchdog", { timeout: LIMIT_MS }, () => {
  it.each(["generator", "async"])("names the task while it blocks the thread: %s lane", async (lane) => {
    const { text } = await runIntoOne("watchdog.ts", [lane]);
    expect(text).toMatch(/^rt: task #\d+ \(hog\) has been blocking its thread for \d+ ms\nlet go\n/);
  });

  it("lets the program end once its runtime has shut down", async () => {
    const { code } = await runIntoOne("watchdog.ts", ["generator"]);
    expect(code).toBe(0);
  });
});

describe("two copies of the package", { timeout: LIMIT_MS }, () => {
  it("share runtime and current task when they are of one version", async () => {
    const { out } = await run("two-copies.ts", [copyOf(undefined)]);
    expect(out.split("\n")[0]).toBe('{"sameClasses":false,"sameRuntime":true,"sameTask":true}');
  });

  it("drop the futures of each other when they are of one version", async () => {
    const { out } = await run("two-copies.ts", [copyOf(undefined)]);
    expect(out.split("\n")[1]).toBe('{"drops":1}');
  });

  it("fail with VersionConflictError, naming both versions, when they differ", async () => {
    const { out } = await run("two-copies.ts", [copyOf("99.1.2")]);
    const error = JSON.parse(out) as { name: string; code: string; message: string };
    expect(error).toMatchObject({ name: "VersionConflictError", code: "ERR_RT_VERSION_CONFLICT" });
    expect(error.message).toMatch(/99\.1\.2.*version \d+\.\d+\.\d+/);
  });
});

describe("a program that awaits futures outside tasks", { timeout: LIMIT_MS }, () => {
  it("gets their values at the top of a module", async () => {
    const { code, out } = await run("top-level-await.ts");
    expect([code, out]).toEqual([0, "a callback, a task"]);
  });
});

describe("code that a task leaves behind", () => {
  it("is named in debug mode, with the task and what it waits for", async () => {
    const { code, out, err } = await run("left-behind.ts", [], { RT_DEBUG: "1" });
    expect([code, out]).toEqual([0, "end of main"]);
    expect(err.match(/^rt: .*left code behind.*$/gm)).toEqual([
      expect.stringMatching(
        /^rt: task #\d+ \(waits\) has left code behind that waits for pending\(\), which never completes; await it, or spawn it$/,
      ),
      expect.stringMatching(
        /^rt: task #\d+ \(comes later\) has left code behind that goes on; await it, or spawn it$/,
      ),
    ]);
  });

  it("is not mentioned otherwise", async () => {
    const { code, out, err } = await run("left-behind.ts");
    expect([code, out, err]).toEqual([0, "end of main", ""]);
  });
});

describe("a rejection with Cancelled that nobody handles", () => {
  it.each(["throw", "strict", "none"])("goes unnoticed, with --unhandled-rejections=%s", async (mode) => {
    const { code, out, err } = await run("cancelled-unhandled.ts", [], {
      NODE_OPTIONS: `--unhandled-rejections=${mode}`,
    });
    expect([code, out.split("\n"), err]).toEqual([0, ["JoinError", "Cancelled", "end of main"], ""]);
  });

  it("does not hide another one", async () => {
    const { code, out, err } = await run("cancelled-unhandled.ts", ["another"]);
    expect([code, out]).toEqual([1, "JoinError"]);
    expect(err).toContain("Error: another");
  });
});

describe("watchForgotten", () => {
  it("closes and names what was collected without being closed, in debug mode", async () => {
    const { out, err } = await run("forgotten.ts", [], { RT_DEBUG: "1" });
    expect(out).toBe("closed: 1");
    expect(err).toContain("a forgotten end was collected without being closed");
    expect(err).toContain("programs/forgotten.ts");
    expect(err).not.toContain("a closed end");
  });

  it("names what can't be closed, too, and goes on", async () => {
    const { code, err } = await run("forgotten.ts", ["throws"], { RT_DEBUG: "1" });
    expect(code).toBe(0);
    expect(err).toContain("a forgotten end was collected without being closed");
    expect(err).toContain("can't be closed");
  });

  it("does nothing outside of debug mode", async () => {
    const { out, err } = await run("forgotten.ts");
    expect({ out, err }).toEqual({ out: "closed: 0", err: "" });
  });
});
