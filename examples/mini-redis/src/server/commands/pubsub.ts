/** The commands that publish and subscribe. */
import type { Bulk } from "../../resp/bulk.ts";
import type { Request } from "../../resp/request-parser.ts";
import { LONGEST_PATTERN } from "../glob.ts";
import type { TopicKind } from "../hub.ts";
import type { Session } from "../session.ts";
import { type Command, NO_KEYS, word } from "./command.ts";

function publish(session: Session, request: Request): void {
  const count = session.shared.hub.publish(word(request, 1), request[2] as Bulk);
  // RESP3 allows publishing to oneself: the message comes first.
  if (session.mailbox.size > 0) session.deliver();
  session.out.integer(count);
}

function confirm(session: Session, what: string, name: string | null): void {
  const { out } = session;
  out.push(3);
  out.bulk(what);
  if (name === null) out.nil();
  else out.bulk(name);
  out.integer(session.mailbox.size);
}

function subscribe(session: Session, request: Request, kind: TopicKind, what: string): void {
  for (let at = 1; at < request.length; at += 1) {
    if (kind === "pattern" && (request[at] as Bulk).length > LONGEST_PATTERN) {
      session.out.error(`ERR patterns cannot be longer than ${LONGEST_PATTERN} bytes`);
      continue;
    }
    session.mailbox.subscribe(kind, word(request, at));
    confirm(session, what, word(request, at));
  }
}

/** Without names: all there are. */
function unsubscribe(session: Session, request: Request, kind: TopicKind, what: string): void {
  const { mailbox } = session;
  session.deliver(); // what was published before is still for this connection
  const names =
    request.length > 1 ? request.slice(1).map((_, at) => word(request, at + 1)) : mailbox.names(kind);
  for (const name of names) {
    mailbox.unsubscribe(kind, name);
    confirm(session, what, name);
  }
  if (names.length === 0) confirm(session, what, null);
}

const FLAGS = ["pubsub", "noscript", "loading", "stale"] as const;

export const PUBSUB: readonly Command[] = [
  {
    name: "publish",
    arity: 3,
    flags: ["pubsub", "loading", "stale", "fast"],
    keys: NO_KEYS,
    group: "pubsub",
    summary: "Sends a message to all who listen to a channel",
    run: publish,
  },
  {
    name: "subscribe",
    arity: -2,
    flags: FLAGS,
    keys: NO_KEYS,
    group: "pubsub",
    summary: "Listens to channels",
    run: (session, request) => subscribe(session, request, "channel", "subscribe"),
  },
  {
    name: "psubscribe",
    arity: -2,
    flags: FLAGS,
    keys: NO_KEYS,
    group: "pubsub",
    summary: "Listens to all channels whose names fit a pattern",
    run: (session, request) => subscribe(session, request, "pattern", "psubscribe"),
  },
  {
    name: "unsubscribe",
    arity: -1,
    flags: FLAGS,
    keys: NO_KEYS,
    group: "pubsub",
    summary: "Stops listening to channels",
    run: (session, request) => unsubscribe(session, request, "channel", "unsubscribe"),
  },
  {
    name: "punsubscribe",
    arity: -1,
    flags: FLAGS,
    keys: NO_KEYS,
    group: "pubsub",
    summary: "Stops listening to patterns",
    run: (session, request) => unsubscribe(session, request, "pattern", "punsubscribe"),
  },
];
