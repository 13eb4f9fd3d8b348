/** What the tests of this package share. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { Builder, type Context, type Future, type IntoFuture, type Waker } from "@rt/core";

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

export function raise(name: NodeJS.Signals): void {
  process.kill(process.pid, name);
}

/** Sends the signals to this process and waits until Node has told of all of them: they come in order. */
export async function deliver(...names: NodeJS.Signals[]): Promise<void> {
  const last = once(process, "SIGWINCH");
  for (const name of names) raise(name);
  raise("SIGWINCH");
  await last;
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

/** Waits for the future that `make` makes in a task of the lane; calls `meanwhile` once it waits. */
export function inLane<T>(lane: Lane, make: () => Future<T>, meanwhile: () => void): Promise<T> {
  setImmediate(meanwhile);
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

export interface Outcome {
  readonly out: string;
  readonly err: string;
  /** The exit code, or the signal that ended it. */
  readonly end: number | string | null;
}

/** Runs `code` in a process of its own, with the package, `run`, `spawn` and `raise` at hand. */
export function program(code: string): Promise<Outcome> {
  const source = `
    import { Builder, spawn } from "@rt/core";
    import { ctrlC, signal, SignalKind } from "@rt/signal";
    const runtime = Builder.currentThread().build();
    const run = (body) => runtime.blockOn(body);
    const raise = (name) => process.kill(process.pid, name);
    // Unreferenced: it comes only if something else keeps the process alive that long.
    const later = (fn, ms = 50) => void setTimeout(fn, ms).unref();
    ${code}
  `;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...process.execArgv, "--input-type=module", "-e", source],
      (_error, out, err) => resolve({ out, err, end: child.exitCode ?? child.signalCode }),
    );
  });
}
