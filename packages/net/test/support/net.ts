/** What the tests of this package share. */
import { setImmediate } from "node:timers/promises";
import {
  type Async,
  Builder,
  type Context,
  fromPromise,
  type Future,
  type IntoFuture,
  type JoinHandle,
  spawn,
  type Waker,
} from "@rt/core";
import { type SocketStream, TcpListener, TcpStream } from "@rt/net";

export const LANES = ["generator", "async"] as const;
export type Lane = (typeof LANES)[number];

/** A context that counts how often it was woken. */
export class TestWaker implements Waker, Context {
  count = 0;
  get waker(): Waker {
    return this;
  }
  wake(): void {
    this.count += 1;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const utf8 = (text: string): Uint8Array => encoder.encode(text);
export const text = (data: Uint8Array | undefined): string | undefined =>
  data === undefined ? undefined : decoder.decode(data);

/** Runs `body` to its end on a runtime of its own. */
export async function run<T>(body: IntoFuture<T>): Promise<T> {
  const runtime = Builder.currentThread().build();
  try {
    return await runtime.blockOn(body);
  } finally {
    runtime.shutdownBackground();
  }
}

/** Spawns a task of the lane that waits for what `make` makes. */
export function inLane<T>(lane: Lane, make: () => Future<T>): JoinHandle<T> {
  if (lane === "async") return spawn(async () => await make());
  return spawn(function* () {
    return yield* make();
  });
}

/** Lets the event loop turn until `condition` holds. */
export async function turnUntil(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i += 1) {
    if (i > 100_000) throw new Error("It never came to hold");
    await setImmediate();
  }
}

export function* until(condition: () => boolean): Async<void> {
  yield* fromPromise(turnUntil(condition));
}

/** Lets everything that is on its way arrive. */
export function* turns(count = 20): Async<void> {
  for (let i = 0; i < count; i += 1) yield* fromPromise(setImmediate());
}

/** What `body` throws. */
export function* failureOf(body: Future<unknown>): Async<unknown> {
  try {
    yield* body;
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail");
}

/** What `fn` throws. */
export function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error("It did not throw");
}

/** Both ends of a connection over the loopback. */
export function* tcpPair(): Async<[TcpStream, TcpStream]> {
  using listener = yield* TcpListener.bind("127.0.0.1:0");
  const client = yield* TcpStream.connect(listener.localAddr());
  const [server] = yield* listener.accept();
  return [client, server];
}

/** Reads nothing, and writes until what is between both ends is full. Gives the number of bytes it took. */
export function* fill(stream: SocketStream, blockSize: number = 64 * 1024): Async<number> {
  const block = new Uint8Array(blockSize);
  let total = 0;
  for (let idle = 0; idle < 20; ) {
    const count = stream.tryWrite(block);
    idle = count === null ? idle + 1 : 0;
    total += count ?? 0;
    yield* fromPromise(setImmediate());
  }
  return total;
}
