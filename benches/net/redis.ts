/** `redis-benchmark` against a server in a process of its own. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Contestant, Measurement, Sample } from "../harness/case.ts";
import { REDIS_CASES, type RedisCase } from "./sizes.ts";

const CONNECTIONS = 50;
/** Linux's, whatever the kernel's own rate is. */
const TICKS_PER_SECOND = 100;
const START_MS = 5_000;

/** Starts a server on a port of loopback. */
export type StartRedis = (port: number) => ChildProcess;

/** The cases for one server; none where `redis-benchmark` is missing. */
export function redisCases(start: StartRedis): Contestant {
  if (spawnSync("redis-benchmark", ["--version"]).status !== 0) return {};
  const server = new Server(start);
  return Object.fromEntries(
    Object.entries(REDIS_CASES).map(([name, what]): [string, Sample] => [
      name,
      (ops) => server.load(what, ops),
    ]),
  );
}

class Server {
  readonly #start: StartRedis;
  #running: Promise<{ readonly port: number; readonly pid: number }> | undefined;

  constructor(start: StartRedis) {
    this.#start = start;
  }

  async load({ test, pipeline }: RedisCase, requests: number): Promise<Measurement> {
    this.#running ??= this.#run();
    const { port, pid } = await this.#running;
    const before = cpuNs(pid);
    const rate = await benchmark(port, test, pipeline, requests);
    return { rate, cpu: (cpuNs(pid) - before) / requests };
  }

  async #run(): Promise<{ readonly port: number; readonly pid: number }> {
    const port = await freePort();
    const server = this.#start(port);
    process.on("exit", () => server.kill("SIGKILL"));
    if (server.pid === undefined) throw new Error("The server does not start");
    await untilItAnswers(port);
    return { port, pid: server.pid };
  }
}

async function benchmark(port: number, test: string, pipeline: number, requests: number): Promise<number> {
  const numbers = ["-p", port, "-c", CONNECTIONS, "-P", pipeline, "-n", requests].map(String);
  const process = spawn("redis-benchmark", [...numbers, "-t", test, "--csv"]);
  let [out, errors] = ["", ""];
  process.stdout.on("data", (text) => (out += text));
  process.stderr.on("data", (text) => (errors += text));
  const [status] = (await once(process, "close")) as [number | null];
  const rate = Number(/^"[^"]*","([\d.]+)"/m.exec(out.slice(out.indexOf("\n") + 1))?.[1]);
  if (status !== 0 || !(rate > 0)) throw new Error(`redis-benchmark failed: ${errors || out}`);
  return rate;
}

/** What all threads of the process have used. */
function cpuNs(pid: number): number {
  // Behind the command's name, which may contain anything, come numbers; the 12th and 13th are user and system time.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1e9) / TICKS_PER_SECOND;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("There is no free port");
  return address.port;
}

async function untilItAnswers(port: number): Promise<void> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      socket.destroy();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(20);
    }
  }
}
