/**
 * A connection that any number of tasks may use at the same time.
 *
 * Each command is a future. What is sent in one turn of the scheduler is written in one piece, and replies find their
 * command by their order, so tasks that share a client pipeline without knowing of each other.
 *
 * Invariants:
 *  1. `#waiting` holds, in the order of the requests, everybody whose last reply has not come.
 *  2. Once `#failure` is set, `#waiting` is empty, and nothing is sent any more.
 */
import { type Async, type Future, intoFuture, type JoinHandle, spawn } from "@rt/core";
import { IoError, type ReadWriter } from "@rt/io";
import { TcpStream } from "@rt/net";
import { Notify } from "@rt/sync";
import { ConnectionClosedError } from "../errors.ts";
import type { Bulk } from "../resp/bulk.ts";
import { Output } from "../resp/output.ts";
import { Push, type Reply, ReplyParser } from "../resp/reply-parser.ts";
import { toBytesOrNull, toNumber, toReadable, toText, toTextOrNull, toTexts } from "./convert.ts";
import { type Arg, Batch, Call, type Line, toBulk, type Waiting } from "./request.ts";

/** When a key expires, and whether it may be there. */
export interface SetOptions {
  /** Seconds. */
  readonly ex?: number;
  /** Milliseconds. */
  readonly px?: number;
  /** Only if the key is not there. */
  readonly nx?: boolean;
}

export class Client implements Line, Disposable, AsyncDisposable {
  readonly #io: ReadWriter;
  readonly #out = new Output();
  #waiting: Waiting[] = [];
  /** How many of those at the front are done. */
  #done = 0;
  #failure: Error | null = null;
  #isClosing = false;
  #isDisposed = false;
  /** There is something to write, or nothing more will come. */
  readonly #filled = new Notify();
  readonly #tasks: readonly JoinHandle<void>[];

  /** Speaks over a stream that is connected already. Its two tasks run on the current runtime. */
  constructor(io: ReadWriter) {
    this.#io = io;
    this.#tasks = [spawn(this.#read()), spawn(this.#write())];
  }

  /**
   * Connects to a server.
   * @throws IoError with Node's `code`, `syscall`, `address` and `port` when that fails.
   */
  static connect(address: string): Future<Client> {
    return intoFuture(connect(address));
  }

  /** The value of a key as text; `null` where there is none. */
  get(key: Arg): Future<string | null> {
    return this.#call(toTextOrNull, "GET", key);
  }

  /** The value of a key; `null` where there is none. */
  getBytes(key: Arg): Future<Uint8Array | null> {
    return this.#call(toBytesOrNull, "GET", key);
  }

  /** Sets a value. Gives false where `nx` kept it from that. */
  set(key: Arg, value: Arg, { ex, px, nx }: SetOptions = {}): Future<boolean> {
    const options: Arg[] = [];
    if (ex !== undefined) options.push("EX", ex);
    if (px !== undefined) options.push("PX", px);
    if (nx === true) options.push("NX");
    return this.#call((reply) => reply !== null, "SET", key, value, ...options);
  }

  /** Removes keys; gives how many there were. */
  del(...keys: readonly Arg[]): Future<number> {
    return this.#call(toNumber, "DEL", ...keys);
  }

  /** How many of the keys there are. */
  exists(...keys: readonly Arg[]): Future<number> {
    return this.#call(toNumber, "EXISTS", ...keys);
  }

  /** Adds one to a number; gives the sum. */
  incr(key: Arg): Future<number> {
    return this.#call(toNumber, "INCR", key);
  }

  /** Lets a key expire after `seconds`. Gives false where there is none. */
  expire(key: Arg, seconds: number): Future<boolean> {
    return this.#call((reply) => toNumber(reply) === 1, "EXPIRE", key, seconds);
  }

  /** In how many seconds a key expires; -1: never; -2: there is none. */
  ttl(key: Arg): Future<number> {
    return this.#call(toNumber, "TTL", key);
  }

  /** The values of several keys. */
  mget(...keys: readonly Arg[]): Future<(string | null)[]> {
    return this.#call(toTexts, "MGET", ...keys);
  }

  /** Sets several values. */
  mset(values: Iterable<readonly [key: Arg, value: Arg]>): Future<void> {
    return this.#call(() => undefined, "MSET", ...[...values].flat());
  }

  ping(message?: Arg): Future<string> {
    return message === undefined ? this.#call(toText, "PING") : this.#call(toText, "PING", message);
  }

  echo(message: Arg): Future<string> {
    return this.#call(toText, "ECHO", message);
  }

  /** Publishes a message; gives how many receive it. */
  publish(channel: Arg, message: Arg): Future<number> {
    return this.#call(toNumber, "PUBLISH", channel, message);
  }

  /**
   * Any command. Strings of the reply are decoded as UTF-8.
   * @throws ReplyError when the server refuses it.
   */
  command(name: string, ...args: readonly Arg[]): Future<Reply> {
    return this.#call(toReadable, name, ...args);
  }

  /** Sends several commands together. Gives their replies in order; one that was refused is a `ReplyError` there. */
  batch(commands: Iterable<readonly [name: string, ...args: Arg[]]>): Future<Reply[]> {
    return new Batch(
      this,
      Array.from(commands, (command) => command.map(toBulk)),
      toReadable,
    );
  }

  #call<T>(convert: (reply: Reply) => T, ...request: readonly Arg[]): Future<T> {
    return new Call(this, request.map(toBulk), convert);
  }

  /** For the futures of this client: what is polled first is sent first. */
  send(requests: readonly (readonly Bulk[])[], waiting: Waiting): void {
    if (this.#failure !== null || this.#isClosing) {
      waiting.fail(this.#failure ?? new ConnectionClosedError());
      return;
    }
    for (const request of requests) {
      this.#out.array(request.length);
      this.#out.bulks(request);
    }
    this.#waiting.push(waiting);
    this.#filled.notifyOne();
  }

  /** Sends no more, and waits for the replies that are under way. */
  close(): Future<void> {
    return intoFuture(this.#close());
  }

  /** Closes the connection at once. Commands under way fail. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const task of this.#tasks) task.abort();
    this.#fail(new ConnectionClosedError());
    dispose(this.#io);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  *#close(): Async<void> {
    if (this.#isDisposed) return;
    this.#isClosing = true;
    this.#filled.notifyOne();
    try {
      for (const task of this.#tasks) yield* task;
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** What comes while the last piece is being written is written together in the next. */
  *#write(): Async<void> {
    try {
      for (;;) {
        for (let piece = this.#out.take(); piece !== undefined; piece = this.#out.take())
          yield* this.#io.writeAll(piece);
        if (this.#isClosing) break;
        yield* this.#filled.notified();
      }
      yield* this.#io.shutdown();
    } catch (error) {
      this.#failOf(error);
    }
  }

  *#read(): Async<void> {
    const parser = new ReplyParser();
    try {
      for (;;) {
        const chunk = yield* this.#io.readChunk();
        if (chunk === undefined) break;
        parser.push(chunk);
        for (let reply = parser.next(); reply !== undefined; reply = parser.next())
          if (!(reply instanceof Push)) this.#settle(reply);
      }
      this.#fail(new ConnectionClosedError());
    } catch (error) {
      this.#failOf(error);
    }
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting[this.#done];
    if (waiting === undefined || !waiting.settle(reply)) return;
    this.#done += 1;
    if (this.#done < this.#waiting.length && this.#done < 1024) return;
    this.#waiting = this.#waiting.slice(this.#done);
    this.#done = 0;
  }

  #failOf(error: unknown): void {
    if (!(error instanceof Error)) throw error;
    this.#fail(error instanceof IoError ? new ConnectionClosedError({ cause: error }) : error);
  }

  #fail(failure: Error): void {
    this.#failure ??= failure;
    this.#filled.notifyOne();
    const waiting = this.#waiting.slice(this.#done);
    this.#waiting = [];
    this.#done = 0;
    for (const one of waiting) one.fail(this.#failure);
  }
}

function* connect(address: string): Async<Client> {
  const stream = yield* TcpStream.connect(address);
  stream.setNodelay(true);
  return new Client(stream);
}

function dispose(io: object): void {
  (io as Partial<Disposable>)[Symbol.dispose]?.();
}
