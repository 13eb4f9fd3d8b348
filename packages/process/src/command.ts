/** What is to be started, and how. */
import type { Socket } from "node:net";
import { type Async, type Future, intoFuture } from "@rt/core";
import { checkInteger, show, typeError } from "@rt/core/driver";
import { IoError } from "@rt/io";
import { Child } from "./child.ts";
import type { ExitStatus, Output } from "./exit-status.ts";
import { Running } from "./internal/running.ts";
import { envIsCaseSensitive, environment, startProcess, type NodeSpawn } from "./internal/sys/node.ts";
import { ChildStderr, ChildStdin, ChildStdout } from "./pipes.ts";
import { Stdio } from "./stdio.ts";

/** A command as it was at one moment. */
interface Plan {
  readonly program: string;
  readonly node: Omit<NodeSpawn, "stdio">;
  /** Standard input, output and error; null where nothing was said. */
  readonly stdio: readonly [Stdio | null, Stdio | null, Stdio | null];
  readonly killOnDrop: boolean;
}

/**
 * Says what to start, and how. Every setter gives the command back; it may be started more than once.
 *
 * The program is looked for in the `PATH` that it is given, unless its name has a slash. No shell is involved:
 * arguments arrive as they are. Nothing else is inherited than the environment, the working directory, and the
 * standard streams.
 *
 * A text with a NUL in it can't be handed to the system: setters throw a TypeError for it.
 *
 * @example
 * ```ts
 * const { status, stdout } = yield* new Command("echo").arg("hello").output();
 * [status.success(), new TextDecoder().decode(stdout)]; // => [true, "hello\n"]
 * ```
 * @see Tokio `process::Command`
 * @public
 */
export class Command {
  readonly #program: string;
  readonly #args: string[] = [];
  #arg0: string | null = null;
  #clearsEnv = false;
  /** Null takes a variable away. */
  readonly #env = new Map<string, string | null>();
  #cwd: string | undefined = undefined;
  #uid: number | undefined = undefined;
  #gid: number | undefined = undefined;
  #ownGroup = false;
  #stdin: Stdio | null = null;
  #stdout: Stdio | null = null;
  #stderr: Stdio | null = null;
  #killOnDrop = false;

  constructor(program: string) {
    this.#program = checkText("program", program);
    if (program === "") throw typeError("program must not be empty");
  }

  /** Adds an argument. */
  arg(arg: string): this {
    this.#args.push(checkText("arg", arg));
    return this;
  }

  /** Adds arguments. */
  args(args: Iterable<string>): this {
    // A text is an iterable of texts, and never meant.
    if (typeof args === "string") throw typeError(`args takes several texts, not ${show(args)}; use arg`);
    for (const arg of args) this.arg(arg);
    return this;
  }

  /** Tells the program another name than its own (`argv[0]`). On Windows it has no effect. */
  arg0(name: string): this {
    this.#arg0 = checkText("arg0", name);
    return this;
  }

  /** Sets a variable of the environment. */
  env(key: string, value: string): this {
    this.#env.set(checkKey(key), checkText("value", value));
    return this;
  }

  /** Sets variables of the environment: pairs, or the properties of an object. */
  envs(vars: Iterable<readonly [string, string]> | Readonly<Record<string, string>>): this {
    for (const [key, value] of Symbol.iterator in vars ? vars : Object.entries(vars)) this.env(key, value);
    return this;
  }

  /** Keeps a variable from the child, inherited or set before. */
  envRemove(key: string): this {
    this.#env.set(checkKey(key), null);
    return this;
  }

  /** Keeps all variables from the child, inherited or set before. */
  envClear(): this {
    this.#clearsEnv = true;
    this.#env.clear();
    return this;
  }

  /** Where the program is to run. A relative name of the program may be taken from there, or not: avoid it. */
  currentDir(dir: string): this {
    this.#cwd = checkText("dir", dir);
    return this;
  }

  /** The standard input: by default that of this process. */
  stdin(stdio: Stdio): this {
    this.#stdin = checkStdio(stdio);
    return this;
  }

  /** The standard output: by default that of this process. {@link Command.output} pipes it in any case. */
  stdout(stdio: Stdio): this {
    this.#stdout = checkStdio(stdio);
    return this;
  }

  /** The standard error: by default that of this process. {@link Command.output} pipes it in any case. */
  stderr(stdio: Stdio): this {
    this.#stderr = checkStdio(stdio);
    return this;
  }

  /**
   * Whether disposing the {@link Child}, or dropping {@link Command.status} or {@link Command.output}, kills the
   * process if it still runs. By default it goes on.
   * @see Tokio `Command::kill_on_drop`
   */
  killOnDrop(kills: boolean): this {
    this.#killOnDrop = kills;
    return this;
  }

  /** What {@link Command.killOnDrop} has said. */
  getKillOnDrop(): boolean {
    return this.#killOnDrop;
  }

  /** The user to run as. Not on Windows; where it is not allowed, starting fails with `EPERM`. */
  uid(id: number): this {
    this.#uid = checkId("uid", id);
    return this;
  }

  /** The group of users to run as. Not on Windows; where it is not allowed, starting fails with `EPERM`. */
  gid(id: number): this {
    this.#gid = checkId("gid", id);
    return this;
  }

  /**
   * Puts the process into a process group of its own, so that ctrl-c of the terminal does not reach it, and
   * `process.kill(-pid)` reaches what it has started. It gets a session of its own as well.
   *
   * @param group - 0: its own.
   * @throws IoError (`ERR_RT_UNSUPPORTED`) for another group: Node can't do it.
   * @see Tokio `Command::process_group`, which makes no session and can join any group
   */
  processGroup(group: number): this {
    checkInteger("group", group, 0, 2 ** 31 - 1);
    if (group !== 0)
      throw new IoError(
        "Unsupported",
        `Cannot start a process in group ${group}: Node can only give it its own (0); this waits for a native reactor`,
        { code: "ERR_RT_UNSUPPORTED" },
      );
    this.#ownGroup = true;
    return this;
  }

  /**
   * Starts the process, at once.
   * @throws IoError when it can't be started, with Node's `code`, `syscall` and `path`: kind `NotFound` when there is
   * no such program or working directory, `PermissionDenied` when it may not be run or is a directory.
   * @example Talking to it
   * ```ts
   * using child = new Command("cat").stdin(Stdio.piped()).stdout(Stdio.piped()).spawn();
   * yield* child.stdin!.writeAll("meow\n");
   * const line = yield* child.stdout!.readLine();
   * line; // => "meow\n"
   * ```
   * @see Tokio `Command::spawn`, which panics outside of a runtime; here none is needed
   */
  spawn(): Child {
    return start(this.#plan(this.#stdout, this.#stderr), this.spawn);
  }

  /**
   * Runs the process and waits until it has ended. Pipes that were asked for are closed on our side at once.
   *
   * It starts at the first poll, as the command is now. Dropped, the process goes on, unless
   * {@link Command.killOnDrop} says otherwise.
   * @throws IoError when it can't be started, see {@link Command.spawn}.
   * @see Tokio `Command::status`, which starts at the call
   */
  status(): Future<ExitStatus> {
    return intoFuture(runForStatus(this.#plan(this.#stdout, this.#stderr)));
  }

  /**
   * Runs the process, reads all that it writes to its standard output and error, and waits until it has ended.
   *
   * It starts at the first poll, as the command is now. Dropped, the process goes on, unless
   * {@link Command.killOnDrop} says otherwise.
   * @throws IoError when it can't be started, see {@link Command.spawn}.
   * @see Tokio `Command::output`, which starts at the call
   */
  output(): Future<Output> {
    return intoFuture(runForOutput(this.#plan(Stdio.piped(), Stdio.piped())));
  }

  #plan(stdout: Stdio | null, stderr: Stdio | null): Plan {
    return {
      program: this.#program,
      node: {
        file: this.#program,
        args: [this.#arg0 ?? this.#program, ...this.#args],
        envPairs: this.#envPairs(),
        cwd: this.#cwd,
        uid: this.#uid,
        gid: this.#gid,
        detached: this.#ownGroup,
      },
      stdio: [this.#stdin, stdout, stderr],
      killOnDrop: this.#killOnDrop,
    };
  }

  #envPairs(): string[] {
    const fold = envIsCaseSensitive() ? (key: string) => key : (key: string) => key.toUpperCase();
    const pairs = new Map<string, string>();
    if (!this.#clearsEnv)
      for (const [key, value] of Object.entries(environment())) pairs.set(fold(key), `${key}=${value}`);
    for (const [key, value] of this.#env) {
      if (value === null) pairs.delete(fold(key));
      else pairs.set(fold(key), `${key}=${value}`);
    }
    return [...pairs.values()];
  }
}

function checkText(name: string, text: string): string {
  if (typeof text === "string" && !text.includes("\0")) return text;
  throw typeError(`${name} takes a text without NUL, not ${show(text)}`);
}

function checkKey(key: string): string {
  // Windows has variables whose names begin with "=".
  if (checkText("key", key) === "" || key.includes("=", 1))
    throw typeError(`key takes the name of a variable, not ${show(key)}`);
  return key;
}

function checkId(name: string, id: number): number {
  checkInteger(name, id, 0, 2 ** 31 - 1);
  return id;
}

function checkStdio(stdio: Stdio): Stdio {
  // Asks for no class: it may be that of another copy.
  if (typeof stdio?._forNode === "function") return stdio;
  throw typeError(`A standard stream takes a Stdio, not ${show(stdio)}; write Stdio.piped()`);
}

function start(plan: Plan, above: unknown): Child {
  const { program, node, stdio, killOnDrop } = plan;
  const given = stdio.map((each, index) => each?._forNode(index) ?? "inherit");
  const process = startProcess({ ...node, stdio: given });
  // Node makes sockets for them.
  const ends = [process.stdin, process.stdout, process.stderr] as unknown as (Socket | null)[];
  const [stdin, stdout, stderr] = ends.map((end, index) => {
    if (stdio[index]?._isPiped === true) return end;
    stdio[index]?._given(end);
    return null;
  });
  const pipes = {
    stdin: stdin == null ? null : new ChildStdin(stdin, above),
    stdout: stdout == null ? null : new ChildStdout(stdout, above),
    stderr: stderr == null ? null : new ChildStderr(stderr, above),
  };
  return new Child(new Running(program, process), pipes, killOnDrop, above);
}

function* runForStatus(plan: Plan): Async<ExitStatus> {
  const child = start(plan, runForStatus);
  child._closePipes();
  try {
    return yield* child.wait();
  } finally {
    child[Symbol.dispose]();
  }
}

function* runForOutput(plan: Plan): Async<Output> {
  return yield* start(plan, runForOutput).waitWithOutput();
}
