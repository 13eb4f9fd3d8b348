import { type Async, spawn, yieldNow } from "@rt/core";
import { advance, sleep } from "@rt/time";
import { describe, expect, it } from "vitest";
import { REQUEST_LIMITS } from "../src/resp/request-parser.ts";
import { answers, bytes, converse, expectBytes, failure, type TestServer, withServer } from "./harness.ts";

const FULL = "9223372036854775807";

/** What redis 7.0 answers, byte for byte; taken down from it. */
const CONVERSATIONS: readonly (readonly [name: string, request: string, answer: string])[] = [
  ["PING", "PING\r\nping hello\r\n", "+PONG\r\n$5\r\nhello\r\n"],
  ["ECHO", "ECHO hi\r\n", "$2\r\nhi\r\n"],
  ["an empty line", "\r\nPING\r\n", "+PONG\r\n"],
  [
    "an unknown command",
    "foo bar baz\r\n",
    "-ERR unknown command 'foo', with args beginning with: 'bar' 'baz' \r\n",
  ],
  ["too many words", "GET a b\r\n", "-ERR wrong number of arguments for 'get' command\r\n"],
  ["too few words", "SET k\r\n", "-ERR wrong number of arguments for 'set' command\r\n"],
  ["SET and GET", "SET k v\r\nGET k\r\nGET nokey\r\n", "+OK\r\n$1\r\nv\r\n$-1\r\n"],
  [
    "SET NX and XX",
    "SET k v XX\r\nSET k v NX\r\nSET k w NX\r\nSET k w XX GET\r\nGET k\r\n",
    "$-1\r\n+OK\r\n$-1\r\n$1\r\nv\r\n$1\r\nw\r\n",
  ],
  [
    "SET EX, PX and KEEPTTL",
    "SET k v EX 100\r\nSET k w KEEPTTL\r\nTTL k\r\nSET k v PX 5000\r\nTTL k\r\nSET k v\r\nTTL k\r\n",
    "+OK\r\n+OK\r\n:100\r\n+OK\r\n:5\r\n+OK\r\n:-1\r\n",
  ],
  [
    "SET with options that exclude each other",
    "SET k v NX XX\r\nSET k v EX 1 PX 1\r\nSET k v FOO\r\nSET k v EX\r\n",
    "-ERR syntax error\r\n".repeat(4),
  ],
  [
    "SET with a time that is none",
    "SET k v EX abc\r\nSET k v EX 9223372036854775808\r\n",
    "-ERR value is not an integer or out of range\r\n".repeat(2),
  ],
  [
    "SET with a time that can't be",
    `SET k v EX 0\r\nSET k v EX -1\r\nSET k v EX ${FULL}\r\n`,
    "-ERR invalid expire time in 'set' command\r\n".repeat(3),
  ],
  ["DEL and EXISTS", "SET k v\r\nEXISTS k k no\r\nDEL k k\r\nEXISTS k\r\n", "+OK\r\n:2\r\n:1\r\n:0\r\n"],
  [
    "INCR and its kin",
    "INCR n\r\nINCRBY n 5\r\nDECR n\r\nDECRBY n 10\r\nGET n\r\n",
    ":1\r\n:6\r\n:5\r\n:-5\r\n$2\r\n-5\r\n",
  ],
  [
    "INCR of what is no number",
    "SET n 01\r\nINCR n\r\nSET n abc\r\nINCR n\r\n",
    "+OK\r\n-ERR value is not an integer or out of range\r\n".repeat(2),
  ],
  [
    "INCR beyond 64 bits",
    `SET n ${FULL}\r\nINCR n\r\nDECR n\r\n`,
    "+OK\r\n-ERR increment or decrement would overflow\r\n:9223372036854775806\r\n",
  ],
  [
    "INCR beyond what a double can tell",
    "SET n 9007199254740991\r\nINCR n\r\nINCR n\r\n",
    "+OK\r\n:9007199254740992\r\n:9007199254740993\r\n",
  ],
  [
    "EXPIRE and TTL",
    "SET k v\r\nTTL k\r\nEXPIRE k 10\r\nTTL k\r\nEXPIRE no 10\r\nTTL no\r\nEXPIRE k -1\r\nEXISTS k\r\n",
    "+OK\r\n:-1\r\n:1\r\n:10\r\n:0\r\n:-2\r\n:1\r\n:0\r\n",
  ],
  [
    "EXPIRE with conditions",
    "SET k v\r\nEXPIRE k 100 NX\r\nEXPIRE k 50 NX\r\nEXPIRE k 50 GT\r\nEXPIRE k 50 LT\r\nEXPIRE k 10 XX\r\nTTL k\r\n",
    "+OK\r\n:1\r\n:0\r\n:0\r\n:1\r\n:1\r\n:10\r\n",
  ],
  [
    "EXPIRE with conditions that exclude each other",
    "EXPIRE k 1 NX GT\r\nEXPIRE k 1 GT LT\r\n",
    "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n-ERR GT and LT options at the same time are not compatible\r\n",
  ],
  [
    "EXPIRE with a time that can't be",
    `EXPIRE k abc\r\nEXPIRE k ${FULL}\r\n`,
    "-ERR value is not an integer or out of range\r\n-ERR invalid expire time in 'expire' command\r\n",
  ],
  [
    "MSET and MGET",
    "MSET a 1 b 2\r\nMGET a no b\r\nMSET a\r\nMSET a 1 b\r\n",
    `+OK\r\n*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n${"-ERR wrong number of arguments for 'mset' command\r\n".repeat(2)}`,
  ],
  [
    "binary keys and values",
    "*3\r\n$3\r\nSET\r\n$4\r\n\x00\xff\r\n\r\n$3\r\n\x80\x81\x82\r\n*2\r\n$3\r\nGET\r\n$4\r\n\x00\xff\r\n\r\n",
    "+OK\r\n$3\r\n\x80\x81\x82\r\n",
  ],
  [
    "SELECT",
    "SELECT 0\r\nSELECT 1\r\nSELECT x\r\n",
    "+OK\r\n-ERR DB index is out of range\r\n-ERR value is not an integer or out of range\r\n",
  ],
  ["QUIT", "QUIT\r\nPING\r\n", "+OK\r\n"],
  ["RESET", "CLIENT SETNAME bob\r\nRESET\r\nCLIENT GETNAME\r\n", "+OK\r\n+RESET\r\n$-1\r\n"],
  [
    "CONFIG GET",
    "CONFIG GET save\r\nCONFIG GET append*\r\nCONFIG GET no\r\n",
    "*2\r\n$4\r\nsave\r\n$0\r\n\r\n*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n*0\r\n",
  ],
  [
    "CONFIG SET",
    "CONFIG SET databases 3\r\nCONFIG SET foo bar\r\n",
    "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config\r\n-ERR Unknown option or number of arguments for CONFIG SET - 'foo'\r\n",
  ],
  [
    "subcommands",
    "CONFIG FOO\r\nCONFIG GET\r\nCOMMAND COUNT x\r\n",
    "-ERR unknown subcommand 'FOO'. Try CONFIG HELP.\r\n-ERR wrong number of arguments for 'config|get' command\r\n-ERR wrong number of arguments for 'command|count' command\r\n",
  ],
  [
    "CLIENT",
    'CLIENT SETNAME bob\r\nCLIENT GETNAME\r\nCLIENT ID\r\nCLIENT SETINFO lib-name x\r\nCLIENT SETNAME "a b"\r\n',
    "+OK\r\n$3\r\nbob\r\n:1\r\n+OK\r\n-ERR Client names cannot contain spaces, newlines or special characters.\r\n",
  ],
  [
    "FLUSHALL and DBSIZE",
    "SET k v\r\nDBSIZE\r\nFLUSHALL\r\nDBSIZE\r\nFLUSHALL FOO\r\n",
    "+OK\r\n:1\r\n+OK\r\n:0\r\n-ERR syntax error\r\n",
  ],
  [
    "HELLO with a version that there is not",
    "HELLO 4\r\nHELLO abc\r\nHELLO 3 FOO\r\n",
    "-NOPROTO unsupported protocol version\r\n-ERR Protocol version is not an integer or out of range\r\n-ERR Syntax error in HELLO option 'FOO'\r\n",
  ],
  [
    "AUTH",
    "AUTH default x\r\nAUTH bob x\r\n",
    "+OK\r\n-WRONGPASS invalid username-password pair or user is disabled.\r\n",
  ],
  ["PUBLISH to nobody", "PUBLISH ch hi\r\n", ":0\r\n"],
  [
    "UNSUBSCRIBE from nothing",
    "UNSUBSCRIBE\r\nPUNSUBSCRIBE x\r\n",
    "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n*3\r\n$12\r\npunsubscribe\r\n$1\r\nx\r\n:0\r\n",
  ],
  [
    "a subscriber in RESP2",
    "SUBSCRIBE a\r\nPSUBSCRIBE b*\r\nPING\r\nGET k\r\nRESET\r\nGET k\r\n",
    "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$10\r\npsubscribe\r\n$2\r\nb*\r\n:2\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n+RESET\r\n$-1\r\n",
  ],
  [
    "a malformed frame",
    "PING\r\n*1\r\nPING\r\nPING\r\n",
    "+PONG\r\n-ERR Protocol error: expected '$', got 'P'\r\n",
  ],
  ["a bulk that is too long", "*1\r\n$600000000\r\n", "-ERR Protocol error: invalid bulk length\r\n"],
  ["a browser that was lured", "POST / HTTP/1.1\r\nHost: x\r\n\r\nPING\r\n", ""],
];

describe("serve", () => {
  it.each(CONVERSATIONS)("answers as redis does: %s", async (_name, request, answer) => {
    expect(await answers(request)).toBe(answer);
  });

  it("speaks RESP3 to who has asked for it, and lets a subscriber publish to itself", async () => {
    const request =
      "HELLO 3\r\nGET no\r\nCONFIG GET appendonly\r\nSUBSCRIBE a\r\nPSUBSCRIBE *\r\nPUBLISH a hi\r\nUNSUBSCRIBE a\r\n";
    const answer = await answers(request);
    expect(answer.startsWith("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n")).toBe(true);
    expect(answer.slice(answer.indexOf("*0\r\n") + 4)).toBe(
      "_\r\n%1\r\n$10\r\nappendonly\r\n$2\r\nno\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:2\r\n" +
        ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n>4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\na\r\n$2\r\nhi\r\n:2\r\n" +
        ">3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n",
    );
  });

  it("answers one byte at a time as it answers all at once", async () => {
    const request = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\nGET k\r\n";
    const answer = await withServer(function* (server: TestServer) {
      using io = server.connect();
      for (const byte of bytes(request)) {
        yield* io.writeAll(Uint8Array.of(byte));
        yield* yieldNow();
      }
      return yield* expectBytes(io, 16);
    });
    expect(answer).toBe("+OK\r\n$5\r\nvalue\r\n");
  });

  it("lets a peer that does not read wait, while others are served", async () => {
    const [stuck, served] = await withServer(
      function* (server: TestServer) {
        using slow = server.connect(1024);
        yield* slow.writeAll(bytes(`SET k ${"x".repeat(1000)}\r\n`));
        const flood = spawn(slow.writeAll(bytes("GET k\r\n".repeat(1_000))));
        const answer = yield* converse(server.connect(), "PING\r\n");
        const isStuck = !flood.isFinished();
        flood.abort();
        return [isStuck, answer];
      },
      { graceMs: 10 },
    );
    expect([stuck, served]).toEqual([true, "+PONG\r\n"]);
  });

  it("goes on when a peer is gone in the middle of a request", async () => {
    const answer = await withServer(function* (server: TestServer) {
      const io = server.connect();
      yield* io.writeAll(bytes("*2\r\n$3\r\nGE"));
      io.close();
      return yield* converse(server.connect(), "PING\r\n");
    });
    expect(answer).toBe("+PONG\r\n");
  });

  it("takes no more of a request than the limits allow", async () => {
    const limits = { ...REQUEST_LIMITS, bulk: 10 };
    expect(await answers("*1\r\n$11\r\n", { limits })).toBe("-ERR Protocol error: invalid bulk length\r\n");
  });

  it("serves the next connection when one of maxClients has ended", async () => {
    const [early, late] = await withServer(
      function* (server: TestServer) {
        const first = server.connect();
        yield* first.writeAll(bytes("PING\r\n"));
        yield* expectBytes(first, 7);
        const second = spawn(converse(server.connect(), "PING\r\n"));
        yield* sleep(1_000);
        const isEarly = second.isFinished();
        first.close();
        return [isEarly, yield* second];
      },
      { maxClients: 1 },
    );
    expect([early, late]).toEqual([false, "+PONG\r\n"]);
  });

  it("removes keys when their time has come", async () => {
    const answer = await withServer(function* (server: TestServer) {
      using io = server.connect();
      yield* io.writeAll(bytes("SET k v PX 100\r\n"));
      yield* expectBytes(io, 5);
      yield* advance(200);
      for (let turn = 0; turn < 10; turn += 1) yield* yieldNow();
      return yield* converse(server.connect(), "DBSIZE\r\n");
    });
    expect(answer).toBe(":0\r\n");
  });
});

function* subscribeTo(server: TestServer, topics: string): Async<ReturnType<TestServer["connect"]>> {
  const io = server.connect();
  yield* io.writeAll(bytes(`${topics}\r\n`));
  return io;
}

describe("PUBLISH", () => {
  it("reaches channels and patterns, and gives the number of those who receive it", async () => {
    const message = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n";
    const byPattern = "*4\r\n$8\r\npmessage\r\n$4\r\nn?ws\r\n$4\r\nnews\r\n$2\r\nhi\r\n";
    const got = await withServer(function* (server: TestServer) {
      using one = yield* subscribeTo(server, "SUBSCRIBE news");
      using two = yield* subscribeTo(server, "PSUBSCRIBE n?ws");
      yield* expectBytes(one, "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n".length);
      yield* expectBytes(two, "*3\r\n$10\r\npsubscribe\r\n$4\r\nn?ws\r\n:1\r\n".length);
      const counts = yield* converse(server.connect(), "PUBLISH news hi\r\nPUBLISH other hi\r\n");
      return [counts, yield* expectBytes(one, message.length), yield* expectBytes(two, byPattern.length)];
    });
    expect(got).toEqual([":2\r\n:0\r\n", message, byPattern]);
  });

  it("keeps the order of messages of several channels", async () => {
    const text = await withServer(function* (server: TestServer) {
      using io = yield* subscribeTo(server, "SUBSCRIBE a b");
      yield* expectBytes(io, 60);
      yield* converse(server.connect(), "PUBLISH a 1\r\nPUBLISH b 2\r\nPUBLISH a 3\r\nPUBLISH b 4\r\n");
      return yield* expectBytes(io, 4 * 31);
    });
    expect(text.match(/\d(?=\r\n(?:\*|$))/g)).toEqual(["1", "2", "3", "4"]);
  });

  it("keeps all messages for a subscriber that is slow, up to its output limit", async () => {
    const count = await withServer(function* (server: TestServer) {
      using io = server.connect(256);
      yield* io.writeAll(bytes("SUBSCRIBE a\r\n"));
      yield* expectBytes(io, 30);
      for (let round = 0; round < 40; round += 1)
        yield* converse(server.connect(), `PUBLISH a ${"x".repeat(100)}\r\n`.repeat(100));
      const message = `*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$100\r\n${"x".repeat(100)}\r\n`;
      const got = yield* expectBytes(io, 4_000 * message.length);
      return got.split(message).length - 1;
    });
    expect(count).toBe(4_000);
  });
});

describe("the shutdown of serve", () => {
  it("closes the listener, and ends connections that wait for a request", async () => {
    const [isClosed, rest] = await withServer(function* (server: TestServer) {
      const io = server.connect();
      yield* io.writeAll(bytes("PING\r\n"));
      yield* expectBytes(io, 7);
      yield* server.shutdown();
      return [server.listener.isClosed, (yield* io.readToEnd()).length];
    });
    expect([isClosed, rest]).toEqual([true, 0]);
  });

  it("writes the replies that are under way first", async () => {
    const length = await withServer(function* (server: TestServer) {
      const io = server.connect(1024);
      yield* io.writeAll(bytes(`SET k ${"x".repeat(900)}\r\n`));
      yield* expectBytes(io, 5);
      yield* io.writeAll(bytes("GET k\r\n".repeat(20)));
      yield* yieldNow();
      const over = server.shutdown();
      const all = spawn(io.readToEnd());
      yield* over;
      return (yield* all).length;
    });
    expect(length).toBe(20 * 908);
  });

  it("waits no longer than graceMs for a peer that does not read", async () => {
    const cutOff = await withServer(
      function* (server: TestServer) {
        const io = server.connect(64);
        yield* io.writeAll(bytes("SET k xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"));
        const flood = spawn(failure(io.writeAll(bytes("GET k\r\n".repeat(1_000)))));
        yield* sleep(1);
        yield* server.shutdown();
        return yield* flood;
      },
      { graceMs: 100 },
    );
    expect(cutOff).toMatchObject({ kind: "BrokenPipe" });
  });
});
