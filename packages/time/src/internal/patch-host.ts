/** The clocks that `@sinonjs/fake-timers` leaves out, or would stop at 0. */
import type { TimeDriver } from "../time-driver.ts";
import type { FakeClock } from "./foreign-clock.ts";

interface TimersPromises {
  setTimeout(ms: number | undefined, value: unknown, options?: unknown): Promise<unknown>;
  readonly scheduler: object;
}

interface Host {
  readonly performance: object;
  readonly AbortSignal: object;
  readonly AbortController: new () => { readonly signal: unknown; abort(reason: unknown): void };
  readonly DOMException: new (message: string, name: string) => unknown;
  readonly setTimeout: object;
  readonly process?: { getBuiltinModule?(name: string): unknown };
}
// The few globals this file needs, typed here so that it depends on neither DOM nor Node typings.
const host = globalThis as unknown as Host;

const PROMISIFY = Symbol.for("nodejs.util.promisify.custom");

/** Gives the function that takes everything back. */
export function patchHost(driver: TimeDriver, clock: FakeClock): () => void {
  const undo = [
    replace(host.performance, "now", () => driver.now()),
    replace(host.AbortSignal, "timeout", (ms: number) => abortAfter(clock, ms)),
  ];
  // Does not call the clock's method, which tells the driver.
  replace(host.setTimeout, PROMISIFY, (ms: number, value: unknown) => wait(clock, ms, value));
  const promises = host.process?.getBuiltinModule?.("node:timers/promises") as TimersPromises | undefined;
  if (promises !== undefined) {
    undo.push(
      replace(promises.scheduler, "wait", (ms: number, options?: unknown) =>
        promises.setTimeout(ms, undefined, options),
      ),
    );
  }
  syncNamedImports();
  return () => {
    for (const restore of undo) restore();
    syncNamedImports();
  };
}

/** `import { setTimeout } from "node:timers/promises"` sees a change of the module only after this. */
function syncNamedImports(): void {
  const module = host.process?.getBuiltinModule?.("node:module") as
    | { syncBuiltinESMExports(): void }
    | undefined;
  module?.syncBuiltinESMExports();
}

function replace(target: object, name: string | symbol, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
  return () => {
    if (before === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, before);
  };
}

function wait(clock: FakeClock, ms: number, value: unknown): Promise<unknown> {
  return new Promise((resolve) => void clock.setTimeout(() => resolve(value), ms));
}

function abortAfter(clock: FakeClock, ms: number): unknown {
  const controller = new host.AbortController();
  const reason = (): unknown =>
    new host.DOMException("The operation was aborted due to timeout", "TimeoutError");
  clock.setTimeout(() => controller.abort(reason()), ms);
  return controller.signal;
}
