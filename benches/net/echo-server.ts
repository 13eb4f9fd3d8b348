/** What every JavaScript contestant of the network cases does around its own server. */

import type { Contestant, Measurement, Sample } from "../harness/case.ts";
import { Load } from "./load/client.ts";
import { ECHOES, type EchoSize, HELD, PING_PERIOD_MS, PING_ROUNDS } from "./sizes.ts";

/** A server on loopback that sends back what it gets, and goes on for as long as the process lives. */
export type StartEcho = () => PromiseLike<number>;

/** All cases that need an echo server. */
export function echoCases(start: StartEcho): Contestant {
  const server = new Lazy(start);
  const echoes = Object.entries(ECHOES).map(([name, size]): [string, Sample] => [
    name,
    (ops) => server.echo(size, ops),
  ]);
  return { ...Object.fromEntries(echoes), "connections/19k": () => server.hold() };
}

class Lazy {
  readonly #start: StartEcho;
  #running: { readonly port: number; readonly load: Load } | undefined;

  constructor(start: StartEcho) {
    this.#start = start;
  }

  async #run(): Promise<{ readonly port: number; readonly load: Load }> {
    this.#running ??= { port: await this.#start(), load: new Load() };
    return this.#running;
  }

  async echo({ connections, bytes }: EchoSize, messages: number): Promise<Measurement> {
    const { port, load } = await this.#run();
    const before = process.cpuUsage();
    const ns = await load.echo(port, connections, bytes, messages);
    const { user, system } = process.cpuUsage(before);
    return { cpu: ((user + system) * 1e3) / messages, rate: (messages * 1e9) / ns };
  }

  async hold(): Promise<Measurement> {
    const { port, load } = await this.#run();
    // The server's code and the first slabs of buffers are there before anything is counted.
    await load.open(port, 100);
    await load.ping(1, 500);
    await load.close();
    const before = memory();
    const open = await load.open(port, HELD);
    const idle = memory();
    const { answered, lost } = await load.ping(PING_ROUNDS, PING_PERIOD_MS);
    const after = memory();
    await load.close();
    return {
      heap: (idle.heap - before.heap) / open,
      resident: (idle.resident - before.resident) / open,
      "heap after": (after.heap - before.heap) / open,
      answered,
      lost,
    };
  }
}

interface Memory {
  readonly heap: number;
  readonly resident: number;
}

function memory(): Memory {
  if (globalThis.gc === undefined) throw new Error("Cannot measure the heap without --expose-gc");
  globalThis.gc();
  globalThis.gc(); // what the first one only made unreachable
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, resident: rss };
}
