import { type Async, Builder, JoinSet, type Runtime } from "@rt/core";
import { TcpListener, TcpStream } from "@rt/net";
import { describe, expect, it } from "vitest";

const CONNECTIONS = 24;

function* echo(stream: TcpStream): Async<void> {
  try {
    for (let chunk; (chunk = yield* stream.readChunk()) !== undefined; ) yield* stream.writeAll(chunk);
  } finally {
    stream.close();
  }
}

function* pairs(set: JoinSet<void>): Async<TcpStream[]> {
  using listener = yield* TcpListener.bind("127.0.0.1:0");
  const clients: TcpStream[] = [];
  for (let i = 0; i < CONNECTIONS; i += 1) {
    clients.push(yield* TcpStream.connect(listener.localAddr()));
    const [server] = yield* listener.accept();
    set.spawn(echo(server));
  }
  return clients;
}

/** All send one message, and wait for its return one after the other. */
function* round(clients: readonly TcpStream[]): Async<void> {
  const message = new TextEncoder().encode("ping");
  for (const client of clients) yield* client.writeAll(message);
  for (const client of clients) yield* client.readExact(new Uint8Array(message.length));
}

function* parksOf(runtime: Runtime, rounds: number): Async<number> {
  const set = new JoinSet<void>();
  const clients = yield* pairs(set);
  for (let i = 0; i < 100; i += 1) yield* round(clients);
  const before = runtime.metrics().workerParkCount(0);
  for (let i = 0; i < rounds; i += 1) yield* round(clients);
  const parks = runtime.metrics().workerParkCount(0) - before;
  for (const client of clients) client.close();
  while ((yield* set.joinNext(), !set.isEmpty()));
  return parks;
}

describe("IoDriver, with many sockets busy at once,", () => {
  it("runs the tasks of several sockets in one activation", async () => {
    const runtime = Builder.currentThread().build();
    const rounds = 50;
    const parks = await runtime.blockOn(parksOf(runtime, rounds));
    runtime.shutdownBackground();
    // One behind each event would be two for every connection and round.
    expect(parks).toBeLessThan((2 * CONNECTIONS * rounds) / 3);
  });
});
