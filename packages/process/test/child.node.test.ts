import { ChildProcess } from "node:child_process";
import { type Async, Builder, Handle, PENDING, spawn, UsageError } from "@rt/core";
import { isClockHeld } from "@rt/core/driver";
import { IoError } from "@rt/io";
import { signal, SignalKind } from "@rt/signal";
import { Command, Stdio, type Child } from "@rt/process";
import { describe, expect, it, vi } from "vitest";
import {
  cx,
  exists,
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

const sleeper = (): Child => started(new Command("sleep").arg("30"));
const cat = (): Child => started(new Command("cat").stdin(Stdio.piped()).stdout(Stdio.piped()));

describe("Child.id", () => {
  it("is the process id while it runs", async () => {
    const child = started(sh("echo $$").stdout(Stdio.piped()));
    const id = child.id();
    expect(Number(text(await child.stdout!.readToEnd()))).toBe(id);
  });

  it("is null once the end is known", async () => {
    const child = started(new Command("true"));
    await child.wait();
    expect(child.id()).toBeNull();
  });
});

describe("Child.wait", () => {
  it.each(LANES)("gives the exit code in the %s lane", async (lane) => {
    const child = started(sh("exit 3"));
    const status = await inLane(lane, () => child.wait());
    expect([status.code(), status.signal(), status.success(), status.toString()]).toEqual([
      3,
      null,
      false,
      "exit code 3",
    ]);
  });

  it.each(["SIGTERM", "SIGKILL", "SIGUSR1", "SIGSEGV"])("tells an end by %s", async (name) => {
    const status = await started(sh(`kill -${name.slice(3)} $$`)).wait();
    expect([status.code(), status.signal(), status.success(), status.toString()]).toEqual([
      null,
      SignalKind.fromName(name),
      false,
      `signal ${name}`,
    ]);
  });

  it("gives the same each time", async () => {
    const child = started(sh("exit 3"));
    const first = await child.wait();
    expect([await child.wait(), child.tryWait()]).toEqual([first, first]);
  });

  it("serves several who wait at once", async () => {
    const child = started(sh("exit 3"));
    const codes = await run(async () => {
      const tasks = [1, 2, 3].map(() => spawn(child.wait()));
      const statuses = [];
      for (const task of tasks) statuses.push((await task).code());
      return statuses;
    });
    expect(codes).toEqual([3, 3, 3]);
  });

  it("closes stdin first", async () => {
    const child = started(new Command("cat").stdin(Stdio.piped()));
    expect((await child.wait()).success()).toBe(true);
    expect(child.stdin).toBeNull();
  });

  it("leaves stdin alone until it is polled", () => {
    const child = cat();
    child.wait().drop();
    expect(child.stdin).not.toBeNull();
  });

  it("leaves a stdin that was taken out", async () => {
    const child = cat();
    const { stdin } = child;
    child.stdin = null;
    const wait = child.wait();
    wait.poll(cx());
    await stdin!.writeAll("still open\n");
    const line = await child.stdout!.readLine();
    stdin![Symbol.dispose]();
    expect([line, (await wait).code()]).toEqual(["still open\n", 0]);
  });

  it.each(["before its first poll", "while it waits", "after the end"])(
    "loses nothing when it is dropped %s",
    async (when) => {
      const child = started(new Command("cat").stdin(Stdio.piped()));
      const { stdin } = child;
      child.stdin = null;
      const waker = cx();
      const wait = child.wait();
      if (when !== "before its first poll") expect(wait.poll(waker)).toBe(PENDING);
      if (when !== "after the end") wait.drop();
      stdin![Symbol.dispose]();
      await until(() => child.tryWait() !== null);
      wait.drop();
      expect([waker.count, (await child.wait()).code()]).toEqual([when === "after the end" ? 1 : 0, 0]);
    },
  );

  it("wakes the waker of the last poll only", async () => {
    const child = started(new Command("cat").stdin(Stdio.piped()));
    const wait = child.wait();
    const [first, last] = [cx(), cx()];
    wait.poll(first);
    wait.poll(last);
    await until(() => child.id() === null);
    expect([first.count, last.count]).toEqual([0, 1]);
  });

  it("goes on when a waker of another wait throws", async () => {
    const report = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const child = started(sh("exit 3"));
    const bad = child.wait();
    bad.poll({
      waker: {
        wake() {
          throw new Error("bad waker");
        },
      },
    });
    const code = (await child.wait()).code();
    report.mockRestore();
    expect(code).toBe(3);
  });

  it("works on another runtime than the child was started on", async () => {
    const child = await run(async () => ({ child: started(sh("exit 3")) })).then((made) => made.child);
    expect((await run(child.wait())).code()).toBe(3);
  });

  it("goes on in another runtime when the one it was given up in is gone", async () => {
    const child = started(new Command("cat").stdin(Stdio.piped()));
    const { stdin } = child;
    child.stdin = null;
    const runtime = Builder.currentThread().build();
    const task = runtime.spawn(child.wait());
    await new Promise((resolve) => setImmediate(resolve));
    runtime.shutdownBackground();
    await rejectionOf(task);
    stdin![Symbol.dispose]();
    expect((await run(child.wait())).code()).toBe(0);
  });

  it("holds a paused clock from its first poll until the end", async () => {
    const held = await run(async () => {
      const handle = Handle.current();
      const child = started(new Command("cat").stdin(Stdio.piped()));
      const wait = child.wait();
      const before = isClockHeld(handle);
      wait.poll(cx());
      const during = isClockHeld(handle);
      await wait;
      return [before, during, isClockHeld(handle)];
    });
    expect(held).toEqual([false, true, false]);
  });

  it("lets a paused clock go on when it is dropped", async () => {
    const held = await run(async () => {
      const wait = sleeper().wait();
      wait.poll(cx());
      wait.drop();
      wait.drop();
      return isClockHeld(Handle.current());
    });
    expect(held).toBe(false);
  });

  it("says what it waits for", () => {
    const child = sleeper();
    expect(child.wait().describe()).toBe(`the end of sleep (process ${child.id()})`);
  });

  it.runIf(hasProc)("does not end for a child that is stopped", async () => {
    const child = sleeper();
    const pid = child.id()!;
    process.kill(pid, "SIGSTOP");
    await until(() => stateOf(pid) === "T");
    const stopped = child.tryWait();
    process.kill(pid, "SIGCONT");
    process.kill(pid, "SIGTERM");
    expect([stopped, (await child.wait()).toString()]).toEqual([null, "signal SIGTERM"]);
  });

  it("works beside a listener to SIGCHLD", async () => {
    using listener = signal(SignalKind.child());
    const child = started(sh("exit 3"));
    const wait = run(child.wait());
    await listener.recv();
    expect((await wait).code()).toBe(3);
  });

  it("is no deadlock for a blockOn, and keeps the process alive", async () => {
    const { out, err, end } = await program(`
      const status = await run(function* () { return yield* sh("sleep 0.1; exit 3").spawn().wait(); });
      console.log(status.code());
    `);
    expect([out, err, end]).toEqual(["3\n", "", 0]);
  });

  it("keeps no process alive once it is dropped", async () => {
    const { out, end } = await program(`
      const child = new Command("sleep").arg("30").stdout(Stdio.null()).stderr(Stdio.null()).spawn();
      console.log(child.id());
      const wait = child.wait();
      wait.poll({ waker: { wake() {} } });
      wait.drop();
    `);
    process.kill(Number(out), "SIGKILL");
    expect(end).toBe(0);
  });
});

describe("Child.tryWait", () => {
  it("is null while the process runs, and then the status", async () => {
    const child = cat();
    const before = child.tryWait();
    child.stdin![Symbol.dispose]();
    await until(() => child.tryWait() !== null);
    expect([before, child.tryWait()?.code()]).toEqual([null, 0]);
  });

  it("leaves stdin open", async () => {
    const child = cat();
    child.tryWait();
    await child.stdin!.writeAll("heard\n");
    expect(await child.stdout!.readLine()).toBe("heard\n");
  });
});

describe("Child.startKill", () => {
  it("kills without waiting", async () => {
    const child = sleeper();
    child.startKill();
    expect([child.tryWait(), String(await child.wait())]).toEqual([null, "signal SIGKILL"]);
  });

  it("does nothing after the end", async () => {
    const child = started(new Command("true"));
    await child.wait();
    expect(() => child.startKill()).not.toThrow();
  });

  it.each(["startKill", "kill"] as const)(
    "throws from %s what the system says when it does not allow it",
    async (how) => {
      const child = sleeper();
      const kill = vi.spyOn(ChildProcess.prototype, "kill").mockImplementation(function (this: ChildProcess) {
        this.emit("error", Object.assign(new Error("kill EPERM"), { code: "EPERM", syscall: "kill" }));
        return false;
      });
      const error = await rejectionOf((async () => await child[how]())());
      kill.mockRestore();
      expect(error).toBeInstanceOf(IoError);
      expect(error).toMatchObject({ kind: "PermissionDenied", code: "EPERM", syscall: "kill" });
    },
  );

  it("does nothing between the end and the news of it", async () => {
    const child = started(new Command("true"));
    const pid = child.id()!;
    if (hasProc) while (stateOf(pid) !== "Z");
    expect(() => child.startKill()).not.toThrow();
    expect((await child.wait()).code()).toBe(0);
  });
});

describe("Child.kill", () => {
  it.each(LANES)("kills and waits in the %s lane", async (lane) => {
    const child = sleeper();
    const pid = child.id()!;
    await inLane(lane, () => child.kill());
    expect([exists(pid), String(child.tryWait())]).toEqual([false, "signal SIGKILL"]);
  });

  it("succeeds when the process has ended before", async () => {
    const child = started(sh("exit 3"));
    await child.wait();
    await child.kill();
    expect(child.tryWait()?.code()).toBe(3);
  });

  it("does nothing until it is polled", async () => {
    const child = cat();
    child.kill().drop();
    child.stdin![Symbol.dispose]();
    expect((await child.wait()).code()).toBe(0);
  });

  it("has killed when it is dropped while it waits", async () => {
    const child = sleeper();
    const kill = child.kill();
    kill.poll(cx());
    kill.drop();
    expect(String(await child.wait())).toBe("signal SIGKILL");
  });
});

describe("Child.waitWithOutput", () => {
  it.each(LANES)("closes stdin and gives all that was written, in the %s lane", async (lane) => {
    const child = started(
      sh("cat; echo err >&2; exit 3").stdin(Stdio.piped()).stdout(Stdio.piped()).stderr(Stdio.piped()),
    );
    await child.stdin!.writeAll("in");
    const { status, stdout, stderr } = await inLane(lane, () => child.waitWithOutput());
    expect([status.code(), text(stdout), text(stderr)]).toEqual([3, "in", "err\n"]);
  });

  it("gives nothing for what was not piped", async () => {
    const { stdout, stderr } = await started(sh("echo lost").stdout(Stdio.null())).waitWithOutput();
    expect([stdout, stderr]).toEqual([new Uint8Array(0), new Uint8Array(0)]);
  });

  it("disposes of the child", async () => {
    const child = started(new Command("true"));
    await child.waitWithOutput();
    expect(thrownBy(() => child.tryWait())).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });

  it.each(["before its first poll", "while it waits"])(
    "disposes of the child when it is dropped %s",
    async (when) => {
      const child = started(new Command("sleep").arg("30").stdout(Stdio.piped()).killOnDrop(true));
      const pid = child.id()!;
      const output = child.waitWithOutput();
      if (when === "while it waits") expect(output.poll(cx())).toBe(PENDING);
      output.drop();
      output.drop();
      await until(() => !exists(pid));
    },
  );

  it("waits for nothing any more when reading has failed", async () => {
    const { out, end } = await program(`
      const child = new Command("sleep").arg("60").stdout(Stdio.piped()).stderr(Stdio.null()).spawn();
      console.log(child.id());
      const { stdout } = child;
      const output = child.waitWithOutput();
      output.poll({ waker: { wake() {} } });
      stdout[Symbol.dispose]();
      try { output.poll({ waker: { wake() {} } }); } catch (error) { console.log(error.code); }
    `);
    process.kill(Number.parseInt(out, 10), "SIGKILL");
    expect([out.split("\n")[1], end]).toEqual(["ERR_RT_DISPOSED", 0]);
  });

  it.skipIf(!hasProc)(
    "leaves no descriptor, listener or dead process when it is dropped at any point",
    async () => {
      const command = sh("echo one; sleep 60; echo two").killOnDrop(true);
      const listeners = (): number =>
        process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
      const once = async (turns: number): Promise<number> => {
        const output = command.output();
        output.poll(cx());
        for (let i = 0; i < turns; i += 1) {
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
          expect(output.poll(cx())).toBe(PENDING);
        }
        const id = Number(/process (\d+)/.exec(output.describe())?.[1]);
        output.drop();
        return id;
      };
      await once(1);
      const before = [openDescriptors(), listeners()];
      const ids: number[] = [];
      for (const turns of [0, 1, 2, 5]) ids.push(await once(turns));
      await until(() => !ids.some(exists));
      await until(() => openDescriptors() <= (before[0] as number));
      expect(listeners()).toBe(before[1]);
    },
  );

  it("says all that it waits for", () => {
    const child = started(new Command("sleep").arg("30").stdout(Stdio.piped()));
    const id = child.id();
    const output = child.waitWithOutput();
    output.poll(cx());
    expect(output.describe()).toBe(`the end of sleep (process ${id}) and data to read from a ChildStdout`);
    output.drop();
  });
});

describe("Child[Symbol.dispose]", () => {
  it("kills a process that still runs, if killOnDrop was set", async () => {
    const child = started(new Command("sleep").arg("30").killOnDrop(true));
    const pid = child.id()!;
    child[Symbol.dispose]();
    child[Symbol.dispose]();
    await until(() => !exists(pid));
  });

  it.each(LANES)("comes with the abort of the task that has it, in the %s lane", async (lane) => {
    let pid = 0;
    const command = new Command("sleep").arg("30").killOnDrop(true);
    function* generatorBody(): Async<void> {
      using child = command.spawn();
      pid = child.id()!;
      yield* child.wait();
    }
    async function asyncBody(): Promise<void> {
      using child = command.spawn();
      pid = child.id()!;
      await child.wait();
    }
    await run(async () => {
      const task = lane === "async" ? spawn(asyncBody) : spawn(generatorBody());
      await until(() => pid !== 0);
      task.abort();
      await rejectionOf(task);
    });
    await until(() => !exists(pid));
  });

  it("does not mind that the process has ended, if killOnDrop was set", async () => {
    const child = started(new Command("true").killOnDrop(true));
    await child.wait();
    expect(() => child[Symbol.dispose]()).not.toThrow();
  });

  it("throws nothing when the system does not allow to kill", () => {
    const child = started(new Command("sleep").arg("30").killOnDrop(true));
    const kill = vi.spyOn(ChildProcess.prototype, "kill").mockImplementation(function (this: ChildProcess) {
      return this.emit("error", new Error("kill EPERM"));
    });
    child[Symbol.dispose]();
    expect(kill).toHaveBeenCalledTimes(1);
    kill.mockRestore();
  });

  it("leaves the process running by default, and lets it be reaped in the end", async () => {
    const child = started(new Command("sleep").arg("30"));
    const pid = child.id()!;
    child[Symbol.dispose]();
    process.kill(pid, "SIGTERM"); // throws when it is not there
    await until(() => !exists(pid));
  });

  it("closes the pipes that are still in the child", async () => {
    const child = cat();
    const { stdin, stdout } = child;
    const pid = child.id()!;
    child[Symbol.dispose]();
    await until(() => !exists(pid)); // it has seen the end of its input
    expect([
      thrownBy(() => stdin!.pollFlush(cx())),
      thrownBy(() => stdout!.pollRead(cx(), new Uint8Array(1))),
    ]).toEqual([
      expect.objectContaining({ code: "ERR_RT_DISPOSED" }),
      expect.objectContaining({ code: "ERR_RT_DISPOSED" }),
    ]);
  });

  it("leaves the pipes that were taken out", async () => {
    const child = cat();
    const { stdin, stdout } = child;
    child.stdin = null;
    child.stdout = null;
    child[Symbol.dispose]();
    await stdin!.writeAll("still\n");
    const line = await stdout!.readLine();
    stdin![Symbol.dispose]();
    expect(line).toBe("still\n");
  });

  it("leaves a wait that is under way", async () => {
    const child = started(sh("exit 3"));
    const wait = child.wait();
    wait.poll(cx());
    child[Symbol.dispose]();
    expect((await wait).code()).toBe(3);
  });

  it.each(["wait", "tryWait", "waitWithOutput", "startKill", "kill"] as const)(
    "makes %s throw ERR_RT_DISPOSED",
    (method) => {
      const child = started(new Command("true"));
      child[Symbol.dispose]();
      const error = thrownBy(() => child[method]());
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({ code: "ERR_RT_DISPOSED" });
    },
  );
});

describe("a Child that nobody waits for", () => {
  it("keeps no process alive, and neither do its pipes", async () => {
    const { out, end } = await program(`
      const child = new Command("sleep").arg("30");
      child.stdin(Stdio.piped()).stdout(Stdio.piped()).stderr(Stdio.piped());
      console.log(child.spawn().id());
    `);
    process.kill(Number(out), "SIGKILL");
    expect(end).toBe(0);
  });

  it.skipIf(!hasProc)("is reaped all the same", async () => {
    const pid = started(new Command("true")).id()!;
    await until(() => !exists(pid));
  });

  it("is killed and reported in debug mode when it is collected, if killOnDrop was set", async () => {
    const { out, err } = await program(
      `
      let child = new Command("sleep").arg("30").killOnDrop(true).spawn();
      const pid = child.id();
      child = null;
      const exists = () => { try { process.kill(pid, 0); return true; } catch { return false; } };
      for (let i = 0; i < 500 && exists(); i += 1) { gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }
      console.log(exists());
      `,
      { env: { RT_DEBUG: "1" }, flags: ["--expose-gc"] },
    );
    expect([out, err]).toEqual([
      "false\n",
      expect.stringContaining("a Child with killOnDrop was collected without being closed"),
    ]);
  });
});

describe("many short children", () => {
  it("are all reaped on runtimes that come and go", async () => {
    const codes: (number | null)[] = [];
    for (let batch = 0; batch < 10; batch += 1) {
      codes.push(
        ...(await run(async () => {
          const tasks = Array.from({ length: 20 }, (_, i) => spawn(sh(`exit ${i}`).status()));
          const all = [];
          for (const task of tasks) all.push((await task).code());
          return all;
        })),
      );
    }
    expect(codes).toEqual(Array.from({ length: 200 }, (_, i) => i % 20));
  });

  it.runIf(hasProc)("leave no descriptor behind, waited for or not", async () => {
    await started(new Command("true")).wait();
    const before = openDescriptors();
    for (let i = 0; i < 20; i += 1) {
      const child = cat();
      if (i % 2 === 0) await child.wait();
      child[Symbol.dispose]();
    }
    await until(() => openDescriptors() <= before);
  });
});
