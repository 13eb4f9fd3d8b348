/** Clients that do not read, do not write, or send what is too much: they go, or wait, and the others go on. */
import { type Async, spawn, yieldNow } from "@rt/core";
import { advance } from "@rt/time";
import { duplex, type DuplexStream } from "@rt/io";
import { describe, expect, it } from "vitest";
import { Subscriber } from "../src/index.ts";
import {
  OUTPUT_LIMITS,
  type OutputLimit,
  parseOutputLimits,
  showOutputLimits,
} from "../src/server/output-limits.ts";
import type { ServerOptions } from "../src/server/session.ts";
import { bytes, converse, expectBytes, type TestServer, withServer } from "./harness.ts";

const KB: string = "x".repeat(1_000);
const MESSAGE: string = `*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1000\r\n${KB}\r\n`;

function pubsub(limit: Partial<OutputLimit>): ServerOptions {
  return { graceMs: 10, outputLimits: { pubsub: { hard: 0, soft: 0, softMs: 0, ...limit } } };
}

/** Subscribes, over a stream that holds as many bytes as nobody reads. */
function* subscriber(server: TestServer, capacity: number): Async<DuplexStream> {
  const io = server.connect(capacity);
  yield* io.writeAll(bytes("SUBSCRIBE a\r\n"));
  yield* expectBytes(io, 30);
  return io;
}

function* publish(server: TestServer, count: number): Async<string> {
  return yield* converse(server.connect(), `PUBLISH a ${KB}\r\n`.repeat(count));
}

function* isOpen(io: DuplexStream): Async<boolean> {
  try {
    yield* io.writeAll(bytes("PING\r\n"));
    return true;
  } catch {
    return false;
  }
}

/** Lets time pass, in steps, and everybody do what they then do. */
function* pass(ms: number): Async<void> {
  for (let left = ms; left > 0; left -= 500) {
    yield* advance(Math.min(left, 500));
    for (let turn = 0; turn < 10; turn += 1) yield* yieldNow();
  }
}

function* dropped(server: TestServer): Async<number> {
  const info = yield* converse(server.connect(), "INFO stats\r\n");
  return Number(/client_output_buffer_limit_disconnections:(\d+)/.exec(info)?.[1]);
}

describe("A subscriber that does not read", () => {
  it("is dropped at the hard limit, at once, and the others get everything", async () => {
    const got = await withServer(
      function* (server: TestServer) {
        using stuck = yield* subscriber(server, 64);
        using reads = yield* subscriber(server, 64 * 1024);
        const all = spawn(expectBytes(reads, 100 * MESSAGE.length));
        let counts = "";
        for (let round = 0; round < 10; round += 1) counts += yield* publish(server, 10);
        return [
          counts.match(/\d+/g)?.map(Number),
          yield* isOpen(stuck),
          (yield* all).length,
          yield* isOpen(reads),
          yield* dropped(server),
        ];
      },
      pubsub({ hard: 20_000 }),
    );
    const [counts, ...rest] = got;
    expect(rest).toEqual([false, 100 * MESSAGE.length, true, 1]);
    // Some 20 of 1,065 bytes, and what is on its way.
    expect(counts).toEqual(Array.from(counts as number[]).toSorted((a, b) => b - a));
    expect((counts as number[]).indexOf(1)).toBeGreaterThanOrEqual(18);
    expect((counts as number[]).indexOf(1)).toBeLessThanOrEqual(25);
  });

  it("is not dropped before the soft limit has been passed for as long as it says", async () => {
    const got = await withServer(
      function* (server: TestServer) {
        using stuck = yield* subscriber(server, 64);
        yield* publish(server, 30);
        yield* pass(9_000);
        const early = yield* isOpen(stuck);
        yield* pass(3_000);
        return [early, yield* isOpen(stuck), yield* dropped(server)];
      },
      pubsub({ soft: 20_000, softMs: 10_000 }),
    );
    expect(got).toEqual([true, false, 1]);
  });

  it("is not dropped when it reads before that time is over, however often it is slow", async () => {
    const got = await withServer(
      function* (server: TestServer) {
        using slow = yield* subscriber(server, 64);
        for (let round = 0; round < 3; round += 1) {
          yield* publish(server, 30);
          yield* pass(8_000);
          yield* expectBytes(slow, 30 * MESSAGE.length);
        }
        return [yield* isOpen(slow), yield* dropped(server)];
      },
      pubsub({ soft: 20_000, softMs: 10_000 }),
    );
    expect(got).toEqual([true, 0]);
  });

  it("is dropped at 32 MiB if nothing else is said", async () => {
    const got = await withServer(
      function* (server: TestServer) {
        using stuck = yield* subscriber(server, 64);
        const message = `*3\r\n$7\r\nPUBLISH\r\n$1\r\na\r\n$1048576\r\n${"x".repeat(1_048_576)}\r\n`;
        const counts: number[] = [];
        for (let n = 0; n < 34; n += 1)
          counts.push(Number((yield* converse(server.connect(), message)).slice(1)));
        return [counts.indexOf(0), yield* isOpen(stuck)];
      },
      { graceMs: 10 },
    );
    expect(got).toEqual([32, false]);
  });

  it("does not keep messages when it unsubscribes, or is gone", async () => {
    const got = await withServer(function* (server: TestServer) {
      const io = yield* subscriber(server, 64);
      yield* publish(server, 10);
      io.close();
      for (let turn = 0; turn < 10; turn += 1) yield* yieldNow();
      return yield* converse(server.connect(), "PUBLISH a hi\r\n");
    });
    expect(got).toBe(":0\r\n");
  });
});

describe("A client that asks and does not read", () => {
  /** Asks for 100 kB, and tells whether it is still connected a while later. */
  function* ask(server: TestServer): Async<boolean> {
    yield* converse(server.connect(), `SET k ${KB.repeat(10)}\r\n`);
    using io = server.connect(64);
    yield* io.writeAll(bytes(`MGET ${"k ".repeat(10)}\r\n`));
    yield* pass(5_000);
    return yield* isOpen(io);
  }

  it("waits, if nothing else is said", async () => {
    expect(await withServer(ask, { graceMs: 10 })).toBe(true);
  });

  it("is dropped at the soft limit of normal clients", async () => {
    const normal = { hard: 0, soft: 20_000, softMs: 2_000 };
    expect(await withServer(ask, { graceMs: 10, outputLimits: { normal } })).toBe(false);
  });

  it("is dropped at the hard limit of normal clients, and gets nothing more", async () => {
    const normal = { hard: 80_000, soft: 0, softMs: 0 };
    const got = await withServer(
      function* (server: TestServer) {
        yield* converse(server.connect(), `SET k ${KB.repeat(10)}\r\n`);
        return [
          (yield* converse(server.connect(), `MGET ${"k ".repeat(7)}\r\n`)).length > 70_000,
          (yield* converse(server.connect(), `MGET ${"k ".repeat(9)}\r\n`)).length,
          yield* dropped(server),
        ];
      },
      { outputLimits: { normal } },
    );
    expect(got).toEqual([true, 0, 1]);
  });
});

describe("A client that is silent", () => {
  const options: ServerOptions = { idleMs: 10_000, graceMs: 10 };

  it.each([
    ["has sent nothing", ""],
    ["has sent a part of a request", "*2\r\n$4\r\nECHO\r\n$5\r\nhel"],
    ["has sent a request", "PING\r\n"],
  ])("is dropped after idleMs when it %s", async (_what, sent) => {
    const got = await withServer(function* (server: TestServer) {
      using io = server.connect();
      if (sent !== "") yield* io.writeAll(bytes(sent));
      yield* pass(8_000);
      const early = server.connect();
      yield* pass(6_000);
      return [yield* isOpen(io), yield* isOpen(early)];
    }, options);
    expect(got).toEqual([false, true]);
  });

  it("is not dropped when it listens to something, or when nothing is said", async () => {
    const body = function* (server: TestServer): Async<boolean> {
      using io = yield* subscriber(server, 1024);
      yield* pass(60_000);
      return yield* isOpen(io);
    };
    const other = function* (server: TestServer): Async<boolean> {
      using io = server.connect();
      yield* pass(60_000);
      return yield* isOpen(io);
    };
    expect([await withServer(body, options), await withServer(other)]).toEqual([true, true]);
  });
});

describe("What a client sends that is too long", () => {
  it.each([
    ["CLIENT SETNAME", "-ERR Client names cannot be longer than 1024 bytes.\r\n"],
    ["CLIENT SETINFO lib-name", "-ERR lib-name cannot be longer than 1024 bytes.\r\n"],
    ["PSUBSCRIBE", "-ERR patterns cannot be longer than 4096 bytes\r\n"],
    ["HELLO 3", `-ERR Syntax error in HELLO option '${"x".repeat(128)}'\r\n`],
    ["CONFIG SET", "-ERR wrong number of arguments for 'config|set' command\r\n"],
    ["EXPIRE k 1", `-ERR Unsupported option ${"X".repeat(128)}\r\n`],
    ["CLIENT", `-ERR unknown subcommand '${"x".repeat(128)}'. Try CLIENT HELP.\r\n`],
  ])("is refused or cut off in the answer: %s", async (command, answer) => {
    expect(
      await withServer((server) => converse(server.connect(), `${command} ${"x".repeat(5_000)}\r\n`)),
    ).toBe(answer);
  });
});

describe("parseOutputLimits", () => {
  it("reads what showOutputLimits writes", () => {
    const text = "normal 0 0 0 pubsub 33554432 8388608 60";
    expect([parseOutputLimits(text), showOutputLimits(OUTPUT_LIMITS)]).toEqual([OUTPUT_LIMITS, text]);
  });

  it.each([
    "",
    "pubsub",
    "pubsub 1 2",
    "replica 1 2 3",
    "pubsub a b c",
    "pubsub -1 0 0",
    "pubsub 1 2 3 normal",
  ])("refuses %j and says how it is written", (text) => {
    expect(() => parseOutputLimits(text)).toThrow(/pubsub HARD SOFT SECONDS/);
  });
});

describe("A Subscriber that nobody asks for messages", () => {
  it("stops reading after some megabytes, and goes on later", async () => {
    const got = await withServer(function* () {
      const [near, far] = duplex(64 * 1024);
      using peer = far;
      using listener = new Subscriber(near);
      const message = bytes(`*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1048576\r\n${"x".repeat(1_048_576)}\r\n`);
      let sent = 0;
      const sending = spawn(function* () {
        for (; sent < 30; sent += 1) yield* peer.writeAll(message);
      });
      for (let turn = 0; turn < 2_000; turn += 1) yield* yieldNow();
      const early = sent;
      let received = 0;
      for (; received < 30; received += 1) yield* listener.nextMessage();
      yield* sending;
      return [early, received];
    });
    expect(got[0]).toBeGreaterThanOrEqual(8);
    expect(got[0]).toBeLessThanOrEqual(11);
    expect(got[1]).toBe(30);
  });
});
