/**
 * Signals of the process, to be waited for.
 * @packageDocumentation
 */
export { ctrlBreak, ctrlC, ctrlClose } from "./ctrl-c.ts";
export { SignalError } from "./errors.ts";
export { SignalKind } from "./signal-kind.ts";
export { signal, type Signal } from "./signal.ts";
