/** What Node has and other hosts have not, asked for when it is needed: the package loads anywhere. */
import type * as process from "node:process";
import type { Duplex, Readable, Writable } from "node:stream";
import { IoError } from "../../errors.ts";

type Process = typeof process;

function host(what: string): Process {
  const here = (globalThis as { process?: Partial<Process> }).process;
  if (typeof here?.getBuiltinModule === "function") return here as Process;
  throw new IoError("Unsupported", `Cannot make ${what}: this needs Node.js`);
}

/** The classes of `node:stream`. */
export interface NodeStreams {
  readonly Readable: typeof Readable;
  readonly Writable: typeof Writable;
  readonly Duplex: typeof Duplex;
}

export function nodeStream(what: string): NodeStreams {
  return host(what).getBuiltinModule("node:stream");
}

export function standard<N extends "stdin" | "stdout" | "stderr">(name: N): Process[N] {
  return host(name)[name];
}
