/**
 * The soak of ordinary programs: `pnpm --filter @rt-internal/stress-test programs [--seconds 60] [--seed n]`.
 *
 * Its exit status is 1 when a round went wrong, a rejection was unhandled, a failure was reported, a task was left, or the
 * heap grew.
 */
import { parseArgs } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { Builder } from "@rt/core";
import { Random } from "../soak/random.ts";
import { scenarios, type World } from "./scenarios.ts";

/** How many rounds go on at the same time. */
const WIDTH = 16;
/** Code that V8 compiles late, and what the collector has not seen yet; a leak of 100 bytes a round shows above it. */
const HEAP_SLACK_MB = 6;
/** Within that much of the time everything that stays for good is there. */
const WARM_UP = 0.25;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
const [seconds, seed] = [values.seconds, values.seed].map(Number) as [number, number];
if (!(seconds > 0 && seed >= 0))
  throw new RangeError("--seconds takes a positive number, --seed one from 0 to 4294967295");

const problems: string[] = [];
function note(problem: string): void {
  problems.push(problem);
  if (problems.length <= 10) console.error(problem);
}

process.on("unhandledRejection", (reason) =>
  note(`unhandled: ${(reason as Error)?.stack ?? String(reason)}`),
);
const runtime = Builder.currentThread()
  .onReport(({ kind, message, error }) => {
    if (kind !== "not-waited-for") note(`reported: ${message} ${(error as Error)?.stack ?? ""}`);
  })
  .build();

const stopped = Promise.withResolvers<void>();
const controller = new AbortController();
const world: World = { stop: stopped.promise, stopSignal: controller.signal, told: 0, cleaned: 0, left: 0 };
const names = Object.keys(scenarios);
const rounds = new Map(names.map((name) => [name, 0]));

async function work(random: Random, until: number): Promise<void> {
  while (performance.now() < until) {
    const name = names[random.between(0, names.length - 1)] ?? "";
    try {
      await scenarios[name]?.(world, random);
    } catch (error) {
      note(`${name}: ${(error as Error).stack ?? String(error)}`);
    }
    rounds.set(name, (rounds.get(name) ?? 0) + 1);
  }
}

/** Lets `WIDTH` workers go on for a while, and gives the heap that is in use when all have come to rest, in MB. */
async function run(ms: number, random: Random): Promise<number> {
  const until = performance.now() + ms;
  // Outside of any task: what the rounds leave behind is the runtime's alone.
  const workers = Array.from({ length: WIDTH }, () => {
    const own = random.fork();
    const guard = runtime.enter();
    try {
      return work(own, until);
    } finally {
      guard[Symbol.dispose]();
    }
  });
  await Promise.all(workers);
  await delay(300);
  globalThis.gc?.();
  await delay(20);
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

console.log(`seed ${seed}: ${WIDTH} at a time for ${seconds} s`);
const random = new Random(seed);
const before = await run(seconds * 1000 * WARM_UP, random);
const after = await run(seconds * 1000 * (1 - WARM_UP), random);
const alive = runtime.metrics().numAliveTasks();
if (alive > 0) note(`${alive} tasks are left:\n${runtime.handle().dump().toString()}`);
if (world.told !== world.cleaned)
  note(`${world.told} chains were told, and ${world.cleaned} have cleaned up`);
if (after > before + HEAP_SLACK_MB) note(`the heap grew from ${before.toFixed(1)} to ${after.toFixed(1)} MB`);
stopped.resolve();
controller.abort();
await runtime[Symbol.asyncDispose]();

console.table(Object.fromEntries([...rounds].map(([name, count]) => [name, { rounds: count }])));
console.log({ told: world.told, left: world.left, heapMb: [before, after].map((mb) => mb.toFixed(1)) });
console.log(problems.length === 0 ? "nothing lost, nothing left" : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
