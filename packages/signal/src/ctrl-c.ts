/** Signals of the keyboard and, on Windows, of the console. */
import { Future, type Context, type Poll } from "@rt/core";
import { SignalKind } from "./signal-kind.ts";
import { signal, type Signal } from "./signal.ts";

class CtrlC extends Future<void> {
  #recv: Future<void> | null = null;
  override poll(cx: Context): Poll<void> {
    this.#recv ??= signal(SignalKind.interrupt()).recv();
    return this.#recv.poll(cx);
  }
  override drop(): void {
    this.#recv?.drop();
  }
  override describe(): string {
    return "ctrl-c";
  }
}

/**
 * Waits for ctrl-c: the first SIGINT after its first poll. Wait again for the next one.
 *
 * From the first poll on, ctrl-c does not end the process by itself any more, see {@link signal}: who waits for it
 * has to. While it waits inside a `blockOn`, that keeps the process alive and is no deadlock.
 *
 * Cancel safety: a ctrl-c that comes between two waits is missed; to miss none, keep a listener:
 * `signal(SignalKind.interrupt())`.
 *
 * @throws {@link SignalError} (`ERR_RT_UNSUPPORTED`) where there is no Node, and in its worker threads.
 * @example
 * ```ts no-run
 * yield* ctrlC();
 * console.log("shutting down");
 * ```
 * @see Tokio `signal::ctrl_c`
 * @public
 */
export function ctrlC(): Future<void> {
  return new CtrlC();
}

/**
 * Listens to ctrl-break. On Windows only.
 * @throws {@link SignalError} (`ERR_RT_UNSUPPORTED`) elsewhere.
 * @see Tokio `signal::windows::ctrl_break`
 * @public
 */
export function ctrlBreak(): Signal {
  return signal(SignalKind.fromName("SIGBREAK"));
}

/**
 * Listens to the closing of the console window on Windows, which ends the process some seconds later whatever it does.
 * Elsewhere it is SIGHUP: the terminal is gone.
 * @see Tokio `signal::windows::ctrl_close`
 * @public
 */
export function ctrlClose(): Signal {
  return signal(SignalKind.hangup());
}
