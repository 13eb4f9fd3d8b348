/** Channels for many senders and one receiver. @packageDocumentation */
export { channel, unboundedChannel } from "./create.ts";
export { SendError, SendTimeoutError } from "./errors.ts";
export { OwnedPermit, Permit, PermitIterator } from "./permit.ts";
export { Receiver, UnboundedReceiver } from "./receiver.ts";
export { Sender, type WeakSender } from "./sender.ts";
export { UnboundedSender, type WeakUnboundedSender } from "./unbounded-sender.ts";
