/** One test on a runtime of its own, whichever runner it is for. */
import type { IntoFuture, Report, Runtime } from "@rt/core";
import { messageOf } from "@rt/core/driver";
import { isGeneratorFunction, waitable } from "./handler.ts";
import { print, type ConsoleLike } from "./print.ts";
import { buildRuntime, type RuntimeOptions } from "./runtime-options.ts";

/** What a test does: a plain, a generator or an async function. @public */
export type TestBody<A extends readonly unknown[]> = (...args: A) => unknown;

interface Host {
  readonly console: ConsoleLike;
  readonly setImmediate?: (fn: () => void) => void;
  readonly MessageChannel: new () => {
    readonly port1: { onmessage: (() => void) | null; close(): void };
    readonly port2: { postMessage(message: null): void };
  };
}
// Taken before a test can replace them by fake ones.
const { console, setImmediate, MessageChannel } = globalThis as unknown as Host;

/**
 * Runs `body` on a fresh runtime and shuts that down, whatever happens.
 *
 * @param atEnd - registers what the runner calls when the test is over, also when it has timed out.
 */
export async function runTest<A extends readonly unknown[]>(
  options: RuntimeOptions,
  body: TestBody<A>,
  args: A,
  atEnd: (fn: () => void) => void,
): Promise<void> {
  const failures: Report[] = [];
  const runtime = buildRuntime(options, (builder) =>
    builder.onReport((report) => {
      if (FAILURES.includes(report.kind)) failures.push(report);
      else console.error(report.message);
    }),
  );
  let isOver = false;
  atEnd(() => {
    if (!isOver) giveUp(runtime);
  });
  try {
    await runtime.blockOn(toBody(body, args));
  } catch (error) {
    for (const report of failures) print(console, report.message, report.error);
    throw error;
  } finally {
    isOver = true;
    await runtime.shutdownTimeout(Infinity);
  }
  // A failure is reported a turn of the event loop after it.
  await nextTurn();
  const [first] = failures;
  if (first !== undefined) throw new Error(say(first, failures.length), { cause: first.error });
}

/** What a test should fail for, even where its body knows nothing of it. */
const FAILURES: readonly string[] = ["task-failed", "hook-failed", "waker-failed"];

/** With the message of the error itself: not every runner shows causes. */
function say({ message, error }: Report, count: number): string {
  const text = messageOf(error);
  const what = text && `: ${text}`;
  return `${message}${what}${count === 1 ? "" : ` (and ${count - 1} more)`}`;
}

/** The runner has given up on a test that has not ended. */
function giveUp(runtime: Runtime): void {
  console.error(`rt: the test is over, but its body is not:\n${String(runtime.handle().dump())}`);
  runtime.shutdownBackground();
}

function toBody<A extends readonly unknown[]>(body: TestBody<A>, args: A): IntoFuture<unknown> {
  // A generator function gives a generator, and nothing of it has run then.
  if (isGeneratorFunction(body)) return body(...args) as IntoFuture<unknown>;
  return () => waitable(body(...args));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate !== undefined) {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
