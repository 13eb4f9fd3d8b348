/**
 * Where the signals of the process arrive: one source for each kind, shared by all listeners in all runtimes.
 *
 * Invariant: from the first listener on, the source stays on the process for good. Taking it off would bring back the
 * default action, which ends the process for most signals.
 */
import { Notify } from "@rt/sync";
import { SignalError } from "../errors.ts";
import type { SignalKind } from "../signal-kind.ts";
import { signalHost } from "./sys/node.ts";

/** Nobody can handle the first two; handling a fault leads back into it, for ever. As in Tokio. */
const FORBIDDEN: readonly string[] = ["SIGKILL", "SIGSTOP", "SIGILL", "SIGFPE", "SIGSEGV"];

const sources = new Map<SignalKind, Source>();

export class Source {
  /** How many have arrived, as far as Node has told: the system merges those that come close together. */
  count = 0;
  readonly arrived: Notify = new Notify();

  readonly #onSignal = (): void => {
    this.count += 1;
    this.arrived.notifyWaiters();
  };

  /** Listens, unless it does already. Others may have taken all listeners off the process meanwhile. */
  attach(name: NodeJS.Signals): void {
    const host = signalHost();
    if (!host.listeners(name).includes(this.#onSignal)) host.on(name, this.#onSignal);
  }
}

/** The source of the kind, listening. */
export function sourceOf(kind: SignalKind): Source {
  const name = listenable(kind);
  const source = sources.get(kind) ?? new Source();
  try {
    source.attach(name);
  } catch (cause) {
    if (cause instanceof SignalError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException; // of `process.on`
    throw new SignalError(code ?? "ERR_RT_UNSUPPORTED", `Cannot listen to ${kind.toString()}: ${message}`, {
      cause,
    });
  }
  sources.set(kind, source);
  return source;
}

function listenable(kind: SignalKind): NodeJS.Signals {
  const name = kind.name();
  if (kind.asRawValue() <= 0 || FORBIDDEN.includes(name ?? ""))
    throw new SignalError(
      "ERR_RT_SIGNAL_FORBIDDEN",
      `Cannot listen to ${kind.toString()}: no process may handle it`,
    );
  if (name === undefined)
    throw new SignalError(
      "ERR_RT_UNSUPPORTED",
      `Cannot listen to ${kind.toString()}: Node listens by name, and has none for it; this waits for a native reactor`,
    );
  return name as NodeJS.Signals; // a key of the very table these names come from
}
