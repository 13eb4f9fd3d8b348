/**
 * Random programs of spawn, abort, join, drop, yield, fail, finally, races and join sets, against a simple model.
 *
 * `RT_FC_RUNS` and `RT_FC_SEED` set the number of programs and where they come from.
 */
import { Builder, type Report, type Runtime } from "@rt/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { programs } from "./model/arbitrary.ts";
import { runStrandAsync } from "./model/async-body.ts";
import { check, type Run } from "./model/check.ts";
import { runStrand } from "./model/generator-body.ts";
import { ManualDriver } from "./model/manual-driver.ts";
import type { Program } from "./model/program.ts";
import { Reference } from "./model/reference.ts";
import { RuntimeHost } from "./model/runtime-host.ts";
import { script, shutdown } from "./model/script.ts";
import { ProgramError } from "./model/trace.ts";

const RUNS = 1_000;

const env: Record<string, string | undefined> = typeof process === "undefined" ? {} : process.env;
const numRuns = Number(env["RT_FC_RUNS"] ?? RUNS);
const seed = Number(env["RT_FC_SEED"] ?? Date.now() % 2 ** 31);
/** An async function finds its task behind a promise that is not ours only where the host keeps context. */
const keepsContext = typeof process !== "undefined" && process.versions?.node !== undefined;

const PER_TEST_MS = 60_000;

/** All that is left of a program when it has ended. */
interface Outcome extends Run {
  readonly lines: readonly string[];
  readonly alive: number;
  readonly registered: number;
  readonly reports: readonly Report[];
}

function builder(program: Program, reports: Report[]): Builder {
  return Builder.currentThread().onReport((report) => void reports.push(report));
}

async function outcome(
  program: Program,
  host: RuntimeHost,
  lane: Run["lane"],
  reports: Report[],
  alive: number,
): Promise<Outcome> {
  // Failures are reported a turn of the loop later; asking for the results first would be to join the tasks.
  await new Promise((resolve) => setTimeout(resolve, 0));
  const results = await host.results();
  const { trace, waits, idles } = host;
  return {
    program,
    lane,
    results,
    reports,
    alive,
    idles,
    events: trace.events,
    lines: trace.lines(),
    registered: waits.registered,
  };
}

function* course(program: Program, host: RuntimeHost, runtime: Runtime): Generator<void, void, void> {
  yield* script(program, host);
  if (program.shape.ending !== "abort") yield* shutdown(program, host, runtime);
}

/** In the generator lane nothing happens outside the scheduler, so all is carried out at once. */
async function runInGenerators(program: Program): Promise<Outcome> {
  const reports: Report[] = [];
  const driver = new ManualDriver();
  const runtime = builder(program, reports)
    .eventInterval(7)
    .parkOn(() => driver)
    .build();
  const host = new RuntimeHost(runtime, runStrand);
  for (const _ of course(program, host, runtime)) {
    driver.runUntilIdle();
    host.noteIdle();
  }
  const alive = runtime.metrics().numAliveTasks();
  runtime.shutdownBackground();
  return outcome(program, host, "generator", reports, alive);
}

/** In the async lane code runs in microtasks, over the event loop. */
async function runInAsyncFunctions(program: Program): Promise<Outcome> {
  const reports: Report[] = [];
  const runtime = builder(program, reports).build();
  const metrics = runtime.metrics();
  const untilIdle = async (): Promise<void> => {
    do await nextTurn();
    while (metrics.globalQueueDepth() + metrics.workerLocalQueueDepth(0) > 0);
  };
  const host = new RuntimeHost(runtime, (one, strand) => () => runStrandAsync(one, strand));
  for (const _ of course(program, host, runtime)) {
    await untilIdle();
    host.noteIdle();
  }
  const alive = metrics.numAliveTasks();
  runtime.shutdownBackground();
  await nextTurn();
  return outcome(program, host, "async", reports, alive);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve);
  });
}

function predict(program: Program): Reference {
  const reference = new Reference();
  for (const _ of script(program, reference)) {
    reference.runUntilIdle();
    if (reference.isStopped) return reference;
  }
  if (program.shape.ending !== "abort") reference.stop();
  return reference;
}

/** No task, no wait and no failure is left behind. */
function expectNothingLeft({ program, alive, registered, reports, results, events }: Outcome): void {
  expect({ alive, registered }).toEqual({ alive: 0, registered: 0 });
  expect(reports.filter(({ kind }) => kind !== "task-failed")).toEqual([]);
  for (const [task, result] of results) {
    const joins = program.joinsOf(task).map((id) => `${id} begin`);
    if (!result.startsWith("error") || events.some(({ key }) => joins.includes(key))) continue;
    const count = reports.filter(
      ({ error }) => error instanceof ProgramError && `error ${error.id}` === result,
    ).length;
    expect(count, `reports of task ${task.id}, which failed and nobody joined`).toBe(1);
  }
}

async function checkPrograms(property: (program: Program) => Promise<void>): Promise<void> {
  console.log(`${expect.getState().currentTestName}: seed ${seed}, ${numRuns} runs (RT_FC_SEED, RT_FC_RUNS)`);
  await fc.assert(fc.asyncProperty(programs, property), { seed, numRuns });
}

describe("random programs", () => {
  it("take the one possible course in the generator lane, event by event, as far as the order is promised", {
    timeout: PER_TEST_MS,
  }, async () => {
    let events = 0;
    let predicted = 0;
    await checkPrograms(async (program) => {
      const reference = predict(program);
      const run = await runInGenerators(program);
      const { known } = reference;
      expect(run.lines.slice(0, known)).toEqual(reference.trace.lines().slice(0, known));
      if (!reference.isStopped) {
        for (const [task, result] of run.results) expect(result).toBe(reference.resultOf(task));
      }
      events += run.events.length;
      predicted += Math.min(known, run.events.length);
    });
    // Else the comparison says little.
    expect(predicted).toBeGreaterThan(events / 2);
  });

  it("do nothing that nobody asked for and leave nothing behind in the generator lane", {
    timeout: PER_TEST_MS,
  }, async () => {
    await checkPrograms(async (program) => {
      const run = await runInGenerators(program);
      expect(check(run)).toEqual([]);
      expectNothingLeft(run);
    });
  });

  it.skipIf(!keepsContext)(
    "do nothing that nobody asked for and leave nothing behind in the async lane",
    { timeout: PER_TEST_MS },
    async () => {
      await checkPrograms(async (program) => {
        const run = await runInAsyncFunctions(program);
        expect(check(run)).toEqual([]);
        expectNothingLeft(run);
      });
    },
  );
});
