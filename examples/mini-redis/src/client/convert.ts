/** From replies to what the methods of a client give. */
import { ProtocolError, ReplyError } from "../errors.ts";
import { bytesOf, decode } from "../resp/bulk.ts";
import { Push, type Reply } from "../resp/reply-parser.ts";

function unexpected(wanted: string, reply: Reply): ProtocolError {
  const got = reply === null ? "nothing" : typeof reply === "object" ? reply.constructor.name : typeof reply;
  return new ProtocolError(`expected ${wanted}, got ${got}`);
}

export function toText(reply: Reply): string {
  if (typeof reply === "string" || reply instanceof Uint8Array) return decode(reply);
  throw unexpected("text", reply);
}

export function toTextOrNull(reply: Reply): string | null {
  return reply === null ? null : toText(reply);
}

export function toBytesOrNull(reply: Reply): Uint8Array | null {
  if (reply === null) return null;
  if (typeof reply === "string" || reply instanceof Uint8Array) return bytesOf(reply);
  throw unexpected("bytes", reply);
}

export function toNumber(reply: Reply): number {
  if (typeof reply === "number") return reply;
  if (typeof reply === "bigint") return Number(reply);
  throw unexpected("a number", reply);
}

export function toTexts(reply: Reply): (string | null)[] {
  if (Array.isArray(reply)) return reply.map(toTextOrNull);
  throw unexpected("a list", reply);
}

/** Every string in it as text, however deep. */
export function toReadable(reply: Reply): Reply {
  if (typeof reply === "string" || reply instanceof Uint8Array) return decode(reply);
  if (Array.isArray(reply)) return reply.map(toReadable);
  if (reply instanceof Map)
    return new Map([...reply].map(([key, value]) => [toReadable(key), toReadable(value)]));
  return reply instanceof Push ? new Push(reply.items.map(toReadable)) : reply;
}

export function throwError(reply: Reply): Reply {
  if (reply instanceof ReplyError) throw reply;
  return reply;
}
