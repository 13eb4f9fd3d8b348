/* oxlint-disable require-yield -- generators that never suspend are among what is tested */
/** What must compile and what must not. The functions here are never called: the type checker is the test. */
import { type Future, type JoinHandle, pending, ready, type TaskLocal, yieldNow, type Async } from "@rt/core";
import { branch, type Branch, byRef, join, joinSettled, main, select, taskLocal, tryJoin } from "@rt/macros";
import { test, type TestOptions } from "@rt/macros/vitest";
import { describe, expect, expectTypeOf, it, type TestContext } from "vitest";

function* flags(): Async<boolean> {
  yield* yieldNow();
  return true;
}
declare const count: Future<number>;
declare const text: Future<string>;
declare const promise: Promise<Date>;
declare const handle: JoinHandle<bigint>;
const never = (fn: () => unknown): void => expect(typeof fn).toBe("function");

describe("the type of select over a record", () => {
  it("is a union told apart by the branch", () => {
    expectTypeOf(() => select({ count, text })).returns.toEqualTypeOf<
      Future<
        | { readonly branch: "count"; readonly value: number }
        | { readonly branch: "text"; readonly value: string }
      >
    >();
  });

  it("narrows the value by the branch", () => {
    never(function* () {
      const event = yield* select({ count, text });
      if (event.branch === "count") event.value.toFixed();
      else event.value.toUpperCase();
      // @ts-expect-error -- not narrowed
      event.value.toFixed();
      // @ts-expect-error -- there is no such branch
      return event.branch === "other";
    });
  });

  it("is inferred from every kind of input", () => {
    const selected = () =>
      select({
        a: flags(),
        b: flags,
        c: promise,
        d: handle,
        e: async () => 1n,
        f: function* () {
          yield* pending();
          return null;
        },
      });
    type Value<B extends string> = Extract<
      ReturnType<typeof selected> extends Future<infer U> ? U : never,
      { branch: B }
    >["value"];
    expectTypeOf<Value<"a">>().toEqualTypeOf<boolean>();
    expectTypeOf<Value<"b">>().toEqualTypeOf<boolean>();
    expectTypeOf<Value<"c">>().toEqualTypeOf<Date>();
    expectTypeOf<Value<"d">>().toEqualTypeOf<bigint>();
    expectTypeOf<Value<"e">>().toEqualTypeOf<bigint>();
    expectTypeOf<Value<"f">>().toEqualTypeOf<null>();
  });

  it("has a branch for else", () => {
    expectTypeOf(() => select({ count }, { else: async () => "none" })).returns.toEqualTypeOf<
      Future<
        | { readonly branch: "count"; readonly value: number }
        | { readonly branch: "else"; readonly value: string }
      >
    >();
  });

  it("keeps names open where they are not known", () => {
    const make = (record: Record<string, Future<number>>) => select(record);
    expectTypeOf(make).returns.toEqualTypeOf<Future<{ readonly branch: string; readonly value: number }>>();
  });

  it("refuses what can't be run, unknown options, and a branch called else beside the option", () => {
    never(() => [
      // @ts-expect-error -- a number can't be run
      select({ a: 1 }),
      // @ts-expect-error -- a function that gives a number can't be run
      select({ a: () => 1 }),
      // @ts-expect-error -- there is no such option
      select({ a: count }, { fair: true }),
      // @ts-expect-error -- the name is taken
      select({ else: count }, { else: () => 1 }),
      // @ts-expect-error -- a future alone is no record
      select(count),
    ]);
  });
});

describe("the type of select over a list", () => {
  it("gives each handler the value of its future, and is the union of what they give", () => {
    const selected = () =>
      select([
        [count, (n) => n.toFixed()],
        [text, (s) => s.length > 1],
        [promise, async (date) => date.getTime()],
        [
          flags(),
          function* (flag) {
            yield* yieldNow();
            return flag ? BigInt(1) : null;
          },
        ],
        [ready(1), () => text],
      ]);
    expectTypeOf(selected).returns.toEqualTypeOf<Future<string | boolean | number | bigint | null>>();
  });

  it("takes branches with handlers among pairs, and else", () => {
    const selected = () =>
      select([branch(count, { run: (n) => ({ n }) }), [text, (s) => s]], { else: async () => undefined });
    expectTypeOf(selected).returns.toEqualTypeOf<Future<{ n: number } | string | undefined>>();
  });

  it("takes more than eight pairs", () => {
    const selected = (pair: readonly [Future<number>, (n: number) => string]) =>
      select([pair, pair, pair, pair, pair, pair, pair, pair, pair, [text, (s: string) => s.length]]);
    expectTypeOf(selected).returns.toEqualTypeOf<Future<string | number>>();
  });

  it("takes a list of any length", () => {
    const selected = () => select([1, 2].map((n) => [ready(n), (m: number) => String(m)] as const));
    expectTypeOf(selected).returns.toEqualTypeOf<Future<string>>();
  });

  it("is that of the futures where there are no handlers", () => {
    expectTypeOf(() => select([count, text, flags])).returns.toEqualTypeOf<
      Future<number | string | boolean>
    >();
  });

  it("refuses a handler for another value", () => {
    never(() =>
      select([
        // @ts-expect-error -- a number has no length
        [count, (s) => s.length],
      ]),
    );
  });
});

describe("the type of branch", () => {
  it("is that of its future, unless a handler makes another of it", () => {
    expectTypeOf(() => branch(count)).returns.toEqualTypeOf<Branch<number>>();
    expectTypeOf(() => branch(flags, { when: true, match: (flag) => flag })).returns.toEqualTypeOf<
      Branch<boolean>
    >();
    expectTypeOf(() => branch(count, { run: (n) => n.toFixed() })).returns.toEqualTypeOf<Branch<string>>();
  });

  it("is narrowed by a type guard, for the handler and the result", () => {
    const mixed = ready<string | number>(1);
    const isText = (value: string | number): value is string => typeof value === "string";
    expectTypeOf(() => branch(mixed, { match: isText })).returns.toEqualTypeOf<Branch<string>>();
    expectTypeOf(() => branch(mixed, { match: isText, run: (s) => s.length })).returns.toEqualTypeOf<
      Branch<number>
    >();
    expectTypeOf(() => select({ text: branch(mixed, { match: isText }) })).returns.toEqualTypeOf<
      Future<{ readonly branch: "text"; readonly value: string }>
    >();
  });

  it("refuses a condition that is no boolean, and a pattern for another value", () => {
    never(() => [
      // @ts-expect-error -- 1 is no boolean
      branch(count, { when: 1 }),
      // @ts-expect-error -- the value is a number
      branch(count, { match: (value: string) => value === "" }),
    ]);
  });
});

describe("the type of byRef", () => {
  it("is that of the future, and of nothing else", () => {
    expectTypeOf(() => byRef(count)).returns.toEqualTypeOf<Future<number>>();
    // @ts-expect-error -- a generator must become a future first
    never(() => byRef(flags()));
  });
});

describe("the type of join and tryJoin", () => {
  it("is a tuple for arguments and for a literal list", () => {
    expectTypeOf(() => join(count, flags, promise)).returns.toEqualTypeOf<Future<[number, boolean, Date]>>();
    expectTypeOf(() => tryJoin([count, flags(), handle])).returns.toEqualTypeOf<
      Future<[number, boolean, bigint]>
    >();
    expectTypeOf(() => join()).returns.toEqualTypeOf<Future<[]>>();
  });

  it("is an array for an array", () => {
    const make = (list: Future<number>[]) => join(list, { biased: true });
    expectTypeOf(make).returns.toEqualTypeOf<Future<number[]>>();
  });

  it("is a record for a record", () => {
    expectTypeOf(() => tryJoin({ count, flags })).returns.toEqualTypeOf<
      Future<{ count: number; flags: boolean }>
    >();
  });

  it("is one of outcomes for joinSettled", () => {
    expectTypeOf(() => joinSettled(count, text)).returns.toEqualTypeOf<
      Future<[PromiseSettledResult<number>, PromiseSettledResult<string>]>
    >();
  });

  it("refuses what can't be run", () => {
    never(() => [
      // @ts-expect-error -- a number can't be run
      join(1),
      // @ts-expect-error -- nor can it in a list
      tryJoin([1]),
      // @ts-expect-error -- nor in a record
      joinSettled({ a: 1 }),
    ]);
  });
});

describe("the type of main, test and taskLocal", () => {
  it("gives the value of the body, or undefined", () => {
    expectTypeOf(() => main(flags)).returns.toEqualTypeOf<Promise<boolean | undefined>>();
    expectTypeOf(() => main({ meta: import.meta }, async () => 1)).returns.toEqualTypeOf<
      Promise<number | undefined>
    >();
  });

  it("refuses unknown options and flavors, and a body that can't be run", () => {
    never(() => [
      // @ts-expect-error -- an old name
      main({ coreThreads: 2 }, flags),
      // @ts-expect-error -- the name is multiThread
      main({ flavor: "multi_thread" }, flags),
      // @ts-expect-error -- a plain function that gives a number
      main(() => 1),
      // @ts-expect-error -- no body
      main({ name: "x" }),
    ]);
  });

  it("gives the body of a test vitest's context, or its case", () => {
    never(() => {
      test("x", { startPaused: true, timeout: 1 }, function* (context) {
        expectTypeOf(context).toEqualTypeOf<TestContext>();
      });
      test.each([[1, "a"] as [number, string]])("x", async (n, s) => {
        expectTypeOf(n).toEqualTypeOf<number>();
        expectTypeOf(s).toEqualTypeOf<string>();
      });
      test.for([{ n: 1 }])("x", ({ n }) => expectTypeOf(n).toEqualTypeOf<1>());
      // @ts-expect-error -- a test's runtime is named after it
      return { name: "x" } satisfies TestOptions;
    });
  });

  it("is that of the value for taskLocal", () => {
    expectTypeOf(() => taskLocal<string>("x")).returns.toEqualTypeOf<TaskLocal<string>>();
  });
});
