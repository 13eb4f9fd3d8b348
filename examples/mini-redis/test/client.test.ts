import { type Async, Builder, JoinSet, spawn, yieldNow } from "@rt/core";
import { duplex } from "@rt/io";
import { select } from "@rt/macros";
import { advance } from "@rt/time";
import { describe, expect, it } from "vitest";
import {
  Client,
  ConnectionClosedError,
  ProtocolError,
  type Reply,
  ReplyError,
  Subscriber,
} from "../src/index.ts";
import { bytes, expectBytes, failure, type TestServer, withServer } from "./harness.ts";

function* everything(server: TestServer): Async<unknown[]> {
  const client = new Client(server.connect());
  const got = [
    yield* client.set("key", "wörld"),
    yield* client.get("key"),
    yield* client.getBytes("key"),
    yield* client.get("no"),
    yield* client.set("key", "x", { nx: true }),
    yield* client.set("other", 7, { ex: 100 }),
    yield* client.ttl("other"),
    yield* client.expire("key", 10),
    yield* client.incr("other"),
    yield* client.mget("other", "no"),
    yield* client.exists("key", "no"),
    yield* client.del("key"),
    yield* client.ping(),
    yield* client.ping("é"),
    yield* client.echo("hi"),
    yield* client.publish("ch", "hi"),
    yield* client.command("MGET", "other"),
  ];
  yield* client.close();
  return got;
}

async function everythingAsync(server: TestServer): Promise<unknown[]> {
  const client = new Client(server.connect());
  const got = [
    await client.set("key", "wörld"),
    await client.get("key"),
    await client.getBytes("key"),
    await client.get("no"),
    await client.set("key", "x", { nx: true }),
    await client.set("other", 7, { ex: 100 }),
    await client.ttl("other"),
    await client.expire("key", 10),
    await client.incr("other"),
    await client.mget("other", "no"),
    await client.exists("key", "no"),
    await client.del("key"),
    await client.ping(),
    await client.ping("é"),
    await client.echo("hi"),
    await client.publish("ch", "hi"),
    await client.command("MGET", "other"),
  ];
  await client.close();
  return got;
}

const EVERYTHING = [
  true,
  "wörld",
  Buffer.from("wörld"),
  null,
  false,
  true,
  100,
  true,
  8,
  ["8", null],
  1,
  1,
  "PONG",
  "é",
  "hi",
  0,
  ["8"],
];

/** A client whose server is the test. */
async function withPeer<T>(
  body: (client: Client, peer: ReturnType<typeof duplex>[0]) => Async<T>,
): Promise<T> {
  await using runtime = Builder.currentThread().startPaused(true).build();
  return await runtime.blockOn(function* () {
    const [near, far] = duplex(64 * 1024);
    using client = new Client(near);
    using peer = far;
    return yield* body(client, peer);
  });
}

describe("Client", () => {
  it("speaks to a server, in the generator lane", async () => {
    expect(await withServer(everything)).toEqual(EVERYTHING);
  });

  it("speaks to a server, in the async lane", async () => {
    expect(await withServer((server) => () => everythingAsync(server))).toEqual(EVERYTHING);
  });

  it("writes what several tasks send in one turn in one piece, and gives each its reply", async () => {
    const [written, replies] = await withPeer(function* (client, peer) {
      const tasks = JoinSet.from(["a", "b", "c"].map((key) => client.get(key)));
      const chunk = yield* peer.readChunk();
      yield* peer.writeAll("$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n");
      return [Buffer.from(chunk ?? []).toString(), yield* tasks.joinAll()];
    });
    expect(written).toBe(
      "*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n*2\r\n$3\r\nGET\r\n$1\r\nc\r\n",
    );
    expect(replies).toEqual(["1", "2", "3"]);
  });

  it("sends nothing for a command that is dropped before it is polled", async () => {
    const kept = "*2\r\n$3\r\nGET\r\n$4\r\nkept\r\n";
    const got = await withPeer(function* (client, peer) {
      client.get("dropped").drop();
      const get = spawn(client.get("kept"));
      const text = yield* expectBytes(peer, kept.length);
      get.abort();
      return text;
    });
    expect(got).toBe(kept);
  });

  it("gives the reply of a command that lost a select to nobody else", async () => {
    const got = await withPeer(function* (client, peer) {
      yield* select({ late: client.get("a"), read: peer.readChunk() }, { biased: true });
      const second = spawn(client.get("b"));
      yield* peer.readChunk();
      yield* peer.writeAll("$1\r\n1\r\n$1\r\n2\r\n");
      return yield* second;
    });
    expect(got).toBe("2");
  });

  it("throws what the server refuses", async () => {
    const error = await withServer((server) =>
      failure(function* () {
        using client = new Client(server.connect());
        yield* client.set("n", "abc");
        return yield* client.incr("n");
      }),
    );
    expect(error).toEqual(new ReplyError("ERR value is not an integer or out of range"));
  });

  it("fails commands under way, and later ones, when the connection ends", async () => {
    const errors = await withPeer(function* (client, peer) {
      const pending = spawn(failure(client.get("a")));
      yield* peer.readChunk();
      peer.close();
      return [yield* pending, yield* failure(client.get("b"))];
    });
    expect(errors.map((error) => error instanceof ConnectionClosedError)).toEqual([true, true]);
  });

  it("fails when the server speaks another protocol", async () => {
    const error = await withPeer(function* (client, peer) {
      yield* peer.writeAll("HTTP/1.1 400 Bad Request\r\n");
      return yield* failure(client.get("a"));
    });
    expect(error).toBeInstanceOf(ProtocolError);
  });
});

describe("Client.close", () => {
  it("waits for the replies that are under way, and takes no more commands", async () => {
    const [before, after] = await withServer(function* (server: TestServer) {
      const client = new Client(server.connect());
      const under = spawn(client.ping());
      yield* yieldNow();
      yield* client.close();
      return [yield* under, yield* failure(client.ping())];
    });
    expect(before).toBe("PONG");
    expect(after).toBeInstanceOf(ConnectionClosedError);
  });

  it("does nothing to a client that was disposed", async () => {
    const got = await withPeer(function* (client) {
      client[Symbol.dispose]();
      return yield* failure(client.close());
    });
    expect(got).toBeUndefined();
  });
});

describe("Client.batch", () => {
  it("gives all replies in order, errors among them", async () => {
    const replies = await withServer(function* (server: TestServer): Async<Reply[]> {
      using client = new Client(server.connect());
      return yield* client.batch([
        ["SET", "a", "x"],
        ["INCR", "a"],
        ["GET", "a"],
      ]);
    });
    expect(replies).toEqual(["OK", new ReplyError("ERR value is not an integer or out of range"), "x"]);
  });

  it("is ready at once without commands", async () => {
    const replies = await withPeer(function* (client) {
      return yield* client.batch([]);
    });
    expect(replies).toEqual([]);
  });
});

describe("Client.set", () => {
  it("carries values of any size", async () => {
    const value = bytes("\x00\xff\r\n".repeat(100_000));
    const got = await withServer(function* (server: TestServer) {
      using client = new Client(server.connect());
      yield* client.set("large", value);
      return yield* client.getBytes("large");
    });
    expect(Buffer.compare(got ?? new Uint8Array(), value)).toBe(0);
  });

  it("sets for a time", async () => {
    const got = await withServer(function* (server: TestServer) {
      using client = new Client(server.connect());
      yield* client.set("short", "x", { px: 100 });
      const before = yield* client.get("short");
      yield* advance(100);
      return [before, yield* client.get("short")];
    });
    expect(got).toEqual(["x", null]);
  });
});

function* listen(server: TestServer): Async<unknown[]> {
  using subscriber = new Subscriber(server.connect());
  using client = new Client(server.connect());
  yield* subscriber.subscribe("news", "weather");
  yield* subscriber.psubscribe("w*");
  const count = yield* client.publish("weather", "rain");
  const [first, second] = [yield* subscriber.nextMessage(), yield* subscriber.nextMessage()];
  yield* subscriber.unsubscribe("weather");
  return [
    count,
    first?.message,
    first?.pattern,
    second?.pattern,
    subscriber.channels(),
    subscriber.patterns(),
  ];
}

async function listenAsync(server: TestServer): Promise<string[]> {
  using subscriber = new Subscriber(server.connect());
  using client = new Client(server.connect());
  await subscriber.subscribe("news");
  for (const message of ["a", "b", "end"]) await client.publish("news", message);
  const got: string[] = [];
  for await (const { message } of subscriber) {
    got.push(message);
    if (message === "end") break;
  }
  return got;
}

describe("Subscriber", () => {
  it("gives what is published on its channels and patterns", async () => {
    expect(await withServer(listen)).toEqual([2, "rain", null, "w*", ["news"], ["w*"]]);
  });

  it("is an async iterable of messages", async () => {
    expect(await withServer((server) => () => listenAsync(server))).toEqual(["a", "b", "end"]);
  });

  it("gives undefined when the server has shut down", async () => {
    const got = await withServer(function* (server: TestServer) {
      using subscriber = new Subscriber(server.connect());
      yield* subscriber.subscribe("news");
      yield* server.shutdown();
      return yield* subscriber.nextMessage();
    });
    expect(got).toBeUndefined();
  });
});
