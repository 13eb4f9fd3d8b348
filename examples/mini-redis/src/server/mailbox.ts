/**
 * What one connection is subscribed to, and the messages that it has not been sent yet.
 *
 * However many subscriptions there are, it is one queue with one who waits for it, so a message costs the same, and what
 * the queue holds is known in bytes.
 */
import { type Context, Future, PENDING, type Poll, type Waker } from "@rt/core";
import { detachText } from "../resp/bulk.ts";
import type { Hub, Listener, Message, TopicKind } from "./hub.ts";

/** What a message takes beside its bytes, here and on the wire. Arbitrary. */
const OVERHEAD = 64;

export class Mailbox implements Listener, Disposable {
  readonly #hub: Hub;
  readonly #filled: () => void;
  readonly #names: Readonly<Record<TopicKind, Set<string>>> = { channel: new Set(), pattern: new Set() };
  #messages: Message[] = [];
  #bytes = 0;
  #waker: Waker | null = null;

  /** @param filled - is called when a message has come, from within its publishing. */
  constructor(hub: Hub, filled: () => void) {
    this.#hub = hub;
    this.#filled = filled;
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.#names.channel.size + this.#names.pattern.size;
  }

  /** How many bytes the messages in it are. */
  get bytes(): number {
    return this.#bytes;
  }

  names(kind: TopicKind): string[] {
    return [...this.#names[kind]];
  }

  subscribe(kind: TopicKind, name: string): void {
    if (this.#names[kind].has(name)) return;
    this.#names[kind].add(detachText(name));
    this.#hub.subscribe(kind, name, this);
  }

  unsubscribe(kind: TopicKind, name: string): void {
    if (this.#names[kind].delete(name)) this.#hub.unsubscribe(kind, name, this);
  }

  /** For the hub. */
  put(message: Message): void {
    const { channel, pattern, payload } = message;
    this.#messages.push(message);
    this.#bytes += channel.length + (pattern?.length ?? 0) + payload.length + OVERHEAD;
    const waker = this.#waker;
    this.#waker = null;
    waker?.wake();
    this.#filled();
  }

  /** Takes all messages there are, in the order in which they were published. */
  take(): readonly Message[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }

  /** Waits until there is a message. */
  filled(): Future<void> {
    return new Filled(this);
  }

  /** Ends all subscriptions, and throws away what has come. */
  [Symbol.dispose](): void {
    for (const kind of ["channel", "pattern"] as const)
      for (const name of this.names(kind)) this.unsubscribe(kind, name);
    this.take();
  }

  _poll(cx: Context): Poll<void> {
    if (this.#messages.length > 0) return;
    this.#waker = cx.waker;
    return PENDING;
  }

  _leave(): void {
    this.#waker = null;
  }
}

class Filled extends Future<void> {
  readonly #mailbox: Mailbox;
  constructor(mailbox: Mailbox) {
    super();
    this.#mailbox = mailbox;
  }
  override poll(cx: Context): Poll<void> {
    return this.#mailbox._poll(cx);
  }
  override drop(): void {
    this.#mailbox._leave();
  }
  override describe(): string {
    return `a message on ${this.#mailbox.size} subscriptions`;
  }
}
