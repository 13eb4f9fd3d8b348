/**
 * `test` for `node:test`, on a fresh runtime each. Node only.
 * @packageDocumentation
 */
export { test, type DeclareTest, type TestFunction, type TestOptions } from "./platform/node-test.ts";
export type { TestBody } from "./internal/run-test.ts";
export type { RuntimeOptions } from "./internal/runtime-options.ts";
