/* oxlint-disable require-yield -- tasks that never suspend are among what is tested */
/** What must compile and what must not. The functions here are never called: the type checker is the test. */
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  Builder,
  Future,
  JoinHandle,
  JoinSet,
  LocalSet,
  PENDING,
  TaskBuilder,
  TaskLocal,
  fromPromise,
  type id,
  intoFuture,
  pending,
  ready,
  spawn,
  spawnLocal,
  type tryId,
  withSignal,
  yieldNow,
  type AbortHandle,
  type AccessError,
  type Async,
  type Id,
  type IntoFuture,
  type JoinError,
  type Poll,
  type RuntimeId,
  type TaskLocalFuture,
} from "@rt/core";

function* numbers(): Async<number> {
  yield* yieldNow();
  return 1;
}
const promised = async (): Promise<string> => "text";
const never = (fn: () => unknown): void => expect(typeof fn).toBe("function");

describe("the type of spawn", () => {
  it("is inferred from a generator object", () => {
    expectTypeOf(() => spawn(numbers())).returns.toEqualTypeOf<JoinHandle<number>>();
  });

  it("is inferred from a generator function", () => {
    expectTypeOf(() => spawn(numbers)).returns.toEqualTypeOf<JoinHandle<number>>();
  });

  it("is inferred from an arrow function that gives a generator", () => {
    expectTypeOf(() => spawn(() => numbers())).returns.toEqualTypeOf<JoinHandle<number>>();
  });

  it("is inferred from an inline generator function", () => {
    const spawned = () =>
      spawn(function* () {
        yield* yieldNow();
        return "text";
      });
    expectTypeOf(spawned).returns.toEqualTypeOf<JoinHandle<string>>();
  });

  it("is inferred from an async function", () => {
    expectTypeOf(() => spawn(promised)).returns.toEqualTypeOf<JoinHandle<string>>();
  });

  it("is inferred from an inline async function", () => {
    expectTypeOf(() => spawn(async () => 1)).returns.toEqualTypeOf<JoinHandle<number>>();
  });

  it("is inferred from a future", () => {
    expectTypeOf(() => spawn(ready("text"))).returns.toEqualTypeOf<JoinHandle<string>>();
  });

  it("is inferred from a function that gives a future", () => {
    expectTypeOf(() => spawn(() => ready("text"))).returns.toEqualTypeOf<JoinHandle<string>>();
  });

  it("is inferred from a promise", () => {
    expectTypeOf(() => spawn(promised())).returns.toEqualTypeOf<JoinHandle<string>>();
  });

  it("is inferred from a join handle", () => {
    expectTypeOf(() => spawn(spawn(numbers()))).returns.toEqualTypeOf<JoinHandle<number>>();
  });

  it("is inferred from a future of never", () => {
    expectTypeOf(() => spawn(pending())).returns.toEqualTypeOf<JoinHandle<never>>();
  });

  it("is inferred from a body that returns nothing", () => {
    expectTypeOf(() => spawn(async () => {})).returns.toEqualTypeOf<JoinHandle<void>>();
  });

  it("keeps a union together", () => {
    const body = async (): Promise<number | undefined> => undefined;
    expectTypeOf(() => spawn(body)).returns.toEqualTypeOf<JoinHandle<number | undefined>>();
  });

  it("takes any IntoFuture", () => {
    const generic = <T>(body: IntoFuture<T>) => spawn(body);
    expectTypeOf(generic<number>).returns.toEqualTypeOf<JoinHandle<number>>();
  });

  it("is the same for every place to spawn on", () => {
    expectTypeOf(() => Builder.currentThread().build().spawn(numbers())).returns.toEqualTypeOf<
      JoinHandle<number>
    >();
    expectTypeOf(() => Builder.currentThread().build().handle().spawn(numbers())).returns.toEqualTypeOf<
      JoinHandle<number>
    >();
    expectTypeOf(() => Builder.currentThread().buildLocal().spawnLocal(numbers())).returns.toEqualTypeOf<
      JoinHandle<number>
    >();
    expectTypeOf(() => new LocalSet().spawnLocal(numbers())).returns.toEqualTypeOf<JoinHandle<number>>();
    expectTypeOf(() => spawnLocal(numbers())).returns.toEqualTypeOf<JoinHandle<number>>();
    expectTypeOf(() => new TaskBuilder().name("n").spawn(numbers())).returns.toEqualTypeOf<
      JoinHandle<number>
    >();
  });

  it("refuses what cannot be run", () => {
    never(() => {
      // @ts-expect-error -- a number is no body
      spawn(5);
      // @ts-expect-error -- nor is a string
      spawn("text");
      // @ts-expect-error -- nor is nothing
      spawn();
      // @ts-expect-error -- nor is a plain object
      spawn({});
      // @ts-expect-error -- nor is a function that gives a plain value
      spawn(() => 5);
    });
  });

  it("refuses functions that take arguments", () => {
    never(() => {
      // @ts-expect-error -- nobody would pass them
      spawn(async (n: number) => n);
      // @ts-expect-error -- the same for generators
      spawn(function* (n: number): Async<number> {
        return n;
      });
    });
  });

  it("refuses generators that yield something else than futures", () => {
    never(() => {
      // @ts-expect-error -- a number is no future
      spawn(function* () {
        yield 5;
      });
      // @ts-expect-error -- nor is a promise
      spawn(function* () {
        yield Promise.resolve(5);
      });
    });
  });

  it("refuses iterables that are no generators", () => {
    never(() => {
      // @ts-expect-error -- an array is no generator
      spawn([ready(1)]);
    });
  });
});

describe("the type of Async", () => {
  it("gives yield* of a future its value", () => {
    function* body(): Async<void> {
      expectTypeOf(yield* ready("text")).toEqualTypeOf<string>();
    }
    never(body);
  });

  it("gives yield* of a join handle its value", () => {
    function* body(): Async<void> {
      expectTypeOf(yield* spawn(numbers())).toEqualTypeOf<number>();
    }
    never(body);
  });

  it("gives yield* of another task its value", () => {
    function* body(): Async<void> {
      expectTypeOf(yield* numbers()).toEqualTypeOf<number>();
    }
    never(body);
  });

  it("checks what the generator returns", () => {
    function* body(): Async<number> {
      yield* yieldNow();
      // @ts-expect-error -- a string is not the number that was promised
      return "text";
    }
    never(body);
  });

  it("refuses yield* of a promise", () => {
    function* body(): Async<void> {
      // @ts-expect-error -- fromPromise is the way
      yield* promised();
      yield* fromPromise(promised());
    }
    never(body);
  });

  it("refuses yield of a plain value", () => {
    function* body(): Async<void> {
      // @ts-expect-error -- only futures may be yielded
      yield 5;
    }
    never(body);
  });
});

describe("the type of await", () => {
  it("is the value of a future", () => {
    never(async () => {
      expectTypeOf(await ready("text")).toEqualTypeOf<string>();
    });
  });

  it("is the value of a join handle", () => {
    never(async () => {
      expectTypeOf(await spawn(numbers())).toEqualTypeOf<number>();
    });
  });

  it("is the values of all in Promise.all", () => {
    never(async () => {
      expectTypeOf(await Promise.all([spawn(numbers()), ready("text")])).toEqualTypeOf<[number, string]>();
    });
  });

  it("is void for a LocalSet", () => {
    never(async () => {
      expectTypeOf(await new LocalSet()).toEqualTypeOf<void>();
    });
  });
});

describe("the type of JoinHandle", () => {
  it("cannot be constructed", () => {
    never(() => {
      // @ts-expect-error -- only spawn makes one
      return new JoinHandle();
    });
  });

  it("is a future of the value", () => {
    expectTypeOf<JoinHandle<number>>().toExtend<Future<number>>();
  });

  it("is covariant", () => {
    expectTypeOf<JoinHandle<number>>().toExtend<JoinHandle<number | string>>();
    expectTypeOf<JoinHandle<number | string>>().not.toExtend<JoinHandle<number>>();
  });

  it("has the methods of a handle", () => {
    expectTypeOf<JoinHandle<number>["abortHandle"]>().returns.toEqualTypeOf<AbortHandle>();
    expectTypeOf<JoinHandle<number>["id"]>().returns.toEqualTypeOf<Id>();
    expectTypeOf<JoinHandle<number>["name"]>().returns.toEqualTypeOf<string | undefined>();
    expectTypeOf<JoinHandle<number>["isFinished"]>().returns.toEqualTypeOf<boolean>();
    expectTypeOf<JoinHandle<number>["poll"]>().returns.toEqualTypeOf<Poll<number>>();
  });
});

describe("the type of JoinSet", () => {
  it("takes only bodies of its type", () => {
    never(() => {
      const set = new JoinSet<number>();
      expectTypeOf(set.spawn(numbers())).toEqualTypeOf<AbortHandle>();
      // @ts-expect-error -- a string is no number
      set.spawn(promised);
      // @ts-expect-error -- nor is one made by a future
      set.extend([ready("text")]);
    });
  });

  it("gives values or undefined from joinNext", () => {
    expectTypeOf<JoinSet<number>["joinNext"]>().returns.toEqualTypeOf<Future<number | undefined>>();
    expectTypeOf<JoinSet<number>["tryJoinNext"]>().returns.toEqualTypeOf<number | undefined>();
  });

  it("gives pairs from joinNextWithId", () => {
    expectTypeOf<JoinSet<number>["joinNextWithId"]>().returns.toEqualTypeOf<
      Future<[Id, number] | undefined>
    >();
    expectTypeOf<JoinSet<number>["tryJoinNextWithId"]>().returns.toEqualTypeOf<[Id, number] | undefined>();
  });

  it("gives an array from joinAll", () => {
    expectTypeOf<JoinSet<number>["joinAll"]>().returns.toEqualTypeOf<Future<number[]>>();
  });

  it("is inferred by from", () => {
    expectTypeOf(() => JoinSet.from([numbers(), numbers()])).returns.toEqualTypeOf<JoinSet<number>>();
  });

  it("gives its values to for await", () => {
    never(async () => {
      for await (const value of new JoinSet<number>()) expectTypeOf(value).toEqualTypeOf<number>();
    });
  });

  it("may hold tasks that give nothing", () => {
    never(() => {
      new JoinSet<void>().spawn(yieldNow());
    });
  });
});

describe("the type of intoFuture", () => {
  it("is a future of the value for each kind", () => {
    expectTypeOf(() => intoFuture(numbers())).returns.toEqualTypeOf<Future<number>>();
    expectTypeOf(() => intoFuture(numbers)).returns.toEqualTypeOf<Future<number>>();
    expectTypeOf(() => intoFuture(promised)).returns.toEqualTypeOf<Future<string>>();
    expectTypeOf(() => intoFuture(promised())).returns.toEqualTypeOf<Future<string>>();
  });

  it("goes through wrappers", () => {
    expectTypeOf(() => withSignal(new AbortController().signal, numbers())).returns.toEqualTypeOf<
      Future<number>
    >();
    expectTypeOf(() => new LocalSet().runUntil(promised)).returns.toEqualTypeOf<Future<string>>();
  });
});

describe("the type of blockOn", () => {
  it("is a promise of the value", () => {
    expectTypeOf(() => Builder.currentThread().build().blockOn(numbers())).returns.toEqualTypeOf<
      Promise<number>
    >();
    expectTypeOf(() =>
      new LocalSet().blockOn(Builder.currentThread().build(), promised),
    ).returns.toEqualTypeOf<Promise<string>>();
  });
});

describe("the type of ids", () => {
  it("is not a plain number", () => {
    expectTypeOf<typeof id>().returns.toEqualTypeOf<Id>();
    expectTypeOf<typeof tryId>().returns.toEqualTypeOf<Id | undefined>();
    never(() => {
      // @ts-expect-error -- ids come from tasks
      const made: Id = 5;
      return made;
    });
  });

  it("tells a task's from a runtime's", () => {
    expectTypeOf<Id>().not.toExtend<RuntimeId>();
    expectTypeOf<RuntimeId>().not.toExtend<Id>();
  });
});

describe("the type of TaskLocal", () => {
  it("gives values of its type", () => {
    const key = new TaskLocal<number>("key");
    expectTypeOf<typeof key.get>().returns.toEqualTypeOf<number>();
    expectTypeOf<typeof key.tryGet>().returns.toEqualTypeOf<number | AccessError>();
    expectTypeOf(() => key.with((n) => String(n))).returns.toEqualTypeOf<string>();
    expectTypeOf(() => key.scope(1, promised)).returns.toEqualTypeOf<TaskLocalFuture<number, string>>();
    expectTypeOf(() => key.syncScope(1, () => "text")).returns.toEqualTypeOf<string>();
  });

  it("refuses values of another type", () => {
    never(() => {
      const key = new TaskLocal<number>("key");
      // @ts-expect-error -- a string is no number
      key.scope("text", promised);
    });
  });
});

describe("the type of Poll", () => {
  it("is told from the value by comparing with PENDING", () => {
    never(() => {
      const polled = ready(1).poll({ waker: { wake() {} } });
      if (polled !== PENDING) expectTypeOf(polled).toEqualTypeOf<number>();
    });
  });
});

describe("the type of JoinError", () => {
  it("has a code that can be switched on", () => {
    expectTypeOf<JoinError["code"]>().toEqualTypeOf<"ERR_RT_CANCELLED" | "ERR_RT_PANIC">();
  });
});

describe("the type of a future of one's own", () => {
  it("must have poll", () => {
    never(() => {
      // @ts-expect-error -- poll is abstract
      class Nothing extends Future<void> {}
      return Nothing;
    });
  });
});
