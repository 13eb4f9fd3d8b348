/** A server and a client for the protocol of redis, on top of `@rt/*`. @packageDocumentation */
export { Client, type SetOptions } from "./client/client.ts";
export type { Arg } from "./client/request.ts";
export { type Published, Subscriber } from "./client/subscriber.ts";
export { ConnectionClosedError, ProtocolError, ReplyError } from "./errors.ts";
export type { Bulk } from "./resp/bulk.ts";
export { Push, type Reply, REPLY_LIMITS, type ReplyLimits, ReplyParser } from "./resp/reply-parser.ts";
export { type Request, REQUEST_LIMITS, type RequestLimits, RequestParser } from "./resp/request-parser.ts";
export { type Listener, serve, type Stream } from "./server/server.ts";
export {
  OUTPUT_LIMITS,
  type OutputLimit,
  type OutputLimits,
  parseOutputLimits,
} from "./server/output-limits.ts";
export type { ServerOptions } from "./server/session.ts";
export { stopSignal } from "./server/stop-signal.ts";
