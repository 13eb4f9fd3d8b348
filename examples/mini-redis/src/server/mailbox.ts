/**
 * What one connection is subscribed to: many receivers, seen as one.
 *
 * A subscription is the waker of its own receiver, so a message costs the same however many subscriptions there are.
 *
 * Invariant: each subscription is in `#ready`, or waits for its receiver.
 */
import { type Context, Future, PENDING, type Poll, type Waker } from "@rt/core";
import { broadcast } from "@rt/sync";
import { detachText } from "../resp/bulk.ts";
import type { Hub, Message, TopicKind } from "./hub.ts";

class Subscription implements Context, Waker {
  readonly receiver: broadcast.Receiver<Message>;
  /** The next message, already taken. */
  next: Message | undefined = undefined;
  readonly #mailbox: Mailbox;
  #wait: Future<unknown> | null = null;

  constructor(mailbox: Mailbox, receiver: broadcast.Receiver<Message>) {
    this.#mailbox = mailbox;
    this.receiver = receiver;
  }

  get waker(): Waker {
    return this;
  }

  wake(): void {
    this.#mailbox._wake(this);
  }

  /** Whether there is a message. If not, `wake` will be called when there is. */
  fill(): boolean {
    this.#wait?.drop();
    this.#wait = null;
    while (this.next === undefined) {
      try {
        this.next = this.receiver.tryRecv();
        if (this.next === undefined) break;
      } catch (error) {
        // Too slow: the oldest messages are lost, as for any broadcast. What is left is still worth having.
        if (!(error instanceof broadcast.LaggedError)) throw error;
      }
    }
    if (this.next !== undefined) return true;
    this.#wait = this.receiver.recv();
    this.#wait.poll(this);
    return false;
  }

  close(): void {
    this.#wait?.drop();
  }
}

export class Mailbox implements Disposable {
  readonly #hub: Hub;
  readonly #topics: Readonly<Record<TopicKind, Map<string, Subscription>>> = {
    channel: new Map(),
    pattern: new Map(),
  };
  /** Those that may have a message. */
  readonly #ready = new Set<Subscription>();
  #waker: Waker | null = null;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.#topics.channel.size + this.#topics.pattern.size;
  }

  names(kind: TopicKind): string[] {
    return [...this.#topics[kind].keys()];
  }

  subscribe(kind: TopicKind, name: string): void {
    if (this.#topics[kind].has(name)) return;
    const subscription = new Subscription(this, this.#hub.subscribe(kind, name));
    this.#topics[kind].set(detachText(name), subscription);
    subscription.fill();
  }

  unsubscribe(kind: TopicKind, name: string): void {
    const subscription = this.#topics[kind].get(name);
    if (subscription === undefined) return;
    this.#topics[kind].delete(name);
    this.#ready.delete(subscription);
    subscription.close();
    this.#hub.unsubscribe(kind, name, subscription.receiver);
  }

  /** Takes the message that was published first; `undefined` when there is none. */
  take(): Message | undefined {
    let first: Subscription | undefined;
    for (const subscription of this.#ready) {
      if (!subscription.fill()) this.#ready.delete(subscription);
      else if (first === undefined || order(subscription) < order(first)) first = subscription;
    }
    if (first === undefined) return undefined;
    const message = first.next;
    first.next = undefined;
    return message;
  }

  /** Waits until {@link Mailbox.take} may have something. */
  filled(): Future<void> {
    return new Filled(this);
  }

  [Symbol.dispose](): void {
    for (const kind of ["channel", "pattern"] as const)
      for (const name of this.names(kind)) this.unsubscribe(kind, name);
  }

  _wake(subscription: Subscription): void {
    this.#ready.add(subscription);
    const waker = this.#waker;
    this.#waker = null;
    waker?.wake();
  }

  _poll(cx: Context): Poll<void> {
    if (this.#ready.size > 0) return;
    this.#waker = cx.waker;
    return PENDING;
  }

  _leave(): void {
    this.#waker = null;
  }
}

function order(subscription: Subscription): number {
  return subscription.next?.order ?? Infinity;
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
