/* oxlint-disable require-yield -- an initializer need not wait for anything */
import {
  Future,
  JoinSet,
  PENDING,
  yieldNow,
  type Async,
  type Context,
  type Poll,
  type Waker,
} from "@rt/core";
import { OnceCell, SetError } from "@rt/sync";
import { describe, expect, it } from "vitest";
import {
  body,
  keepsContext,
  LANES,
  now,
  Polled,
  quietRuntime,
  rejectionOf,
  throwing,
  thrownBy,
  turn,
  waiting,
} from "./support/polling.ts";

/** An initializer that the test ends by hand. */
class Init<T> extends Future<T> {
  polls = 0;
  drops = 0;
  #waker: Waker | null = null;
  #end: (() => T) | null = null;
  readonly #onDrop: () => void;
  constructor(onDrop: () => void = () => {}) {
    super();
    this.#onDrop = onDrop;
  }
  override poll(cx: Context): Poll<T> {
    this.polls += 1;
    this.#waker = cx.waker;
    return this.#end === null ? PENDING : this.#end();
  }
  override drop(): void {
    this.drops += 1;
    this.#onDrop();
  }
  end(how: () => T): void {
    this.#end = how;
    this.#waker?.wake();
  }
  override describe(): string {
    return "an initializer";
  }
}

describe("OnceCell", () => {
  it("starts empty", () => {
    const cell = new OnceCell<number>();
    expect([cell.initialized(), cell.get()]).toEqual([false, undefined]);
  });

  it("can be made with a value, undefined too", () => {
    expect([new OnceCell(1).get(), new OnceCell<undefined>(undefined).initialized()]).toEqual([1, true]);
  });
});

describe("OnceCell.set", () => {
  it("sets the value of an empty cell", () => {
    const cell = new OnceCell<number>();
    cell.set(1);
    expect(cell.get()).toBe(1);
  });

  it("throws a SetError with the value when there is one already", () => {
    const cell = new OnceCell(1);
    const error = thrownBy(() => cell.set(2)) as SetError<number>;
    expect(error).toBeInstanceOf(SetError);
    expect([error.code, error.value, error.isAlreadyInitErr(), error.isInitializingErr()]).toEqual([
      "ERR_RT_ALREADY_INITIALIZED",
      2,
      true,
      false,
    ]);
    expect(cell.get()).toBe(1);
  });

  it("throws a SetError while an initializer runs", () => {
    const cell = new OnceCell<number>();
    const init = new Init<number>();
    const making = waiting(cell.getOrInit(init));
    const error = thrownBy(() => cell.set(2)) as SetError<number>;
    expect([error.code, error.value, error.isAlreadyInitErr(), error.isInitializingErr()]).toEqual([
      "ERR_RT_INITIALIZING",
      2,
      false,
      true,
    ]);
    init.end(() => 1);
    expect([making.poll(), cell.get()]).toEqual([1, 1]);
  });
});

describe("OnceCell.getOrInit", () => {
  it.each(LANES)("runs one initializer, and gives everybody its value, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const cell = new OnceCell<{ n: number }>();
    let runs = 0;
    function* generator(): Async<{ n: number }> {
      yield* yieldNow();
      return { n: (runs += 1) };
    }
    async function asynchronous(): Promise<{ n: number }> {
      await yieldNow();
      return { n: (runs += 1) };
    }
    const get = (): Future<{ n: number }> => cell.getOrInit(lane === "generator" ? generator : asynchronous);
    const values = await runtime.spawn(JoinSet.from([get(), get(), get()]).joinAll());
    expect([runs, new Set(values).size, values[0]]).toEqual([1, 1, cell.get()]);
  });

  it("does not run the initializer when there is a value", () => {
    const init = new Init<number>();
    expect([now(new OnceCell(1).getOrInit(init)), init.polls]).toEqual([1, 0]);
  });

  it("does not call a function before it is polled", () => {
    let called = false;
    new OnceCell<number>()
      .getOrInit(async () => {
        called = true;
        return 1;
      })
      .drop();
    expect(called).toBe(false);
  });

  it("takes an undefined value for a value", () => {
    const cell = new OnceCell<undefined>();
    function* nothing(): Async<undefined> {
      return undefined;
    }
    now(cell.getOrInit(nothing()));
    expect(now(cell.getOrInit(new Init<undefined>()))).toBe(undefined);
  });

  it.each(LANES)(
    "throws what the initializer throws, and leaves the cell empty, in the %s lane",
    async (lane) => {
      const { runtime } = quietRuntime();
      const cell = new OnceCell<number>();
      const error = new Error("no value");
      function* generator(): Async<number> {
        yield* yieldNow();
        throw error;
      }
      async function asynchronous(): Promise<number> {
        await yieldNow();
        throw error;
      }
      const failed = runtime.spawn(cell.getOrInit(lane === "generator" ? generator : asynchronous));
      expect(await rejectionOf(failed)).toBe(error);
      expect(cell.initialized()).toBe(false);
      cell.set(1);
      expect(cell.get()).toBe(1);
    },
  );

  it("lets the one that has waited longest start its own when the initializer throws", () => {
    const cell = new OnceCell<number>();
    const inits = [1, 2, 3].map(() => new Init<number>());
    const line = inits.map((init) => waiting(cell.getOrInit(init)));
    inits[0]!.end(throwing);
    expect(() => line[0]!.poll()).toThrow("this waker throws");
    expect([line[1]!.isWoken, line[2]!.isWoken]).toEqual([true, false]);
    line[1]!.poll();
    inits[1]!.end(() => 2);
    expect([line[1]!.poll(), line[2]!.isWoken, line[2]!.poll()]).toEqual([2, true, 2]);
    expect(inits.map((init) => init.polls > 0)).toEqual([true, true, false]);
  });

  it("drops the initializer when it is dropped, and lets the next start its own", () => {
    const cell = new OnceCell<number>();
    const inits = [1, 2].map(() => new Init<number>());
    const line = inits.map((init) => waiting(cell.getOrInit(init)));
    line[0]!.drop();
    line[0]!.drop();
    expect([inits[0]!.drops, line[1]!.isWoken]).toEqual([1, true]);
    inits[1]!.end(() => 2);
    expect(line[1]!.poll()).toBe(2);
  });

  it("passes the turn on when the next in line is dropped before it starts", () => {
    const cell = new OnceCell<number>();
    const line = [1, 2, 3].map(() => waiting(cell.getOrInit(new Init<number>())));
    line[0]!.drop();
    line[1]!.drop();
    expect(line[2]!.isWoken).toBe(true);
  });

  it("gives its turn to nobody when one that waits is dropped while an initializer runs", () => {
    const cell = new OnceCell<number>();
    const inits = [1, 2, 3].map(() => new Init<number>());
    const line = inits.map((init) => waiting(cell.getOrInit(init)));
    line[1]!.drop();
    expect([line[2]!.isWoken, line[2]!.poll(), inits[2]!.polls]).toEqual([false, PENDING, 0]);
    inits[0]!.end(() => 1);
    expect([line[0]!.poll(), line[2]!.poll()]).toEqual([1, 1]);
  });

  it("does not drop an initializer that has ended", () => {
    const cell = new OnceCell<number>();
    const init = new Init<number>();
    const making = waiting(cell.getOrInit(init));
    init.end(throwing);
    expect(() => making.poll()).toThrow("this waker throws");
    making.drop();
    expect(init.drops).toBe(0);
  });

  it("is free for anybody when all have been dropped", () => {
    const cell = new OnceCell<number>();
    const line = [1, 2].map(() => waiting(cell.getOrInit(new Init<number>())));
    line[1]!.drop();
    line[0]!.drop();
    cell.set(5);
    expect(cell.get()).toBe(5);
  });

  it("stands in line behind those who came before, when the initializer is given up", () => {
    const cell = new OnceCell<number>();
    const line = [1, 2].map(() => waiting(cell.getOrInit(new Init<number>())));
    line[0]!.drop();
    const init = new Init<number>();
    waiting(cell.getOrInit(init));
    expect(init.polls).toBe(0);
  });

  it.each(LANES)(
    "starts the next one's initializer when the first task is aborted in the %s lane",
    async (lane) => {
      const { runtime } = quietRuntime();
      const cell = new OnceCell<string>();
      const log: string[] = [];
      function* forever(): Async<string> {
        try {
          for (;;) yield* yieldNow();
        } finally {
          log.push("dropped");
        }
      }
      const first = runtime.spawn(body(lane, () => cell.getOrInit(forever), String));
      const second = runtime.spawn(body(lane, () => cell.getOrInit(async () => "second"), String));
      await turn();
      first.abort();
      await rejectionOf(first);
      expect([await second, log]).toEqual(["second", ["dropped"]]);
    },
  );

  it("waits for ever when the initializer asks the same cell", () => {
    const cell = new OnceCell<number>();
    function* recursive(): Async<number> {
      return yield* cell.getOrInit(recursive);
    }
    expect(new Polled(cell.getOrInit(recursive)).poll()).toBe(PENDING);
  });

  it("lets a waker read the value and ask again", () => {
    const cell = new OnceCell<number>();
    const init = new Init<number>();
    const making = waiting(cell.getOrInit(init));
    let got: unknown;
    waiting(cell.getOrInit(new Init<number>()), () => {
      got = [cell.get(), now(cell.getOrInit(new Init<number>()))];
    });
    init.end(() => 1);
    making.poll();
    expect(got).toEqual([1, 1]);
  });

  it("wakes the others when a waker throws", () => {
    const { runtime, reports } = quietRuntime();
    using _ = runtime.enter();
    const cell = new OnceCell<number>();
    const init = new Init<number>();
    const making = waiting(cell.getOrInit(init));
    waiting(cell.getOrInit(new Init<number>()), throwing);
    const last = waiting(cell.getOrInit(new Init<number>()));
    init.end(() => 1);
    expect([making.poll(), reports.length, last.isWoken]).toEqual([1, 1, true]);
  });

  it("passes the turn on even if dropping the initializer throws", () => {
    const cell = new OnceCell<number>();
    const first = waiting(cell.getOrInit(new Init<number>(throwing)));
    const second = waiting(cell.getOrInit(new Init<number>()));
    expect(() => first.drop()).toThrow("this waker throws");
    expect(second.isWoken).toBe(true);
  });

  it("passes the turn on when its own initializer drops it", () => {
    const cell = new OnceCell<number>();
    const first: Polled<number> = new Polled(
      cell.getOrInit(
        new (class extends Future<number> {
          override poll(): Poll<number> {
            first.drop();
            return 1;
          }
        })(),
      ),
    );
    expect([first.poll(), cell.initialized()]).toEqual([PENDING, false]);
    cell.set(2);
    expect(cell.get()).toBe(2);
  });

  it("throws a TypeError for what can't be run, and leaves the cell free", () => {
    const cell = new OnceCell<number>();
    expect(() => new Polled(cell.getOrInit(5 as never)).poll()).toThrow(TypeError);
    cell.set(1);
    expect(cell.get()).toBe(1);
  });

  it("takes part in the budget", async () => {
    const { runtime } = quietRuntime();
    const cell = new OnceCell(1);
    const init = new Init<number>();
    function* loop(): Async<void> {
      for (let i = 0; i < 129; i += 1) yield* cell.getOrInit(init);
    }
    await runtime.spawn(loop());
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(1);
  });

  it("needs no runtime", async () => {
    const cell = new OnceCell<number>();
    expect(await cell.getOrInit(async () => 1)).toBe(1);
    expect(await cell.getOrInit(async () => 2)).toBe(1);
  });

  // Without AsyncLocalStorage the second await would be taken for one of the initializer, which runs at that moment.
  it.runIf(keepsContext)("needs no runtime for two who come at once", async () => {
    const cell = new OnceCell<number>();
    expect(await Promise.all([cell.getOrInit(async () => 1), cell.getOrInit(async () => 2)])).toEqual([1, 1]);
  });

  it("works between two runtimes", async () => {
    const cell = new OnceCell<number>();
    const init = new Init<number>();
    const handles = [quietRuntime(), quietRuntime()].map(({ runtime }) =>
      runtime.spawn(body("generator", () => cell.getOrInit(init), Number)),
    );
    await turn();
    init.end(() => 3);
    expect(await Promise.all(handles)).toEqual([3, 3]);
  });

  it("says in a dump what the initializer waits for, and who waits for it", async () => {
    const { runtime } = quietRuntime();
    const cell = new OnceCell<number>();
    const handles = [1, 2].map(() =>
      runtime.spawn(body("generator", () => cell.getOrInit(new Init<number>()), Boolean)),
    );
    await turn();
    const dump = runtime.handle().dump().toString();
    expect(dump).toContain("an initializer");
    expect(dump).toContain("a OnceCell to be initialized");
    for (const handle of handles) handle.abort();
  });
});

describe("OnceCell.take", () => {
  it("empties the cell, which can be initialized again", () => {
    const cell = new OnceCell(1);
    expect([cell.take(), cell.initialized(), cell.get(), cell.take()]).toEqual([
      1,
      false,
      undefined,
      undefined,
    ]);
    cell.set(2);
    expect(cell.get()).toBe(2);
  });

  it("makes one that was woken for the value start its own initializer", () => {
    const cell = new OnceCell<number>();
    const init = new Init<number>();
    const making = waiting(cell.getOrInit(init));
    const later = new Init<number>();
    const wait = waiting(cell.getOrInit(later));
    init.end(() => 1);
    making.poll();
    cell.take();
    expect([wait.poll(), later.polls]).toEqual([PENDING, 1]);
  });
});

describe("OnceCell.clone", () => {
  it("has the same value, and is filled on its own", () => {
    const empty = new OnceCell<number>();
    const copy = empty.clone();
    copy.set(1);
    expect([empty.initialized(), copy.clone().get()]).toEqual([false, 1]);
  });
});
