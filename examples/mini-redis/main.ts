/**
 * The server as a program: `node main.ts [--host H] [--port N] [--maxclients N] [--timeout SECONDS]
 * [--client-output-buffer-limit "pubsub HARD SOFT SECONDS"]`.
 */
import { parseArgs } from "node:util";
import { main } from "@rt/macros";
import { TcpListener } from "@rt/net";
import { parseOutputLimits, serve, type ServerOptions, stopSignal } from "@rt-internal/mini-redis";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "6379" },
    maxclients: { type: "string", default: "10000" },
    timeout: { type: "string", default: "0" },
    "client-output-buffer-limit": { type: "string" },
  },
});

const limits = values["client-output-buffer-limit"];
const options: ServerOptions = {
  maxClients: Number(values.maxclients),
  idleMs: Number(values.timeout) * 1000,
  ...(limits !== undefined && { outputLimits: parseOutputLimits(limits) }),
};

await main({ meta: import.meta }, function* () {
  const listener = yield* TcpListener.bind([values.host, Number(values.port)]);
  console.log(`listening on ${listener.localAddr().toString()}`);
  yield* serve(listener, stopSignal(), options);
  console.log("shut down");
});
