import { JoinSet, PENDING, yieldNow, type Async } from "@rt/core";
import { RwLock, type RwLockWriteGuard } from "@rt/sync";
import { describe, expect, it } from "vitest";
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

describe("RwLock", () => {
  it.each([0, -1, 1.5, 2 ** 29])("refuses %s readers", (maxReaders) => {
    expect(() => new RwLock(0, { maxReaders })).toThrow(RangeError);
  });

  it("takes 2^29 - 1 readers, and that is the default", () => {
    const lock = new RwLock(0, { maxReaders: 2 ** 29 - 1 });
    expect(lock.tryRead()).not.toBe(null);
    expect(lock.tryWrite()).toBe(null);
  });

  it("shows its value to a console, also while it is read, and <locked> while it is written", () => {
    const INSPECT = Symbol.for("nodejs.util.inspect.custom");
    const lock = new RwLock(7);
    const shown = (): string =>
      (lock as unknown as Record<symbol, (d: number, o: object, i: typeof String) => string>)[INSPECT]!(
        0,
        {},
        String,
      );
    const reader = now(lock.read());
    const whileRead = shown();
    reader.release();
    using _ = now(lock.write());
    expect([whileRead, shown()]).toEqual(["RwLock { value: 7 }", "RwLock { value: <locked> }"]);
  });

  it.each(LANES)("never lets anybody in beside a writer in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const lock = new RwLock({ readers: 0, writers: 0 });
    let most = 0;
    const seen = new Set<string>();
    function* read(): Async<void> {
      using guard = yield* lock.read();
      guard.value.readers += 1;
      most = Math.max(most, guard.value.readers);
      yield* yieldNow();
      seen.add(`${guard.value.writers} writers beside a reader`);
      guard.value.readers -= 1;
    }
    function* write(): Async<void> {
      using guard = yield* lock.write();
      guard.value.writers += 1;
      yield* yieldNow();
      seen.add(`${guard.value.readers} readers and ${guard.value.writers - 1} others beside a writer`);
      guard.value.writers -= 1;
    }
    async function readAsync(): Promise<void> {
      using guard = await lock.read();
      guard.value.readers += 1;
      most = Math.max(most, guard.value.readers);
      await yieldNow();
      seen.add(`${guard.value.writers} writers beside a reader`);
      guard.value.readers -= 1;
    }
    async function writeAsync(): Promise<void> {
      using guard = await lock.write();
      guard.value.writers += 1;
      await yieldNow();
      seen.add(`${guard.value.readers} readers and ${guard.value.writers - 1} others beside a writer`);
      guard.value.writers -= 1;
    }
    function* all(): Async<void> {
      const set = new JoinSet<void>();
      for (let i = 0; i < 30; i += 1) {
        if (lane === "generator") set.spawn(i % 3 === 0 ? write() : read());
        else set.spawn(i % 3 === 0 ? writeAsync : readAsync);
      }
      yield* set.joinAll();
    }
    await runtime.spawn(all());
    expect([most, [...seen].toSorted()]).toEqual([
      2,
      ["0 readers and 0 others beside a writer", "0 writers beside a reader"],
    ]);
  });

  it("is not poisoned when a writer fails", async () => {
    const { runtime } = quietRuntime();
    const lock = new RwLock(1);
    function* failing(): Async<void> {
      using guard = yield* lock.write();
      guard.value = 2;
      throw new Error("while writing");
    }
    await rejectionOf(runtime.spawn(failing()));
    expect(now(lock.read()).value).toBe(2);
  });

  it("needs no runtime", async () => {
    const lock = new RwLock(1);
    const writer = await lock.write();
    const reader = lock.read().then((guard) => guard.value);
    writer.value = 2;
    writer.release();
    expect(await reader).toBe(2);
  });

  it("works between two runtimes", async () => {
    const one = quietRuntime().runtime;
    const two = quietRuntime().runtime;
    const lock = new RwLock(1);
    const writer = now(lock.write());
    const handles = [one, two].map((runtime) =>
      runtime.spawn(
        body(
          "generator",
          () => lock.read(),
          (guard) => guard.value,
        ),
      ),
    );
    await turn();
    writer.value = 2;
    writer.release();
    expect(await Promise.all(handles)).toEqual([2, 2]);
  });
});

describe("RwLock.read", () => {
  it("is shared", () => {
    const lock = new RwLock("x");
    using a = now(lock.read());
    using b = now(lock.read());
    expect([a.value, b.value]).toEqual(["x", "x"]);
  });

  it("waits for the writer", () => {
    const lock = new RwLock(0);
    const writer = now(lock.write());
    const readers = [1, 2].map(() => waiting(lock.read()));
    writer.release();
    expect(readers.map((reader) => reader.isWoken)).toEqual([true, true]);
  });

  it("waits behind a writer that waits, though the lock is only read", () => {
    const lock = new RwLock(0);
    const first = now(lock.read());
    const writer = waiting(lock.write());
    const second = waiting(lock.read());
    first.release();
    expect([writer.isWoken, second.isWoken]).toEqual([true, false]);
    writer.ready().release();
    expect(second.isWoken).toBe(true);
  });

  it("can wait for ever where its task reads already and a writer came in between", () => {
    const lock = new RwLock(0);
    using _ = now(lock.read());
    waiting(lock.write());
    expect(new Polled(lock.read()).poll()).toBe(PENDING);
  });

  it("lets at most maxReaders in", () => {
    const lock = new RwLock(0, { maxReaders: 2 });
    const first = now(lock.read());
    now(lock.read());
    const third = waiting(lock.read());
    first.release();
    expect(third.isWoken).toBe(true);
  });

  it("goes on when the writer in front of it gives up", () => {
    const lock = new RwLock(0);
    using _ = now(lock.read());
    const writer = waiting(lock.write());
    const reader = waiting(lock.read());
    writer.drop();
    expect([reader.isWoken, reader.ready().value]).toEqual([true, 0]);
  });

  it("takes nothing before it is polled, and gives back what it was granted when dropped", () => {
    const lock = new RwLock(0);
    lock.read();
    const writer = now(lock.write());
    const reader = waiting(lock.read());
    writer.release();
    reader.drop();
    reader.drop();
    expect(lock.tryWrite()).not.toBe(null);
  });

  it("lets other tasks run in a loop that never waits", async () => {
    const { runtime } = quietRuntime();
    const lock = new RwLock(0);
    function* loop(): Async<void> {
      for (let i = 0; i < 129; i += 1) (yield* lock.read()).release();
    }
    await runtime.spawn(loop());
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(1);
  });
});

describe("RwLock.write", () => {
  it("waits for every reader", () => {
    const lock = new RwLock(0);
    const readers = [1, 2].map(() => now(lock.read()));
    const writer = waiting(lock.write());
    readers[0]!.release();
    expect(writer.isWoken).toBe(false);
    readers[1]!.release();
    expect(writer.isWoken).toBe(true);
  });

  it("takes turns with readers in the order in which they came", () => {
    const lock = new RwLock(0);
    const held = now(lock.write());
    const reader1 = waiting(lock.read());
    const writer1 = waiting(lock.write());
    const reader2 = waiting(lock.read());
    held.release();
    expect([reader1.isWoken, writer1.isWoken, reader2.isWoken]).toEqual([true, false, false]);
    reader1.ready().release();
    expect([writer1.isWoken, reader2.isWoken]).toEqual([true, false]);
    writer1.ready().release();
    expect(reader2.isWoken).toBe(true);
  });

  it("gives back what it had collected when it is dropped in line", () => {
    const lock = new RwLock(0, { maxReaders: 3 });
    const reader = now(lock.read());
    const writer = waiting(lock.write());
    writer.drop();
    writer.drop();
    expect([lock.tryRead() !== null, lock.tryRead() !== null, lock.tryRead()]).toEqual([true, true, null]);
    reader.release();
  });

  it("passes the lock on when it was granted and is dropped", () => {
    const lock = new RwLock(0);
    const held = now(lock.write());
    const first = waiting(lock.write());
    const second = waiting(lock.write());
    held.release();
    first.drop();
    expect(second.ready().value).toBe(0);
  });

  it.each(LANES)(
    "loses nothing when its task is aborted between grant and guard in the %s lane",
    async (lane) => {
      const { runtime } = quietRuntime();
      const lock = new RwLock(0);
      const reader = now(lock.read());
      const handle = runtime.spawn(body(lane, () => lock.write(), Boolean));
      await turn();
      reader.release();
      handle.abort();
      await rejectionOf(handle);
      expect(lock.tryWrite()).not.toBe(null);
    },
  );

  it("wakes every reader when the waker of one throws", () => {
    const { runtime, reports } = quietRuntime();
    using _ = runtime.enter();
    const lock = new RwLock(0);
    const writer = now(lock.write());
    waiting(lock.read(), throwing);
    const second = waiting(lock.read());
    writer.release();
    expect([second.isWoken, reports.length]).toEqual([true, 1]);
  });

  it("lets a reader's waker lock again behind those who wait", () => {
    const lock = new RwLock(0);
    const held = now(lock.write());
    let again: Polled<RwLockWriteGuard<number>> | null = null;
    const reader = waiting(lock.read(), () => {
      again = new Polled(lock.write());
      again.poll();
    });
    const second = waiting(lock.read());
    held.release();
    reader.ready().release();
    expect(again!.isWoken).toBe(false);
    second.ready().release();
    expect(again!.isWoken).toBe(true);
  });

  it("says in a dump what its task waits for", async () => {
    const { runtime } = quietRuntime();
    const lock = new RwLock(0);
    using _ = now(lock.read());
    const handle = runtime.spawn(body("generator", () => lock.write(), Boolean));
    await turn();
    expect(runtime.handle().dump().toString()).toContain("the lock for a RwLockWriteGuard");
    handle.abort();
  });
});

describe("RwLock.readOwned", () => {
  it("does the same as read, like the other owned variants", () => {
    const lock = new RwLock(1);
    const readers = [now(lock.readOwned()), lock.tryReadOwned()];
    expect([readers.map((guard) => guard?.value), lock.tryWriteOwned()]).toEqual([[1, 1], null]);
    for (const guard of readers) guard?.release();
    now(lock.writeOwned()).release();
    expect(lock.tryWriteOwned()?.value).toBe(1);
  });
});

describe("RwLock.tryRead", () => {
  it("gives null while somebody writes, or waits to", () => {
    const lock = new RwLock(0);
    const writer = now(lock.write());
    const whileWriting = lock.tryRead();
    writer.release();
    using _ = now(lock.read());
    waiting(lock.write());
    expect([whileWriting, lock.tryRead()]).toEqual([null, null]);
  });
});

describe("RwLock.tryWrite", () => {
  it("gives null while anybody reads or writes", () => {
    const lock = new RwLock(0);
    const reader = now(lock.read());
    const whileReading = lock.tryWrite();
    reader.release();
    using writer = lock.tryWrite();
    expect([whileReading, writer?.value, lock.tryWrite()]).toEqual([null, 0, null]);
  });
});

describe("RwLock.blockingRead and RwLock.blockingWrite", () => {
  it("lock where no wait is needed", () => {
    const lock = new RwLock(1);
    lock.blockingRead().release();
    expect(lock.blockingWrite().value).toBe(1);
  });

  it("throw ERR_RT_WOULD_BLOCK where a wait is needed", () => {
    const lock = new RwLock(1);
    const reader = now(lock.read());
    expect(thrownBy(() => lock.blockingWrite())).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
    reader.release();
    using _ = now(lock.write());
    expect(thrownBy(() => lock.blockingRead())).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
  });

  it.each(LANES)("throw ERR_RT_WOULD_BLOCK inside a task in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const lock = new RwLock(1);
    const errors = await runtime.spawn(
      body(lane, yieldNow, () => [thrownBy(() => lock.blockingRead()), thrownBy(() => lock.blockingWrite())]),
    );
    expect(errors).toMatchObject([{ code: "ERR_RT_WOULD_BLOCK" }, { code: "ERR_RT_WOULD_BLOCK" }]);
  });
});

describe("RwLock.getMut and RwLock.intoInner", () => {
  it("give the value while nobody has the lock", () => {
    const lock = new RwLock({ n: 1 });
    lock.getMut().n = 2;
    expect(lock.intoInner()).toEqual({ n: 2 });
  });

  it("throw while somebody reads", () => {
    const lock = new RwLock(0);
    using _ = now(lock.read());
    expect(thrownBy(() => lock.getMut())).toMatchObject({ code: "ERR_RT_INVALID_STATE" });
    expect(thrownBy(() => lock.intoInner())).toMatchObject({ code: "ERR_RT_INVALID_STATE" });
  });

  it("leave a lock that can't be used once the value was taken out", () => {
    const lock = new RwLock(0);
    lock.intoInner();
    expect(thrownBy(() => lock.tryRead())).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(thrownBy(() => new Polled(lock.write()).poll())).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});

describe("RwLockReadGuard", () => {
  it("can't be written through", () => {
    const lock = new RwLock(1);
    using guard = now(lock.read());
    expect(() => {
      // @ts-expect-error -- only a writer has a setter
      guard.value = 2;
    }).toThrow(TypeError);
    expect(guard.value).toBe(1);
  });

  it("frees its own share only, once", () => {
    const lock = new RwLock(0);
    const first = now(lock.read());
    using _ = now(lock.read());
    first.release();
    first[Symbol.dispose]();
    expect(thrownBy(() => first.release())).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(thrownBy(() => first.value)).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(lock.tryWrite()).toBe(null);
  });

  it("knows its lock", () => {
    const lock = new RwLock(0);
    expect([now(lock.read()).rwlock() === lock, lock.tryWrite()]).toEqual([true, null]);
  });

  it("keeps its share when it is mapped", () => {
    const lock = new RwLock({ a: 1 });
    const part = now(lock.read()).map((value) => value.a);
    expect([part.value, part.source() === lock, lock.tryWrite(), lock.tryRead() !== null]).toEqual([
      1,
      true,
      null,
      true,
    ]);
    part.release();
  });

  it("stays as it was when tryMap finds nothing", () => {
    const lock = new RwLock<{ a?: number }>({});
    const guard = now(lock.read());
    expect([guard.tryMap((value) => value.a), guard.value]).toEqual([null, {}]);
    guard.value.a = 1;
    expect(guard.tryMap((value) => value.a)?.value).toBe(1);
  });
});

describe("RwLockWriteGuard", () => {
  it("sets the value", () => {
    const lock = new RwLock(1);
    const guard = now(lock.write());
    guard.value = 2;
    guard.release();
    expect(now(lock.read()).value).toBe(2);
  });

  it("refuses everything once released", () => {
    const lock = new RwLock(1);
    const guard = now(lock.write());
    guard.release();
    const uses = [
      () => guard.value,
      () => (guard.value = 3),
      () => guard.rwlock(),
      () => guard.downgrade(),
      () => guard.downgradeMap(String),
      () => guard.tryDowngradeMap(() => null),
      () => guard.intoMapped(),
      () => guard.release(),
    ];
    for (const use of uses) expect(thrownBy(use)).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(lock.getMut()).toBe(1);
  });

  it("keeps everybody else off when it is mapped", () => {
    const lock = new RwLock({ list: [1] });
    const part = now(lock.write()).map((value) => value.list);
    part.value.push(2);
    expect([lock.tryRead(), part.tryMap((list) => list[5])]).toEqual([null, null]);
    const deeper = part.map((list) => list.length);
    expect([deeper.value, deeper.source() === lock, lock.tryRead()]).toEqual([2, true, null]);
    deeper.release();
    expect(lock.tryWrite()).not.toBe(null);
  });

  it("goes on writing when tryMap finds nothing", () => {
    const lock = new RwLock<{ a?: number }>({});
    const guard = now(lock.write());
    expect([guard.tryMap((value) => value.a), lock.tryRead(), guard.rwlock() === lock]).toEqual([
      null,
      null,
      true,
    ]);
  });
});

describe("RwLockWriteGuard.intoMapped", () => {
  it("shows the whole value and keeps everybody else off", () => {
    const lock = new RwLock({ n: 1 });
    const guard = now(lock.write());
    using mapped = guard.intoMapped();
    expect([mapped.value.n, lock.tryRead()]).toEqual([1, null]);
    expect(thrownBy(() => guard.value)).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});

describe("RwLockWriteGuard.downgrade", () => {
  it("becomes a reader beside others", () => {
    const lock = new RwLock(1);
    const writer = now(lock.write());
    writer.value = 2;
    using reader = writer.downgrade();
    expect([reader.value, lock.tryRead()?.value, lock.tryWrite()]).toEqual([2, 2, null]);
    expect(thrownBy(() => writer.value)).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });

  it("lets no writer in between", () => {
    const lock = new RwLock(1);
    const guard = now(lock.write());
    const writer = waiting(lock.write());
    const reader = guard.downgrade();
    expect(writer.isWoken).toBe(false);
    reader.release();
    expect(writer.isWoken).toBe(true);
  });

  it("lets readers in who came before the first waiting writer, and no others", () => {
    const lock = new RwLock(1);
    const guard = now(lock.write());
    const before = waiting(lock.read());
    const writer = waiting(lock.write());
    const after = waiting(lock.read());
    const reader = guard.downgrade();
    expect([before.isWoken, writer.isWoken, after.isWoken, lock.tryRead()]).toEqual([
      true,
      false,
      false,
      null,
    ]);
    reader.release();
    before.ready().release();
    expect([writer.isWoken, after.isWoken]).toEqual([true, false]);
  });

  it("frees the lock once the reader is released", () => {
    const lock = new RwLock(1, { maxReaders: 1 });
    now(lock.write()).downgrade().release();
    expect(lock.tryWrite()).not.toBe(null);
  });
});

describe("RwLockWriteGuard.downgradeMap", () => {
  it("becomes a reader that shows a part", () => {
    const lock = new RwLock({ a: 1 });
    using part = now(lock.write()).downgradeMap((value) => value.a);
    expect([part.value, lock.tryRead() !== null, lock.tryWrite()]).toEqual([1, true, null]);
  });

  it("leaves the writer as it was when the function throws", () => {
    const lock = new RwLock(1);
    using guard = now(lock.write());
    expect(() => guard.downgradeMap(throwing)).toThrow("this waker throws");
    expect([guard.value, lock.tryRead()]).toEqual([1, null]);
  });
});

describe("RwLockWriteGuard.tryDowngradeMap", () => {
  it("keeps the write lock when there is no such part", () => {
    const lock = new RwLock<{ a?: number }>({});
    using guard = now(lock.write());
    expect([guard.tryDowngradeMap((value) => value.a), lock.tryRead()]).toEqual([null, null]);
    guard.value = { a: 1 };
  });

  it("becomes a reader that shows the part", () => {
    const lock = new RwLock<{ a?: number }>({ a: 1 });
    using part = now(lock.write()).tryDowngradeMap((value) => value.a);
    expect([part?.value, lock.tryRead() !== null]).toEqual([1, true]);
  });
});
