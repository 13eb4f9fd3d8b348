/** Bare `node:net`: the least that a server in Node can do. */

import { once } from "node:events";
import { createServer } from "node:net";
import type { Contestant } from "../../harness/case.ts";
import { echoCases } from "../echo-server.ts";

async function start(): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("data", (chunk) => socket.write(chunk));
    socket.on("error", () => {});
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return address.port;
}

export default echoCases(start) satisfies Contestant;
