import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Async, PENDING, spawn } from "@rt/core";
import { IoError } from "@rt/io";
import { type ChildStdin, Command, Stdio, type Child } from "@rt/process";
import { describe, expect, it } from "vitest";
import {
  cx,
  hasProc,
  inLane,
  LANES,
  openDescriptors,
  program,
  rejectionOf,
  run,
  sh,
  started,
  stateOf,
  text,
  thrownBy,
  until,
} from "./support/processes.ts";

const piped = (command: Command): Child =>
  started(command.stdin(Stdio.piped()).stdout(Stdio.piped()).stderr(Stdio.piped()));
const cat = (): Child => piped(new Command("cat"));
const utf8 = (data: string): Uint8Array => new TextEncoder().encode(data);

/** Writes until the pipe takes no more; gives how much it took. */
async function fill(stdin: ChildStdin): Promise<number> {
  const chunk = new Uint8Array(16 * 1024);
  let total = 0;
  for (let before = -1; before < total; ) {
    before = total;
    for (let count = stdin.pollWrite(cx(), chunk); count !== PENDING; ) {
      total += count;
      if (total > 64 * 1024 * 1024) throw new Error("It takes everything");
      count = stdin.pollWrite(cx(), chunk);
    }
    // What the system has taken is reported with the next turn.
    await turn();
  }
  return total;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function* feed(stdin: ChildStdin, data: Uint8Array): Async<void> {
  yield* stdin.writeAll(data);
  yield* stdin.shutdown();
}

describe("the pipes of a child", () => {
  it("carry large data both ways at once", async () => {
    const data = randomBytes(10_000_000);
    const child = cat();
    const back = await run(function* () {
      const feeding = spawn(feed(child.stdin!, data));
      const all = yield* child.stdout!.readToEnd();
      yield* feeding;
      return all;
    });
    const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
    expect([back.length, digest(back)]).toEqual([data.length, digest(data)]);
  });

  it("carry a dialogue, line by line", async () => {
    const child = cat();
    const heard: string[] = [];
    for (const word of ["one\n", "two\n", "three\n"]) {
      await child.stdin!.writeAll(word);
      heard.push(await child.stdout!.readLine());
    }
    expect(heard).toEqual(["one\n", "two\n", "three\n"]);
  });
});

describe("ChildStdout", () => {
  it.each(LANES)("reads what the child writes, in the %s lane", async (lane) => {
    const child = piped(sh("echo out; echo err >&2"));
    expect([
      await inLane(lane, () => child.stdout!.readToString()),
      await inLane(lane, () => child.stderr!.readToString()),
    ]).toEqual(["out\n", "err\n"]);
  });

  it("is an async iterable of chunks", async () => {
    const child = piped(sh("echo one; echo two"));
    let all = "";
    for await (const chunk of child.stdout!) all += text(chunk);
    expect(all).toBe("one\ntwo\n");
  });

  it("gives up the wait of a loop at return(), and leaves what comes later to the next reader", async () => {
    const child = piped(new Command("cat"));
    const iterator = child.stdout![Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return();
    await child.stdin!.writeAll(Buffer.from("late"));
    child.stdin![Symbol.dispose]();
    expect([await next, await child.stdout!.readToString()]).toEqual([
      { done: true, value: undefined },
      "late",
    ]);
  });

  it("has lines", async () => {
    const lines: string[] = [];
    for await (const line of piped(sh("echo one; echo two")).stdout!.lines()) lines.push(line);
    expect(lines).toEqual(["one", "two"]);
  });

  it("keeps what was written before the child ended", async () => {
    const child = piped(sh("echo kept"));
    const { stdout } = child;
    await child.wait();
    for (let i = 0; i < 5; i += 1) await turn();
    expect(await stdout!.readToString()).toBe("kept\n");
  });

  it("ends only when every process that has the stream has closed it", async () => {
    const child = piped(sh("exec 3<&0; (read line <&3; echo $line) & echo first"));
    const { stdin } = child;
    child.stdin = null;
    await child.wait();
    // The shell is gone, and what it left running still writes.
    const first = await child.stdout!.readLine();
    stdin![Symbol.dispose]();
    expect([first, await child.stdout!.readToString()]).toEqual(["first\n", "\n"]);
  });

  it("loses nothing when a read is dropped", async () => {
    const child = cat();
    const read = child.stdout!.readChunk();
    expect(read.poll(cx())).toBe(PENDING);
    read.drop();
    await child.stdin!.writeAll("kept\n");
    expect(await child.stdout!.readLine()).toBe("kept\n");
  });

  it("throws InvalidData for text that is not UTF-8", async () => {
    const child = piped(sh(String.raw`printf '\377'`));
    expect(await rejectionOf(child.stdout!.readToString())).toMatchObject({ kind: "InvalidData" });
  });

  it.runIf(hasProc)("makes a child wait that writes what nobody reads", async () => {
    const child = piped(sh("exec head -c 100000000 /dev/zero"));
    const pid = child.id()!;
    await until(() => stateOf(pid) === "S" && readFileSync(`/proc/${pid}/comm`, "utf8") === "head\n");
    // Two buffers of the system for a socket, and what we read ahead.
    for (let i = 0; i < 20; i += 1) await turn();
    const written = Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, "utf8"))![1]);
    expect(written).toBeLessThan(2_000_000);
  });

  it("keeps the process alive while a read waits", async () => {
    const { out } = await program(`
      const child = sh("sleep 0.1; echo late").stdout(Stdio.piped()).spawn();
      console.log(await run(child.stdout.readToString()));
    `);
    expect(out).toBe("late\n\n");
  });

  it.each([
    ["a read of its output", "child.stdout.readChunk()"],
    ["a line of its errors", "child.stderr.lines().nextLine()"],
    ["the rest of its output", "child.stdout.readToString()"],
    ["a write that waits", "child.stdin.flush()"],
    ["its end and all it writes", "child.waitWithOutput()"],
  ])("keeps no process alive once %s was given up", async (_what, waits) => {
    const { out, err, end } = await program(`
      const child = new Command("sleep").arg("60");
      child.stdin(Stdio.piped()).stdout(Stdio.piped()).stderr(Stdio.piped());
      const running = child.spawn();
      console.log(running.id());
      ((child) => {
        const future = ${waits};
        future.poll({ waker: { wake() {} } });
        setImmediate(() => future.drop());
      })(running);
    `);
    process.kill(Number(out), "SIGKILL");
    expect([err, end]).toEqual(["", 0]);
  });

  it("keeps the process alive for one who waits when another read was given up", async () => {
    const { out } = await program(`
      const child = sh("read line; echo $line").stdin(Stdio.piped()).stdout(Stdio.piped()).spawn();
      const dropped = child.stdout.readChunk();
      dropped.poll({ waker: { wake() {} } });
      const line = run(async () => await child.stdout.readLine());
      setImmediate(() => {
        dropped.drop();
        setImmediate(() => child.stdin.writeAll("heard\\n").then(() => {}));
      });
      console.log(await line);
    `);
    expect(out).toBe("heard\n\n");
  });

  it("says what a read waits for", () => {
    expect(cat().stderr!.readChunk().describe()).toBe("data to read from a ChildStderr");
  });
});

describe("ChildStdout[Symbol.dispose]", () => {
  it("ends a child that goes on writing", async () => {
    const child = piped(new Command("yes"));
    await child.stdout!.readChunk();
    child.stdout![Symbol.dispose]();
    child.stdout![Symbol.dispose]();
    expect((await child.wait()).success()).toBe(false);
  });

  it("makes reads throw ERR_RT_DISPOSED, with bytes in the buffer too", async () => {
    const child = piped(sh("echo one; echo two"));
    const stdout = child.stdout!;
    await stdout.readLine();
    stdout[Symbol.dispose]();
    expect(await rejectionOf(stdout.readLine())).toMatchObject({
      code: "ERR_RT_DISPOSED",
      message:
        "Cannot use a ChildStdout: it was disposed, or given to another command; keep it open, or pipe anew",
    });
  });

  it("ends a read that waits", async () => {
    const child = cat();
    const stdout = child.stdout!;
    const read = rejectionOf(stdout.readChunk());
    stdout[Symbol.dispose]();
    expect(await read).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});

describe("ChildStdin", () => {
  it.each(LANES)(
    "gives the child the end of its input when it is shut down, in the %s lane",
    async (lane) => {
      const child = cat();
      await inLane(lane, () => child.stdin!.writeAll("in"));
      await inLane(lane, () => child.stdin!.shutdown());
      expect(await child.stdout!.readToString()).toBe("in");
    },
  );

  it("may be shut down twice", async () => {
    const child = cat();
    await child.stdin!.shutdown();
    await child.stdin!.shutdown();
    expect((await child.wait()).code()).toBe(0);
  });

  it("gives the child what was written, and then the end, when it is disposed", async () => {
    const child = piped(sh("sleep 0.05; wc -c"));
    const written = await fill(child.stdin!);
    child.stdin![Symbol.dispose]();
    child.stdin![Symbol.dispose]();
    expect(Number(await child.stdout!.readToString())).toBe(written);
  });

  it("waits when the child does not read", async () => {
    expect(await fill(piped(new Command("sleep").arg("30")).stdin!)).toBeLessThan(2_000_000);
  });

  it("goes on when the child reads again", async () => {
    const child = piped(sh("read go; cat"));
    const { stdin } = child;
    const data = new Uint8Array(1_000_000).fill(0x78);
    const size = run(function* () {
      const feeding = spawn(feed(stdin!, data));
      const all = yield* child.stdout!.readToEnd();
      yield* feeding;
      return all.length;
    });
    // The line that is waited for is all of it.
    expect(await size).toBe(0);
  });

  it("flushes once the system has everything", async () => {
    const child = cat();
    await fill(child.stdin!);
    const flush = child.stdin!.flush();
    const before = flush.poll(cx());
    void child.stdout!.readToEnd().then(
      () => {},
      () => {},
    );
    await flush;
    expect(before).toBe(PENDING);
  });

  it.each(LANES)("throws BrokenPipe when the child has closed its input, in the %s lane", async (lane) => {
    const child = piped(sh("exec 0<&-; echo closed; exec sleep 30"));
    await child.stdout!.readLine();
    const error = await rejectionOf(inLane(lane, () => child.stdin!.writeAll(new Uint8Array(10_000_000))));
    expect(error).toBeInstanceOf(IoError);
    expect(error).toMatchObject({ kind: "BrokenPipe", code: "EPIPE", syscall: "write" });
  });

  it("throws BrokenPipe when the child has ended", async () => {
    const child = piped(new Command("true"));
    const { stdin } = child;
    child.stdin = null;
    await child.wait();
    expect(await rejectionOf(stdin!.writeAll("too late"))).toMatchObject({ kind: "BrokenPipe" });
  });

  it("writes several arrays behind each other", async () => {
    const child = cat();
    const parts = ["hello ", "", "world", "\n"].map(utf8);
    while (parts.length > 0) {
      const count = await child.stdin!.writeVectored(parts);
      let left = count;
      while (parts.length > 0 && left >= parts[0]!.length) left -= parts.shift()!.length;
      if (left > 0) parts[0] = parts[0]!.subarray(left);
    }
    expect(await child.stdout!.readLine()).toBe("hello world\n");
  });

  it.each(["pollWrite", "pollFlush", "pollShutdown"] as const)(
    "throws ERR_RT_DISPOSED from %s when disposed",
    (method) => {
      const { stdin } = cat();
      stdin![Symbol.dispose]();
      expect(thrownBy(() => stdin![method](cx(), utf8("x")))).toMatchObject({ code: "ERR_RT_DISPOSED" });
    },
  );

  it("says what a write waits for", () => {
    expect(cat().stdin!.writeAll("x").describe()).toBe("room to write to a ChildStdin (1 bytes are left)");
  });
});

describe("Stdio.from", () => {
  it("makes the output of one child the input of another", async () => {
    const first = sh("echo hello").stdout(Stdio.piped());
    const child = started(first);
    const { stdout } = await new Command("tr").args(["a-z", "A-Z"]).stdin(Stdio.from(child.stdout!)).output();
    expect(text(stdout)).toBe("HELLO\n");
  });

  it("lets the two children talk to each other directly", async () => {
    const child = started(new Command("yes").stdout(Stdio.piped()).stderr(Stdio.null()));
    // Nobody would end `yes` if this process still had an end.
    const { stdout } = await new Command("head").args(["-n", "2"]).stdin(Stdio.from(child.stdout!)).output();
    expect([text(stdout), (await child.wait()).success()]).toEqual(["y\ny\n", false]);
  });

  it("passes on what was read ahead, and the rest", async () => {
    const child = started(sh("echo one; echo two; sleep 0.05; echo three").stdout(Stdio.piped()));
    const first = await child.stdout!.readLine();
    const { stdout } = await new Command("cat").stdin(Stdio.from(child.stdout!)).output();
    expect([first, text(stdout)]).toEqual(["one\n", "two\nthree\n"]);
  });

  it("passes on what came before anybody read", async () => {
    const child = started(sh("echo one").stdout(Stdio.piped()));
    await child.wait();
    for (let i = 0; i < 5; i += 1) await turn();
    const { stdout } = await new Command("cat").stdin(Stdio.from(child.stdout!)).output();
    expect(text(stdout)).toBe("one\n");
  });

  it("passes on the end of an output that was read to its end", async () => {
    const child = started(sh("echo one").stdout(Stdio.piped()));
    await child.stdout!.readToEnd();
    expect((await new Command("cat").stdin(Stdio.from(child.stdout!)).output()).stdout.length).toBe(0);
  });

  it("ends the first child when the second ends, where this process passes on", async () => {
    const child = started(new Command("yes").stdout(Stdio.piped()).stderr(Stdio.null()));
    await child.stdout!.readLine();
    const { stdout } = await new Command("head").args(["-n", "2"]).stdin(Stdio.from(child.stdout!)).output();
    expect([text(stdout), (await child.wait()).success()]).toEqual(["y\ny\n", false]);
  });

  it("makes the input of one child the output of another", async () => {
    const child = cat();
    await new Command("echo").arg("through").stdout(Stdio.from(child.stdin!)).status();
    expect(await child.stdout!.readToString()).toBe("through\n");
  });

  it.runIf(hasProc)("leaves no descriptor behind", async () => {
    const pipeline = async (readsFirst: boolean): Promise<void> => {
      using child = started(sh("echo one; echo two").stdout(Stdio.piped()));
      if (readsFirst) await child.stdout!.readLine();
      await new Command("cat").stdin(Stdio.from(child.stdout!)).output();
      await child.wait();
    };
    await pipeline(true);
    const before = openDescriptors();
    for (let i = 0; i < 20; i += 1) await pipeline(i % 2 === 0);
    await until(() => openDescriptors() <= before);
  });

  it("does not give an input away while bytes are under way", async () => {
    const child = piped(new Command("sleep").arg("30"));
    await fill(child.stdin!);
    expect(thrownBy(() => new Command("echo").stdout(Stdio.from(child.stdin!)).spawn())).toMatchObject({
      kind: "WouldBlock",
    });
  });

  it("leaves an end that was given away unusable", async () => {
    const child = started(sh("echo hello").stdout(Stdio.piped()));
    const command = new Command("cat").stdin(Stdio.from(child.stdout!));
    await command.output();
    const second = await rejectionOf(command.output());
    expect([second, thrownBy(() => child.stdout!.pollRead(cx(), new Uint8Array(1)))]).toMatchObject([
      { code: "ERR_RT_DISPOSED" },
      { code: "ERR_RT_DISPOSED" },
    ]);
  });

  it("leaves an end usable when the command can't be started", async () => {
    const child = started(sh("read go; echo hello").stdin(Stdio.piped()).stdout(Stdio.piped()));
    thrownBy(() => new Command("rt-nowhere").stdin(Stdio.from(child.stdout!)).spawn());
    await child.stdin!.writeAll("go\n");
    expect(await child.stdout!.readToString()).toBe("hello\n");
  });

  it.each(["stdin", "stdout", "stderr"] as const)("refuses the wrong end for %s", (name) => {
    const child = cat();
    const end = name === "stdin" ? child.stdin! : child.stdout!;
    expect(thrownBy(() => new Command("cat")[name](Stdio.from(end)).spawn())).toMatchObject({
      name: "TypeError",
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });
});

describe("an end of a child that is left to garbage collection, in debug mode,", () => {
  const collectUntil = (done: string): string => `
    for (let i = 0; i < 500 && !(${done}); i += 1) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }`;

  it("is closed and reported: stdin", async () => {
    const { out, err } = await program(
      `
      const child = sh("cat; echo ended").stdin(Stdio.piped()).stdout(Stdio.piped()).spawn();
      child.stdin = null;
      let heard = "";
      child.stdout.readToString().then((all) => { heard = all; });
      ${collectUntil(`heard !== ""`)}
      console.log(heard);
      child.startKill();
      `,
      { env: { RT_DEBUG: "1" }, flags: ["--expose-gc"] },
    );
    expect([out, err]).toEqual([
      "ended\n\n",
      expect.stringContaining("a ChildStdin was collected without being closed"),
    ]);
  });

  it("is closed and reported: stdout", async () => {
    const { out, err } = await program(
      `
      const child = new Command("yes").stdout(Stdio.piped()).stderr(Stdio.null()).spawn();
      child.stdout = null;
      ${collectUntil("child.tryWait() !== null")}
      console.log(child.tryWait()?.success());
      child.startKill();
      `,
      { env: { RT_DEBUG: "1" }, flags: ["--expose-gc"] },
    );
    expect([out, err]).toEqual([
      "false\n",
      expect.stringContaining("a ChildStdout was collected without being closed"),
    ]);
  });

  it("is not reported when it was read to its end", async () => {
    const { err } = await program(
      `
      await sh("echo").stdout(Stdio.piped()).spawn().stdout.readToEnd();
      for (let i = 0; i < 10; i += 1) { gc(); await new Promise((resolve) => setTimeout(resolve, 1)); }
      `,
      { env: { RT_DEBUG: "1" }, flags: ["--expose-gc"] },
    );
    expect(err).not.toContain("collected");
  });
});
