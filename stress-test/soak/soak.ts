/** Clients against the server, in one process, for a while; then everything must be gone. */
import { type Async, Handle, JoinSet, spawn } from "@rt/core";
import { type SocketAddr, TcpListener } from "@rt/net";
import { Notify } from "@rt/sync";
import { Instant, sleep } from "@rt/time";
import { type Behaviour, DISORDERLY, ORDERLY } from "./behaviours.ts";
import { serve, type Served } from "./echo-server.ts";
import { Random } from "./random.ts";
import { type Resources, resources } from "./resources.ts";

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Clients at work at the same time. */
  readonly clients: number;
  /** Told once a second. */
  readonly progress: (tallies: ReadonlyMap<string, Tally>) => void;
}

/** What came of the connections of one behaviour. */
export interface Tally {
  connections: number;
  bytes: number;
  readonly failures: unknown[];
}

export interface SoakReport {
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly server: Served;
  readonly before: Resources;
  readonly after: Resources;
}

const BEHAVIOURS: readonly (readonly [string, Behaviour])[] = [
  ...Object.entries(ORDERLY),
  ...Object.entries(DISORDERLY),
];

export function* soak({ seconds, seed, clients, progress }: SoakOptions): Async<SoakReport> {
  const handle = Handle.current();
  // Everything that stays for good is there before it is counted: drivers, code, the first buffers.
  yield* round({ seconds: 0.5, seed, clients: 4, progress: () => {} }, new Map());
  yield* settled();
  const before = resources(handle);
  const tallies = new Map<string, Tally>();
  const server = yield* round({ seconds, seed, clients, progress }, tallies);
  yield* settled();
  return { tallies, server, before, after: resources(handle) };
}

function* round(options: SoakOptions, tallies: Map<string, Tally>): Async<Served> {
  const { seconds, seed, clients, progress } = options;
  const listener = yield* TcpListener.bind("127.0.0.1:0");
  const address = listener.localAddr();
  const stop = new Notify();
  const server = spawn(serve(listener, stop));
  const random = new Random(seed);
  const end = Instant.now().add(seconds * 1000);
  const running = new JoinSet<void>();
  for (let i = 0; i < clients; i += 1) running.spawn(client(address, random.fork(), end, tallies));
  const reporter = spawn(report(progress, tallies));
  yield* running.joinAll();
  reporter.abort();
  stop.notifyOne();
  return yield* server;
}

/** One connection after the other until `end`. */
function* client(server: SocketAddr, random: Random, end: Instant, tallies: Map<string, Tally>): Async<void> {
  while (Instant.now() < end) {
    const [name, behaviour] = random.pick(BEHAVIOURS as [(typeof BEHAVIOURS)[number]]);
    let tally = tallies.get(name);
    if (tally === undefined) tallies.set(name, (tally = { connections: 0, bytes: 0, failures: [] }));
    try {
      const bytes = yield* behaviour(server, random); // not `+=` in one: others count meanwhile
      tally.bytes += bytes;
    } catch (error) {
      tally.failures.push(error);
    }
    tally.connections += 1;
  }
}

function* report(progress: SoakOptions["progress"], tallies: Map<string, Tally>): Async<void> {
  for (;;) {
    yield* sleep(1000);
    progress(tallies);
  }
}

/** The kernel and Node have closed what was closed. */
function* settled(): Async<void> {
  yield* sleep(200);
}
