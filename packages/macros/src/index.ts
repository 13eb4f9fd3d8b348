/**
 * Waiting for several futures at once, and starting programs and tests.
 * @packageDocumentation
 */
export { Branch, branch, type BranchOptions, type Matching, type Running } from "./branch.ts";
export { byRef } from "./by-ref.ts";
export type { ModuleMeta } from "./internal/entry.ts";
export type { RuntimeOptions } from "./internal/runtime-options.ts";
export type { Output, Settled } from "./internal/types.ts";
export { join, joinSettled, tryJoin, type Joined, type JoinedSettled, type JoinOptions } from "./join.ts";
export { main, type MainOptions } from "./main.ts";
export {
  select,
  type Arm,
  type ElseOptions,
  type Named,
  type Selected,
  type SelectOptions,
} from "./select.ts";
export { taskLocal } from "./task-local.ts";
