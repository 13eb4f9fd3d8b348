/** The server as a program: `node main.ts [--port N] [--host H] [--maxclients N]`. */
import { parseArgs } from "node:util";
import type { Async } from "@rt/core";
import { main, select } from "@rt/macros";
import { TcpListener } from "@rt/net";
import { ctrlC, signal, SignalKind } from "@rt/signal";
import { serve } from "@rt-internal/mini-redis";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "6379" },
    maxclients: { type: "string", default: "10000" },
  },
});

function* stopped(): Async<void> {
  const { value } = yield* select({
    ctrlC: ctrlC(),
    terminate: signal(SignalKind.terminate()).recv(),
  });
  console.log("shutting down");
  return value;
}

await main({ meta: import.meta }, function* () {
  const listener = yield* TcpListener.bind([values.host, Number(values.port)]);
  console.log(`listening on ${listener.localAddr()}`);
  yield* serve(listener, stopped(), { maxClients: Number(values.maxclients) });
});
