import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";

/** Runs `code` in a process of its own, with everything of this package and `spawn` at hand. */
function program(code: string): ChildProcess {
  return started(process.execPath, [...process.execArgv, "--input-type=module", "-e", sourceOf(code)]);
}

function started(file: string, args: readonly string[]): ChildProcess {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => void child.kill());
  return child;
}

function sourceOf(code: string): string {
  return `
    import { spawn, Builder, PENDING } from "@rt/core";
    import * as io from "@rt/io";
    const { stdin, stdout, stderr, copy } = io;
    const runtime = Builder.currentThread().build();
    await runtime.blockOn(async () => { ${code} });
  `;
}

/** The same in a shell, whose `"$@"` it is: `script` says what its input is. */
function programIn(script: string, code: string): ChildProcess {
  const args = [...process.execArgv, "--input-type=module", "-e", sourceOf(code)];
  return started("sh", ["-c", script, "sh", process.execPath, ...args]);
}

/** Whether there is util-linux's `script`, which makes a terminal. */
const hasTerminals = ((): boolean => {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    return false;
  }
})();

async function outcome(child: ChildProcess): Promise<{ out: string; err: string; code: number | null }> {
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
  });
  const [out, err, code] = await Promise.all([text(child.stdout!), text(child.stderr!), exited]);
  return { out, err, code };
}

describe("stdin", () => {
  it("gives what is piped in until its end", async () => {
    const child = program(`for await (const line of stdin().lines()) console.log("<" + line + ">");`);
    child.stdin!.end("one\ntwo");
    expect(await outcome(child)).toEqual({ out: "<one>\n<two>\n", err: "", code: 0 });
  });

  it("gives what arrives after a dropped read to the next one", async () => {
    const child = program(`
      const dropped = stdin().readChunk();
      dropped.poll({ waker: { wake() {} } });
      dropped.drop();
      console.log(await stdin().readLine());
    `);
    child.stdin!.write("kept\n");
    expect(await outcome(child)).toEqual({ out: "kept\n\n", err: "", code: 0 });
  });

  it("keeps the process alive only while somebody waits", async () => {
    const child = program(`console.log(await stdin().readLine());`);
    child.stdin!.write("one\n");
    // The pipe stays open, and the process ends all the same.
    expect((await outcome(child)).code).toBe(0);
  });

  it.each([
    ["a read", "stdin().readChunk()"],
    ["a line", "stdin().lines().nextLine()"],
    ["all of it", "stdin().readToString()"],
    ["a copy", "copy(stdin().buffered().take(9), stdout())"],
  ])("keeps no process alive once %s was given up", async (_what, read) => {
    const child = program(`
      const task = spawn(${read});
      await new Promise((resolve) => setImmediate(resolve));
      task.abort();
      await task.then(() => {}, () => {});
    `);
    // The pipe stays open.
    expect(await outcome(child)).toEqual({ out: "", err: "", code: 0 });
  });

  it("keeps the process alive for one who waits when another read was given up", async () => {
    const child = program(`
      const dropped = stdin().readChunk();
      dropped.poll({ waker: { wake() {} } });
      const task = spawn(stdin().readLine());
      await new Promise((resolve) => setImmediate(resolve));
      dropped.drop();
      console.log("ready");
      console.log(await task);
    `);
    const seen = outcome(child);
    await new Promise((resolve) => {
      child.stdout!.once("data", resolve);
    });
    child.stdin!.write("heard\n");
    expect((await seen).out).toContain("heard");
  });

  describe.skipIf(process.platform === "win32")("keeps no process alive once a read was given up, as", () => {
    /** Gives up a read that has begun, and one that has not been waited for. */
    const code = `
      for (let i = 0; i < 2; i += 1) {
        const task = spawn(stdin().readLine());
        for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        task.abort();
        await task.then(() => {}, () => {});
      }
      console.log("over");
    `;
    const file = (): string => {
      const folder = mkdtempSync(join(tmpdir(), "rt-io-"));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      return join(folder, "file");
    };
    const over = { out: "over\n", err: "", code: 0 };

    it("a pipe", async () => {
      const id = file();
      // The other end stays open until the program has ended.
      const script = `sh -c 'echo $$ >${id}; exec sleep 60' | { "$@"; kill $(cat ${id}); }`;
      expect(await outcome(programIn(script, code))).toMatchObject({ out: "over\n", code: 0 });
    });

    it("a FIFO", async () => {
      const path = file();
      execFileSync("mkfifo", [path]);
      // Which it holds open for writing, too.
      expect(await outcome(programIn(`"$@" <>${path}`, code))).toEqual(over);
    });

    it("a file", async () => {
      const path = file();
      writeFileSync(path, "a line\n");
      expect(await outcome(programIn(`"$@" <${path}`, code))).toEqual(over);
    });

    it("/dev/null", async () => {
      expect(await outcome(programIn('"$@" </dev/null', code))).toEqual(over);
    });

    it("closed", async () => {
      expect(await outcome(programIn('"$@" <&-', code))).toEqual(over);
    });

    it.skipIf(!hasTerminals)("a terminal", async () => {
      const path = file();
      writeFileSync(path, sourceOf(code));
      const line = [
        process.execPath,
        ...process.execArgv,
        "--input-type=module",
        "-e",
        `"$(cat ${path})"`,
      ].join(" ");
      const child = started("script", [
        "--quiet",
        "--return",
        "--command",
        `cd ${process.cwd()} && ${line}`,
        "/dev/null",
      ]);
      expect(await outcome(child)).toMatchObject({ out: "over\r\n", code: 0 });
    });
  });

  it("is the same reader each time", async () => {
    const child = program(`console.log(stdin() === stdin());`);
    child.stdin!.end();
    expect((await outcome(child)).out).toBe("true\n");
  });

  it("keeps a runtime waiting that waits for input", async () => {
    const child = program(`console.log("ready"); console.log(await stdin().readLine());`);
    const seen = outcome(child);
    await new Promise((resolve) => {
      child.stdout!.once("data", resolve);
    });
    child.stdin!.write("late\n");
    expect((await seen).out).toContain("late");
  });
});

describe.each(["stdout", "stderr"])("%s", (name) => {
  it("writes to the process's stream", async () => {
    const child = program(`const out = ${name}(); await out.writeAll("hello"); await out.flush();`);
    const { out, err, code } = await outcome(child);
    expect([name === "stdout" ? out : err, code]).toEqual(["hello", 0]);
  });

  it("has written everything once it is flushed", async () => {
    const child = program(`
      const out = ${name}();
      await out.writeAll("x".repeat(5_000_000));
      await out.flush();
      process.exit(0);
    `);
    const { out, err } = await outcome(child);
    expect((name === "stdout" ? out : err).length).toBe(5_000_000);
  });

  it("makes independent writers, each of which completes", async () => {
    const child = program(`
      const write = async (letter) => {
        const out = ${name}();
        for (let i = 0; i < 50; i += 1) await out.writeAll(letter.repeat(20_000) + "\\n");
        await out.flush();
      };
      const tasks = ["a", "b"].map((letter) => spawn(() => write(letter)));
      for (const task of tasks) await task;
    `);
    const { out, err } = await outcome(child);
    const lines = (name === "stdout" ? out : err).split("\n").filter((line) => line.length > 0);
    expect([lines.length, lines.every((line) => /^(a{20000}|b{20000})$/.test(line))]).toEqual([100, true]);
  });

  it("stays open when it is shut down", async () => {
    const child = program(`await ${name}().shutdown(); await ${name}().writeAll("still here");`);
    const { out, err } = await outcome(child);
    expect(name === "stdout" ? out : err).toBe("still here");
  });
});

describe("stdout", () => {
  it("throws BrokenPipe when nobody reads any more, instead of ending the process", async () => {
    const child = program(`
      const out = stdout();
      await stdin().readLine();
      try {
        for (;;) await out.writeAll("x".repeat(100_000));
      } catch (error) {
        console.error(error.kind, error.code);
      }
    `);
    child.stdout!.destroy();
    child.stdin!.end("go\n");
    expect(await text(child.stderr!)).toBe("BrokenPipe EPIPE\n");
  });
});
