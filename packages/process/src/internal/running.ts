/**
 * A process that was started, as long as it runs and after.
 *
 * It does not keep this process alive but while somebody waits for it. It is reaped when it ends, waited for or not.
 */
import type { Waker } from "@rt/core";
import { wakeSafely } from "@rt/core/driver";
import { IoError } from "@rt/io";
import { ExitStatus } from "../exit-status.ts";
import type { NodeChild } from "./sys/node.ts";

export interface Waiting {
  _waker: Waker | null;
}

export class Running {
  readonly program: string;
  readonly #process: NodeChild;
  #status: ExitStatus | null = null;
  readonly #waits = new Set<Waiting>();
  #killError: unknown = null;

  constructor(program: string, process: NodeChild) {
    this.program = program;
    this.#process = process;
    process.unref();
    process.once("exit", (code, signal) => this.#exited(new ExitStatus(code, signal)));
    process.on("error", (error) => {
      this.#killError = error;
    });
  }

  /** How it ended; null while it runs. */
  get status(): ExitStatus | null {
    return this.#status;
  }

  /** Another process may have it once this one has ended. */
  get pid(): number | null {
    return this.#status === null ? (this.#process.pid ?? null) : null;
  }

  join(wait: Waiting): void {
    if (this.#waits.size === 0) this.#process.ref();
    this.#waits.add(wait);
  }

  leave(wait: Waiting): void {
    if (this.#waits.delete(wait) && this.#waits.size === 0) this.#process.unref();
  }

  /** Does nothing to one that has ended. */
  kill(): void {
    if (this.#status !== null) return;
    this.#killError = null;
    this.#process.kill("SIGKILL");
    if (this.#killError !== null) throw IoError.from(this.#killError);
  }

  #exited(status: ExitStatus): void {
    this.#status = status;
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const { _waker } of waits) if (_waker !== null) wakeSafely(_waker);
  }
}
