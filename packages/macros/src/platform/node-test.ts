/** `test` for `node:test`. It lies here because only this folder may import from `node:`. */
import nodeTest, { type TestContext, type TestOptions as NodeOptions } from "node:test";
import { runTest, type TestBody } from "../internal/run-test.ts";
import { splitOptions, type RuntimeOptions } from "../internal/runtime-options.ts";

/** Options of {@link test}: those of the runtime, and those of `node:test`. @public */
export interface TestOptions extends Omit<RuntimeOptions, "name">, NodeOptions {}

/** Declares one test. What it gives is settled when the test has ended. @public */
export interface DeclareTest {
  (name: string, body: TestBody<[context: TestContext]>): Promise<void>;
  (name: string, options: TestOptions, body: TestBody<[context: TestContext]>): Promise<void>;
}

/** {@link test} and its variants, each as the one of `node:test`. @public */
export interface TestFunction extends DeclareTest {
  readonly only: DeclareTest;
  readonly skip: DeclareTest;
  readonly todo: DeclareTest;
}

type Declare = (
  name: string,
  options: NodeOptions,
  fn: (context: TestContext) => Promise<void>,
) => Promise<void>;

function on(declare: Declare): DeclareTest {
  return (name: string, ...rest: [TestBody<[TestContext]>] | [TestOptions, TestBody<[TestContext]>]) => {
    const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
    const [runtimeOptions, others] = splitOptions<RuntimeOptions>(options);
    return declare(name, others, (context) =>
      runTest({ ...runtimeOptions, name }, body, [context], (fn) => context.after(fn)),
    );
  };
}

/**
 * Declares a test for `node:test` whose body runs on a runtime of its own, made before it and shut down after it,
 * whatever happens. The body is a generator, async or plain function and gets the context of `node:test`.
 *
 * The test also fails when a task fails and nobody waits for it, unless `unhandledPanic` is `"ignore"` or a `builder`
 * of one's own sends reports elsewhere. When it times out, what each task was waiting for is printed. Cleanups that
 * wait are waited for.
 *
 * @throws TypeError for options that don't go together, RangeError for an unknown flavor.
 * @example
 * ```ts no-run
 * import assert from "node:assert";
 * import { spawn, yieldNow } from "@rt/core";
 * import { test } from "@rt/macros/node-test";
 *
 * test("gives the value of a task", { startPaused: true }, function* () {
 *   const handle = spawn(function* () {
 *     yield* yieldNow();
 *     return 1;
 *   });
 *   assert.equal(yield* handle, 1);
 * });
 * ```
 * @see Tokio `#[tokio::test]`
 * @public
 */
export const test: TestFunction = /* @__PURE__ */ Object.assign(on(nodeTest), {
  only: on(nodeTest.only),
  skip: on(nodeTest.skip),
  todo: on(nodeTest.todo),
});
