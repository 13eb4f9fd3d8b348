import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { PENDING } from "@rt/core";
import { IoError } from "@rt/io";
import { Command, Stdio } from "@rt/process";
import { describe, expect, it } from "vitest";
import {
  cx,
  exists,
  folder,
  hasProc,
  inLane,
  isRoot,
  LANES,
  openDescriptors,
  program,
  rejectionOf,
  sh,
  started,
  text,
  thrownBy,
  until,
} from "./support/processes.ts";

async function outputOf(command: Command): Promise<string> {
  return text((await command.output()).stdout);
}

describe("Command", () => {
  it("runs a program of the PATH", async () => {
    expect((await new Command("true").status()).success()).toBe(true);
  });

  it("runs a program by its path", async () => {
    expect(await outputOf(new Command(process.execPath).args(["-p", "6 * 7"]))).toBe("42\n");
  });

  it("hands the arguments over as they are", async () => {
    const args = ["two words", `"quoted"`, "$HOME", "*", "", "a\nb", "żó"];
    expect(await outputOf(new Command("printf").arg("<%s>").args(args))).toBe(
      args.map((arg) => `<${arg}>`).join(""),
    );
  });

  it("inherits the environment and the working directory", async () => {
    process.env["RT_TEST_INHERITED"] = "yes";
    const out = await outputOf(sh("echo $RT_TEST_INHERITED; pwd"));
    delete process.env["RT_TEST_INHERITED"];
    expect(out).toBe(`yes\n${process.cwd()}\n`);
  });

  it("may be started more than once", async () => {
    const command = new Command("echo").arg("again");
    expect([await outputOf(command), await outputOf(command)]).toEqual(["again\n", "again\n"]);
  });

  it.each([
    ["a program that is no text", () => new Command(1 as never)],
    ["a program with a NUL", () => new Command("a\0b")],
    ["an empty program", () => new Command("")],
    ["an argument with a NUL", () => new Command("a").arg("\0")],
    ["an argument that is no text", () => new Command("a").args([1 as never])],
    ["a text for several arguments", () => new Command("a").args("bc")],
    ["a name with a NUL", () => new Command("a").arg0("\0")],
    ["a variable without a name", () => new Command("a").env("", "b")],
    ["a variable with = in its name", () => new Command("a").env("b=", "c")],
    ["a variable with a NUL in its value", () => new Command("a").env("b", "\0")],
    ["a directory with a NUL", () => new Command("a").currentDir("\0")],
    ["a stream that is no Stdio", () => new Command("a").stdin("pipe" as never)],
    ["a Stdio of something else", () => Stdio.from({} as never)],
  ])("throws a TypeError for %s", (_what, make) => {
    expect(make).toThrow(expect.objectContaining({ name: "TypeError", code: "ERR_RT_INVALID_ARGUMENT" }));
  });

  it.each([
    ["uid", () => new Command("a").uid(-1)],
    ["gid", () => new Command("a").gid(0.5)],
    ["a descriptor", () => Stdio.from(-1)],
  ])("throws a RangeError for %s out of range", (_what, make) => {
    expect(make).toThrow(RangeError);
  });
});

describe("Command.arg0", () => {
  it("replaces the program's name and nothing else", async () => {
    expect(await outputOf(new Command("sh").arg0("impostor").args(["-c", "echo $0 $#"]))).toBe(
      "impostor 0\n",
    );
  });
});

describe("Command.env", () => {
  const show = (): Command => new Command("/usr/bin/env").env("A", "1");

  it("sets a variable", async () => {
    expect(await outputOf(show().envClear().env("A", "x=y"))).toBe("A=x=y\n");
  });

  it("replaces an inherited variable", async () => {
    expect(await outputOf(sh("echo $HOME").env("HOME", "/elsewhere"))).toBe("/elsewhere\n");
  });

  it("counts as it was set last", async () => {
    expect(await outputOf(show().envClear().env("A", "1").envRemove("A").env("A", "2"))).toBe("A=2\n");
  });
});

describe("Command.envs", () => {
  it.each([
    ["an object", { A: "1", B: "2" }],
    [
      "pairs",
      new Map([
        ["A", "1"],
        ["B", "2"],
      ]),
    ], // prettier-ignore
  ])("sets the variables of %s", async (_what, vars) => {
    expect(await outputOf(new Command("/usr/bin/env").envClear().envs(vars))).toBe("A=1\nB=2\n");
  });
});

describe("Command.envRemove", () => {
  it("keeps an inherited variable from the child", async () => {
    expect(await outputOf(sh("echo ${HOME-none}").envRemove("HOME"))).toBe("none\n");
  });

  it("keeps a variable from the child that was set before", async () => {
    expect(await outputOf(sh("echo ${A-none}").env("A", "1").envRemove("A"))).toBe("none\n");
  });
});

describe("Command.envClear", () => {
  it("keeps everything from the child, inherited or set before", async () => {
    expect(await outputOf(new Command("/usr/bin/env").env("A", "1").envClear())).toBe("");
  });
});

describe("Command.currentDir", () => {
  it("is where the program runs", async () => {
    const dir = realpathSync(folder());
    expect(await outputOf(sh("pwd").currentDir(dir))).toBe(`${dir}\n`);
  });
});

describe("Command.uid", () => {
  it.runIf(isRoot)("runs the program as another user, which only root may", async () => {
    expect(await outputOf(sh("id -u; id -g").uid(65_534).gid(65_533).currentDir("/"))).toBe("65534\n65533\n");
  });

  it.skipIf(isRoot)("fails to start with EPERM when that is not allowed to anybody but root", () => {
    expect(thrownBy(() => new Command("true").uid(0).spawn())).toMatchObject({
      kind: "PermissionDenied",
      code: "EPERM",
    });
  });
});

describe("Command.processGroup", () => {
  it.runIf(hasProc)("gives the process a group of its own", async () => {
    const [pid, group] = (await outputOf(sh("cut -d' ' -f1,5 /proc/$$/stat").processGroup(0))).split(/\s/);
    expect(group).toBe(pid);
  });

  it.runIf(hasProc)("leaves the process in our group by default", async () => {
    const [pid, group] = (await outputOf(sh("cut -d' ' -f1,5 /proc/$$/stat"))).split(/\s/);
    expect(group).not.toBe(pid);
  });

  it("throws ERR_RT_UNSUPPORTED for another group than its own", () => {
    expect(thrownBy(() => new Command("true").processGroup(5))).toMatchObject({
      kind: "Unsupported",
      code: "ERR_RT_UNSUPPORTED",
    });
  });
});

describe("Command.stdin, stdout and stderr", () => {
  it("are inherited by spawn and status by default", async () => {
    const { out, err } = await program(
      `await sh("cat; echo problem >&2").status(); await run(() => new Command("echo").arg("more").spawn().wait());`,
      { stdin: "from above\n" },
    );
    expect([out, err]).toEqual(["from above\nmore\n", "problem\n"]);
  });

  it("are not in the child when they are inherited", () => {
    const child = started(new Command("true"));
    expect([child.stdin, child.stdout, child.stderr]).toEqual([null, null, null]);
  });

  it("are inherited when Stdio.inherit says so", async () => {
    const { out } = await program(
      `await new Command("echo").arg("shown").stdout(Stdio.null()).stdout(Stdio.inherit()).status();`,
    );
    expect(out).toBe("shown\n");
  });

  it("are nothing when Stdio.null says so", async () => {
    const status = await sh("cat; echo lost; echo lost >&2")
      .stdin(Stdio.null())
      .stdout(Stdio.null())
      .stderr(Stdio.null())
      .status();
    expect(status.success()).toBe(true);
  });

  it("may be an open file, which stays open", async () => {
    const path = join(folder(), "out");
    const fd = openSync(path, "w");
    await sh("echo out; echo err >&2").stdout(Stdio.from(fd)).stderr(Stdio.from(fd)).status();
    writeSync(fd, "mine\n");
    closeSync(fd);
    expect(readFileSync(path, "utf8")).toBe("out\nerr\nmine\n");
  });
});

describe("Command.spawn", () => {
  it("starts the process at once", async () => {
    const path = join(folder(), "made");
    started(sh(`echo > ${path}`));
    await until(() => existsSync(path));
  });

  it("needs no runtime", async () => {
    const child = started(new Command("true"));
    const status = await child.wait();
    expect(status.success()).toBe(true);
  });

  const orphanedScript = (): string => {
    const path = join(folder(), "program");
    writeFileSync(path, "#!/nowhere/interpreter\n", { mode: 0o755 });
    return path;
  };
  it.each([
    ["a program that isn't there", () => new Command("rt-nowhere"), "NotFound", "ENOENT"],
    ["a path that isn't there", () => new Command("/nowhere/at/all"), "NotFound", "ENOENT"],
    ["a script whose interpreter isn't there", () => new Command(orphanedScript()), "NotFound", "ENOENT"],
    ["a directory", () => new Command("/tmp"), "PermissionDenied", "EACCES"],
    ["a file that is no program", () => new Command("/etc/passwd"), "PermissionDenied", "EACCES"],
    ["a path through a file", () => new Command("/etc/passwd/x"), "NotADirectory", "ENOTDIR"],
    [
      "too long arguments",
      () => new Command("true").arg("x".repeat(10_000_000)),
      "ArgumentListTooLong",
      "E2BIG",
    ],
  ] as const)("throws at once for %s", (_what, command, kind, code) => {
    const made = command();
    const error = thrownBy(() => made.spawn());
    expect(error).toBeInstanceOf(IoError);
    expect(error).toMatchObject({
      kind,
      code,
      path: expect.any(String),
      syscall: expect.stringMatching(/^spawn /),
    });
  });

  it("says what could not be started, and why", () => {
    expect(thrownBy(() => new Command("rt-nowhere").spawn())).toMatchObject({
      message: "Cannot start rt-nowhere: no such file or directory",
      path: "rt-nowhere",
      syscall: "spawn rt-nowhere",
      errno: -2,
    });
  });

  it("says where arguments go when a program with blanks in its name isn't there", () => {
    expect(thrownBy(() => new Command("ls -l").spawn())).toMatchObject({
      message: "Cannot start ls -l: no such file or directory; arguments go to args()",
    });
  });

  it("has no cause that says the same again", () => {
    expect(thrownBy(() => new Command("rt-nowhere").spawn())).not.toHaveProperty("cause");
  });

  it.each([
    ["isn't there", "/nowhere", "ENOENT"],
    ["is a file", "/etc/passwd", "ENOTDIR"],
  ])("names a working directory that %s", (_what, dir, code) => {
    expect(thrownBy(() => new Command("true").currentDir(dir).spawn())).toMatchObject({
      code,
      message: expect.stringContaining(`Cannot start true in ${dir}: `),
    });
  });

  // Root may run and enter everything.
  it.skipIf(isRoot)("throws EACCES where there is no permission, which root always has", () => {
    const dir = folder();
    writeFileSync(join(dir, "program"), "#!/bin/sh\n", { mode: 0o600 });
    expect(thrownBy(() => new Command(join(dir, "program")).spawn())).toMatchObject({
      kind: "PermissionDenied",
      code: "EACCES",
    });
  });

  it.runIf(hasProc)(
    "throws EMFILE while there are no descriptors, and works when there are again",
    async () => {
      const { out, err } = await program(
        `
      const { openSync, closeSync } = await import("node:fs");
      await sh("true").output();
      const taken = [];
      try { for (;;) taken.push(openSync("/dev/null")); } catch {}
      try { sh("true").stdout(Stdio.piped()).spawn(); } catch (error) { console.log(error.code); }
      for (const fd of taken) closeSync(fd);
      console.log((await sh("exit 3").status()).code());
      `,
        { descriptors: 64 },
      );
      expect([out, err]).toEqual(["EMFILE\n3\n", ""]);
    },
  );

  it.runIf(hasProc)("leaves no descriptor behind when it fails", async () => {
    const fail = (): unknown =>
      thrownBy(() =>
        new Command("rt-nowhere").stdin(Stdio.piped()).stdout(Stdio.piped()).stderr(Stdio.piped()).spawn(),
      );
    fail();
    await until(() => true);
    const before = openDescriptors();
    for (let i = 0; i < 50; i += 1) fail();
    await until(() => openDescriptors() <= before);
  });
});

describe("Command.status", () => {
  it.each(LANES)("waits for the end in the %s lane", async (lane) => {
    expect((await inLane(lane, () => sh("exit 7").status())).code()).toBe(7);
  });

  it.each(LANES)("rejects when the program can't be started, in the %s lane", async (lane) => {
    expect(await rejectionOf(inLane(lane, () => new Command("rt-nowhere").status()))).toMatchObject({
      kind: "NotFound",
      code: "ENOENT",
    });
  });

  it("closes our ends of pipes at once", async () => {
    // The first would wait for input, the second for somebody to read.
    const reads = new Command("cat").stdin(Stdio.piped()).stdout(Stdio.null());
    const writes = new Command("yes").stdout(Stdio.piped()).stderr(Stdio.null());
    expect([(await reads.status()).success(), (await writes.status()).success()]).toEqual([true, false]);
  });

  it("does nothing until it is polled", () => {
    const path = join(folder(), "made");
    sh(`echo > ${path}`).status().drop();
    expect(existsSync(path)).toBe(false);
  });

  it("runs the command as it was when it was called", async () => {
    const command = sh('exit "$#"').arg("name");
    const status = command.status();
    command.arg("one");
    expect([(await status).code(), (await command.status()).code()]).toEqual([0, 1]);
  });

  it.each([true, false])("ends the process when status() is dropped, if killOnDrop is %s", async (kills) => {
    const path = join(folder(), "pid");
    const status = sh(`echo $$ > ${path}.new; mv ${path}.new ${path}; exec sleep 30`)
      .killOnDrop(kills)
      .status();
    expect(status.poll(cx())).toBe(PENDING);
    await until(() => existsSync(path));
    const pid = Number(readFileSync(path, "utf8"));
    status.drop();
    if (kills) await until(() => !exists(pid));
    else process.kill(pid, "SIGKILL"); // throws when it is not there
    await until(() => !exists(pid));
  });
});

describe("Command.output", () => {
  it.each(LANES)("gives all that was written, and the status, in the %s lane", async (lane) => {
    const { status, stdout, stderr } = await inLane(lane, () =>
      sh("echo out; echo err >&2; exit 3").output(),
    );
    expect([status.code(), text(stdout), text(stderr)]).toEqual([3, "out\n", "err\n"]);
  });

  it.each(LANES)("rejects when there is no program to read from, in the %s lane", async (lane) => {
    expect(await rejectionOf(inLane(lane, () => new Command("rt-nowhere").output()))).toMatchObject({
      code: "ENOENT",
    });
  });

  it("pipes stdout and stderr whatever was said", async () => {
    const command = sh("echo out; echo err >&2").stdout(Stdio.null()).stderr(Stdio.inherit());
    const { stdout, stderr } = await command.output();
    expect([text(stdout), text(stderr)]).toEqual(["out\n", "err\n"]);
  });

  it("does not change the command", async () => {
    const command = new Command("echo").stdout(Stdio.null());
    await command.output();
    expect(started(command).stdout).toBeNull();
  });

  it("leaves stdin as it is, inherited by default", async () => {
    const { out } = await program(
      `const { stdout } = await new Command("cat").output(); process.stdout.write("<" + new TextDecoder().decode(stdout) + ">");`,
      { stdin: "from above" },
    );
    expect(out).toBe("<from above>");
  });

  it("takes large output of both kinds", async () => {
    const { stdout, stderr } = await sh("head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2").output();
    expect([stdout.length, stderr.length]).toEqual([5_000_000, 5_000_000]);
  });

  it.each([true, false])("ends the process when output() is dropped, if killOnDrop is %s", async (kills) => {
    const path = join(folder(), "pid");
    const output = sh(`echo $$ > ${path}.new; mv ${path}.new ${path}; exec sleep 30`)
      .killOnDrop(kills)
      .output();
    expect(output.poll(cx())).toBe(PENDING);
    await until(() => existsSync(path));
    const pid = Number(readFileSync(path, "utf8"));
    output.drop();
    if (kills) await until(() => !exists(pid));
    else process.kill(pid, "SIGKILL"); // throws when it is not there
    await until(() => !exists(pid));
  });

  it.runIf(hasProc)("leaves no descriptor behind", async () => {
    await sh("echo").output();
    const before = openDescriptors();
    for (let i = 0; i < 30; i += 1) await sh("echo out; echo err >&2").stdin(Stdio.piped()).output();
    await until(() => openDescriptors() <= before);
  });
});

describe("Command.killOnDrop", () => {
  it("is false until it is set", () => {
    const command = new Command("true");
    expect([command.getKillOnDrop(), command.killOnDrop(true).getKillOnDrop()]).toEqual([false, true]);
  });
});
