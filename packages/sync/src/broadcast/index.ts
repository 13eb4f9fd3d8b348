/** A channel that shows every value to all its receivers. @packageDocumentation */
export { LaggedError, SendError } from "./errors.ts";
export { Receiver } from "./receiver.ts";
export { channel, Sender, WeakSender } from "./sender.ts";
