/** Which signal. */
import { checkInteger } from "@rt/core/driver";
import { SignalError } from "./errors.ts";
import { signalNumbers } from "./internal/sys/node.ts";

const kinds = new Map<number, SignalKind>();

/**
 * Says which signal is meant. There is one object for each number, so `===` compares them.
 *
 * @throws {@link SignalError} (`ERR_RT_UNSUPPORTED`) from those named after a signal, where the platform has none.
 * @example
 * ```ts
 * SignalKind.fromName("SIGINT") === SignalKind.interrupt(); // => true
 * SignalKind.terminate().asRawValue(); // => 15
 * ```
 * @see Tokio `signal::unix::SignalKind`
 * @public
 */
export class SignalKind {
  readonly #raw: number;

  private constructor(raw: number) {
    this.#raw = raw;
  }

  /** By the number that the platform gives it. Any integer will do; {@link signal} says whether it can be used. */
  static fromRaw(raw: number): SignalKind {
    checkInteger("raw", raw, -(2 ** 31), 2 ** 31 - 1);
    let kind = kinds.get(raw);
    if (kind === undefined) {
      kind = new SignalKind(raw);
      kinds.set(raw, kind);
    }
    return kind;
  }

  /** By the name that the platform gives it: `SIGTERM`. @see no counterpart in Tokio */
  static fromName(name: string): SignalKind {
    const numbers = signalNumbers();
    const raw = Object.hasOwn(numbers, name) ? numbers[name] : undefined;
    if (raw !== undefined) return SignalKind.fromRaw(raw);
    throw new SignalError("ERR_RT_UNSUPPORTED", `Cannot use ${name}: this platform has no such signal`);
  }

  /** SIGALRM: a timer of the system went off. */
  static alarm(): SignalKind {
    return SignalKind.fromName("SIGALRM");
  }
  /** SIGCHLD: a child process stopped, went on or ended. */
  static child(): SignalKind {
    return SignalKind.fromName("SIGCHLD");
  }
  /** SIGHUP: the terminal is gone; to servers, "read your configuration again". */
  static hangup(): SignalKind {
    return SignalKind.fromName("SIGHUP");
  }
  /** SIGINFO: somebody asks for the status. On BSD and macOS only. */
  static info(): SignalKind {
    return SignalKind.fromName("SIGINFO");
  }
  /** SIGINT: ctrl-c. */
  static interrupt(): SignalKind {
    return SignalKind.fromName("SIGINT");
  }
  /** SIGIO: a descriptor is ready. */
  static io(): SignalKind {
    return SignalKind.fromName("SIGIO");
  }
  /** SIGPIPE: nobody reads what is written. */
  static pipe(): SignalKind {
    return SignalKind.fromName("SIGPIPE");
  }
  /** SIGQUIT: ctrl-\. */
  static quit(): SignalKind {
    return SignalKind.fromName("SIGQUIT");
  }
  /** SIGTERM: the polite way to end a process. */
  static terminate(): SignalKind {
    return SignalKind.fromName("SIGTERM");
  }
  /** SIGUSR1. Node starts its debugger on it as long as nobody listens. */
  static userDefined1(): SignalKind {
    return SignalKind.fromName("SIGUSR1");
  }
  /** SIGUSR2. */
  static userDefined2(): SignalKind {
    return SignalKind.fromName("SIGUSR2");
  }
  /** SIGWINCH: the terminal has another size. */
  static windowChange(): SignalKind {
    return SignalKind.fromName("SIGWINCH");
  }

  /** Its number. */
  asRawValue(): number {
    return this.#raw;
  }

  /** Its name, or `undefined` where it has none: real-time signals, numbers that are no signal. */
  name(): string | undefined {
    const numbers = signalNumbers();
    return Object.keys(numbers).find((name) => numbers[name] === this.#raw);
  }

  /** Its name, else its number. */
  toString(): string {
    return this.name() ?? `signal ${this.#raw}`;
  }
}
