/** Closed loops of messages over many connections at once. */

import { connect, type Socket } from "node:net";

export interface EchoLoad {
  readonly port: number;
  readonly connections: number;
  readonly bytes: number;
  readonly messages: number;
}

/** Enough for a whole turn's worth of any message; one for all sockets, as each read is looked at before the next. */
const READ_BUFFER = new Uint8Array(64 * 1024);

/** Connections that stay open from one sample to the next, with the load they were opened for. */
let pool: { readonly key: string; readonly sockets: readonly EchoSocket[] } | undefined;

/** How long it took, in nanoseconds, from the first message to the last answer. */
export async function echo({ port, connections, bytes, messages }: EchoLoad): Promise<number> {
  const key = `${port} ${connections} ${bytes}`;
  if (pool?.key !== key) {
    for (const { socket } of pool?.sockets ?? []) socket.destroy();
    const message = Buffer.from(Array.from({ length: bytes }, (_, index) => index % 251));
    pool = { key, sockets: await openAll(port, connections, message) };
  }
  const { sockets } = pool;
  const start = performance.now();
  const each = Math.floor(messages / connections);
  const rest = messages % connections;
  await Promise.all(sockets.map((socket, index) => socket.run(each + (index < rest ? 1 : 0))));
  return (performance.now() - start) * 1e6;
}

async function openAll(port: number, connections: number, message: Buffer): Promise<EchoSocket[]> {
  return await Promise.all(Array.from({ length: connections }, () => EchoSocket.open(port, message)));
}

class EchoSocket {
  readonly socket: Socket;
  readonly #message: Buffer;
  #received = 0;
  #left = 0;
  #done: () => void = () => {};
  #fail: (error: Error) => void = () => {};

  private constructor(socket: Socket, message: Buffer) {
    this.socket = socket;
    this.#message = message;
  }

  static async open(port: number, message: Buffer): Promise<EchoSocket> {
    return await new Promise((resolve, reject) => {
      const socket = connect({
        port,
        host: "127.0.0.1",
        noDelay: true,
        onread: {
          buffer: READ_BUFFER,
          callback: (length) => {
            own.#take(length);
            return true;
          },
        },
      });
      const own = new EchoSocket(socket, message);
      socket.once("connect", () => resolve(own));
      const fail = (error: Error): void => {
        reject(error);
        own.#fail(error);
      };
      socket.on("error", fail);
      socket.on("close", () => fail(new Error("The server closed a connection")));
    });
  }

  /** @throws Error when the server sends something else, or ends. */
  async run(messages: number): Promise<void> {
    if (messages === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.#left = messages;
      this.#done = resolve;
      this.#fail = reject;
      this.socket.write(this.#message);
    });
  }

  #take(length: number): void {
    const expected = this.#message.subarray(this.#received, this.#received + length);
    if (Buffer.compare(expected, READ_BUFFER.subarray(0, length)) !== 0) {
      this.#fail(new Error("The server answered with something else"));
      return;
    }
    this.#received += length;
    if (this.#received < this.#message.length) return;
    this.#received = 0;
    this.#left -= 1;
    if (this.#left === 0) this.#done();
    else this.socket.write(this.#message);
  }
}
