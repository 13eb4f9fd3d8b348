/**
 * Counts the lines of this repository's sources, once in each lane, and shows what the runtime did meanwhile.
 *
 * At most `WIDTH` files are read at a time; a task that hangs is given up after a while, and cleans up behind it.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Async,
  Builder,
  fromCallback,
  fromPromise,
  type IntoFuture,
  JoinSet,
  pending,
  type Runtime,
  spawn,
  TaskBuilder,
} from "@rt/core";

const ROOT = join(import.meta.dirname, "../..");
const SKIPPED = new Set(["node_modules", "dist", "target", ".git", ".turbo"]);
const WIDTH = 16;

interface Count {
  readonly path: string;
  readonly lines: number;
}

interface Total {
  readonly files: number;
  readonly lines: number;
  readonly longest: Count;
}

async function sources(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await sources(path)));
    else if (/\.(ts|rs|md|json)$/.test(entry.name)) found.push(path);
  }
  return found;
}

function linesIn(text: string): number {
  return text.split("\n").length - 1;
}

// The generator lane: `yield*` where async code says `await`.
function* countLines(path: string): Async<Count> {
  const text = yield* fromPromise((signal) => readFile(path, { encoding: "utf8", signal }));
  return { path, lines: linesIn(text) };
}

// The async lane: the same, as people write it.
async function countLinesAsync(path: string): Promise<Count> {
  return { path, lines: linesIn(await readFile(path, "utf8")) };
}

function* countAll(paths: readonly string[], start: (path: string) => IntoFuture<Count>): Async<Total> {
  const running = new JoinSet<Count>();
  let total: Total = { files: 0, lines: 0, longest: { path: "", lines: 0 } };
  for (let next = 0; next < paths.length || !running.isEmpty; ) {
    while (next < paths.length && running.len < WIDTH) running.spawn(start(paths[next++] as string));
    const count = yield* running.joinNext();
    if (count !== undefined) total = add(total, count);
  }
  return total;
}

function add({ files, lines, longest }: Total, count: Count): Total {
  return {
    files: files + 1,
    lines: lines + count.lines,
    longest: count.lines > longest.lines ? count : longest,
  };
}

/** Never ends by itself; whoever gives it up waits for its cleanup. */
async function hang(): Promise<void> {
  try {
    await pending();
  } finally {
    await sleep(5);
    console.log("  the hanging task has cleaned up");
  }
}

function sleep(ms: number) {
  return fromCallback<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    return () => clearTimeout(timer);
  });
}

async function giveUp(runtime: Runtime): Promise<void> {
  const stuck = new TaskBuilder().name("stuck").spawn(hang);
  await spawn(sleep(20));
  for (const task of runtime.handle().dump().tasks) {
    if (task.name === "stuck") console.log(`  still waiting: ${task.toString()}`);
  }
  stuck.abort();
  try {
    await stuck;
  } catch (error) {
    console.log(`  ${String(error)}`);
  }
}

async function timed(title: string, runtime: Runtime, body: IntoFuture<Total>): Promise<void> {
  const start = performance.now();
  const { files, lines, longest } = await runtime.blockOn(body);
  const ms = performance.now() - start;
  console.log(
    `${title}: ${lines} lines in ${files} files, ${ms.toFixed(0)} ms; the longest is ${longest.path.slice(ROOT.length + 1)}`,
  );
}

await using runtime = Builder.currentThread().name("demo").enableMetricsTiming().build();
const paths = await sources(ROOT);

await timed("generator lane", runtime, countAll(paths, countLines));
await timed(
  "async lane    ",
  runtime,
  countAll(paths, (path) => () => countLinesAsync(path)),
);
console.log("giving up on a task that hangs:");
await runtime.blockOn(() => giveUp(runtime));

const metrics = runtime.metrics();
console.table({
  "tasks spawned": metrics.spawnedTasksCount(),
  "tasks alive": metrics.numAliveTasks(),
  polls: metrics.workerPollCount(0),
  parks: metrics.workerParkCount(0),
  "busy ms": Math.round(metrics.workerTotalBusyDuration(0)),
});
