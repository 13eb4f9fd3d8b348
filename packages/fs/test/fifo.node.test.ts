/** FIFOs, and devices: what keeps a thread of Node's pool where it is opened or read as a file is. */
import { execFileSync, spawn as spawnProcess } from "node:child_process";
import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { Builder, type Future, Handle, PENDING, spawn, yieldNow } from "@rt/core";
import { isClockHeld } from "@rt/core/driver";
import { copy, File, OpenOptions, read, readToString, write } from "@rt/fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
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
} from "./support/fs.ts";

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const isWindows = process.platform === "win32";
/** More than Node's pool has threads. */
const MANY = 8;

function fifo(): string {
  const path = join(folder(), "fifo");
  execFileSync("mkfifo", [path]);
  return path;
}

/** Opens one end as others do, without waiting for the other one. Gives what closes it, once. */
function opened(path: string, flags: number): { fd: number; close: () => void } {
  const fd = openSync(path, flags | O_NONBLOCK);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  onTestFinished(close);
  return { fd, close };
}

const toWrite = (path: string): Future<File> => new OpenOptions().write(true).open(path);
const toReadAndWrite = (path: string): Future<File> => new OpenOptions().read(true).write(true).open(path);

/** Opens it until the test is over. */
async function open(opening: Future<File>): Promise<File> {
  const file = await run(opening);
  onTestFinished(() => file[Symbol.dispose]());
  return file;
}

/** Polls `future`, which has to wait, until the test is over. */
function waiting(future: Future<unknown>): TestWaker {
  const waker = new TestWaker();
  expect(future.poll(waker)).toBe(PENDING);
  onTestFinished(() => future.drop());
  return waker;
}

/** A file that can be read only if the pool has a thread for it. */
async function expectPoolIsFree(): Promise<void> {
  const path = join(folder(), "plain");
  writeFileSync(path, "plain");
  expect(await readFile(path, "utf8")).toBe("plain");
}

/** As long as what is opened in the pool takes to come, and a little more. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await expectPoolIsFree();
}

/** What is there to be read by `fd`; a code where that is nothing. */
function rest(fd: number): string {
  const bytes = Buffer.alloc(100);
  try {
    return bytes.toString("latin1", 0, readSync(fd, bytes));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "";
  }
}

/** Fills a FIFO up. Gives how many bytes that took. */
function filled(fd: number): number {
  const bytes = Buffer.alloc(4096);
  let count = 0;
  try {
    for (;;) count += writeSync(fd, bytes);
  } catch {
    return count;
  }
}

describe.skipIf(isWindows)("a FIFO that is opened to be read", () => {
  it.each(LANES)("waits for a writer, in the %s lane", async (lane) => {
    const path = fifo();
    const file = inLane(lane, () => File.open(path));
    onTestFinished(async () => (await file)[Symbol.dispose]());
    let isOpen = false;
    void file.then(() => (isOpen = true));
    await settled();
    expect(isOpen).toBe(false);
    opened(path, O_WRONLY); // says nothing
    await file;
  });

  it("is there with what a writer that came first has written", async () => {
    const path = fifo();
    const both = opened(path, constants.O_RDWR);
    writeSync(both.fd, "early");
    const file = await open(File.open(path));
    both.close();
    expect(await run(file.readToString())).toBe("early");
  });

  it("is there when the writer has gone again, be it without a word", async () => {
    const path = fifo();
    const waker = new TestWaker();
    const opening = File.open(path);
    opening.poll(waker);
    await settled();
    closeSync(openSync(path, O_WRONLY));
    await vi.waitFor(() => expect(waker.count).toBeGreaterThan(0));
    const file = await open(opening);
    expect(await run(file.readChunk())).toBeUndefined();
  });

  it("does not wait where one says O_NONBLOCK by oneself", async () => {
    const path = fifo();
    const file = await open(new OpenOptions().read(true).customFlags(O_NONBLOCK).open(path));
    expect(await run(file.readChunk())).toBeUndefined();
    opened(path, O_WRONLY);
    expect(await rejectionOf(run(file.readChunk()))).toMatchObject({ kind: "WouldBlock" });
  });

  it.skipIf(!SEES_DESCRIPTORS)(
    "leaves nothing open when it is given up, though no writer ever comes",
    async () => {
      const path = fifo();
      for (const turns of [0, 1]) {
        const opening = File.open(path);
        opening.poll(new TestWaker());
        if (turns > 0) await settled();
        opening.drop();
        await expectClosed(path);
      }
    },
  );

  it.each(LANES)("leaves the pool to others while it waits, in the %s lane", async (lane) => {
    const paths = Array.from({ length: MANY }, fifo);
    const openings = paths.map((path) => inLane(lane, () => File.open(path)));
    await expectPoolIsFree();
    paths.map((path) => opened(path, O_WRONLY));
    for (const file of await Promise.all(openings)) file[Symbol.dispose]();
  });

  it("leaves the pool to others when it was given up", async () => {
    for (let i = 0; i < MANY; i += 1) pollAndDrop(File.open(fifo()));
    await expectPoolIsFree();
  });
});

describe.skipIf(isWindows)("a FIFO that is opened to be written", () => {
  it.each(LANES)("waits for a reader, in the %s lane", async (lane) => {
    const path = fifo();
    const file = inLane(lane, () => toWrite(path));
    onTestFinished(async () => (await file)[Symbol.dispose]());
    let isOpen = false;
    void file.then(() => (isOpen = true));
    await settled();
    expect(isOpen).toBe(false);
    const { fd } = opened(path, O_RDONLY);
    await run((await file).writeAll("first"));
    await vi.waitFor(() => expect(rest(fd)).toBe("first"));
  });

  it("leaves the pool to others while it waits, and when it was given up", async () => {
    for (let i = 0; i < MANY; i += 1) waiting(toWrite(fifo()));
    for (let i = 0; i < MANY; i += 1) pollAndDrop(toWrite(fifo()));
    await expectPoolIsFree();
  });

  it.skipIf(!SEES_DESCRIPTORS)("leaves nothing open when it is given up", async () => {
    const path = fifo();
    const opening = toWrite(path);
    opening.poll(new TestWaker());
    await settled();
    opening.drop();
    const { fd } = opened(path, O_RDONLY);
    await settled();
    expect(rest(fd)).toBe(""); // the end: nobody writes
  });

  it("fails with NotFound when it is removed meanwhile", async () => {
    const path = fifo();
    const opening = run(toWrite(path));
    await settled();
    rmSync(path);
    expect(await rejectionOf(opening)).toMatchObject({ kind: "NotFound", path });
  });

  it("is opened as what stands there by then", async () => {
    const path = fifo();
    const opening = run(toWrite(path));
    await settled();
    rmSync(path);
    writeFileSync(path, "");
    (await opening)[Symbol.dispose]();
  });

  it("fails at once where one says O_NONBLOCK by oneself", async () => {
    const options = new OpenOptions().write(true).customFlags(O_NONBLOCK);
    expect(await rejectionOf(run(options.open(fifo())))).toMatchObject({ code: "ENXIO" });
  });

  it("is not waited for where it is a socket", async () => {
    const path = join(folder(), "socket");
    const server = createServer().listen(path);
    onTestFinished(() => void server.close());
    await new Promise((resolve) => {
      server.once("listening", resolve);
    });
    expect(await rejectionOf(run(toWrite(path)))).toMatchObject({ code: "ENXIO" });
  });
});

describe.skipIf(isWindows)("an open FIFO", () => {
  it.each(LANES)("gives what comes, ends, and what a later writer sends, in the %s lane", async (lane) => {
    const path = fifo();
    const first = opened(path, constants.O_RDWR);
    const file = await open(File.open(path));
    const reading = inLane(lane, () => file.readChunk());
    await settled();
    writeSync(first.fd, "one");
    expect(text(await reading)).toBe("one");
    first.close();
    expect(await inLane(lane, () => file.readChunk())).toBeUndefined();
    expect(await inLane(lane, () => file.readChunk())).toBeUndefined();
    const second = opened(path, O_WRONLY);
    const later = inLane(lane, () => file.readChunk());
    await settled();
    writeSync(second.fd, "two");
    expect(text(await later)).toBe("two");
    const end = inLane(lane, () => file.readChunk());
    await settled();
    second.close();
    expect(await end).toBeUndefined();
  });

  it("gives all of what is more than fits into it, in order", async () => {
    const path = fifo();
    const all = Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join("");
    const child = spawnProcess("sh", ["-c", `cat > ${path}`], { stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.end(all);
    const file = await open(File.open(path));
    expect(await run(file.readToString())).toBe(all);
  });

  it("takes all of what is more than fits into it, in order", async () => {
    const path = fifo();
    const all = Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join("");
    const child = spawnProcess("cat", [path], { stdio: ["ignore", "pipe", "ignore"] });
    const taken = textOf(child.stdout);
    const file = await open(toWrite(path));
    await run(file.writeAll(all));
    await run(file.close());
    expect(await taken).toBe(all);
  });

  it("leaves the pool to others while reads and writes wait, and when they were given up", async () => {
    for (let i = 0; i < MANY; i += 1) {
      waiting((await open(toReadAndWrite(fifo()))).readChunk());
      pollAndDrop((await open(toReadAndWrite(fifo()))).readChunk());
      const path = fifo();
      filled(opened(path, constants.O_RDWR).fd);
      const full = await open(toWrite(path));
      await run(full.writeAll("x"));
      waiting(full.flush());
    }
    await expectPoolIsFree();
  });

  it("is written on when there is room, and tells the flush", async () => {
    const path = fifo();
    const both = opened(path, constants.O_RDWR);
    const before = filled(both.fd);
    const file = await open(toWrite(path));
    await run(file.writeAll("behind"));
    const waker = waiting(file.flush());
    let all = "";
    while (all.length < before + 6) {
      const found = rest(both.fd);
      if (found === "EAGAIN") await settled();
      else all += found;
    }
    expect(all.endsWith("behind")).toBe(true);
    await vi.waitFor(() => expect(waker.count).toBeGreaterThan(0));
    await run(file.flush());
  });

  it("tells BrokenPipe whenever nobody reads, also when the reader goes while a write waits", async () => {
    const path = fifo();
    const reader = opened(path, O_RDONLY);
    const file = await open(toWrite(path));
    filled(opened(path, O_WRONLY).fd);
    await run(file.writeAll("x"));
    const flushed = rejectionOf(run(file.flush()));
    await settled();
    reader.close();
    expect(await flushed).toMatchObject({ kind: "BrokenPipe", code: "EPIPE" });
    await run(file.writeAll("y"));
    expect(await rejectionOf(run(file.flush()))).toMatchObject({ kind: "BrokenPipe", code: "EPIPE" });
  });

  it("loses nothing of what comes after a read was given up, and leaves it to others until the next one", async () => {
    const path = fifo();
    const both = opened(path, constants.O_RDWR);
    const file = await open(File.open(path));
    const reading = file.readChunk();
    waiting(reading);
    await settled(); // it waits for readiness now
    reading.drop();
    writeSync(both.fd, "for others");
    await settled();
    expect(rest(both.fd)).toBe("for others");
    writeSync(both.fd, "for us");
    expect(text(await run(file.readChunk()))).toBe("for us");
  });

  it("loses nothing of what comes between finding nothing and waiting", async () => {
    const path = fifo();
    const both = opened(path, constants.O_RDWR);
    const file = await open(File.open(path));
    const reading = file.readExact(6);
    waiting(reading);
    // The pool finds nothing meanwhile, which nobody has heard of yet.
    const end = performance.now() + 30;
    while (performance.now() < end);
    writeSync(both.fd, "one");
    await settled();
    writeSync(both.fd, "two");
    await settled();
    expect(text(await run(reading))).toBe("onetwo");
  });

  it("goes on for one who waits when another read of it is given up", async () => {
    const path = fifo();
    const both = opened(path, constants.O_RDWR);
    const file = await open(File.open(path));
    const clone = await open(file.tryClone());
    const reading = run(clone.readChunk());
    const other = file.readChunk();
    waiting(other);
    await settled();
    other.drop();
    await settled();
    writeSync(both.fd, "here");
    expect(text(await reading)).toBe("here");
  });

  it("does other things while a read waits", async () => {
    const file = await open(toReadAndWrite(fifo()));
    const reading = file.readExact(2);
    waiting(reading);
    await settled();
    expect((await run(file.metadata())).len()).toBe(0);
    await run(file.writeAll("ab"));
    expect(text(await run(reading))).toBe("ab");
  });

  it("wakes a read that waits when the file is disposed of", async () => {
    const file = await open(toReadAndWrite(fifo()));
    const reading = file.readChunk();
    waiting(reading);
    await settled(); // it waits for readiness now
    const waker = waiting(reading);
    file[Symbol.dispose]();
    expect(waker.count).toBe(1);
  });

  it.skipIf(!SEES_DESCRIPTORS)("is closed with all that was opened for it", async () => {
    const path = fifo();
    const writer = opened(path, constants.O_RDWR);
    const file = await open(toReadAndWrite(path));
    waiting(file.readChunk());
    await settled();
    filled(writer.fd);
    await run(file.writeAll("x"));
    await settled();
    rest(writer.fd);
    while (rest(writer.fd) !== "EAGAIN");
    await run(file.close());
    writer.close();
    await expectClosed(path);
  });

  it.skipIf(!SEES_DESCRIPTORS)("is passed on as others expect it: its descriptor blocks", async () => {
    const path = fifo();
    const both = opened(path, constants.O_RDWR);
    const input = await open(File.open(path));
    const child = spawnProcess("head", ["-n", "1"], { stdio: [input.fd(), "pipe", "pipe"] });
    const said = Promise.all([textOf(child.stdout!), textOf(child.stderr!)]);
    await settled();
    writeSync(both.fd, "a line\n");
    expect(await said).toEqual(["a line\n", ""]);
    for (const file of [input, await open(toWrite(path)), await open(toReadAndWrite(path))]) {
      const info = readFileSync(`/proc/self/fdinfo/${file.fd()}`, "latin1");
      expect(Number.parseInt(/flags:\s*([0-7]+)/.exec(info)![1]!, 8) & O_NONBLOCK).toBe(0);
    }
  });

  it.skipIf(!SEES_DESCRIPTORS)("leaves the descriptor that was given away as the only one", async () => {
    const path = fifo();
    opened(path, constants.O_RDWR).close();
    const file = await open(toReadAndWrite(path));
    waiting(file.readChunk());
    await settled();
    const fd = await run(file.intoFd());
    await vi.waitFor(() => expect(openIn(path)).toHaveLength(1));
    closeSync(fd);
  });

  it.skipIf(!SEES_DESCRIPTORS)("is one as well when its descriptor comes from elsewhere", async () => {
    const path = fifo();
    const both = openSync(path, "r+"); // blocks
    const file = File.fromFd(both);
    onTestFinished(() => file[Symbol.dispose]());
    const reading = run(file.readChunk());
    for (let i = 0; i < MANY; i += 1) {
      const other = File.fromFd(openSync(fifo(), "r+"));
      onTestFinished(() => other[Symbol.dispose]());
      waiting(other.readChunk());
    }
    await expectPoolIsFree();
    writeSync(both, "here");
    expect(text(await reading)).toBe("here");
  });

  it.skipIf(!SEES_DESCRIPTORS)("is not read by a descriptor that only writes", async () => {
    const path = fifo();
    opened(path, constants.O_RDWR);
    const file = File.fromFd(openSync(path, "w"));
    onTestFinished(() => file[Symbol.dispose]());
    expect(await rejectionOf(run(file.readChunk()))).toMatchObject({ code: "EBADF" });
  });
});

describe.skipIf(isWindows)("functions for whole files", () => {
  it.each(LANES)("read a FIFO to its end, in the %s lane", async (lane) => {
    const path = fifo();
    const bytes = inLane(lane, () => read(path));
    await settled();
    const writer = opened(path, O_WRONLY);
    writeSync(writer.fd, "one ");
    await settled();
    writeSync(writer.fd, "two");
    writer.close();
    expect(text(await bytes)).toBe("one two");
  });

  it("read the text of a FIFO", async () => {
    const path = fifo();
    const all = run(readToString(path));
    await settled();
    const writer = opened(path, O_WRONLY);
    writeSync(writer.fd, "gr\u00fcn");
    writer.close();
    expect(await all).toBe("gr\u00fcn");
  });

  it.each(LANES)("write to a FIFO, in the %s lane", async (lane) => {
    const path = fifo();
    const written = inLane(lane, () => write(path, "x".repeat(200_000)));
    await settled();
    const child = spawnProcess("cat", [path], { stdio: ["ignore", "pipe", "ignore"] });
    expect(await textOf(child.stdout)).toBe("x".repeat(200_000));
    await written;
  });

  it("leave the pool to others while they wait for the other end, and when they were given up", async () => {
    for (let i = 0; i < MANY; i += 1) {
      waiting(read(fifo()));
      waiting(write(fifo(), "x"));
      pollAndDrop(readToString(fifo()));
      pollAndDrop(write(fifo(), "x"));
    }
    await expectPoolIsFree();
  });

  it.skipIf(!SEES_DESCRIPTORS)("leave nothing open when they are given up at any point", async () => {
    const path = fifo();
    for (const hasWriter of [false, true]) {
      if (hasWriter) opened(path, constants.O_RDWR);
      for (const turns of [0, 1, 2]) {
        const reading = read(path);
        reading.poll(new TestWaker());
        for (let turn = 0; turn < turns; turn += 1) {
          await settled();
          expect(reading.poll(new TestWaker())).toBe(PENDING);
        }
        reading.drop();
        await vi.waitFor(() => expect(openIn(path)).toHaveLength(hasWriter ? 1 : 0));
      }
    }
  });

  it("refuse to copy a FIFO, either way, and a device, at once", async () => {
    const path = join(folder(), "plain");
    writeFileSync(path, "");
    for (const [from, to] of [
      [fifo(), path],
      [path, fifo()],
      ["/dev/null", path],
    ] as const)
      expect(await rejectionOf(run(copy(from, to)))).toMatchObject({ kind: "InvalidInput" });
  });

  it("read and write a device", async () => {
    await run(write("/dev/null", "gone"));
    expect(text(await run(read("/dev/null")))).toBe("");
  });

  it("finish a file that was given up while it was being opened", async () => {
    const path = join(folder(), "plain");
    pollAndDrop(write(path, "all the same"));
    await vi.waitFor(() => expect(readFileSync(path, "utf8")).toBe("all the same"));
  });
});

describe.skipIf(isWindows)("a task that waits for a FIFO", () => {
  it("holds a paused clock until it is given up", async () => {
    const runtime = Builder.currentThread().build();
    const path = fifo();
    const file = await open(toReadAndWrite(path));
    await runtime.blockOn(async () => {
      const waits: (() => Future<unknown>)[] = [
        () => File.open(fifo()),
        () => toWrite(fifo()),
        () => file.readChunk(),
        () => read(fifo()),
      ];
      for (const start of waits) {
        const task = spawn(start());
        await yieldNow();
        expect(isClockHeld(Handle.current())).toBe(true);
        await settled();
        await yieldNow();
        expect(isClockHeld(Handle.current())).toBe(true);
        task.abort();
        await rejectionOf(task);
        expect(isClockHeld(Handle.current())).toBe(false);
      }
    });
    runtime.shutdownBackground();
  });
});

/** Whether there is util-linux's `script`, which makes a terminal. */
const hasTerminals = ((): boolean => {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    return false;
  }
})();

describe.skipIf(!hasTerminals)("a terminal", () => {
  /** Runs `code` in a terminal. Types each of `lines` when the program has said "type". */
  async function typedTo(code: string, ...lines: string[]): Promise<string> {
    const file = join(folder(), "program.mjs");
    writeFileSync(
      file,
      `import { Builder } from "@rt/core";
       import * as fs from "@rt/fs";
       const runtime = Builder.currentThread().build();
       const { File } = fs;
       const terminal = () => runtime.blockOn(File.options().read(true).write(true).open("/dev/tty"));
       const givenUp = async (future) => {
         const value = future.poll({ waker: { wake() {} } });
         await new Promise((resolve) => setTimeout(resolve, 50));
         future.drop();
       };
       ${code}`,
    );
    const line = [process.execPath, ...process.execArgv, "--input-type=module", "-e", `"$(cat ${file})"`];
    const command = `cd ${process.cwd()} && ${line.join(" ")}`;
    const child = spawnProcess("script", ["--quiet", "--return", "--command", command, "/dev/null"]);
    onTestFinished(() => void child.kill());
    let out = "";
    let left = [...lines];
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
      const asked = out.split("type\r\n").length - 1;
      while (lines.length - left.length < asked) {
        const [next] = left;
        left = left.slice(1);
        if (next !== undefined) child.stdin.write(`${next}\n`);
      }
    });
    const end = await new Promise((resolve) => {
      child.once("close", resolve);
    });
    expect(end).toBe(0);
    return out.replaceAll("\r\n", "\n");
  }

  it("leaves the pool to others while reads of it wait, and is read and written", async () => {
    const out = await typedTo(
      `for (let i = 0; i < ${MANY}; i += 1) (await terminal()).readChunk().poll({ waker: { wake() {} } });
       await runtime.blockOn(fs.metadata("/dev/null"));
       const tty = await terminal();
       await runtime.blockOn(tty.writeAll("free\\n"));
       await runtime.blockOn(tty.flush());
       process.exit(0);`,
    );
    expect(out).toBe("free\n");
  });

  it("gives a line to the next read when one was given up, and keeps no process alive", async () => {
    const out = await typedTo(
      `const tty = await terminal();
       await givenUp(tty.readChunk());
       const lost = await terminal();
       await givenUp(lost.readChunk());
       lost[Symbol.dispose]();
       console.log("type");
       console.log("got " + Buffer.from(await runtime.blockOn(tty.readChunk())).toString());
       await givenUp(tty.readChunk());`,
      "a line",
    );
    expect(out).toContain("got a line\n");
  });

  it("is passed on as others expect it: its descriptor blocks", async () => {
    const out = await typedTo(
      `const { spawnSync } = await import("node:child_process");
       const tty = await terminal();
       console.log("type");
       const { stdout } = spawnSync("head", ["-n", "1"], { stdio: [tty.fd(), "pipe", "inherit"] });
       console.log("got " + stdout);
       await runtime.blockOn(tty.close());`,
      "a line",
    );
    expect(out).toContain("got a line\n");
  });
});

describe.skipIf(isWindows)("a program", () => {
  const path = (name: string): string => `const path${name} = ${JSON.stringify(fifo())};`;

  it("ends when all that waited for FIFOs was given up", async () => {
    const { stdout } = await program(`
      ${path("A")} ${path("B")} ${path("C")}
      const givenUp = (future) => {
        future.poll({ waker: { wake() {} } });
        return async () => { await new Promise((resolve) => setTimeout(resolve, 50)); future.drop(); };
      };
      const file = await runtime.blockOn(File.options().read(true).write(true).open(pathC));
      for (const drop of [
        givenUp(File.open(pathA)), givenUp(File.options().write(true).open(pathB)), givenUp(file.readChunk()),
        givenUp(fs.read(pathA)), givenUp(fs.write(pathB, "x")),
      ]) await drop();
      console.log("done");
    `);
    expect(stdout).toBe("done\n");
  });

  it("is kept alive by a FIFO that it waits for, without a DeadlockError", async () => {
    const fifoPath = fifo();
    const running = program(`
      console.log(await runtime.blockOn(fs.readToString(${JSON.stringify(fifoPath)})));
    `);
    const child = spawnProcess("sh", ["-c", `echo there > ${fifoPath}`], { stdio: "ignore" });
    expect((await running).stdout).toBe("there\n\n");
    child.kill();
  });
});
