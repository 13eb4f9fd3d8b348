/** What Node has and other hosts have not, asked for when it is needed: the package loads anywhere. */
import type { ChildProcess } from "node:child_process";
import type * as process from "node:process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { IoError } from "@rt/io";

type Process = typeof process;

function host(): Process {
  const here = (globalThis as { process?: Partial<Process> }).process;
  if (typeof here?.getBuiltinModule === "function") return here as Process;
  throw new IoError("Unsupported", "Cannot start a process: this needs Node.js");
}

/** What a child gets for one of its standard streams. */
export type NodeStdio = "inherit" | "ignore" | "pipe" | number | Socket;

export interface NodeSpawn {
  readonly file: string;
  /** From the name that the program is told it has. */
  readonly args: readonly string[];
  readonly envPairs: readonly string[];
  readonly stdio: readonly NodeStdio[];
  readonly cwd: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly detached: boolean;
}

/** The method behind `child_process.spawn`. */
interface Spawns {
  spawn(options: NodeSpawn): number;
}

export type NodeChild = ChildProcess;

/**
 * Starts a process, or throws why it can't be.
 *
 * Not by `child_process.spawn`: it tells that a program is missing a tick later, and until then nobody knows why there
 * is no process. The method that it calls, which is tested as it stands by Node's own suite, says so at once.
 */
export function startProcess(options: NodeSpawn): NodeChild {
  const here = host();
  const child = new (here.getBuiltinModule("node:child_process").ChildProcess)();
  child.on("error", () => {}); // thrown below
  let error: Partial<NodeJS.ErrnoException>;
  try {
    const errno = (child as unknown as Spawns).spawn(options);
    if (child.pid !== undefined) return child;
    error = { errno };
  } catch (thrown) {
    error = thrown as NodeJS.ErrnoException; // of Node
  }
  for (const stream of child.stdio ?? []) stream?.destroy();
  const { file, cwd } = options;
  const { errno, message } = error;
  const util = here.getBuiltinModule("node:util");
  const why = errno === undefined ? message : util.getSystemErrorMessage(errno);
  const code = errno === undefined ? error.code : util.getSystemErrorName(errno);
  const where = cwd === undefined ? "" : ` in ${cwd}`;
  const remedy = code === "ENOENT" && /\s/.test(file) ? "; arguments go to args()" : "";
  // Only what was thrown is a cause: a number says no more than the message.
  const details = {
    code,
    errno,
    syscall: `spawn ${file}`,
    path: file,
    ...(errno === undefined && { cause: error }),
  };
  throw new IoError(IoError.from({ code }).kind, `Cannot start ${file}${where}: ${why}${remedy}`, details);
}

/** The environment of this process. */
export function environment(): NodeJS.ProcessEnv {
  return host().env;
}

/** Whether names of variables differ in more than their case. */
export function envIsCaseSensitive(): boolean {
  return host().platform !== "win32";
}

/** Passes everything on, and ends both when one of them ends. */
export function pump(from: Readable, to: Writable): void {
  // Whoever reads `to` notices an error by its end.
  host()
    .getBuiltinModule("node:stream")
    .pipeline(from, to, () => {});
}
