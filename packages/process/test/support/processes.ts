/** What the tests of this package share. */
import { execFile, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Builder, type Context, type Future, type IntoFuture, type Waker } from "@rt/core";
import { Command, type Child } from "@rt/process";
import { onTestFinished } from "vitest";

export const LANES = ["generator", "async"] as const;
export type Lane = (typeof LANES)[number];

/** A context that counts how often it was woken. */
export class TestWaker implements Waker, Context {
  count = 0;
  get waker(): Waker {
    return this;
  }
  wake(): void {
    this.count += 1;
  }
}

export const cx = (): TestWaker => new TestWaker();

const decoder = new TextDecoder();
export const text = (data: Uint8Array | undefined): string => decoder.decode(data);

export const isRoot: boolean = process.getuid?.() === 0;
export const hasProc: boolean = process.platform === "linux";

export function sh(script: string): Command {
  return new Command("sh").args(["-c", script]);
}

/** A child that is killed at the end of the test, if it is still there. */
export function started(command: Command): Child {
  const child = command.spawn();
  const pid = child.id()!;
  onTestFinished(() => {
    if (child.id() === null) return;
    try {
      process.kill(pid, "SIGKILL");
    } catch {}
  });
  return child;
}

/** Runs `body` to its end on a runtime of its own. */
export async function run<T>(body: IntoFuture<T>): Promise<T> {
  const runtime = Builder.currentThread().build();
  try {
    return await runtime.blockOn(body);
  } finally {
    runtime.shutdownBackground();
  }
}

/** Waits for the future that `make` makes in a task of the lane. */
export function inLane<T>(lane: Lane, make: () => Future<T>): Promise<T> {
  if (lane === "async") return run(async () => await make());
  return run(function* () {
    return yield* make();
  });
}

/** What `fn` throws. */
export function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

/** What `promise` rejects with. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

/** Looks again and again; the test's own time-out is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds())
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
}

/** Whether there is such a process, running or waiting to be reaped. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The state of a process, as Linux has it: `R` for running, `S` for asleep, `T` for stopped. */
export function stateOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .charAt(0);
}

/** How many descriptors this process has open. */
export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "rt-process-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

export interface Outcome {
  readonly out: string;
  readonly err: string;
  /** The exit code, or the signal that ended it. */
  readonly end: number | string | null;
}

/** Runs `code` in a process of its own, with the package, `run` and `sh` at hand. */
export function program(
  code: string,
  options: { env?: NodeJS.ProcessEnv; flags?: string[]; stdin?: string; descriptors?: number } = {},
): Promise<Outcome> {
  const source = `
    import { Builder, spawn } from "@rt/core";
    import { Command, Stdio } from "@rt/process";
    const runtime = Builder.currentThread().build();
    const run = (body) => runtime.blockOn(body);
    const sh = (script) => new Command("sh").args(["-c", script]);
    ${code}
  `;
  return new Promise((resolve) => {
    const limit = options.descriptors === undefined ? "" : `ulimit -n ${options.descriptors};`;
    const args = [...process.execArgv, ...(options.flags ?? []), "--input-type=module", "-e", source];
    const child: ChildProcess = execFile(
      "sh",
      ["-c", `${limit} exec "$0" "$@"`, process.execPath, ...args],
      { env: { ...process.env, ...options.env } },
      (_error, out, err) => resolve({ out, err, end: child.exitCode ?? child.signalCode }),
    );
    child.stdin!.end(options.stdin ?? "");
  });
}
