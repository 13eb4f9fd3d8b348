/** The start of a program. */
import type { IntoFuture, Runtime } from "@rt/core";
import { show, typeError } from "@rt/core/driver";
import { hostProcess, isEntry, type ModuleMeta } from "./internal/entry.ts";
import { print, type ConsoleLike } from "./internal/print.ts";
import {
  buildRuntime,
  checkKeys,
  checkRuntimeOptions,
  type RuntimeOptions,
} from "./internal/runtime-options.ts";

/** Options of {@link main}. @public */
export interface MainOptions extends RuntimeOptions {
  /** The `import.meta` of the module that calls, to tell whether it is the program's entry. */
  readonly meta?: ModuleMeta;
}

/**
 * Runs `body` as the program: builds a runtime, waits for the body, prints the error it may throw and sets the exit
 * code, and shuts the runtime down, for which it waits until the cleanups of all tasks have ended.
 *
 * It does so only where the module that calls it is the one the program was started with; imported by a test or by
 * another program, and on worker threads, it does nothing. That is told from `meta` where it is given, else from the
 * call stack. In a browser it always runs.
 *
 * The exit code is 1 after an error, unless the body has set another one. What the body gives is not an exit code: set
 * `process.exitCode`. `process.exit()` would not wait for cleanups.
 *
 * @returns what the body gives; `undefined` after an error, and where it did not run. It never rejects because of the
 * body, so it need not be awaited.
 * @throws TypeError for options that don't go together or don't exist, RangeError for an unknown flavor.
 * @example
 * ```ts no-run
 * import { yieldNow } from "@rt/core";
 *
 * await main({ meta: import.meta }, function* () {
 *   yield* yieldNow();
 *   console.log("hello");
 * });
 * ```
 * @see Tokio `#[tokio::main]`, whose default is the multi-thread flavor
 * @public
 */
export function main<T>(body: IntoFuture<T>): Promise<T | undefined>;
export function main<T>(options: MainOptions, body: IntoFuture<T>): Promise<T | undefined>;
export function main<T>(...args: [IntoFuture<T>] | [MainOptions, IntoFuture<T>]): Promise<T | undefined> {
  const [options, body] = args.length === 1 ? [{}, args[0]] : args;
  if (typeof options !== "object" || options === null)
    throw typeError(`main takes options and a body, not ${show(options)}; write main({ … }, body)`);
  checkKeys(options, ["meta"]);
  const { meta, ...runtimeOptions } = options;
  checkRuntimeOptions(runtimeOptions);
  return isEntry(meta, main) ? run(buildRuntime(runtimeOptions), body) : Promise.resolve(undefined);
}

async function run<T>(runtime: Runtime, body: IntoFuture<T>): Promise<T | undefined> {
  try {
    return await runtime.blockOn(body);
  } catch (error) {
    fail(error);
    return undefined;
  } finally {
    await runtime.shutdownTimeout(Infinity);
  }
}

function fail(error: unknown): void {
  const process = hostProcess();
  if (process !== undefined && !process.exitCode) process.exitCode = 1;
  print((globalThis as unknown as { console: ConsoleLike }).console, error);
}
