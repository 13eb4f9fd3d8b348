/**
 * `test` for vitest, on a fresh runtime each.
 * @packageDocumentation
 */
import { test as vitestTest, type TestContext, type TestOptions as VitestOptions } from "vitest";
import { runTest, type TestBody } from "./internal/run-test.ts";
import { splitOptions, type RuntimeOptions } from "./internal/runtime-options.ts";

export type { RuntimeOptions } from "./internal/runtime-options.ts";
export type { TestBody } from "./internal/run-test.ts";

/** Options of {@link test}: those of the runtime, and vitest's own. @public */
export interface TestOptions extends Omit<RuntimeOptions, "name">, Omit<VitestOptions, "shuffle"> {}

/** Declares one test. @public */
export interface DeclareTest<A extends readonly unknown[]> {
  (name: string, body: TestBody<A>): void;
  (name: string, options: TestOptions, body: TestBody<A>): void;
}

/** {@link test} and its variants, each as vitest's own of the same name. @public */
export interface TestFunction extends DeclareTest<[context: TestContext]> {
  readonly only: DeclareTest<[context: TestContext]>;
  readonly skip: DeclareTest<[context: TestContext]>;
  readonly fails: DeclareTest<[context: TestContext]>;
  readonly concurrent: DeclareTest<[context: TestContext]>;
  todo(name: string): void;
  skipIf(condition: boolean): DeclareTest<[context: TestContext]>;
  runIf(condition: boolean): DeclareTest<[context: TestContext]>;
  /** A test for each case. A case that is an array is spread over the body's parameters. */
  each<T extends unknown[] | [unknown]>(cases: readonly T[]): DeclareTest<T>;
  each<const T>(cases: readonly T[]): DeclareTest<[value: T]>;
  /** A test for each case, given as it is, with the context behind it. */
  for<const T>(cases: readonly T[]): DeclareTest<[value: T, context: TestContext]>;
}

type Rest<A extends readonly unknown[]> = [TestBody<A>] | [TestOptions, TestBody<A>];
type Plain = (name: string, options: object, fn: (context: TestContext) => Promise<void>) => void;
type ForEach = (
  name: string,
  options: object,
  fn: (value: unknown, context: TestContext) => Promise<void>,
) => void;

function parse<A extends readonly unknown[]>(
  rest: Rest<A>,
): [options: object, run: (context: TestContext, args: A) => Promise<void>] {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
  const [runtimeOptions, others] = splitOptions<RuntimeOptions>(options);
  const run = (context: TestContext, args: A): Promise<void> =>
    runTest({ ...runtimeOptions, name: context.task.name }, body, args, (fn) => context.onTestFinished(fn));
  return [others, run];
}

function single(declare: Plain): DeclareTest<[context: TestContext]> {
  return (name: string, ...rest: Rest<[TestContext]>): void => {
    const [options, run] = parse(rest);
    declare(name, options, (context) => run(context, [context]));
  };
}

function many<A extends readonly unknown[]>(
  declare: ForEach,
  argsOf: (value: unknown, context: TestContext) => A,
): DeclareTest<A> {
  return (name: string, ...rest: Rest<A>): void => {
    const [options, run] = parse(rest);
    declare(name, options, (value, context) => run(context, argsOf(value, context)));
  };
}

/**
 * Declares a test for vitest whose body runs on a runtime of its own, made before it and shut down after it, whatever
 * happens. The body is a generator, async or plain function and gets vitest's context.
 *
 * The test also fails when a task fails and nobody waits for it, unless `unhandledPanic` is `"ignore"` or a `builder`
 * of one's own sends reports elsewhere. When it times out, what each task was waiting for is printed. Cleanups that
 * wait are waited for.
 *
 * @throws TypeError for options that don't go together, RangeError for an unknown flavor.
 * @example
 * ```ts no-run
 * import { spawn, yieldNow } from "@rt/core";
 * import { test } from "@rt/macros/vitest";
 * import { expect } from "vitest";
 *
 * test("gives the value of a task", { startPaused: true }, function* () {
 *   const handle = spawn(function* () {
 *     yield* yieldNow();
 *     return 1;
 *   });
 *   expect(yield* handle).toBe(1);
 * });
 * ```
 * @see Tokio `#[tokio::test]`
 * @public
 */
export const test: TestFunction = /* @__PURE__ */ Object.assign(single(vitestTest), {
  only: single(vitestTest.only),
  skip: single(vitestTest.skip),
  fails: single(vitestTest.fails),
  concurrent: single(vitestTest.concurrent),
  todo: (name: string): void => vitestTest.todo(name),
  skipIf: (condition: boolean) => single(vitestTest.skipIf(condition)),
  runIf: (condition: boolean) => single(vitestTest.runIf(condition)),
  each: (cases: readonly unknown[]) =>
    many(vitestTest.for(cases), (value) => (Array.isArray(value) ? (value as unknown[]) : [value])),
  for: (cases: readonly unknown[]) => many(vitestTest.for(cases), (value, context) => [value, context]),
}) as TestFunction;
