/** The server as a program: `node main.ts [--host H] [--port N] [--maxclients N]`. */
import { parseArgs } from "node:util";
import { main } from "@rt/macros";
import { TcpListener } from "@rt/net";
import { serve, stopSignal } from "@rt-internal/mini-redis";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "6379" },
    maxclients: { type: "string", default: "10000" },
  },
});

await main({ meta: import.meta }, function* () {
  const listener = yield* TcpListener.bind([values.host, Number(values.port)]);
  console.log(`listening on ${listener.localAddr().toString()}`);
  yield* serve(listener, stopSignal(), { maxClients: Number(values.maxclients) });
  console.log("shut down");
});
