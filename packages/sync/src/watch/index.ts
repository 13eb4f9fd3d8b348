/** A channel that keeps one value, the latest, for all to see. @packageDocumentation */
export { RecvError, SendError } from "./errors.ts";
export { Receiver } from "./receiver.ts";
export { channel, Sender } from "./sender.ts";
export { Ref, type Current } from "./shared.ts";
