/** A connection that listens to channels and patterns. */
import { type Async, type Future, intoFuture, type JoinHandle, spawn } from "@rt/core";
import { IoError, type ReadWriter } from "@rt/io";
import { TcpStream } from "@rt/net";
import { mpsc, Notify } from "@rt/sync";
import { ConnectionClosedError, ProtocolError } from "../errors.ts";
import { type Bulk, bytesOf, decode } from "../resp/bulk.ts";
import { Output } from "../resp/output.ts";
import { type Reply, ReplyParser } from "../resp/reply-parser.ts";
import { throwError } from "./convert.ts";

/** What was published. */
export interface Published {
  readonly channel: string;
  /** The pattern that the channel fits; `null` where the channel itself is listened to. */
  readonly pattern: string | null;
  /** The message as text. */
  readonly message: string;
  /** The message as it came. */
  readonly bytes: Uint8Array;
}

/** So many messages wait for whoever listens. Then the server has to wait, and may close the connection. */
const BACKLOG = 1024;
/** The same in bytes, give or take a message. Arbitrary. */
const BACKLOG_BYTES: number = 8 * 1024 * 1024;

export class Subscriber implements AsyncIterable<Published>, Disposable {
  readonly #io: ReadWriter;
  readonly #messages: mpsc.Receiver<Published>;
  /** How many bytes of messages wait. */
  #backlog = 0;
  readonly #taken = new Notify();
  /** How many channels and patterns are yet to be confirmed. */
  #unconfirmed = 0;
  readonly #confirmed = new Notify();
  #failure: Error | null = null;
  readonly #names: Readonly<Record<"channel" | "pattern", Set<string>>> = {
    channel: new Set(),
    pattern: new Set(),
  };
  readonly #task: JoinHandle<void>;

  /** Speaks over a stream that is connected already. Its task runs on the current runtime. */
  constructor(io: ReadWriter) {
    this.#io = io;
    const { tx, rx } = mpsc.channel<Published>(BACKLOG);
    this.#messages = rx;
    this.#task = spawn(this.#read(tx));
  }

  /**
   * Connects to a server.
   * @throws IoError with Node's `code`, `syscall`, `address` and `port` when that fails.
   */
  static connect(address: string): Future<Subscriber> {
    return intoFuture(connect(address));
  }

  /** The channels that are listened to. */
  channels(): string[] {
    return [...this.#names.channel];
  }

  /** The patterns that are listened to. */
  patterns(): string[] {
    return [...this.#names.pattern];
  }

  /** Listens to channels, from when it completes at the latest. */
  subscribe(...channels: readonly string[]): Future<void> {
    return intoFuture(this.#request("SUBSCRIBE", channels, channels.length));
  }

  /** Listens to all channels that fit one of the patterns: `*`, `?`, `[a-z]`. */
  psubscribe(...patterns: readonly string[]): Future<void> {
    return intoFuture(this.#request("PSUBSCRIBE", patterns, patterns.length));
  }

  /** Stops listening to channels; without names to all of them. */
  unsubscribe(...channels: readonly string[]): Future<void> {
    return intoFuture(
      this.#request("UNSUBSCRIBE", channels, channels.length || this.#names.channel.size || 1),
    );
  }

  /** The same for patterns. */
  punsubscribe(...patterns: readonly string[]): Future<void> {
    return intoFuture(
      this.#request("PUNSUBSCRIBE", patterns, patterns.length || this.#names.pattern.size || 1),
    );
  }

  /**
   * The next message; `undefined` once the connection has ended.
   *
   * Cancel safety: giving up loses no message.
   */
  nextMessage(): Future<Published | undefined> {
    return intoFuture(this.#next());
  }

  *#next(): Async<Published | undefined> {
    return this.#took(yield* this.#messages.recv());
  }

  #took(message: Published | undefined): Published | undefined {
    this.#backlog -= message?.bytes.length ?? 0;
    this.#taken.notifyOne();
    return message;
  }

  /** Message by message, until the connection ends. */
  [Symbol.asyncIterator](): AsyncIterator<Published> {
    const messages = this.#messages[Symbol.asyncIterator]();
    return {
      next: async () => {
        const result = await messages.next();
        this.#took(result.done === true ? undefined : result.value);
        return result;
      },
      return: async () => (await messages.return?.()) ?? { done: true, value: undefined },
    };
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#task.abort();
    this.#messages[Symbol.dispose]();
    this.#end(new ConnectionClosedError());
    (this.#io as Partial<Disposable>)[Symbol.dispose]?.();
  }

  *#request(name: string, topics: readonly string[], confirmations: number): Async<void> {
    if (confirmations === 0) return;
    this.#checkOpen();
    const out = new Output();
    out.array(topics.length + 1);
    out.bulk(name);
    for (const topic of topics) out.bulk(Buffer.from(topic).toString("latin1"));
    this.#unconfirmed += confirmations;
    for (let piece = out.take(); piece !== undefined; piece = out.take()) yield* this.#io.writeAll(piece);
    while (this.#unconfirmed > 0 && this.#failure === null) yield* this.#confirmed.notified();
    this.#checkOpen();
  }

  #checkOpen(): void {
    const failure: Error | null = this.#failure;
    if (failure !== null) throw failure;
  }

  *#read(messages: mpsc.Sender<Published>): Async<void> {
    using tx = messages;
    const parser = new ReplyParser();
    try {
      for (;;) {
        const chunk = yield* this.#io.readChunk();
        if (chunk === undefined) break;
        parser.push(chunk);
        for (let reply = parser.next(); reply !== undefined; reply = parser.next()) {
          const message = this.#take(reply);
          if (message === null) continue;
          while (this.#backlog > BACKLOG_BYTES) yield* this.#taken.notified();
          this.#backlog += message.bytes.length;
          yield* tx.send(message);
        }
      }
      this.#end(new ConnectionClosedError());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#end(error instanceof IoError ? new ConnectionClosedError({ cause: error }) : error);
    }
  }

  /** Gives a message; takes note of everything else. */
  #take(reply: Reply): Published | null {
    throwError(reply);
    if (!Array.isArray(reply)) throw new ProtocolError("expected a message");
    const [kind, ...rest] = reply as [Bulk, ...Bulk[]]; // messages are made of strings, and confirmations begin so
    switch (kind) {
      case "message":
        return published(null, rest[0], rest[1]);
      case "pmessage":
        return published(rest[0], rest[1], rest[2]);
      case "subscribe":
      case "psubscribe":
      case "unsubscribe":
      case "punsubscribe":
        this.#confirm(kind, rest[0]);
        return null;
      default:
        throw new ProtocolError("expected a message");
    }
  }

  #confirm(kind: string, topic: Bulk | null | undefined): void {
    const names = this.#names[kind.startsWith("p") ? "pattern" : "channel"];
    if (topic !== null && topic !== undefined) {
      if (kind.includes("un")) names.delete(decode(topic));
      else names.add(decode(topic));
    }
    this.#unconfirmed -= 1;
    if (this.#unconfirmed === 0) this.#confirmed.notifyWaiters();
  }

  #end(failure: Error): void {
    this.#failure ??= failure;
    this.#confirmed.notifyWaiters();
  }
}

function published(
  pattern: Bulk | null | undefined,
  channel: Bulk | undefined,
  message: Bulk | undefined,
): Published {
  if (pattern === undefined || channel === undefined || message === undefined)
    throw new ProtocolError("expected a message");
  return {
    channel: decode(channel),
    pattern: pattern === null ? null : decode(pattern),
    message: decode(message),
    bytes: bytesOf(message),
  };
}

function* connect(address: string): Async<Subscriber> {
  const stream = yield* TcpStream.connect(address);
  stream.setNodelay(true);
  return new Subscriber(stream);
}
