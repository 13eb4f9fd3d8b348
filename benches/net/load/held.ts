/** Many connections that are mostly idle. */

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Small enough for the server's backlog. */
const AT_ONCE = 100;

export interface Pinged {
  readonly answered: number;
  readonly lost: number;
}

export class Held {
  readonly #sockets: Socket[] = [];
  #answered = 0;

  async open(port: number, connections: number): Promise<number> {
    while (this.#sockets.length < connections) {
      const missing = connections - this.#sockets.length;
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, missing) }, () => this.#openOne(port)));
    }
    return this.#sockets.length;
  }

  async #openOne(port: number): Promise<void> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    socket.on("data", () => (this.#answered += 1));
    socket.on("error", () => {}); // its pings remain unanswered, which is counted
    this.#sockets.push(socket);
  }

  /** The pings of a round are spread over its period; the next round begins when the period is over. */
  async ping(rounds: number, periodMs: number): Promise<Pinged> {
    let answered = 0;
    let lost = 0;
    for (let round = 0; round < rounds; round += 1) {
      this.#answered = 0;
      await this.#pingAll(periodMs);
      answered += this.#answered;
      lost += this.#sockets.length - this.#answered;
    }
    return { answered, lost };
  }

  async #pingAll(periodMs: number): Promise<void> {
    const start = performance.now();
    // The last tenth of the period is for the last answers.
    const sending = periodMs * 0.9;
    let next = 0;
    while (next < this.#sockets.length) {
      const due = Math.min(1, (performance.now() - start) / sending) * this.#sockets.length;
      for (; next < due; next += 1) this.#sockets[next]?.write("?");
      await delay(10);
    }
    await delay(Math.max(0, start + periodMs - performance.now()));
  }

  async close(): Promise<void> {
    const closed = this.#sockets
      .filter((socket) => !socket.destroyed)
      .map(async (socket) => {
        socket.end();
        await once(socket, "close");
      });
    this.#sockets.length = 0;
    await Promise.all(closed);
  }
}
