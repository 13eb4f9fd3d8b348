/** What Node has and other hosts have not, asked for when it is needed: the package loads anywhere. */
import type * as process from "node:process";
import { SignalError } from "../../errors.ts";

type Process = typeof process;

function host(): Process {
  const here = (globalThis as { process?: Partial<Process> }).process;
  if (typeof here?.getBuiltinModule === "function") return here as Process;
  throw new SignalError("ERR_RT_UNSUPPORTED", "Cannot use signals: this needs Node.js");
}

/** The numbers of this platform's signals by name. Real-time signals have no names. */
export function signalNumbers(): Readonly<Record<string, number>> {
  return host().getBuiltinModule("node:os").constants.signals;
}

/** The process, where it hears of signals. */
export function signalHost(): Process {
  const here = host();
  if (here.getBuiltinModule("node:worker_threads").isMainThread) return here;
  throw new SignalError(
    "ERR_RT_UNSUPPORTED",
    "Cannot listen to signals in a worker: Node delivers them to the main thread; listen there",
  );
}
