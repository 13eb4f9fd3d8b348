import { JoinSet, PENDING, spawn, UsageError, yieldNow, type Async } from "@rt/core";
import { AcquireError, Semaphore, type SemaphorePermit } from "@rt/sync";
import { describe, expect, it } from "vitest";
import {
  body,
  LANES,
  now,
  Polled,
  quietRuntime,
  rejectionOf,
  TestWaker,
  throwing,
  thrownBy,
  turn,
  waiting,
} from "./support/polling.ts";

describe("Semaphore", () => {
  it("starts with the permits it is given", () => {
    expect(new Semaphore(3).availablePermits()).toBe(3);
  });

  it("may start with none", () => {
    const semaphore = new Semaphore(0);
    const wait = waiting(semaphore.acquire());
    semaphore.addPermits(1);
    expect(wait.ready().numPermits()).toBe(1);
  });

  it("takes MAX_PERMITS and no more", () => {
    expect(new Semaphore(Semaphore.MAX_PERMITS).availablePermits()).toBe(2 ** 30 - 1);
    expect(() => new Semaphore(Semaphore.MAX_PERMITS + 1)).toThrow(RangeError);
  });

  it.each([-1, 1.5, Number.NaN, Infinity])("refuses %s permits", (count) => {
    expect(thrownBy(() => new Semaphore(count))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
  });

  it("refuses what is no number", () => {
    expect(thrownBy(() => new Semaphore("2" as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("says in a deadlock report what a task waits for", async () => {
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(body("generator", () => new Semaphore(1).acquireMany(2), Boolean));
    await turn();
    expect(runtime.handle().dump().toString()).toContain("2 of the permits of a Semaphore");
    handle.abort();
  });
});

describe("Semaphore.acquire", () => {
  it.each(LANES)("gives a permit at once while one is free in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const semaphore = new Semaphore(1);
    const held = await runtime.spawn(
      body(
        lane,
        () => semaphore.acquire(),
        (permit) => permit.numPermits(),
      ),
    );
    expect([held, semaphore.availablePermits()]).toEqual([1, 0]);
  });

  it("takes nothing before it is polled", () => {
    const semaphore = new Semaphore(1);
    semaphore.acquire();
    expect(semaphore.availablePermits()).toBe(1);
  });

  it("wakes only the one that has waited longest", () => {
    const semaphore = new Semaphore(0);
    const first = waiting(semaphore.acquire());
    const second = waiting(semaphore.acquire());
    semaphore.addPermits(1);
    expect([first.isWoken, second.isWoken]).toEqual([true, false]);
  });

  it.each(LANES)("serves tasks in the order in which they asked in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const semaphore = new Semaphore(0);
    const order: number[] = [];
    const handles = [1, 2, 3, 4].map((n) =>
      runtime.spawn(
        body(
          lane,
          () => semaphore.acquire(),
          (permit) => {
            order.push(n);
            permit.release();
          },
        ),
      ),
    );
    await turn();
    semaphore.addPermits(1);
    await Promise.all(handles);
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it("keeps what was granted for the waiter that has not looked yet", () => {
    const semaphore = new Semaphore(0);
    const wait = waiting(semaphore.acquire());
    semaphore.addPermits(1);
    expect([semaphore.tryAcquire(), semaphore.availablePermits()]).toEqual([null, 0]);
    expect(wait.ready().numPermits()).toBe(1);
  });

  it("wakes the waker of the last poll", () => {
    const semaphore = new Semaphore(0);
    const wait = waiting(semaphore.acquire());
    const later = new TestWaker();
    wait.future.poll(later);
    semaphore.addPermits(1);
    expect([wait.isWoken, later.isWoken]).toEqual([false, true]);
  });

  it("passes the permit on when a woken waiter is dropped", () => {
    const semaphore = new Semaphore(0);
    const first = waiting(semaphore.acquire());
    const second = waiting(semaphore.acquire());
    semaphore.addPermits(1);
    first.drop();
    expect([second.isWoken, second.ready().numPermits(), semaphore.availablePermits()]).toEqual([true, 1, 0]);
  });

  it.each(LANES)(
    "loses no permit when a task is aborted between grant and guard in the %s lane",
    async (lane) => {
      const { runtime } = quietRuntime();
      const semaphore = new Semaphore(0);
      const handle = runtime.spawn(body(lane, () => semaphore.acquire(), Boolean));
      await turn();
      semaphore.addPermits(1);
      handle.abort();
      await rejectionOf(handle);
      expect(semaphore.availablePermits()).toBe(1);
    },
  );

  it.each(LANES)("gives up its place when its task is aborted in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const semaphore = new Semaphore(0);
    const handle = runtime.spawn(body(lane, () => semaphore.acquire(), Boolean));
    await turn();
    const second = waiting(semaphore.acquire());
    handle.abort();
    await rejectionOf(handle);
    semaphore.addPermits(1);
    expect(second.isWoken).toBe(true);
  });

  it.each([
    ["head", 0],
    ["middle", 1],
    ["tail", 2],
  ])("leaves the others in order when the %s of the line is dropped", (_, dropped) => {
    const semaphore = new Semaphore(0);
    const line = [0, 1, 2].map(() => waiting(semaphore.acquire()));
    line[dropped]!.drop();
    const rest = line.filter((_waiter, i) => i !== dropped);
    semaphore.addPermits(1);
    expect(rest.map((waiter) => waiter.isWoken)).toEqual([true, false]);
    semaphore.addPermits(1);
    expect(rest.map((waiter) => waiter.isWoken)).toEqual([true, true]);
    expect(line[dropped]!.isWoken).toBe(false);
  });

  it("may be dropped unpolled, twice, and after it was ready", () => {
    const semaphore = new Semaphore(1);
    const unpolled = semaphore.acquire();
    unpolled.drop();
    unpolled.drop();
    const done = new Polled(semaphore.acquire());
    const permit = done.ready();
    done.drop();
    done.drop();
    expect(semaphore.availablePermits()).toBe(0);
    permit.release();
    expect(semaphore.availablePermits()).toBe(1);
  });

  it("gives nothing back when it is dropped after a wait that ended well", () => {
    const semaphore = new Semaphore(0);
    const wait = waiting(semaphore.acquire());
    semaphore.addPermits(1);
    const permit = wait.ready();
    wait.drop();
    expect(semaphore.availablePermits()).toBe(0);
    permit.release();
    expect(semaphore.availablePermits()).toBe(1);
  });

  it("gives a dropped and granted permit back once only", () => {
    const semaphore = new Semaphore(0);
    const wait = waiting(semaphore.acquire());
    semaphore.addPermits(1);
    wait.drop();
    wait.drop();
    expect(semaphore.availablePermits()).toBe(1);
  });

  it("serves the others when a waker throws, and reports that", () => {
    const { runtime, reports } = quietRuntime();
    using _ = runtime.enter();
    const semaphore = new Semaphore(0);
    waiting(semaphore.acquire(), throwing);
    const second = waiting(semaphore.acquire());
    semaphore.addPermits(2);
    expect([second.isWoken, reports.length]).toEqual([true, 1]);
  });

  it("may be polled from its own waker", () => {
    const semaphore = new Semaphore(0);
    let got: unknown;
    const first: Polled<SemaphorePermit> = waiting(semaphore.acquire(), () => {
      got = first.poll();
    });
    semaphore.addPermits(1);
    expect((got as SemaphorePermit).numPermits()).toBe(1);
  });

  it("serves everybody when each waker releases the permit at once", () => {
    const semaphore = new Semaphore(0);
    const order: number[] = [];
    for (const n of [1, 2, 3]) {
      const wait: Polled<SemaphorePermit> = waiting(semaphore.acquire(), () => {
        order.push(n);
        wait.ready().release();
      });
    }
    semaphore.addPermits(1);
    expect([order, semaphore.availablePermits()]).toEqual([[1, 2, 3], 1]);
  });

  it("forwards nothing when a waiter is dropped while all permits are held", () => {
    const semaphore = new Semaphore(1);
    const held = now(semaphore.acquire());
    const first = waiting(semaphore.acquire());
    const second = waiting(semaphore.acquire());
    first.drop();
    expect([second.isWoken, second.poll()]).toEqual([false, PENDING]);
    held.release();
    expect(second.isWoken).toBe(true);
  });

  it.each(LANES)("lets other tasks run in a loop that never waits in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const semaphore = new Semaphore(1);
    const loop = { count: 0, stopped: false };
    function* generator(): Async<void> {
      while (!loop.stopped) {
        (yield* semaphore.acquire()).release();
        loop.count += 1;
      }
    }
    async function asynchronous(): Promise<void> {
      while (!loop.stopped) {
        (await semaphore.acquire()).release();
        loop.count += 1;
      }
    }
    const looping = runtime.spawn(lane === "generator" ? generator() : asynchronous);
    function* other(): Async<number> {
      yield* yieldNow();
      const { count } = loop;
      yield* yieldNow();
      loop.stopped = true;
      return loop.count - count;
    }
    const between = await runtime.spawn(other());
    await looping;
    expect(between).toBeLessThanOrEqual(128);
  });

  it("charges one unit of the budget for each permit and none for waiting", async () => {
    const { runtime } = quietRuntime();
    const semaphore = new Semaphore(1);
    function* take(): Async<void> {
      for (let i = 0; i < 128 * 3 + 1; i += 1) (yield* semaphore.acquire()).release();
    }
    await runtime.spawn(take());
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(3);
  });

  it.each(LANES)("lets other tasks run in a loop over a closed semaphore in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const semaphore = new Semaphore(1);
    semaphore.close();
    const loop = { stopped: false };
    function* generator(): Async<void> {
      while (!loop.stopped) {
        try {
          yield* semaphore.acquire();
        } catch {
          // closed
        }
      }
    }
    async function asynchronous(): Promise<void> {
      while (!loop.stopped) await rejectionOf(semaphore.acquire());
    }
    const looping = runtime.spawn(lane === "generator" ? generator() : asynchronous);
    function* stop(): Async<void> {
      yield* yieldNow();
      loop.stopped = true;
    }
    await runtime.spawn(stop());
    await looping;
    expect(loop.stopped).toBe(true);
  });

  it("needs no runtime", async () => {
    const semaphore = new Semaphore(1);
    const held = await semaphore.acquire();
    const wait = semaphore.acquire().then((permit) => permit.numPermits());
    held.release();
    expect(await wait).toBe(1);
  });

  it("works between two runtimes", async () => {
    const one = quietRuntime().runtime;
    const two = quietRuntime().runtime;
    const semaphore = new Semaphore(0);
    const waiter = one.spawn(
      body(
        "generator",
        () => semaphore.acquire(),
        (permit) => permit.numPermits(),
      ),
    );
    await turn();
    await two.spawn(body("generator", yieldNow, () => semaphore.addPermits(1)));
    expect(await waiter).toBe(1);
  });
});

describe("Semaphore.acquireMany", () => {
  it("takes all at once while they are free", () => {
    const semaphore = new Semaphore(5);
    expect(now(semaphore.acquireMany(3)).numPermits()).toBe(3);
    expect(semaphore.availablePermits()).toBe(2);
  });

  it("holds small requests behind a large one, though permits are free", () => {
    const semaphore = new Semaphore(2);
    const large = waiting(semaphore.acquireMany(3));
    const small = waiting(semaphore.acquire());
    expect([semaphore.availablePermits(), small.isWoken]).toEqual([0, false]);
    semaphore.addPermits(1);
    expect([large.isWoken, small.isWoken]).toEqual([true, false]);
  });

  it("collects at the head of the line what comes back bit by bit", () => {
    const semaphore = new Semaphore(0);
    const large = waiting(semaphore.acquireMany(3));
    semaphore.addPermits(1);
    semaphore.addPermits(1);
    expect([large.isWoken, large.poll(), semaphore.availablePermits()]).toEqual([false, PENDING, 0]);
    semaphore.addPermits(1);
    expect(large.ready().numPermits()).toBe(3);
  });

  it("hands what it had collected to those behind it when it is dropped", () => {
    const semaphore = new Semaphore(2);
    const large = waiting(semaphore.acquireMany(3));
    const small = [1, 2, 3].map(() => waiting(semaphore.acquire()));
    large.drop();
    expect(small.map((waiter) => waiter.isWoken)).toEqual([true, true, false]);
  });

  it("leaves what it had collected free when it is dropped and nobody else waits", () => {
    const semaphore = new Semaphore(2);
    const large = waiting(semaphore.acquireMany(3));
    large.drop();
    large.drop();
    expect(semaphore.availablePermits()).toBe(2);
  });

  it("hands all it was granted to those behind it when it is dropped unpolled", () => {
    const semaphore = new Semaphore(0);
    const large = waiting(semaphore.acquireMany(3));
    const small = waiting(semaphore.acquireMany(2));
    semaphore.addPermits(3);
    large.drop();
    expect([small.ready().numPermits(), semaphore.availablePermits()]).toEqual([2, 1]);
  });

  it("lets the next large one go on collecting where a dropped one left off", () => {
    const semaphore = new Semaphore(2);
    const first = waiting(semaphore.acquireMany(4));
    const second = waiting(semaphore.acquireMany(3));
    first.drop();
    expect(second.isWoken).toBe(false);
    semaphore.addPermits(1);
    expect(second.ready().numPermits()).toBe(3);
  });

  it("serves several waiters by one release", () => {
    const semaphore = new Semaphore(0);
    const line = [2, 1, 2].map((count) => waiting(semaphore.acquireMany(count)));
    semaphore.addPermits(4);
    expect(line.map((waiter) => waiter.isWoken)).toEqual([true, true, false]);
    expect(semaphore.availablePermits()).toBe(0);
  });

  it("gives 0 permits at once, also while others wait", () => {
    const semaphore = new Semaphore(0);
    waiting(semaphore.acquire());
    expect(now(semaphore.acquireMany(0)).numPermits()).toBe(0);
  });

  it("refuses 0 permits of a closed semaphore", () => {
    const semaphore = new Semaphore(0);
    semaphore.close();
    expect(() => new Polled(semaphore.acquireMany(0)).poll()).toThrow(AcquireError);
  });

  it.each([-1, 0.5, Semaphore.MAX_PERMITS + 1])("refuses a count of %s before waiting", (count) => {
    const semaphore = new Semaphore(1);
    expect(() => semaphore.acquireMany(count)).toThrow(RangeError);
    expect(() => semaphore.tryAcquireMany(count)).toThrow(RangeError);
  });

  it("waits for more than there ever were, until they are added", () => {
    const semaphore = new Semaphore(1);
    const wait = waiting(semaphore.acquireMany(Semaphore.MAX_PERMITS));
    semaphore.addPermits(Semaphore.MAX_PERMITS - 1);
    expect(wait.ready().numPermits()).toBe(Semaphore.MAX_PERMITS);
  });
});

describe("Semaphore.tryAcquire", () => {
  it("gives a permit, or null when none is free", () => {
    const semaphore = new Semaphore(1);
    const permit = semaphore.tryAcquire();
    expect([permit?.numPermits(), semaphore.tryAcquire()]).toEqual([1, null]);
  });

  it("never overtakes who waits", () => {
    const semaphore = new Semaphore(1);
    waiting(semaphore.acquireMany(2));
    expect(semaphore.tryAcquire()).toBe(null);
  });

  it("throws AcquireError once closed", () => {
    const semaphore = new Semaphore(1);
    semaphore.close();
    expect(thrownBy(() => semaphore.tryAcquire())).toMatchObject({
      name: "AcquireError",
      code: "ERR_RT_SEMAPHORE_CLOSED",
    });
  });
});

describe("Semaphore.tryAcquireMany", () => {
  it("takes all or nothing", () => {
    const semaphore = new Semaphore(3);
    expect(semaphore.tryAcquireMany(4)).toBe(null);
    expect(semaphore.tryAcquireMany(3)?.numPermits()).toBe(3);
    expect(semaphore.availablePermits()).toBe(0);
  });
});

describe("Semaphore.acquireOwned", () => {
  it("does the same as acquire, like its variants", () => {
    const semaphore = new Semaphore(6);
    const counts = [
      now(semaphore.acquireOwned()),
      now(semaphore.acquireManyOwned(2)),
      semaphore.tryAcquireOwned(),
      semaphore.tryAcquireManyOwned(2),
    ].map((permit) => permit?.numPermits());
    expect([counts, semaphore.availablePermits()]).toEqual([[1, 2, 1, 2], 0]);
  });
});

describe("Semaphore.blockingAcquire", () => {
  it("gives a permit where no wait is needed", () => {
    const semaphore = new Semaphore(3);
    semaphore.blockingAcquire();
    semaphore.blockingAcquireMany(2);
    expect(semaphore.availablePermits()).toBe(0);
  });

  it("throws ERR_RT_WOULD_BLOCK where a wait is needed, and stays in no line", () => {
    const semaphore = new Semaphore(0);
    expect(thrownBy(() => semaphore.blockingAcquire())).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
    semaphore.addPermits(1);
    expect(semaphore.availablePermits()).toBe(1);
  });

  it.each(LANES)(
    "throws ERR_RT_WOULD_BLOCK inside a task, also where a permit is free, in the %s lane",
    async (lane) => {
      const { runtime } = quietRuntime();
      const semaphore = new Semaphore(1);
      const error = await runtime.spawn(
        body(lane, yieldNow, () => thrownBy(() => semaphore.blockingAcquire())),
      );
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({ code: "ERR_RT_WOULD_BLOCK" });
      expect(semaphore.availablePermits()).toBe(1);
    },
  );
});

describe("Semaphore.addPermits", () => {
  it("gives to those who wait, in order, and keeps the rest", () => {
    const semaphore = new Semaphore(0);
    const wait = waiting(semaphore.acquireMany(2));
    semaphore.addPermits(3);
    expect([wait.isWoken, semaphore.availablePermits()]).toEqual([true, 1]);
  });

  it("refuses to have more than MAX_PERMITS free, and adds none", () => {
    const semaphore = new Semaphore(1);
    expect(() => semaphore.addPermits(Semaphore.MAX_PERMITS)).toThrow(RangeError);
    expect(semaphore.availablePermits()).toBe(1);
  });

  it("is allowed after close and wakes nobody", () => {
    const semaphore = new Semaphore(0);
    const wait = waiting(semaphore.acquire());
    semaphore.close();
    semaphore.addPermits(2);
    expect([wait.cx.wakes, semaphore.availablePermits()]).toEqual([1, 2]);
    expect(() => wait.poll()).toThrow(AcquireError);
  });
});

describe("Semaphore.forgetPermits", () => {
  it("removes at most as many as are free, and says how many", () => {
    const semaphore = new Semaphore(3);
    expect([semaphore.forgetPermits(2), semaphore.forgetPermits(2), semaphore.forgetPermits(2)]).toEqual([
      2, 1, 0,
    ]);
    expect(semaphore.availablePermits()).toBe(0);
  });

  it("takes nothing from who waits", () => {
    const semaphore = new Semaphore(1);
    const wait = waiting(semaphore.acquireMany(2));
    expect(semaphore.forgetPermits(1)).toBe(0);
    semaphore.addPermits(1);
    expect(wait.isWoken).toBe(true);
  });

  it("leaves a closed semaphore closed", () => {
    const semaphore = new Semaphore(1);
    semaphore.close();
    expect([semaphore.forgetPermits(1), semaphore.isClosed()]).toEqual([1, true]);
  });
});

describe("Semaphore.close", () => {
  it.each(LANES)("wakes everybody who waits with an AcquireError in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const semaphore = new Semaphore(0);
    const handles = [1, 2].map(() => runtime.spawn(body(lane, () => semaphore.acquire(), Boolean)));
    await turn();
    semaphore.close();
    for (const handle of handles) expect(await rejectionOf(handle)).toBeInstanceOf(AcquireError);
  });

  it("refuses who asks later, though permits are free", () => {
    const semaphore = new Semaphore(1);
    semaphore.close();
    expect(() => new Polled(semaphore.acquire()).poll()).toThrow(AcquireError);
    expect([semaphore.isClosed(), semaphore.availablePermits()]).toEqual([true, 1]);
  });

  it("lets permits be released afterwards", () => {
    const semaphore = new Semaphore(2);
    const permit = now(semaphore.acquireMany(2));
    semaphore.close();
    permit.release();
    expect(semaphore.availablePermits()).toBe(2);
  });

  it("refuses one that was granted and has not looked, and loses no permit by it", () => {
    const semaphore = new Semaphore(0);
    const wait = waiting(semaphore.acquire());
    semaphore.addPermits(1);
    semaphore.close();
    expect(() => wait.poll()).toThrow(AcquireError);
    expect(semaphore.availablePermits()).toBe(1);
  });

  it("wakes the others when a waker throws or drops its neighbour", () => {
    const { runtime } = quietRuntime();
    using _ = runtime.enter();
    const semaphore = new Semaphore(0);
    const dropped: Polled<SemaphorePermit>[] = [];
    waiting(semaphore.acquire(), () => {
      dropped[0]!.drop();
      throwing();
    });
    dropped.push(waiting(semaphore.acquire()));
    const last = waiting(semaphore.acquire());
    semaphore.close();
    expect([dropped[0]!.isWoken, last.isWoken]).toEqual([false, true]);
  });

  it("does nothing the second time", () => {
    const semaphore = new Semaphore(0);
    const wait = waiting(semaphore.acquire());
    semaphore.close();
    semaphore.close();
    expect(wait.cx.wakes).toBe(1);
  });
});

describe("SemaphorePermit", () => {
  it("gives its permits back when disposed", () => {
    const semaphore = new Semaphore(2);
    {
      using permit = now(semaphore.acquireMany(2));
      expect(permit.numPermits()).toBe(2);
    }
    expect(semaphore.availablePermits()).toBe(2);
  });

  it("may be disposed again, and after release", () => {
    const semaphore = new Semaphore(1);
    const permit = now(semaphore.acquire());
    permit.release();
    permit[Symbol.dispose]();
    permit[Symbol.dispose]();
    expect(semaphore.availablePermits()).toBe(1);
  });

  it("refuses a second release and gives nothing back by it", () => {
    const semaphore = new Semaphore(1);
    const permit = now(semaphore.acquire());
    permit.release();
    expect(thrownBy(() => permit.release())).toMatchObject({ name: "UsageError", code: "ERR_RT_DISPOSED" });
    expect(semaphore.availablePermits()).toBe(1);
  });

  it.each<[string, (permit: SemaphorePermit) => unknown]>([
    ["numPermits", (permit) => permit.numPermits()],
    ["semaphore", (permit) => permit.semaphore()],
    ["forget", (permit) => permit.forget()],
    ["split", (permit) => permit.split(0)],
    ["merge", (permit) => permit.merge(now(permit.semaphore().acquire()))],
  ])("refuses %s once released", (_, use) => {
    const permit = now(new Semaphore(1).acquire());
    permit.release();
    expect(thrownBy(() => use(permit))).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });

  it("knows its semaphore", () => {
    const semaphore = new Semaphore(1);
    expect(now(semaphore.acquire()).semaphore()).toBe(semaphore);
  });

  it.each(LANES)("is given back when its task fails in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const semaphore = new Semaphore(1);
    const handle = runtime.spawn(
      body(
        lane,
        () => semaphore.acquire(),
        (permit) => {
          using _ = permit;
          throw new Error("while holding");
        },
      ),
    );
    await rejectionOf(handle);
    expect(semaphore.availablePermits()).toBe(1);
  });
});

describe("SemaphorePermit.forget", () => {
  it("takes the permits out of the semaphore for good", () => {
    const semaphore = new Semaphore(2);
    const permit = now(semaphore.acquire());
    permit.forget();
    permit[Symbol.dispose]();
    expect(semaphore.availablePermits()).toBe(1);
  });
});

describe("SemaphorePermit.merge", () => {
  it("takes over the permits of the other", () => {
    const semaphore = new Semaphore(3);
    const permit = now(semaphore.acquire());
    const other = now(semaphore.acquireMany(2));
    permit.merge(other);
    other[Symbol.dispose]();
    expect([permit.numPermits(), semaphore.availablePermits()]).toEqual([3, 0]);
    permit.release();
    expect(semaphore.availablePermits()).toBe(3);
  });

  it("refuses permits of another semaphore, and itself, and changes nothing", () => {
    const permit = now(new Semaphore(1).acquire());
    const other = now(new Semaphore(1).acquire());
    expect(() => permit.merge(other)).toThrow(TypeError);
    expect(() => permit.merge(permit)).toThrow(TypeError);
    expect([permit.numPermits(), other.numPermits()]).toEqual([1, 1]);
  });
});

describe("SemaphorePermit.split", () => {
  it("splits off permits that are released separately", () => {
    const semaphore = new Semaphore(3);
    const permit = now(semaphore.acquireMany(3));
    const part = permit.split(2);
    expect([permit.numPermits(), part?.numPermits()]).toEqual([1, 2]);
    part?.release();
    expect(semaphore.availablePermits()).toBe(2);
    permit.release();
    expect(semaphore.availablePermits()).toBe(3);
  });

  it("gives null when there are not enough, and changes nothing", () => {
    const permit = now(new Semaphore(2).acquireMany(2));
    expect([permit.split(3), permit.numPermits()]).toEqual([null, 2]);
  });

  it("may leave a permit with nothing", () => {
    const semaphore = new Semaphore(1);
    const permit = now(semaphore.acquire());
    const all = permit.split(1);
    permit.release();
    expect(semaphore.availablePermits()).toBe(0);
    all?.release();
    expect(semaphore.availablePermits()).toBe(1);
  });
});

describe("Semaphore under load", () => {
  it.each(LANES)("never lets more in than it has permits in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const semaphore = new Semaphore(3);
    let inside = 0;
    let most = 0;
    function* generator(): Async<void> {
      for (let i = 0; i < 20; i += 1) {
        using _ = yield* semaphore.acquire();
        inside += 1;
        most = Math.max(most, inside);
        yield* yieldNow();
        inside -= 1;
      }
    }
    async function asynchronous(): Promise<void> {
      for (let i = 0; i < 20; i += 1) {
        using _ = await semaphore.acquire();
        inside += 1;
        most = Math.max(most, inside);
        await yieldNow();
        inside -= 1;
      }
    }
    function* all(): Async<void> {
      const set = new JoinSet<void>();
      for (let i = 0; i < 10; i += 1) set.spawn(lane === "generator" ? generator() : asynchronous);
      yield* set.joinAll();
    }
    await runtime.spawn(all());
    expect([most, inside, semaphore.availablePermits()]).toEqual([3, 0, 3]);
  });

  it("loses no permit when waiting tasks are aborted at random moments", async () => {
    const { runtime } = quietRuntime();
    const semaphore = new Semaphore(4);
    function* hold(count: number): Async<void> {
      using _ = yield* semaphore.acquireMany(count);
      yield* yieldNow();
    }
    function* storm(): Async<void> {
      for (let i = 0; i < 300; i += 1) {
        const handles = [1, 2, 3, 4].map((count) => spawn(hold(count)));
        for (let turns = i % 5; turns > 0; turns -= 1) yield* yieldNow();
        handles[i % 4]!.abort();
        if (i % 3 === 0) handles[(i + 1) % 4]!.abort();
        for (const handle of handles) {
          try {
            yield* handle;
          } catch {
            // aborted
          }
        }
      }
    }
    await runtime.spawn(storm());
    expect(semaphore.availablePermits()).toBe(4);
  });
});
