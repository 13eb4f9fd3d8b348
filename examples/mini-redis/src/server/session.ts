/** What the commands know of the server, and of the connection they came on. */
import type { AbortHandle } from "@rt/core";
import { type Bulk } from "../resp/bulk.ts";
import { Output } from "../resp/output.ts";
import { REQUEST_LIMITS, type RequestLimits } from "../resp/request-parser.ts";
import { Hub } from "./hub.ts";
import { Mailbox } from "./mailbox.ts";
import { now, Store } from "./store.ts";

/** Options of a server. */
export interface ServerOptions {
  /** How many connections are served at a time; others wait until one of those has ended. 10000 if not given. */
  readonly maxClients?: number;
  /** How many ms connections have to finish what they are at when the server shuts down. 5000 if not given. */
  readonly graceMs?: number;
  /** How much of what a client sends is taken. */
  readonly limits?: RequestLimits;
}

/** What all connections of a server share. */
export class Shared {
  readonly store: Store = new Store();
  readonly hub: Hub = new Hub();
  readonly maxClients: number;
  readonly graceMs: number;
  readonly limits: RequestLimits;
  /** The connections there are, each with what ends its task. */
  readonly sessions: Map<Session, AbortHandle | null> = new Map();
  readonly startedAt: number = now();
  port = 0;
  connections = 0;
  commands = 0;

  constructor(options: ServerOptions = {}) {
    this.maxClients = options.maxClients ?? 10_000;
    this.graceMs = options.graceMs ?? 5_000;
    this.limits = options.limits ?? REQUEST_LIMITS;
  }
}

/** One connection. */
export class Session implements Disposable {
  readonly shared: Shared;
  readonly store: Store;
  readonly out: Output = new Output();
  readonly mailbox: Mailbox;
  readonly id: number;
  readonly peer: string;
  readonly startedAt: number = now();
  name: Bulk = "";
  library: Readonly<Record<"lib-name" | "lib-ver", string>> = { "lib-name": "", "lib-ver": "" };
  lastCommand = "";
  /** To be closed once the replies have been written. */
  isClosing = false;

  constructor(shared: Shared, peer: string) {
    this.shared = shared;
    this.store = shared.store;
    this.mailbox = new Mailbox(shared.hub);
    shared.connections += 1;
    this.id = shared.connections;
    this.peer = peer;
    shared.sessions.set(this, null);
  }

  /** In RESP2 messages look like replies, so a connection that has subscribed is for little else. */
  get isOnlySubscriber(): boolean {
    return this.out.protocol === 2 && this.mailbox.size > 0;
  }

  /** Puts the messages that are there behind the replies. */
  deliver(): void {
    const { mailbox, out } = this;
    for (let message = mailbox.take(); message !== undefined; message = mailbox.take()) {
      const { channel, pattern, payload } = message;
      out.push(pattern === null ? 3 : 4);
      if (pattern === null) out.raw("$7\r\nmessage\r\n");
      else out.bulks(["pmessage", pattern]);
      out.bulk(channel);
      out.bulk(payload);
    }
  }

  /** As if it had just connected. */
  reset(): void {
    this.mailbox[Symbol.dispose]();
    this.out.protocol = 2;
    this.name = "";
  }

  [Symbol.dispose](): void {
    this.mailbox[Symbol.dispose]();
    this.shared.sessions.delete(this);
  }
}
