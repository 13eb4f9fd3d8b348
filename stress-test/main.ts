/**
 * The soak: `pnpm --filter @rt-internal/stress-test start [--seconds 60] [--clients 64] [--seed n]`.
 *
 * Its exit status is 1 when a byte was lost, a connection failed that should not have, or anything was left at the end.
 */
import { parseArgs } from "node:util";
import { Builder } from "@rt/core";
import { soak, type SoakReport, type Tally } from "./soak/soak.ts";

/** Code that V8 compiles late and buffers that Node keeps; a leak of one connection in ten shows far above it. */
const HEAP_SLACK_MB = 8;

function total(tallies: ReadonlyMap<string, Tally>): {
  connections: number;
  bytes: number;
  failures: number;
} {
  let [connections, bytes, failures] = [0, 0, 0];
  for (const tally of tallies.values()) {
    connections += tally.connections;
    bytes += tally.bytes;
    failures += tally.failures.length;
  }
  return { connections, bytes, failures };
}

function problems({ tallies, server, before, after }: SoakReport): string[] {
  const found: string[] = [];
  for (const [name, { failures }] of tallies)
    for (const failure of failures.slice(0, 3))
      found.push(
        `a client that ${name} failed: ${failure instanceof Error ? failure.stack : String(failure)}`,
      );
  for (const kind of ["descriptors", "sockets", "tasks", "timers"] as const)
    if (after[kind] !== before[kind]) found.push(`${kind}: ${before[kind]} before, ${after[kind]} after`);
  if (after.heapMb > before.heapMb + HEAP_SLACK_MB)
    found.push(`the heap grew from ${before.heapMb.toFixed(1)} to ${after.heapMb.toFixed(1)} MB`);
  if (server.accepted === 0) found.push("nobody connected");
  return found;
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    clients: { type: "string", default: "64" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
const [seconds, clients, seed] = [values.seconds, values.clients, values.seed].map(Number);
if (
  seconds === undefined ||
  clients === undefined ||
  seed === undefined ||
  !(seconds > 0 && clients >= 1 && seed >= 0)
)
  throw new RangeError("--seconds and --clients take positive numbers, --seed one from 0 to 4294967295");

console.log(`seed ${seed}: ${clients} clients for ${seconds} s`);
await using runtime = Builder.currentThread().build();
const result = await runtime.blockOn(
  soak({
    seconds,
    clients,
    seed,
    progress(tallies) {
      const { connections, bytes, failures } = total(tallies);
      console.log(`${connections} connections, ${(bytes / 2 ** 20).toFixed(0)} MiB, ${failures} failures`);
    },
  }),
);
console.table(
  Object.fromEntries(
    [...result.tallies].map(([name, { connections, bytes, failures }]) => [
      name,
      { connections, bytes, failures: failures.length },
    ]),
  ),
);
console.log("server", result.server);
console.table({ before: result.before, after: result.after });
const found = problems(result);
for (const problem of found) console.error(problem);
console.log(found.length === 0 ? "nothing lost, nothing left" : `${found.length} problems`);
process.exitCode = found.length === 0 ? 0 : 1;
