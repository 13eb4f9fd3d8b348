/** A server in memory, and raw conversations with it. */
import {
  type Async,
  Builder,
  type IntoFuture,
  intoFuture,
  type Future,
  type JoinHandle,
  spawn,
} from "@rt/core";
import { duplex, type DuplexStream } from "@rt/io";
import { mpsc, Notify } from "@rt/sync";
import type { ServerOptions } from "../src/server/session.ts";
import { type Listener, serve, type Stream } from "../src/server/server.ts";

/** Hands out the other ends of streams in memory. */
export class MemoryListener implements Listener {
  readonly #channel = mpsc.unboundedChannel<DuplexStream>();
  isClosed: boolean = false;

  connect(capacity: number = 64 * 1024): DuplexStream {
    const [client, server] = duplex(capacity);
    this.#channel.tx.send(server);
    return client;
  }

  accept(): Future<[Stream, unknown]> {
    return intoFuture(this.#accept());
  }

  *#accept(): Async<[Stream, unknown]> {
    const stream = yield* this.#channel.rx.recv();
    if (stream === undefined) throw new Error("the listener is closed");
    return [stream, "memory"];
  }

  localAddr(): { readonly port: number } {
    return { port: 0 };
  }

  [Symbol.dispose](): void {
    this.isClosed = true;
  }
}

/** A server that runs, and what shuts it down. */
export class TestServer {
  readonly listener: MemoryListener = new MemoryListener();
  readonly #stop = new Notify();
  readonly #task: JoinHandle<void>;

  constructor(options: ServerOptions = {}) {
    this.#task = spawn(serve(this.listener, this.#stop.notified(), options));
  }

  connect(capacity?: number): DuplexStream {
    return this.listener.connect(capacity);
  }

  /** Tells it to end; the future is over when it has. */
  shutdown(): Future<void> {
    this.#stop.notifyOne();
    return intoFuture(this.#task);
  }
}

/** Runs a test on a paused clock, with a server of its own. */
export async function withServer<T>(
  body: (server: TestServer) => IntoFuture<T>,
  options: ServerOptions = {},
): Promise<T> {
  await using runtime = Builder.currentThread().startPaused(true).build();
  return await runtime.blockOn(() => run(body, options));
}

function* run<T>(body: (server: TestServer) => IntoFuture<T>, options: ServerOptions): Async<T> {
  const server = new TestServer(options);
  const value = yield* intoFuture(body(server));
  yield* server.shutdown();
  return value;
}

export function bytes(latin1: string): Uint8Array {
  return Uint8Array.from(Buffer.from(latin1, "latin1"));
}

/** Sends, says that there will be no more, and gives all that comes back. */
export function* converse(stream: DuplexStream, request: string): Async<string> {
  using io = stream;
  yield* io.writeAll(bytes(request));
  yield* io.shutdown();
  return Buffer.from(yield* io.readToEnd()).toString("latin1");
}

/** What a server in memory answers to a few lines. */
export function answers(request: string, options?: ServerOptions): Promise<string> {
  return withServer((server) => converse(server.connect(), request), options);
}

/** Reads until `length` bytes are there. */
export function* expectBytes(io: DuplexStream, length: number): Async<string> {
  return Buffer.from(yield* io.readExact(length)).toString("latin1");
}

/** What it throws; `undefined` where it throws nothing. */
export function* failure(body: IntoFuture<unknown>): Async<unknown> {
  try {
    yield* intoFuture(body);
    return undefined;
  } catch (error) {
    return error;
  }
}
