import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "@rt/macros";
import { describe, expect, it, onTestFinished } from "vitest";

const PROGRAMS = join(import.meta.dirname, "programs");
const LIMIT_MS = 60_000;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. */
function run(args: readonly string[], cwd = PROGRAMS): Promise<Ended> {
  const { RT_DEBUG: _, NODE_OPTIONS: __, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=@rt/source", ...args], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: LIMIT_MS - 10_000,
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out: out.trim(), err: err.trim() }));
  });
}

describe("main", { timeout: LIMIT_MS }, () => {
  it("runs its body when its module is the program's entry, told from the call stack", async () => {
    expect(await run(["hello.ts"])).toMatchObject({ code: 0, out: "hello from nobody", err: "" });
  });

  it("runs its body when the entry was started through a symbolic link", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rt-main-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(join(PROGRAMS, "hello.ts"), join(folder, "linked.ts"));
    expect(await run([join(folder, "linked.ts")])).toMatchObject({ code: 0, out: "hello from nobody" });
  });

  it("runs its body on the runtime that its options describe", async () => {
    const { code, out, err } = await run(["options.ts"]);
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toEqual([["app", true, 5], "mine", "function"]);
  });

  it("does nothing when its module is imported by another program", async () => {
    expect(await run(["imports.ts"])).toEqual({ code: 0, out: "imported", err: "" });
  });

  it("does nothing on a worker thread", async () => {
    const { code, out } = await run(["worker.ts"]);
    expect(code).toBe(0);
    expect(out.split("\n").toSorted()).toEqual(["started", "workers over"]);
  });

  it("does nothing in a test, and gives undefined", async () => {
    let ran = false;
    const body = async (): Promise<number> => {
      ran = true;
      return 1;
    };
    expect([await main(body), await main({ meta: import.meta }, body), ran]).toEqual([
      undefined,
      undefined,
      false,
    ]);
  });

  it("prints an error with its stack and its cause, sets the exit code to 1, and gives undefined", async () => {
    const { code, out, err } = await run(["fails.ts"]);
    expect([code, out]).toEqual([1, "went on with undefined"]);
    expect(err).toContain("the body broke");
    expect(err).toMatch(/fails\.ts:\d+:\d+/);
    expect(err).toContain("because of this");
  });

  it("prints what can be shown of an error that can't be inspected, and goes on as for any other", async () => {
    const { code, out, err } = await run(["fails-hostile.ts"]);
    expect([code, out]).toEqual([1, "went on with undefined"]);
    expect(err).toContain("the body broke");
  });

  it("keeps an exit code that the body has set before it failed", async () => {
    expect(await run(["fails.ts", "3"])).toMatchObject({ code: 3 });
  });

  it("gives what the body gives, after the cleanups of all tasks have ended", async () => {
    expect(await run(["cleanup.ts"])).toEqual({ code: 0, out: "body over\ncleaned up\nvalue", err: "" });
  });

  it("reports a program in which everything waits for ever", async () => {
    const { code, err } = await run(["deadlock.ts"]);
    expect(code).toBe(1);
    expect(err).toContain("DeadlockError");
  });

  it("runs in code that was given on the command line", async () => {
    const code = 'import { main } from "@rt/macros"; await main(async () => console.log("evaluated"));';
    expect(await run(["--input-type=module", "--eval", code])).toMatchObject({ code: 0, out: "evaluated" });
  });
});

describe("select", { timeout: LIMIT_MS }, () => {
  it("keeps memory flat over a million rounds against the same mailboxes", async () => {
    const { code, out, err } = await run(["--expose-gc", "select-memory.ts"]);
    expect([code, err]).toEqual([0, ""]);
    const { grown, waiting } = JSON.parse(out) as { grown: number; waiting: number };
    expect(waiting).toBe(0);
    expect(grown).toBeLessThan(300_000);
  });
});
