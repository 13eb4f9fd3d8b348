/** Arbitraries for programs. The simplest statement comes first, because shrinking goes that way. */
import fc, { type Arbitrary } from "fast-check";
import { Program, type Action, type ProgramShape, type SetShape, type Shape } from "./program.ts";

const MOST_STATEMENTS = 5;
const reference = fc.nat({ max: 30 });

const setOp: Arbitrary<SetShape> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<SetShape>({ kind: "next" }, { kind: "yield" }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<SetShape>(
      { kind: "tryNext" },
      { kind: "joinAll" },
      { kind: "shutdown" },
      { kind: "abortAll" },
      { kind: "detachAll" },
    ),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("abort" as const), member: fc.nat({ max: 2 }) }) },
);

const { block } = fc.letrec<{ statement: Shape; block: readonly Shape[] }>((tie) => ({
  block: fc.array(tie("statement"), { maxLength: MOST_STATEMENTS, size: "max" }),
  statement: fc.oneof(
    { depthSize: "max", maxDepth: 3, withCrossShrink: true, depthIdentifier: "program" },
    { weight: 2, arbitrary: fc.constant<Shape>({ kind: "note" }) },
    { weight: 4, arbitrary: fc.constant<Shape>({ kind: "yield" }) },
    { weight: 3, arbitrary: fc.constant<Shape>({ kind: "wait" }) },
    { weight: 1, arbitrary: fc.constant<Shape>({ kind: "fail" }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("fire" as const), wait: reference }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("join" as const), task: reference }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("abort" as const), task: reference }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("detach" as const), task: reference }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("spawn" as const), body: tie("block") }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("finally" as const),
        body: tie("block"),
        cleanup: tie("block"),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("race" as const), a: tie("block"), b: tie("block") }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("set" as const),
        members: fc.array(tie("block"), { maxLength: 3 }),
        ops: fc.array(setOp, { maxLength: 4 }),
      }),
    },
  ),
}));

const action: Arbitrary<Action> = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constant("complete" as const) },
    { weight: 1, arbitrary: fc.constant("break" as const) },
    { weight: 2, arbitrary: fc.constant("abort" as const) },
  ),
  pick: reference,
});

/** Programs whose tasks have at most `MOST_STATEMENTS` statements in each block. */
export const programs: Arbitrary<Program> = fc
  .record<ProgramShape>({
    roots: fc.array(block, { minLength: 1, maxLength: 3 }),
    steps: fc.array(fc.array(action, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
    ending: fc.constantFrom("abort", "shutdown", "kill"),
  })
  .map((shape) => new Program(shape));
