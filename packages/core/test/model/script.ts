/** What is done to a program from outside. Each `yield` lets it run until it is idle. */
import type { Runtime } from "@rt/core";
import type { Action, Program, Strand } from "./program.ts";
import { OUTSIDE } from "./trace.ts";
import type { Waits } from "./waits.ts";

/** More rounds of aborts than any program can stand: each starts its cleanup or ends it. */
const MOST_ROUNDS = 200;

export interface Outside {
  readonly waits: Waits;
  start(root: Strand): unknown;
  isAlive(task: Strand): boolean;
  abort(task: Strand): void;
  log(key: string, info: string): void;
}

/** Up to the end of the last step; with ending `abort`, up to the very end. */
export function* script(program: Program, host: Outside): Generator<void, void, void> {
  for (const root of program.roots) host.start(root);
  yield;
  for (const step of program.shape.steps) {
    for (const action of step) act(program, host, action);
    yield;
  }
  if (program.shape.ending !== "abort") return;
  for (let round = 0; round < MOST_ROUNDS && alive(program, host).length > 0; round += 1) {
    for (const task of alive(program, host)) abort(host, task);
    yield;
  }
}

/** The rest where the runtime is shut down. */
export function* shutdown(program: Program, host: Outside, runtime: Runtime): Generator<void, void, void> {
  if (program.shape.ending === "shutdown") {
    host.log(OUTSIDE, "shutdown");
    const whenDown = runtime.shutdownTimeout(Infinity);
    void whenDown;
    yield;
    for (let open = host.waits.open; open.length > 0; open = host.waits.open) {
      for (const id of open) end(host, "complete", id);
      yield;
    }
  }
  host.log(OUTSIDE, "kill");
  runtime.shutdownBackground();
  yield;
}

function act(program: Program, host: Outside, { kind, pick }: Action): void {
  if (kind === "abort") {
    const tasks = alive(program, host);
    const task = tasks[pick % tasks.length];
    if (task !== undefined) abort(host, task);
    return;
  }
  const open = host.waits.open;
  const id = open[pick % open.length];
  if (id !== undefined) end(host, kind, id);
}

function abort(host: Outside, task: Strand): void {
  host.log(OUTSIDE, `abort ${task.id}`);
  host.abort(task);
}

function end(host: Outside, kind: "complete" | "break", id: number): void {
  host.log(OUTSIDE, `${kind} ${id}`);
  host.waits.end(id, kind === "complete" ? "completed" : "broken");
}

function alive(program: Program, host: Outside): Strand[] {
  return program.tasks.filter((task) => host.isAlive(task));
}
