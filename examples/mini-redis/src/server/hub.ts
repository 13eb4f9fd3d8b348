/** Publishing: each message goes to the mailboxes of those who listen to its channel, or to a pattern that it fits. */
import { type Bulk, detach, detachText } from "../resp/bulk.ts";
import { matcher } from "./glob.ts";

export interface Message {
  readonly channel: string;
  /** The pattern that it came by. */
  readonly pattern: string | null;
  readonly payload: Bulk;
}

/** Where messages go. */
export interface Listener {
  put(message: Message): void;
}

export type TopicKind = "channel" | "pattern";

/** What somebody listens to. */
interface Topic {
  readonly listeners: Set<Listener>;
  readonly matches: (channel: string) => boolean;
}

export class Hub {
  readonly #topics: Readonly<Record<TopicKind, Map<string, Topic>>> = {
    channel: new Map(),
    pattern: new Map(),
  };

  subscribe(kind: TopicKind, name: string, listener: Listener): void {
    const topics = this.#topics[kind];
    let topic = topics.get(name);
    if (topic === undefined) {
      const kept = detachText(name);
      topic = { listeners: new Set(), matches: kind === "pattern" ? matcher(kept) : () => true };
      topics.set(kept, topic);
    }
    topic.listeners.add(listener);
  }

  /** The other end of {@link Hub.subscribe}. */
  unsubscribe(kind: TopicKind, name: string, listener: Listener): void {
    const topic = this.#topics[kind].get(name);
    topic?.listeners.delete(listener);
    if (topic?.listeners.size === 0) this.#topics[kind].delete(name);
  }

  /** Gives the number of those who receive it; who listens to it in two ways counts twice. */
  publish(channel: string, payload: Bulk): number {
    const { channel: channels, pattern: patterns } = this.#topics;
    const direct = channels.get(channel);
    if (direct === undefined && patterns.size === 0) return 0;
    const message = { channel: detachText(channel), pattern: null, payload: detach(payload) };
    let count = direct === undefined ? 0 : send(direct, message);
    for (const [pattern, topic] of patterns)
      if (topic.matches(channel)) count += send(topic, { ...message, pattern });
    return count;
  }
}

function send({ listeners }: Topic, message: Message): number {
  const count = listeners.size;
  for (const listener of listeners) listener.put(message);
  return count;
}
