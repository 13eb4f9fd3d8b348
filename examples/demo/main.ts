/**
 * The main job: a network service under load, server and clients on one thread.
 *
 * Starts mini-redis on a free port, drives it over many connections at once, checks every answer, and shows how fast
 * that was and what the runtime did meanwhile. With `--serve PORT` it only serves, until ctrl-c.
 */
import { parseArgs } from "node:util";
import { type Async, Builder, type JoinHandle, JoinSet, type Runtime, spawn } from "@rt/core";
import { TcpListener } from "@rt/net";
import { Notify } from "@rt/sync";
import { sleep } from "@rt/time";
import { Client, serve, stopSignal, Subscriber } from "@rt-internal/mini-redis";
import { Progress, type Row, summary } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    serve: { type: "string" },
    connections: { type: "string", default: "64" },
    seconds: { type: "string", default: "1.5" },
  },
});
const CONNECTIONS = Number(options.connections);
const PHASE_MS = Number(options.seconds) * 1000;
/** So many tasks use each connection: what they ask in the same turn goes out in one piece. */
const TASKS = 8;
const KEYS = 10_000;
const BATCH = 16;

/** One operation of a phase. Throws when the answer is not the one that is due. */
interface Operation {
  readonly name: string;
  /** How many commands it is. */
  readonly commands: number;
  run(client: Client, turn: number): Async<void>;
}

function expectEqual<T>(what: string, got: T, wanted: T): void {
  if (got !== wanted) throw new Error(`${what}: the answer was ${String(got)}, not ${String(wanted)}`);
}

function keyOf(turn: number): string {
  return `key:${turn % KEYS}`;
}

const SET: Operation = {
  name: "SET",
  commands: 1,
  *run(client, turn) {
    expectEqual("SET", yield* client.set(keyOf(turn), `value of ${keyOf(turn)}`), true);
  },
};

const GET: Operation = {
  name: "GET",
  commands: 1,
  *run(client, turn) {
    expectEqual("GET", yield* client.get(keyOf(turn)), `value of ${keyOf(turn)}`);
  },
};

const INCR: Operation = {
  name: "INCR",
  commands: 1,
  *run(client) {
    yield* client.incr("counter");
  },
};

const BATCHED: Operation = {
  name: `${BATCH} x GET`,
  commands: BATCH,
  *run(client, turn) {
    const turns = Array.from({ length: BATCH }, (_, at) => turn + at);
    const values = yield* client.batch(turns.map((at) => ["GET", keyOf(at)]));
    for (const [at, value] of values.entries()) expectEqual("GET", value, `value of ${keyOf(turn + at)}`);
  },
};

/** Does one operation after the other, until the time is up. Gives how long each took. */
function* drive(client: Client, operation: Operation, start: number, progress: Progress): Async<number[]> {
  const latencies: number[] = [];
  const end = performance.now() + PHASE_MS;
  for (let turn = start, now = performance.now(); now < end; turn += TASKS * CONNECTIONS) {
    yield* operation.run(client, turn);
    const after = performance.now();
    latencies.push(after - now);
    progress.count += operation.commands;
    now = after;
  }
  return latencies;
}

function* phase(clients: readonly Client[], operation: Operation): Async<Row> {
  const progress = new Progress(operation.name);
  const ticker = spawn(progress.show());
  const start = performance.now();
  const tasks = new JoinSet<number[]>();
  for (let task = 0; task < TASKS * CONNECTIONS; task += 1)
    tasks.spawn(drive(clients[task % CONNECTIONS] as Client, operation, task, progress));
  const latencies = (yield* tasks.joinAll()).flat();
  ticker.abort();
  progress.end();
  return summary(operation.name, latencies, operation.commands, performance.now() - start);
}

/** Every key is there before the first is asked for. */
function* fill(client: Client): Async<void> {
  yield* client.mset(
    Array.from({ length: KEYS }, (_, key) => [keyOf(key), `value of ${keyOf(key)}`] as const),
  );
}

/** What is published arrives, in order and in whole. */
function* checkPublishing(client: Client, address: string): Async<void> {
  using subscriber = yield* Subscriber.connect(address);
  yield* subscriber.psubscribe("news.*");
  const messages = Array.from({ length: 500 }, (_, at) => `message ${at}`);
  yield* client.batch(messages.map((message) => ["PUBLISH", "news.today", message]));
  for (const wanted of messages) expectEqual("a message", (yield* subscriber.nextMessage())?.message, wanted);
  console.log(`PUBLISH    ${messages.length} messages received in order`);
}

/** What was set for a time is gone after it. */
function* checkExpiry(client: Client): Async<void> {
  for (let key = 0; key < 500; key += 1) yield* client.set(`short:${key}`, "lived", { px: 20 });
  yield* sleep(50);
  const replies = yield* client.batch(
    Array.from({ length: 500 }, (_, key) => ["EXISTS", `short:${key}`] as const),
  );
  for (const reply of replies) expectEqual("EXISTS", reply, 0);
  console.log(`EXPIRE     ${replies.length} keys have expired`);
}

function* connectAll(address: string): Async<Client[]> {
  const tasks = JoinSet.from(Array.from({ length: CONNECTIONS }, () => Client.connect(address)));
  return yield* tasks.joinAll();
}

function* load(address: string): Async<Row[]> {
  const clients = yield* connectAll(address);
  const [first] = clients as [Client];
  console.log(`${CONNECTIONS} connections to ${address}, ${TASKS} tasks on each\n`);
  const rows: Row[] = [];
  yield* fill(first);
  for (const operation of [SET, GET, INCR, BATCHED]) rows.push(yield* phase(clients, operation));
  const incremented = rows.find(({ command }) => command === INCR.name);
  expectEqual("the counter", yield* first.get("counter"), `${incremented?.operations}`);
  yield* checkPublishing(first, address);
  yield* checkExpiry(first);
  for (const client of clients) yield* client.close();
  return rows;
}

/** Starts the server, puts it under load, and shuts it down. */
function* demo(): Async<Row[]> {
  const listener = yield* TcpListener.bind("127.0.0.1:0");
  const shutdown = new Notify();
  const server: JoinHandle<void> = spawn(serve(listener, shutdown.notified()));
  try {
    return yield* load(listener.localAddr().toString());
  } finally {
    shutdown.notifyOne();
    yield* server;
  }
}

function* serveForever(port: number): Async<void> {
  const listener = yield* TcpListener.bind(["127.0.0.1", port]);
  console.log(`mini-redis listens on ${listener.localAddr().toString()}; ctrl-c ends it`);
  yield* serve(listener, stopSignal());
  console.log("\nshut down");
}

function showMetrics(runtime: Runtime, ms: number): void {
  const metrics = runtime.metrics();
  console.log("\nthe runtime");
  console.table({
    "tasks spawned": metrics.spawnedTasksCount(),
    "tasks alive": metrics.numAliveTasks(),
    polls: metrics.workerPollCount(0),
    parks: metrics.workerParkCount(0),
    "wakes by tasks": metrics.workerLocalScheduleCount(0),
    "wakes from outside": metrics.remoteScheduleCount(),
    "yields for fairness": metrics.budgetForcedYieldCount(),
    "busy ms": Math.round(metrics.workerTotalBusyDuration(0)),
    "ms in all": Math.round(ms),
    "MiB of memory": Math.round(process.memoryUsage().rss / 1024 / 1024),
  });
}

await using runtime = Builder.currentThread().name("demo").enableMetricsTiming().build();
if (options.serve === undefined) {
  const start = performance.now();
  const rows = await runtime.blockOn(demo());
  console.log("\nthe service, every answer checked (latencies in ms)");
  console.table(Object.fromEntries(rows.map(({ command, ...row }) => [command, row])));
  showMetrics(runtime, performance.now() - start);
} else {
  await runtime.blockOn(serveForever(Number(options.serve)));
}
