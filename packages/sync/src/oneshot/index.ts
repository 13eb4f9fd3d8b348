/** Channels for one value. @packageDocumentation */
export { RecvError, SendError } from "./errors.ts";
export { Receiver } from "./receiver.ts";
export { channel, Sender } from "./sender.ts";
