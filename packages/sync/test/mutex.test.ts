import { JoinSet, PENDING, yieldNow, type Async } from "@rt/core";
import { Mutex, type MutexGuard } from "@rt/sync";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  body,
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

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** What a console would show. */
function inspected(value: object): string {
  const show = (value as Record<symbol, (depth: number, options: object, inspect: typeof String) => string>)[
    INSPECT
  ];
  return show!.call(value, 2, {}, String);
}

describe("Mutex", () => {
  it("guards a value", () => {
    const mutex = new Mutex(1);
    {
      using guard = now(mutex.lock());
      guard.value += 1;
    }
    expect(now(mutex.lock()).value).toBe(2);
  });

  it("needs no value", () => {
    const mutex = new Mutex();
    expectTypeOf(mutex).toEqualTypeOf<Mutex>();
    expect(now(mutex.lock()).value).toBe(undefined);
  });

  it("can't be made without a value where its type asks for one", () => {
    // @ts-expect-error -- a number is missing
    const mutex = new Mutex<number>();
    expect(mutex).toBeInstanceOf(Mutex);
  });

  it("shows its value to a console, and <locked> while it is held", () => {
    const mutex = new Mutex(7);
    const before = inspected(mutex);
    using _ = now(mutex.lock());
    expect([before, inspected(mutex)]).toEqual(["Mutex { value: 7 }", "Mutex { value: <locked> }"]);
  });

  it.each(LANES)("keeps a section over waits to one task at a time in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const mutex = new Mutex(0);
    function* generator(): Async<void> {
      for (let i = 0; i < 20; i += 1) {
        using guard = yield* mutex.lock();
        const seen = guard.value;
        yield* yieldNow();
        guard.value = seen + 1;
      }
    }
    async function asynchronous(): Promise<void> {
      for (let i = 0; i < 20; i += 1) {
        using guard = await mutex.lock();
        const seen = guard.value;
        await yieldNow();
        guard.value = seen + 1;
      }
    }
    function* all(): Async<void> {
      const set = new JoinSet<void>();
      for (let i = 0; i < 10; i += 1) set.spawn(lane === "generator" ? generator() : asynchronous);
      yield* set.joinAll();
    }
    await runtime.spawn(all());
    expect(mutex.getMut()).toBe(200);
  });

  it("is not poisoned when a holder fails", async () => {
    const { runtime } = quietRuntime();
    const mutex = new Mutex("fine");
    function* failing(): Async<void> {
      using guard = yield* mutex.lock();
      throw new Error(guard.value);
    }
    await rejectionOf(runtime.spawn(failing()));
    expect(mutex.tryLock()?.value).toBe("fine");
  });

  it("works between two runtimes", async () => {
    const one = quietRuntime().runtime;
    const two = quietRuntime().runtime;
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    const handles = [one, two].map((runtime) =>
      runtime.spawn(
        body(
          "generator",
          () => mutex.lock(),
          (guard) => {
            guard.value += 1;
            guard.release();
          },
        ),
      ),
    );
    await turn();
    held.release();
    await Promise.all(handles);
    expect(mutex.getMut()).toBe(2);
  });

  it("needs no runtime", async () => {
    const mutex = new Mutex(0);
    const held = await mutex.lock();
    const later = mutex.lock().then((guard) => guard.value);
    held.value = 5;
    held.release();
    expect(await later).toBe(5);
  });
});

describe("Mutex.lock", () => {
  it("hands the mutex on in the order in which it was asked for", () => {
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    const line = [1, 2, 3].map(() => waiting(mutex.lock()));
    held.release();
    expect(line.map((waiter) => waiter.isWoken)).toEqual([true, false, false]);
    line[0]!.ready().release();
    expect(line.map((waiter) => waiter.isWoken)).toEqual([true, true, false]);
  });

  it("does nothing before it is polled", () => {
    const mutex = new Mutex(0);
    mutex.lock();
    expect(mutex.tryLock()).not.toBe(null);
  });

  it("can't be taken by somebody else between the release and the waiter's next poll", () => {
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    const waiter = waiting(mutex.lock());
    held.release();
    expect([mutex.tryLock(), new Polled(mutex.lock()).poll()]).toEqual([null, PENDING]);
    expect(waiter.ready().value).toBe(0);
  });

  it("passes the mutex on when a granted waiter is dropped", () => {
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    const first = waiting(mutex.lock());
    const second = waiting(mutex.lock());
    held.release();
    first.drop();
    first.drop();
    expect([second.isWoken, second.ready().value, mutex.tryLock()]).toEqual([true, 0, null]);
  });

  it("hands nothing to anybody when a waiter is dropped while the mutex is held", () => {
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    const line = [1, 2, 3].map(() => waiting(mutex.lock()));
    line[0]!.drop();
    line[2]!.drop();
    expect([line[1]!.isWoken, line[1]!.poll(), mutex.tryLock()]).toEqual([false, PENDING, null]);
    held.release();
    expect(line[1]!.isWoken).toBe(true);
  });

  it.each(LANES)(
    "leaves the line and loses no lock when its task is aborted in the %s lane",
    async (lane) => {
      const { runtime } = quietRuntime();
      const mutex = new Mutex(0);
      const held = now(mutex.lock());
      const [early, late] = [1, 2].map(() => runtime.spawn(body(lane, () => mutex.lock(), Boolean)));
      await turn();
      early!.abort(); // while it waits
      await rejectionOf(early!);
      held.release();
      late!.abort(); // when it was granted and has not run
      await rejectionOf(late!);
      expect(mutex.tryLock()).not.toBe(null);
    },
  );

  it("waits for ever behind the holder's own lock", () => {
    const mutex = new Mutex(0);
    using _ = now(mutex.lock());
    expect(new Polled(mutex.lock()).poll()).toBe(PENDING);
  });

  it("serves the next when a waker throws", () => {
    const { runtime, reports } = quietRuntime();
    using _ = runtime.enter();
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    const first = waiting(mutex.lock(), throwing);
    const second = waiting(mutex.lock());
    held.release();
    first.drop();
    expect([reports.length, second.isWoken]).toEqual([1, true]);
  });

  it("stands a waker that polls, releases and locks again", () => {
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    const order: string[] = [];
    const first: Polled<MutexGuard<number>> = waiting(mutex.lock(), () => {
      order.push("first");
      first.ready().release();
      const again: Polled<MutexGuard<number>> = new Polled(mutex.lock(), () => order.push("again"));
      again.poll();
    });
    waiting(mutex.lock(), () => order.push("second"));
    held.release();
    expect(order).toEqual(["first", "second"]);
  });

  it("says in a dump what its task waits for", async () => {
    const { runtime } = quietRuntime();
    const mutex = new Mutex(0);
    using _ = now(mutex.lock());
    const handle = runtime.spawn(body("generator", () => mutex.lock(), Boolean));
    await turn();
    expect(runtime.handle().dump().toString()).toContain("the lock for a MutexGuard");
    handle.abort();
  });

  it("lets other tasks run in a loop that never waits", async () => {
    const { runtime } = quietRuntime();
    const mutex = new Mutex(0);
    function* loop(): Async<void> {
      for (let i = 0; i < 129; i += 1) (yield* mutex.lock()).release();
    }
    await runtime.spawn(loop());
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(1);
  });
});

describe("Mutex.lockOwned", () => {
  it("does the same as lock, like tryLockOwned", () => {
    const mutex = new Mutex(3);
    using guard = now(mutex.lockOwned());
    expect([guard.value, mutex.tryLockOwned()]).toEqual([3, null]);
  });
});

describe("Mutex.tryLock", () => {
  it("gives null while the mutex is held", () => {
    const mutex = new Mutex(0);
    const held = mutex.tryLock();
    expect(mutex.tryLock()).toBe(null);
    held?.release();
    expect(mutex.tryLock()).not.toBe(null);
  });
});

describe("Mutex.blockingLock", () => {
  it("takes a free mutex outside of tasks", () => {
    expect(new Mutex(4).blockingLock().value).toBe(4);
  });

  it("throws ERR_RT_WOULD_BLOCK where it is held, and leaves the line as it was", () => {
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    expect(thrownBy(() => mutex.blockingLock())).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
    held.release();
    expect(mutex.tryLock()).not.toBe(null);
  });

  it.each(LANES)("throws ERR_RT_WOULD_BLOCK inside a task in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const mutex = new Mutex(0);
    const error = await runtime.spawn(body(lane, yieldNow, () => thrownBy(() => mutex.blockingLock())));
    expect(error).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
  });
});

describe("Mutex.getMut", () => {
  it("gives the value without locking", () => {
    const mutex = new Mutex({ n: 1 });
    mutex.getMut().n = 2;
    expect(now(mutex.lock()).value).toEqual({ n: 2 });
  });

  it("throws while somebody holds the mutex, or was granted it", () => {
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    expect(thrownBy(() => mutex.getMut())).toMatchObject({ code: "ERR_RT_INVALID_STATE" });
    waiting(mutex.lock());
    held.release();
    expect(thrownBy(() => mutex.getMut())).toMatchObject({ code: "ERR_RT_INVALID_STATE" });
  });
});

describe("Mutex.intoInner", () => {
  it("gives the value", () => {
    expect(new Mutex("inside").intoInner()).toBe("inside");
  });

  it.each<[string, (mutex: Mutex<number>) => unknown]>([
    ["lock", (mutex) => new Polled(mutex.lock()).poll()],
    ["tryLock", (mutex) => mutex.tryLock()],
    ["getMut", (mutex) => mutex.getMut()],
    ["intoInner", (mutex) => mutex.intoInner()],
  ])("makes %s throw ERR_RT_DISPOSED from then on", (_, use) => {
    const mutex = new Mutex(0);
    mutex.intoInner();
    expect(thrownBy(() => use(mutex))).toMatchObject({
      code: "ERR_RT_DISPOSED",
      message: "Cannot use this Mutex: intoInner() took its value out; use that one",
    });
  });

  it("throws while somebody holds the mutex, and changes nothing", () => {
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    expect(thrownBy(() => mutex.intoInner())).toMatchObject({ code: "ERR_RT_INVALID_STATE" });
    held.release();
    expect(mutex.intoInner()).toBe(0);
  });
});

describe("Mutex.runExclusive", () => {
  it.each(LANES)("runs one body at a time and gives its value in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const mutex = new Mutex({ n: 0 });
    function* generator(value: { n: number }): Async<number> {
      const { n } = value;
      yield* yieldNow();
      return (value.n = n + 1);
    }
    async function asynchronous(value: { n: number }): Promise<number> {
      const { n } = value;
      await yieldNow();
      return (value.n = n + 1);
    }
    const run = lane === "generator" ? generator : asynchronous;
    const values = await runtime.spawn(
      JoinSet.from([1, 2, 3].map(() => mutex.runExclusive<number>(run))).joinAll(),
    );
    expect(values).toEqual([1, 2, 3]);
  });

  it("releases the mutex when the body throws", async () => {
    const mutex = new Mutex(0);
    const error = new Error("inside");
    expect(await rejectionOf(mutex.runExclusive(() => Promise.reject(error)))).toBe(error);
    expect(mutex.tryLock()).not.toBe(null);
  });

  it("drops the body and releases the mutex when it is dropped", async () => {
    const { runtime } = quietRuntime();
    const mutex = new Mutex(0);
    const log: string[] = [];
    function* forever(): Async<void> {
      try {
        for (;;) yield* yieldNow();
      } finally {
        log.push(mutex.tryLock() === null ? "still locked" : "released");
      }
    }
    const handle = runtime.spawn(mutex.runExclusive(forever));
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect([log, mutex.tryLock() !== null]).toEqual([["still locked"], true]);
  });

  it("leaves the line when it is dropped before its turn", () => {
    const mutex = new Mutex(0);
    const held = now(mutex.lock());
    let ran = false;
    const wait = waiting(
      mutex.runExclusive(async () => {
        ran = true;
      }),
    );
    wait.drop();
    held.release();
    expect([ran, mutex.tryLock() !== null]).toEqual([false, true]);
  });
});

describe("MutexGuard", () => {
  it("sets the value for the next holder", () => {
    const mutex = new Mutex<string | null>("old");
    const guard = now(mutex.lock());
    guard.value = null;
    guard.release();
    expect(now(mutex.lock()).value).toBe(null);
  });

  it("knows its mutex", () => {
    const mutex = new Mutex(0);
    expect(now(mutex.lock()).mutex()).toBe(mutex);
  });

  it("may be disposed twice, and frees the mutex once", () => {
    const mutex = new Mutex(0);
    const guard = now(mutex.lock());
    guard[Symbol.dispose]();
    const next = now(mutex.lock());
    guard[Symbol.dispose]();
    expect(mutex.tryLock()).toBe(null);
    next.release();
  });

  it("refuses a second release and does not free the next holder's lock", () => {
    const mutex = new Mutex(0);
    const guard = now(mutex.lock());
    guard.release();
    using _ = now(mutex.lock());
    expect(thrownBy(() => guard.release())).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(mutex.tryLock()).toBe(null);
  });

  it.each<[string, (guard: MutexGuard<number>) => unknown]>([
    ["reading the value", (guard) => guard.value],
    ["writing the value", (guard) => (guard.value = 9)],
    ["mutex", (guard) => guard.mutex()],
    ["map", (guard) => guard.map(String)],
    ["tryMap", (guard) => guard.tryMap(() => null)],
  ])("refuses %s once released, and changes nothing", (_, use) => {
    const mutex = new Mutex(1);
    const guard = now(mutex.lock());
    guard.release();
    expect(thrownBy(() => use(guard))).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(mutex.getMut()).toBe(1);
  });
});

describe("MutexGuard.map", () => {
  it("shows a part and keeps the mutex locked", () => {
    const mutex = new Mutex({ list: [1] });
    using part = now(mutex.lock()).map((value) => value.list);
    part.value.push(2);
    expect([mutex.tryLock(), part.value]).toEqual([null, [1, 2]]);
  });

  it("releases the mutex when the part is released", () => {
    const mutex = new Mutex({ list: [1] });
    now(mutex.lock())
      .map((value) => value.list)
      .release();
    expect(mutex.tryLock()).not.toBe(null);
  });

  it("uses the first guard up, and disposing that does nothing", () => {
    const mutex = new Mutex({ n: 1 });
    const guard = now(mutex.lock());
    using _ = guard.map((value) => value.n);
    guard[Symbol.dispose]();
    expect(mutex.tryLock()).toBe(null);
    expect(thrownBy(() => guard.value)).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });

  it("leaves the guard as it was when the function throws", () => {
    const mutex = new Mutex(1);
    using guard = now(mutex.lock());
    expect(() => guard.map(throwing)).toThrow("this waker throws");
    expect(guard.value).toBe(1);
  });

  it("can be done again with the part", () => {
    const mutex = new Mutex({ a: { b: "deep" } });
    using part = now(mutex.lock())
      .map((value) => value.a)
      .map((a) => a.b);
    expect([part.value, part.source() === mutex]).toEqual(["deep", true]);
  });
});

describe("MutexGuard.tryMap", () => {
  it("gives the part, if there is one", () => {
    const mutex = new Mutex(new Map([["key", { n: 1 }]]));
    using part = now(mutex.lock()).tryMap((map) => map.get("key"));
    expect(part?.value).toEqual({ n: 1 });
  });

  it("gives null and leaves the guard as it was, if there is none", () => {
    const mutex = new Mutex(new Map<string, number>());
    using guard = now(mutex.lock());
    expect([guard.tryMap((map) => map.get("key")), guard.value.size, mutex.tryLock()]).toEqual([
      null,
      0,
      null,
    ]);
  });

  it("does the same on a mapped guard", () => {
    const mutex = new Mutex({ a: { b: null as string | null } });
    using part = now(mutex.lock()).map((value) => value.a);
    expect(part.tryMap((a) => a.b)).toBe(null);
    part.value.b = "there";
    using inner = part.tryMap((a) => a.b);
    expect([inner?.value, mutex.tryLock()]).toEqual(["there", null]);
  });
});
