import { describe, expect, it } from "vitest";
import { keepsContext } from "./support/lanes.ts";
import {
  AccessError,
  Future,
  LocalSet,
  PENDING,
  TaskLocal,
  TaskLocalFuture,
  UsageError,
  intoFuture,
  pending,
  pollFn,
  ready,
  spawn,
  withSignal,
  yieldNow,
  type Async,
  type Poll,
} from "@rt/core";
import {
  Gate,
  LANES,
  TestWaker,
  rejection,
  settle,
  thrownBy,
  waiting,
  waitingTwice,
  watched,
} from "./support/tasks.ts";

const key = new TaskLocal<number>("key");
const other = new TaskLocal<string>("other");

/** The value, or `"none"`. */
function seen(): number | "none" {
  const value = key.tryGet();
  return value instanceof AccessError ? "none" : value;
}

/** Notes the value at each of its suspensions. */
function* look(times: number, log: (number | "none")[]): Async<void> {
  for (let i = 0; i < times; i += 1) {
    log.push(seen());
    yield* yieldNow();
  }
  log.push(seen());
}

/** Notes the value when it is dropped. */
class Witness extends Future<never> {
  atPoll: number | "none" = "none";
  atDrop: number | "none" = "none";
  override poll(): Poll<never> {
    this.atPoll = seen();
    return PENDING;
  }
  override drop(): void {
    this.atDrop = seen();
  }
}

describe("TaskLocal.scope", () => {
  it("sets the value for every poll of a generator", async () => {
    const log: (number | "none")[] = [];
    await spawn(key.scope(7, look(2, log)));
    expect(log).toEqual([7, 7, 7]);
  });

  it("sets the value for an async function, before and after its awaits", async () => {
    const log: (number | "none")[] = [];
    await spawn(
      key.scope(7, async () => {
        log.push(seen());
        await yieldNow();
        log.push(seen());
        await yieldNow();
        log.push(seen());
      }),
    );
    expect(log).toEqual([7, 7, 7]);
  });

  it("sets the value for a future", async () => {
    expect(
      await spawn(
        key.scope(
          7,
          pollFn(() => seen()),
        ),
      ),
    ).toBe(7);
  });

  it("sets nothing before it is polled", () => {
    const future = key.scope(7, ready(1));
    expect(seen()).toBe("none");
    future.drop();
  });

  it("calls an async function only when it is polled", async () => {
    let called = false;
    const future = key.scope(7, async () => {
      called = true;
    });
    const before = called;
    await spawn(future);
    expect([before, called]).toEqual([false, true]);
  });

  it("gives the result of its body", async () => {
    expect(await spawn(key.scope(7, async () => "result"))).toBe("result");
  });

  it("throws what its body throws", async () => {
    const { runtime } = watched();
    const error = new Error("no luck");
    const body = key.scope(7, async () => {
      throw error;
    });
    expect(await rejection(runtime.spawn(body))).toBe(error);
  });

  it("is over once its body has ended", async () => {
    function* body(): Async<(number | "none")[]> {
      const before = seen();
      const during = yield* key.scope(
        7,
        pollFn(() => seen()),
      );
      return [before, during, seen()];
    }
    expect(await spawn(body())).toEqual(["none", 7, "none"]);
  });

  it("is over once its body has thrown", async () => {
    function* body(): Async<number | "none"> {
      try {
        yield* key.scope(
          7,
          pollFn(() => {
            throw new Error("no luck");
          }),
        );
      } catch {
        // What counts is what is seen now.
      }
      return seen();
    }
    expect(await spawn(body())).toBe("none");
  });

  it("is not seen by the code around an await of it in the async lane", async () => {
    const log = await spawn(async () => [
      seen(),
      await key.scope(
        7,
        pollFn(() => seen()),
      ),
      seen(),
    ]);
    expect(log).toEqual(["none", 7, "none"]);
  });

  it("is not seen by the code around it while it waits", async () => {
    const gate = new Gate();
    spawn(key.scope(7, gate));
    await settle();
    expect(seen()).toBe("none");
    gate.open();
  });

  it.each(LANES)("is not inherited by a spawned task, in the %s lane", async (lane) => {
    let inChild: number | "none" = 0;
    function* parent(): Async<void> {
      yield* spawn(
        waiting(lane, yieldNow(), () => {
          inChild = seen();
        }),
      );
    }
    await spawn(key.scope(7, parent()));
    expect(inChild).toBe("none");
  });

  it("is not inherited by a task that an async function spawns after an await", async () => {
    const inChild = await spawn(
      key.scope(7, async () => {
        await yieldNow();
        return await spawn(pollFn(() => seen()));
      }),
    );
    expect(inChild).toBe("none");
  });

  it("is not inherited by a local task", async () => {
    const local = new LocalSet();
    const child = local.spawnLocal(pollFn(() => seen()));
    await spawn(key.scope(7, local.runUntil(child)));
    expect(await child).toBe("none");
  });

  it("is visible in the body of runUntil", async () => {
    const local = new LocalSet();
    const value = await spawn(key.scope(7, local.runUntil(pollFn(() => seen()))));
    expect(value).toBe(7);
  });

  it("is shadowed by a scope inside, and seen again after it", async () => {
    function* body(): Async<(number | "none")[]> {
      const before = seen();
      const inside: (number | "none")[] = [];
      yield* key.scope(2, look(1, inside));
      return [before, ...inside, seen()];
    }
    expect(await spawn(key.scope(1, body()))).toEqual([1, 2, 2, 1]);
  });

  it("is shadowed over suspensions in the async lane, and seen again after them", async () => {
    const inner = async (): Promise<(number | "none")[]> => {
      const before = seen();
      await yieldNow();
      return [before, seen()];
    };
    const log = await spawn(
      key.scope(1, async () => {
        const before = seen();
        const inside = await key.scope(2, inner);
        return [before, ...inside, seen()];
      }),
    );
    expect(log).toEqual([1, 2, 2, 1]);
  });

  it("leaves scopes of other keys visible", async () => {
    const both = other.scope(
      "text",
      key.scope(
        7,
        pollFn(() => `${other.get()} ${key.get()}`),
      ),
    );
    expect(await spawn(both)).toBe("text 7");
  });

  it("keeps two scopes that are polled in turn apart", async () => {
    const logs: (number | "none")[][] = [[], []];
    const first = intoFuture(key.scope(1, look(2, logs[0] as never)));
    const second = intoFuture(key.scope(2, look(2, logs[1] as never)));
    const both = pollFn<void>((cx) => {
      const a = logs[0]?.length === 3 ? undefined : first.poll(cx);
      const b = logs[1]?.length === 3 ? undefined : second.poll(cx);
      return a === PENDING || b === PENDING ? PENDING : undefined;
    });
    await spawn(both);
    expect(logs).toEqual([
      [1, 1, 1],
      [2, 2, 2],
    ]);
  });

  it.runIf(keepsContext)("keeps two async scopes that are awaited at once apart", async () => {
    const body = async (): Promise<number | "none"> => {
      await yieldNow();
      return seen();
    };
    const values = await spawn(async () => await Promise.all([key.scope(1, body), key.scope(2, body)]));
    expect(values).toEqual([1, 2]);
  });

  it("keeps the values of many tasks apart", async () => {
    const handles = Array.from({ length: 100 }, (_, i) => {
      const log: (number | "none")[] = [];
      return spawn(key.scope(i, look(3, log))).then(() => log.every((value) => value === i));
    });
    expect((await Promise.all(handles)).every(Boolean)).toBe(true);
  });

  it("is visible while the body is dropped by an abort", async () => {
    const witness = new Witness();
    const handle = spawn(key.scope(7, witness));
    await settle();
    handle.abort();
    await settle();
    expect(witness.atDrop).toBe(7);
  });

  it.each(LANES)("is visible in finally blocks when the task is aborted, in the %s lane", async (lane) => {
    let inFinally: number | "none" = "none";
    const body = waiting(lane, pending(), () => {
      inFinally = seen();
    });
    const handle = spawn(key.scope(7, body));
    await settle();
    handle.abort();
    await settle();
    expect(inFinally).toBe(7);
  });

  it.each(LANES)("is visible while a leaf of the body is dropped, in the %s lane", async (lane) => {
    const witness = new Witness();
    const handle = spawn(key.scope(7, waiting(lane, witness)));
    await settle();
    handle.abort();
    await settle();
    expect(witness.atDrop).toBe(7);
  });

  it.each(LANES)("is visible in finally blocks behind a wait, in the %s lane", async (lane) => {
    const { runtime } = watched();
    let inFinally: number | "none" = "none";
    const cleanup = new Gate();
    const body = waitingTwice(lane, pending(), cleanup, () => {
      inFinally = seen();
    });
    const handle = runtime.spawn(key.scope(7, body));
    await settle();
    handle.abort();
    await settle();
    cleanup.open();
    await settle();
    expect(inFinally).toBe(7);
  });

  it.each(LANES)(
    "is visible in finally blocks when the scope inside a task is given up, in the %s lane",
    async (lane) => {
      let inFinally: number | "none" = "none";
      const body = waiting(lane, pending(), () => {
        inFinally = seen();
      });
      const controller = new AbortController();
      const handle = spawn(withSignal(controller.signal, key.scope(7, body)));
      await settle();
      controller.abort();
      await rejection(handle);
      await settle();
      expect(inFinally).toBe(7);
    },
  );

  it("is visible while the body is dropped outside any task", () => {
    const witness = new Witness();
    const future = key.scope(7, witness);
    future.poll(new TestWaker());
    future.drop();
    expect(witness.atDrop).toBe(7);
  });

  it("is visible while the runtime drops the task", async () => {
    const { runtime } = watched();
    const witness = new Witness();
    runtime.spawn(key.scope(7, witness));
    await settle();
    runtime.shutdownBackground();
    expect(witness.atDrop).toBe(7);
  });

  it("drops the body once, however often it is dropped itself", () => {
    const gate = new Gate();
    const future = key.scope(7, gate);
    future.poll(new TestWaker());
    future.drop();
    future.drop();
    expect(gate.drops).toBe(1);
  });

  it("does not drop a body that has completed", () => {
    const gate = new Gate();
    gate.open();
    const future = key.scope(7, gate);
    future.poll(new TestWaker());
    future.drop();
    expect(gate.drops).toBe(0);
  });

  it("throws a UsageError when it is polled after it has completed", () => {
    const future = key.scope(7, ready(1));
    future.poll(new TestWaker());
    expect(thrownBy(() => future.poll(new TestWaker()))).toMatchObject({
      code: "ERR_RT_POLLED_AFTER_COMPLETION",
    });
  });

  it("cannot be entered inside with of the same key", () => {
    const error = key.syncScope(1, () =>
      thrownBy(() => key.with(() => key.scope(2, ready(1)).poll(new TestWaker()))),
    );
    expect(error).toBeInstanceOf(UsageError);
  });

  it("cannot be entered inside with of the same key when it was made before", () => {
    const error = key.syncScope(1, () => {
      const made = key.scope(2, ready(1));
      return thrownBy(() => key.with(() => made.poll(new TestWaker())));
    });
    expect(error).toBeInstanceOf(UsageError);
  });

  it("may be entered inside with of another key", () => {
    const value = other.syncScope("text", () =>
      other.with(() =>
        key
          .scope(
            2,
            pollFn(() => seen()),
          )
          .poll(new TestWaker()),
      ),
    );
    expect(value).toBe(2);
  });

  it("describes itself as its body does", () => {
    expect(key.scope(7, pending()).describe()).toBe(pending().describe());
  });

  it("throws a TypeError for a body that cannot be run", () => {
    expect(thrownBy(() => key.scope(7, 5 as never))).toBeInstanceOf(TypeError);
  });
});

describe("TaskLocal.syncScope", () => {
  it("sets the value while the function runs", () => {
    expect(key.syncScope(7, seen)).toBe(7);
  });

  it("is over when the function has returned", () => {
    key.syncScope(7, () => {});
    expect(seen()).toBe("none");
  });

  it("is over when the function has thrown", () => {
    thrownBy(() =>
      key.syncScope(7, () => {
        throw new Error("no luck");
      }),
    );
    expect(seen()).toBe("none");
  });

  it("gives what the function returns", () => {
    expect(key.syncScope(7, () => "result")).toBe("result");
  });

  it("is shadowed by one inside, and seen again after it", () => {
    expect(key.syncScope(1, () => [seen(), key.syncScope(2, seen), seen()])).toEqual([1, 2, 1]);
  });

  it("shadows the value of the scope around it in a task", async () => {
    const body = pollFn(() => [key.syncScope(2, seen), seen()]);
    expect(await spawn(key.scope(1, body))).toEqual([2, 1]);
  });

  it("shadows the value of the scope around it in an async function, after an await", async () => {
    const values = await spawn(
      key.scope(1, async () => {
        await yieldNow();
        return [key.syncScope(2, seen), seen()];
      }),
    );
    expect(values).toEqual([2, 1]);
  });

  it("leaves the values of other keys visible in an async function, after an await", async () => {
    const value = await spawn(
      key.scope(1, async () => {
        await yieldNow();
        return other.syncScope("text", seen);
      }),
    );
    expect(value).toBe(1);
  });

  it("is not inherited by a task spawned inside", async () => {
    const child = key.syncScope(7, () => spawn(pollFn(() => seen())));
    expect(await child).toBe("none");
  });

  it("is not seen behind an await", async () => {
    const value = await key.syncScope(7, async () => {
      await Promise.resolve();
      return seen();
    });
    expect(value).toBe("none");
  });

  it("throws a UsageError inside with of the same key", () => {
    const error = key.syncScope(1, () => thrownBy(() => key.with(() => key.syncScope(2, seen))));
    expect(error).toMatchObject({ name: "UsageError", code: "ERR_RT_INVALID_STATE" });
  });

  it("may be called again once with has returned", () => {
    const value = key.syncScope(1, () => {
      key.with(() => {});
      return key.syncScope(2, seen);
    });
    expect(value).toBe(2);
  });
});

describe("TaskLocal.with", () => {
  it("lends the value and gives what the function returns", () => {
    expect(key.syncScope(7, () => key.with((value) => value + 1))).toBe(8);
  });

  it("throws an AccessError where no value is set", () => {
    expect(thrownBy(() => key.with(() => {}))).toBeInstanceOf(AccessError);
  });

  it("may be nested", () => {
    expect(key.syncScope(7, () => key.with((a) => key.with((b) => a + b)))).toBe(14);
  });

  it("stops lending when the function throws", () => {
    const value = key.syncScope(1, () => {
      thrownBy(() =>
        key.with(() => {
          throw new Error("no luck");
        }),
      );
      return key.syncScope(2, seen);
    });
    expect(value).toBe(2);
  });

  it("still lends after an inner with has returned", () => {
    const error = key.syncScope(1, () =>
      key.with(() => {
        key.with(() => {});
        return thrownBy(() => key.syncScope(2, seen));
      }),
    );
    expect(error).toBeInstanceOf(UsageError);
  });
});

describe("TaskLocal.tryWith", () => {
  it("lends the value", () => {
    expect(key.syncScope(7, () => key.tryWith((value) => value + 1))).toBe(8);
  });

  it("gives an AccessError instead of calling the function where no value is set", () => {
    expect(key.tryWith(() => 1)).toBeInstanceOf(AccessError);
  });

  it("passes on what the function throws", () => {
    const error = new Error("no luck");
    const thrown = key.syncScope(7, () =>
      thrownBy(() =>
        key.tryWith(() => {
          throw error;
        }),
      ),
    );
    expect(thrown).toBe(error);
  });
});

describe("TaskLocal.get", () => {
  it("gives the value", () => {
    expect(key.syncScope(7, () => key.get())).toBe(7);
  });

  it("gives a value that is undefined", () => {
    const maybe = new TaskLocal<undefined>();
    expect(maybe.syncScope(undefined, () => maybe.get())).toBe(undefined);
  });

  it("throws an AccessError that names the key where no value is set", () => {
    const error = thrownBy(() => key.get());
    expect(error).toMatchObject({ name: "AccessError", code: "ERR_RT_NO_TASK_LOCAL" });
    expect((error as Error).message).toContain("key");
  });

  it("throws an AccessError in the task that spawned a scope", async () => {
    function* body(): Async<unknown> {
      const child = spawn(key.scope(7, yieldNow()));
      yield* yieldNow();
      const error = thrownBy(() => key.get());
      yield* child;
      return error;
    }
    expect(await spawn(body())).toBeInstanceOf(AccessError);
  });
});

describe("TaskLocal.tryGet", () => {
  it("gives the value where one is set", () => {
    expect(key.syncScope(7, () => key.tryGet())).toBe(7);
  });

  it("gives an AccessError where no value is set", () => {
    expect(key.tryGet()).toBeInstanceOf(AccessError);
  });
});

describe("new TaskLocal", () => {
  it("throws a TypeError for a name that is no string", () => {
    expect(thrownBy(() => new TaskLocal(5 as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("keeps two keys of one name apart", () => {
    const twin = new TaskLocal<number>("key");
    expect(key.syncScope(1, () => twin.tryGet())).toBeInstanceOf(AccessError);
  });
});

describe("TaskLocalFuture.takeValue", () => {
  it("is a method of what scope gives", () => {
    expect(key.scope(7, pending())).toBeInstanceOf(TaskLocalFuture);
  });

  it("gives the value once, and undefined from then on", () => {
    const future = key.scope(7, pending());
    expect([future.takeValue(), future.takeValue()]).toEqual([7, undefined]);
  });

  it("hides the value from the body from then on", () => {
    const log: (number | "none")[] = [];
    const future = key.scope(
      7,
      pollFn(() => {
        log.push(seen());
        return PENDING;
      }),
    );
    future.poll(new TestWaker());
    future.takeValue();
    future.poll(new TestWaker());
    expect(log).toEqual([7, "none"]);
  });

  it("does not let the value of a scope around it shine through", () => {
    const inner = key.scope(
      2,
      pollFn(() => seen()),
    );
    inner.takeValue();
    expect(key.scope(1, inner).poll(new TestWaker())).toBe("none");
  });

  it("gives the value after completion", () => {
    const future = key.scope(7, ready(1));
    future.poll(new TestWaker());
    expect(future.takeValue()).toBe(7);
  });

  it("gives the value after a drop", () => {
    const future = key.scope(7, pending());
    future.drop();
    expect(future.takeValue()).toBe(7);
  });

  it("leaves the values of other keys", () => {
    const inner = key.scope(
      2,
      pollFn(() => other.get()),
    );
    inner.takeValue();
    expect(other.scope("text", inner).poll(new TestWaker())).toBe("text");
  });
});
