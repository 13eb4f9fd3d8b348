/** How long a client may take, on a paused clock and over a stream in memory. */
import { type Async, spawn } from "@rt/rt";
import { duplex, type DuplexStream } from "@rt/rt/io";
import { Builder } from "@rt/rt/runtime";
import { type JoinHandle, yieldNow } from "@rt/rt/task";
import { advance, Elapsed, Instant } from "@rt/rt/time";
import { describe, expect, it } from "vitest";
import { serve, TIME_LIMITS } from "../connection.ts";
import type { Response } from "../http.ts";

const HOST = "Host: x\r\n\r\n";
const GET = `GET / HTTP/1.1\r\n${HOST}`;

const respond = (): Response => ({ status: 200, body: "hello" });

/** Runs `body` with one end of a connection that is served, and the task that serves the other. */
async function withClient<T>(
  body: (io: DuplexStream, served: JoinHandle<void>) => Async<T>,
  capacity: number = 64 * 1024,
): Promise<T> {
  await using runtime = Builder.currentThread().startPaused(true).build();
  return await runtime.blockOn(function* () {
    const [client, server] = duplex(capacity);
    using io = client;
    const served = spawn(serve(server, respond));
    return yield* body(io, served);
  });
}

/** How many ms the server lets the client be, who sends `bytes` one by one, every so often, and then all over again. */
async function patience(bytes: string, every: number, first = ""): Promise<[ms: number, rest: string]> {
  return await withClient(function* (io, served) {
    const start = Instant.now();
    yield* io.writeAll(first);
    while (!served.isFinished() && Instant.now().durationSince(start) < 1_000_000) {
      for (const byte of bytes || " ") {
        if (bytes !== "" && !served.isFinished()) yield* io.writeAll(byte);
        yield* advance(every);
        for (let turn = 0; turn < 5; turn += 1) yield* yieldNow();
      }
    }
    const ms = Instant.now().durationSince(start);
    return [ms, served.isFinished() ? yield* rest(io) : ""];
  });
}

function* rest(io: DuplexStream): Async<string> {
  let text = "";
  try {
    for (let chunk; (chunk = yield* io.readChunk()) !== undefined; ) text += Buffer.from(chunk).toString();
  } catch {
    // It was cut off.
  }
  return text;
}

describe("A client that takes too long", () => {
  it.each([
    ["sends nothing", "", 500, "", TIME_LIMITS.request, ""],
    ["sends empty lines", "\r\n", 1_000, "", TIME_LIMITS.head, "408"],
    ["sends nothing behind an answer", "", 500, GET, TIME_LIMITS.request, "200"],
    ["does not finish a head", "", 500, "GET / HTTP/1.1\r\nHost:", TIME_LIMITS.head, "408"],
    ["sends a head byte by byte", "A", 500, "GET / HTTP/1.1\r\nHost: ", TIME_LIMITS.head, "408"],
    [
      "does not send a body",
      "",
      500,
      `POST / HTTP/1.1\r\nContent-Length: 9\r\n${HOST}`,
      TIME_LIMITS.body,
      "200",
    ],
    [
      "sends a body byte by byte",
      "b",
      500,
      `POST / HTTP/1.1\r\nContent-Length: 1000\r\n${HOST}`,
      TIME_LIMITS.body,
      "200",
    ],
  ] as [string, string, number, string, number, string][])(
    "is left when it %s",
    async (_what, bytes, every, first, limit, status) => {
      const [ms, answers] = await patience(bytes, every, first);
      expect(ms).toBeGreaterThanOrEqual(limit);
      expect(ms).toBeLessThanOrEqual(limit + 4_000); // it lingers, and time goes by in steps
      expect(answers.slice(9, 12)).toBe(status);
    },
  );

  it("is left when it does not read its answers", async () => {
    const error = await withClient(function* (io, served) {
      const asking = spawn(io.writeAll(GET.repeat(100)));
      try {
        yield* served;
        return undefined;
      } catch (failure) {
        return failure;
      } finally {
        asking.abort();
      }
    }, 64);
    expect(error).toBeInstanceOf(Elapsed);
  });

  it("is served as long as each request comes in time", async () => {
    const answers = await withClient(function* (io) {
      let text = "";
      for (let round = 0; round < 10; round += 1) {
        yield* advance(TIME_LIMITS.request - 2_000);
        yield* io.writeAll(GET.slice(0, 10));
        for (let turn = 0; turn < 5; turn += 1) yield* yieldNow();
        yield* advance(TIME_LIMITS.head - 2_000);
        yield* io.writeAll(GET.slice(10));
        text += Buffer.from((yield* io.readChunk()) ?? []).toString();
      }
      return text;
    });
    expect(answers.match(/200 OK/g)).toHaveLength(10);
  });
});
