/** What the tests of this package share: a folder for each test, both lanes, and who has what open. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Builder, type Context, type Future, type IntoFuture, PENDING, type Waker } from "@rt/core";
import { expect, onTestFinished, vi } from "vitest";

export const LANES = ["generator", "async"] as const;
export type Lane = (typeof LANES)[number];

/** A folder that goes when the test is over. */
export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "rt-fs-")));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
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

/** Waits for the future that `make` makes, in a task of the lane. */
export function inLane<T>(lane: Lane, make: () => Future<T>): Promise<T> {
  if (lane === "async") return run(async () => await make());
  return run(function* () {
    return yield* make();
  });
}

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

/** Polls `future` once, which is pending then, and gives it up. */
export function pollAndDrop(future: Future<unknown>): void {
  expect(future.poll(new TestWaker())).toBe(PENDING);
  future.drop();
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

/** Whether one can see what this process has open. */
export const SEES_DESCRIPTORS: boolean = process.platform === "linux";
/** Nothing is forbidden to root, so there is nothing to see. */
export const IS_ROOT: boolean = process.getuid?.() === 0;

/** What this process has open in `path`. */
export function openIn(path: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(path) ? [target] : [];
    } catch {
      return []; // that of the listing itself
    }
  });
}

/** Waits until nothing is open in `path`: closing goes on in the background. */
export async function expectClosed(path: string): Promise<void> {
  await vi.waitFor(() => expect(openIn(path)).toEqual([]));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const utf8 = (text: string): Uint8Array => encoder.encode(text);
export const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : decoder.decode(bytes);

/** Runs `code` in a process of its own, with everything of this package, a runtime and `gc` at hand. */
export function program(
  code: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ stdout: string; stderr: string }> {
  const source = `
    import { Builder } from "@rt/core";
    import * as fs from "@rt/fs";
    const { File, readDir } = fs;
    const runtime = Builder.currentThread().build();
    ${code}
  `;
  const args = [...process.execArgv, "--expose-gc", "--input-type=module", "-e", source];
  return promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
}
