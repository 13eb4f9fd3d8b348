/** What the commands know of the server, and of the connection they came on. */
import type { AbortHandle } from "@rt/core";
import { Notify } from "@rt/sync";
import { type Bulk } from "../resp/bulk.ts";
import { Output } from "../resp/output.ts";
import { REQUEST_LIMITS, type RequestLimits } from "../resp/request-parser.ts";
import { Hub } from "./hub.ts";
import { Mailbox } from "./mailbox.ts";
import { OUTPUT_LIMITS, type OutputLimits } from "./output-limits.ts";
import { now, Store } from "./store.ts";

/** Options of a server. */
export interface ServerOptions {
  /** How many connections are served at a time; others wait until one of those has ended. 10000 if not given. */
  readonly maxClients?: number;
  /** How many ms connections have to finish what they are at when the server shuts down. 5000 if not given. */
  readonly graceMs?: number;
  /** How much of what a client sends is taken. */
  readonly limits?: RequestLimits;
  /** How much may wait for a client that does not read; {@link OUTPUT_LIMITS} for what is not given. */
  readonly outputLimits?: Partial<OutputLimits>;
  /** After how many ms a client that sends nothing is dropped, if it has no subscriptions. 0, which is never, if not given. */
  readonly idleMs?: number;
}

/** What all connections of a server share. */
export class Shared {
  readonly store: Store = new Store();
  readonly hub: Hub = new Hub();
  readonly maxClients: number;
  readonly graceMs: number;
  readonly limits: RequestLimits;
  readonly outputLimits: OutputLimits;
  readonly idleMs: number;
  /** Those above their soft output limit. */
  readonly slow: Set<Session> = new Set();
  /** There is one more of them. */
  readonly slowed: Notify = new Notify();
  /** The connections there are, each with what ends its task. */
  readonly sessions: Map<Session, AbortHandle | null> = new Map();
  readonly startedAt: number = now();
  port = 0;
  connections = 0;
  commands = 0;
  /** Clients that were dropped at an output limit. */
  droppedSlow = 0;

  constructor(options: ServerOptions = {}) {
    this.maxClients = options.maxClients ?? 10_000;
    this.graceMs = options.graceMs ?? 5_000;
    this.limits = options.limits ?? REQUEST_LIMITS;
    this.outputLimits = { ...OUTPUT_LIMITS, ...options.outputLimits };
    this.idleMs = options.idleMs ?? 0;
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
  /** It has sent something since the last {@link Session.checkIdle}. */
  isActive = true;
  #silentSince = 0;
  #isDropped = false;
  /** Since when it has been above its soft output limit. */
  #slowSince: number | null = null;

  constructor(shared: Shared, peer: string) {
    this.shared = shared;
    this.store = shared.store;
    this.mailbox = new Mailbox(shared.hub, () => this.checkOutput());
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
    for (const { channel, pattern, payload } of mailbox.take()) {
      out.push(pattern === null ? 3 : 4);
      if (pattern === null) out.raw("$7\r\nmessage\r\n");
      else out.bulks(["pmessage", pattern]);
      out.bulk(channel);
      out.bulk(payload);
    }
  }

  get isOverSoftLimit(): boolean {
    return this.#slowSince !== null;
  }

  /** Drops the client if it leaves more unread than it may. To be asked when there is more, or less, and now and then. */
  checkOutput(): void {
    const { mailbox, out, shared } = this;
    if (this.#isDropped) return;
    const { hard, soft, softMs } = shared.outputLimits[mailbox.size > 0 ? "pubsub" : "normal"];
    const unread = mailbox.bytes + out.length;
    const isSlow = soft > 0 && unread > soft;
    if (isSlow && this.#slowSince === null) {
      shared.slow.add(this);
      shared.slowed.notifyOne();
    } else if (!isSlow) shared.slow.delete(this);
    this.#slowSince = isSlow ? (this.#slowSince ?? now()) : null;
    const isTooSlow = this.#slowSince !== null && now() - this.#slowSince > softMs;
    if (isTooSlow || (hard > 0 && unread > hard)) {
      shared.droppedSlow += 1;
      this.#drop();
    }
  }

  /** Drops the client if it has been silent for too long. To be asked now and then. */
  checkIdle(): void {
    if (this.isActive || this.mailbox.size > 0) this.#silentSince = now();
    else if (now() - this.#silentSince >= this.shared.idleMs) this.#drop();
    this.isActive = false;
  }

  /** Ends the connection without waiting for anything, and lets go of what waits for it. */
  #drop(): void {
    this.#isDropped = true;
    this.isClosing = true; // its task may be the one that runs
    this.out.clear();
    this.shared.sessions.get(this)?.abort();
    this[Symbol.dispose]();
  }

  /** As if it had just connected. */
  reset(): void {
    this.mailbox[Symbol.dispose]();
    this.out.protocol = 2;
    this.name = "";
  }

  [Symbol.dispose](): void {
    this.mailbox[Symbol.dispose]();
    this.shared.slow.delete(this);
    this.shared.sessions.delete(this);
  }
}
