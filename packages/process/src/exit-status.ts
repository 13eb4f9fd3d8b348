/** How a process ended. */
import { SignalKind } from "@rt/signal";

/**
 * How a process ended: with an exit code, or by a signal.
 * @see Tokio `std::process::ExitStatus`
 * @public
 */
export class ExitStatus {
  readonly #code: number | null;
  readonly #signal: SignalKind | null;

  /** @internal */
  constructor(code: number | null, signalName: string | null) {
    this.#code = code;
    this.#signal = signalName === null ? null : SignalKind.fromName(signalName);
  }

  /** Whether it exited with code 0. */
  success(): boolean {
    return this.#code === 0;
  }

  /** The exit code; null when a signal ended it. */
  code(): number | null {
    return this.#code;
  }

  /**
   * The signal that ended it; null when it exited by itself. Node does not tell of real-time signals: a process that
   * one of them ended counts as exited with code 0.
   */
  signal(): SignalKind | null {
    return this.#signal;
  }

  /** `exit code 1`, `signal SIGKILL`. */
  toString(): string {
    return this.#signal === null ? `exit code ${this.#code}` : `signal ${this.#signal.toString()}`;
  }
}

/**
 * How a process ended, and everything it wrote.
 * @see Tokio `std::process::Output`
 * @public
 */
export interface Output {
  /** How it ended. */
  readonly status: ExitStatus;
  /** Empty unless it was piped. */
  readonly stdout: Uint8Array;
  /** Empty unless it was piped. */
  readonly stderr: Uint8Array;
}
