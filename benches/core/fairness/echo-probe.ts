/** An echo server in this process and its client in another, which measures how long each answer takes. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";

export class EchoProbe {
  readonly roundTripsMs: number[] = [];
  readonly #server: Server;
  readonly #client: ChildProcess;

  private constructor(server: Server, client: ChildProcess) {
    this.#server = server;
    this.#client = client;
  }

  static async open(): Promise<EchoProbe> {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on("data", (bytes) => socket.write(bytes));
      socket.on("error", () => {}); // the client's end may come first
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The echo server has no port");
    const client = fork(join(import.meta.dirname, "echo-client.ts"), [String(address.port)], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      serialization: "advanced",
    });
    await once(client, "message"); // connected
    return new EchoProbe(server, client);
  }

  start(): void {
    this.#client.send("start");
  }

  /** The round trips since the start are in {@link roundTripsMs} then. */
  async stop(): Promise<void> {
    this.#client.send("stop");
    const [roundTrips] = (await once(this.#client, "message")) as [readonly number[]];
    this.roundTripsMs.push(...roundTrips);
  }

  close(): void {
    this.#client.kill();
    this.#server.close();
  }
}
