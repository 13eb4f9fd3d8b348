/** Who is there, and what is said. */
import type { Async } from "@rt/rt";
import { broadcast } from "@rt/rt/sync";

/**
 * What a visitor may be behind. Who is further behind misses the oldest: a visitor that does not read costs this much
 * memory, and holds up nobody.
 */
const BACKLOG = 128;

export interface Message {
  readonly from: Seat;
  readonly text: string;
}

export class Room {
  readonly #names = new Set<string>();
  readonly #messages = new broadcast.Sender<Message>(BACKLOG);

  /** A seat under that name, or `undefined` when somebody else has it. */
  enter(name: string): Seat | undefined {
    if (this.#names.has(name)) return undefined;
    this.#names.add(name);
    return new Seat(name, this.#messages, () => this.#names.delete(name));
  }
}

/** One visitor's place in the room; given up when it is disposed. */
export class Seat implements Disposable {
  readonly #name: string;
  readonly #messages: broadcast.Sender<Message>;
  readonly #incoming: broadcast.Receiver<Message>;
  readonly #giveUp: () => void;

  constructor(name: string, messages: broadcast.Sender<Message>, giveUp: () => void) {
    this.#name = name;
    this.#messages = messages;
    this.#incoming = messages.subscribe();
    this.#giveUp = giveUp;
    this.#send(`* ${name} has joined`);
  }

  say(text: string): void {
    this.#send(`${this.#name}: ${text}`);
  }

  /**
   * What somebody else says next. A generator, because a `select` may drop it: an async function could be dropped
   * between taking a message and giving it, when the message would be lost. Here, nothing comes in between.
   */
  *hear(): Async<string> {
    for (;;) {
      try {
        const message = yield* this.#incoming.recv();
        if (message !== undefined && message.from !== this) return message.text;
      } catch (error) {
        if (!(error instanceof broadcast.LaggedError)) throw error;
        return `* you have missed ${error.missed} messages`;
      }
    }
  }

  #send(text: string): void {
    this.#messages.send({ from: this, text });
  }

  [Symbol.dispose](): void {
    this.#giveUp();
    this.#send(`* ${this.#name} has left`);
    this.#incoming[Symbol.dispose]();
  }
}
