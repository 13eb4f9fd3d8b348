/** Publishing: a broadcast channel for each name and each pattern that somebody listens to. */
import { broadcast } from "@rt/sync";
import { type Bulk, detach, detachText } from "../resp/bulk.ts";
import { matcher } from "./glob.ts";

export interface Message {
  /** Counts what is published, so that messages of several topics can be put in order. */
  readonly order: number;
  readonly channel: string;
  /** The pattern that it came by. */
  readonly pattern: string | null;
  readonly payload: Bulk;
}

/** Listeners that are slower than this miss messages. */
const CAPACITY = 1024;

export type TopicKind = "channel" | "pattern";

/** What somebody listens to. */
interface Topic {
  readonly sender: broadcast.Sender<Message>;
  readonly matches: (channel: string) => boolean;
}

export class Hub {
  #published = 0;
  readonly #topics: Readonly<Record<TopicKind, Map<string, Topic>>> = {
    channel: new Map(),
    pattern: new Map(),
  };

  subscribe(kind: TopicKind, name: string): broadcast.Receiver<Message> {
    const topics = this.#topics[kind];
    let topic = topics.get(name);
    if (topic === undefined) {
      const kept = detachText(name);
      const matches = kind === "pattern" ? matcher(kept) : () => true;
      topic = { sender: new broadcast.Sender<Message>(CAPACITY), matches };
      topics.set(kept, topic);
    }
    return topic.sender.subscribe();
  }

  /** The other end of {@link Hub.subscribe}. */
  unsubscribe(kind: TopicKind, name: string, receiver: broadcast.Receiver<Message>): void {
    receiver.drop();
    const topic = this.#topics[kind].get(name);
    if (topic === undefined || topic.sender.receiverCount() > 0) return;
    this.#topics[kind].delete(name);
    topic.sender.drop();
  }

  /** Gives the number of those who receive it; who listens to it in two ways counts twice. */
  publish(channel: string, payload: Bulk): number {
    const { channel: channels, pattern: patterns } = this.#topics;
    const direct = channels.get(channel);
    if (direct === undefined && patterns.size === 0) return 0;
    const order = this.#published++;
    const message = { order, channel: detachText(channel), pattern: null, payload: detach(payload) };
    let count = direct === undefined ? 0 : direct.sender.send(message);
    for (const [pattern, topic] of patterns)
      if (topic.matches(channel)) count += topic.sender.send({ ...message, pattern });
    return count;
  }
}
