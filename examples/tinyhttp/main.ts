/**
 * A small and fast HTTP/1.1 server: `curl -i http://127.0.0.1:8080/json`. `http.ts` knows the protocol,
 * `connection.ts` one client, and this file the routes and the clients. End it with ctrl-c.
 *
 * `node main.ts [ADDRESS] [--request MS] [--head MS] [--body MS] [--answer MS]`: the latter are how long a client may take
 * to begin a request (30000), to finish its head (10000), to send its body (30000), and to take an answer (30000).
 */
import { parseArgs } from "node:util";
import { type Async, main, select, spawn } from "@rt/rt";
import { IoError } from "@rt/rt/io";
import { TcpListener, type TcpStream } from "@rt/rt/net";
import { ctrlC } from "@rt/rt/signal";
import { Elapsed, sleep } from "@rt/rt/time";
import { serve, TIME_LIMITS, type TimeLimits } from "./connection.ts";
import type { Request, Response } from "./http.ts";

const time = { type: "string" } as const;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { request: time, head: time, body: time, answer: time },
});
const address = positionals[0] ?? "127.0.0.1:8080";
const limits: TimeLimits = { ...TIME_LIMITS, ...numbers(values) };

function numbers(texts: Readonly<Record<string, string>>): Partial<TimeLimits> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)]));
}

function answer({ method, path }: Request): Response {
  const respond = ROUTES.get(path);
  if (respond === undefined) return { status: 404 };
  if (method !== "GET" && method !== "HEAD") return { status: 405, allow: "GET, HEAD" };
  return respond();
}

const ROUTES: ReadonlyMap<string, () => Response> = new Map([
  ["/plaintext", () => ({ status: 200, body: "Hello, World!" })],
  [
    "/json",
    () => ({
      status: 200,
      type: "application/json",
      body: JSON.stringify({ message: "Hello, World!" }),
    }),
  ],
]);

function* client(connection: TcpStream): Async<void> {
  using stream = connection;
  try {
    stream.setNodelay(true); // answers go out at once
    yield* serve(stream, answer, limits);
  } catch (error) {
    if (!(error instanceof IoError || error instanceof Elapsed)) throw error;
    console.error(`A client is gone: ${error.message}`);
  }
}

function* accept(listener: TcpListener): Async<never> {
  console.log(`listening on ${String(listener.localAddr())}`);
  for (;;) {
    try {
      const [connection] = yield* listener.accept();
      spawn(client(connection));
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      // Out of descriptors, as a rule: once some clients have gone there are some again.
      console.error(`Cannot accept: ${error.message}`);
      yield* sleep(100);
    }
  }
}

await main({ meta: import.meta }, function* () {
  using listener = yield* TcpListener.bind(address);
  // In this order: whoever sees it listen can end it.
  yield* select({ stop: ctrlC(), serve: accept(listener) }, { biased: true });
});
