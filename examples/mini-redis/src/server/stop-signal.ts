/** What tells a server program to end. */
import type { Async } from "@rt/core";
import { select } from "@rt/macros";
import { ctrlC, signal, SignalKind } from "@rt/signal";

/** Waits for ctrl-c, or for whoever supervises the process to ask for its end. */
export function* stopSignal(): Async<void> {
  yield* select({ ctrlC: ctrlC(), terminate: signal(SignalKind.terminate()).recv() });
}
