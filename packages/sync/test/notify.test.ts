import { PENDING, spawn, yieldNow, type Async, type Poll } from "@rt/core";
import { Notify, type Notified } from "@rt/sync";
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
  turn,
  waiting,
} from "./support/polling.ts";

/** What a poll says, for comparisons. */
function isReady(poll: Poll<void>): boolean {
  return poll !== PENDING;
}

describe("Notify", () => {
  it("starts without a permit", () => {
    expect(new Polled(new Notify().notified()).poll()).toBe(PENDING);
  });

  it("loses no notification between looking and waiting", async () => {
    const { runtime } = quietRuntime();
    const notify = new Notify();
    const items: number[] = [];
    function* consume(): Async<number[]> {
      const got: number[] = [];
      while (got.length < 100) {
        const item = items.shift();
        if (item === undefined) yield* notify.notified();
        else got.push(item);
      }
      return got;
    }
    function* produce(): Async<void> {
      for (let i = 0; i < 100; i += 1) {
        items.push(i);
        notify.notifyOne();
        if (i % 7 === 0) yield* yieldNow();
      }
    }
    function* both(): Async<number[]> {
      const consumer = spawn(consume());
      spawn(produce());
      return yield* consumer;
    }
    expect(await runtime.spawn(both())).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it("needs no runtime", async () => {
    const notify = new Notify();
    const wait = notify.notified().then(() => "notified");
    notify.notifyOne();
    expect(await wait).toBe("notified");
  });

  it("works between two runtimes", async () => {
    const one = quietRuntime().runtime;
    const two = quietRuntime().runtime;
    const notify = new Notify();
    const waiter = one.spawn(
      body(
        "generator",
        () => notify.notified(),
        () => "notified",
      ),
    );
    await turn();
    await two.spawn(body("async", yieldNow, () => notify.notifyOne()));
    expect(await waiter).toBe("notified");
  });
});

describe("Notify.notifyOne", () => {
  it.each(LANES)("wakes the one that has waited longest in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const notify = new Notify();
    const order: number[] = [];
    const handles = [1, 2, 3].map((n) =>
      runtime.spawn(
        body(
          lane,
          () => notify.notified(),
          () => order.push(n),
        ),
      ),
    );
    for (let i = 0; i < 3; i += 1) {
      await turn();
      notify.notifyOne();
    }
    await Promise.all(handles);
    expect(order).toEqual([1, 2, 3]);
  });

  it("stores one permit when nobody waits, however often it is called", () => {
    const notify = new Notify();
    notify.notifyOne();
    notify.notifyOne();
    now(notify.notified());
    expect(new Polled(notify.notified()).poll()).toBe(PENDING);
  });

  it("gives the permit to who polls first, not to who asked first", () => {
    const notify = new Notify();
    const first = new Polled(notify.notified());
    const second = new Polled(notify.notified());
    notify.notifyOne();
    expect([isReady(second.poll()), isReady(first.poll())]).toEqual([true, false]);
  });

  it("stores nothing when it woke somebody", () => {
    const notify = new Notify();
    waiting(notify.notified());
    notify.notifyOne();
    expect(new Polled(notify.notified()).poll()).toBe(PENDING);
  });

  it("wakes as many as it is called times", () => {
    const notify = new Notify();
    const line = [1, 2, 3].map(() => waiting(notify.notified()));
    notify.notifyOne();
    notify.notifyOne();
    expect(line.map((waiter) => waiter.isWoken)).toEqual([true, true, false]);
  });

  it("is handed to nobody else when a waker throws", () => {
    const { runtime, reports } = quietRuntime();
    using _ = runtime.enter();
    const notify = new Notify();
    const first = waiting(notify.notified(), throwing);
    const second = waiting(notify.notified());
    notify.notifyOne();
    expect([reports.length, second.isWoken, isReady(first.poll())]).toEqual([1, false, true]);
  });

  it("may be called by a waker", () => {
    const notify = new Notify();
    waiting(notify.notified(), () => notify.notifyOne());
    const second = waiting(notify.notified());
    notify.notifyOne();
    expect(second.isWoken).toBe(true);
  });
});

describe("Notify.notifyLast", () => {
  it("wakes the one that came last", () => {
    const notify = new Notify();
    const line = [1, 2, 3].map(() => waiting(notify.notified()));
    notify.notifyLast();
    expect(line.map((waiter) => waiter.isWoken)).toEqual([false, false, true]);
  });

  it("stores the same one permit when nobody waits", () => {
    const notify = new Notify();
    notify.notifyLast();
    notify.notifyOne();
    now(notify.notified());
    expect(new Polled(notify.notified()).poll()).toBe(PENDING);
  });
});

describe("Notify.notifyWaiters", () => {
  it.each(LANES)("wakes everybody who waits in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const notify = new Notify();
    const handles = [1, 2, 3].map((n) =>
      runtime.spawn(
        body(
          lane,
          () => notify.notified(),
          () => n,
        ),
      ),
    );
    await turn();
    notify.notifyWaiters();
    expect(await Promise.all(handles)).toEqual([1, 2, 3]);
  });

  it("notifies one that was made before it and never polled", () => {
    const notify = new Notify();
    const before = notify.notified();
    notify.notifyWaiters();
    const after = notify.notified();
    expect([isReady(new Polled(before).poll()), isReady(new Polled(after).poll())]).toEqual([true, false]);
  });

  it("stores nothing", () => {
    const notify = new Notify();
    notify.notifyWaiters();
    expect(new Polled(notify.notified()).poll()).toBe(PENDING);
  });

  it("leaves a stored permit for the next, also where an unpolled wait is notified by it", () => {
    const notify = new Notify();
    notify.notifyOne();
    const unpolled = new Polled(notify.notified());
    notify.notifyWaiters();
    unpolled.ready();
    now(notify.notified());
    expect(new Polled(notify.notified()).poll()).toBe(PENDING);
  });

  it("does not wake one that begins to wait while it runs", () => {
    const notify = new Notify();
    const late: Polled<void>[] = [];
    waiting(notify.notified(), () => late.push(waiting(notify.notified())));
    waiting(notify.notified());
    notify.notifyWaiters();
    expect(late[0]!.isWoken).toBe(false);
  });

  it("wakes each once when a waker calls it again, and those who came in between too", () => {
    const notify = new Notify();
    const late: Polled<void>[] = [];
    const first = waiting(notify.notified(), () => {
      late.push(waiting(notify.notified()));
      notify.notifyWaiters();
    });
    const second = waiting(notify.notified());
    notify.notifyWaiters();
    expect([first.cx.wakes, second.cx.wakes, late[0]!.cx.wakes]).toEqual([1, 1, 1]);
  });

  it("leaves a notifyOne of a waker for somebody else than those it wakes itself", () => {
    const notify = new Notify();
    waiting(notify.notified(), () => notify.notifyOne());
    const second = waiting(notify.notified());
    notify.notifyWaiters();
    second.ready();
    now(notify.notified()); // the permit
    expect(new Polled(notify.notified()).poll()).toBe(PENDING);
  });

  it("leaves a notifyLast of a waker for one that has just come", () => {
    const notify = new Notify();
    const late: Polled<void>[] = [];
    waiting(notify.notified(), () => {
      late.push(waiting(notify.notified()));
      notify.notifyLast();
    });
    const second = waiting(notify.notified());
    notify.notifyWaiters();
    expect([second.cx.wakes, late[0]!.isWoken]).toEqual([1, true]);
  });

  it.each([1, 2, 3])("wakes all others when a waker drops waiter %i", (dropped) => {
    const notify = new Notify();
    const line: Polled<void>[] = [waiting(notify.notified(), () => line[dropped]!.drop())];
    for (let i = 1; i < 4; i += 1) line.push(waiting(notify.notified()));
    notify.notifyWaiters();
    expect(line.map((waiter) => waiter.isWoken)).toEqual([0, 1, 2, 3].map((i) => i !== dropped));
  });

  it("wakes the others when a waker throws", () => {
    const { runtime, reports } = quietRuntime();
    using _ = runtime.enter();
    const notify = new Notify();
    waiting(notify.notified(), throwing);
    const second = waiting(notify.notified());
    notify.notifyWaiters();
    expect([second.isWoken, reports.length]).toEqual([true, 1]);
  });

  it("counts for one that a waker polls before its turn", () => {
    const notify = new Notify();
    const seen: boolean[] = [];
    const line: Polled<void>[] = [waiting(notify.notified(), () => seen.push(isReady(line[1]!.poll())))];
    line.push(waiting(notify.notified()), waiting(notify.notified()));
    notify.notifyWaiters();
    expect([seen, line[1]!.isWoken, line[2]!.isWoken]).toEqual([[true], false, true]);
  });
});

describe("Notify.notified", () => {
  it("uses a stored permit up at once", () => {
    const notify = new Notify();
    notify.notifyOne();
    expect(isReady(new Polled(notify.notified()).poll())).toBe(true);
  });

  it("stays ready once it was", () => {
    const notify = new Notify();
    notify.notifyOne();
    const wait = new Polled(notify.notified());
    expect([isReady(wait.poll()), isReady(wait.poll())]).toEqual([true, true]);
  });

  it("wakes the waker of the last poll", () => {
    const notify = new Notify();
    const wait = waiting(notify.notified());
    const later = new TestWaker();
    wait.future.poll(later);
    notify.notifyOne();
    expect([wait.isWoken, later.isWoken]).toEqual([false, true]);
  });

  it("takes part in the budget", async () => {
    const { runtime } = quietRuntime();
    const notify = new Notify();
    function* loop(): Async<void> {
      for (let i = 0; i < 129; i += 1) {
        notify.notifyOne();
        yield* notify.notified();
      }
    }
    await runtime.spawn(loop());
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(1);
  });

  it("says in a dump what its task waits for", async () => {
    const { runtime } = quietRuntime();
    const notify = new Notify();
    const handle = runtime.spawn(body("generator", () => notify.notified(), Boolean));
    await turn();
    expect(runtime.handle().dump().toString()).toContain("a Notify");
    handle.abort();
  });
});

describe("Notify.notifiedOwned", () => {
  it("does the same as notified", () => {
    const notify = new Notify();
    const wait = waiting(notify.notifiedOwned());
    notify.notifyOne();
    expect(isReady(wait.poll())).toBe(true);
  });
});

describe("Notified.enable", () => {
  it("joins the line without waiting", () => {
    const notify = new Notify();
    const wait = notify.notified();
    const enabled = wait.enable();
    const second = waiting(notify.notified());
    notify.notifyOne();
    expect([enabled, isReady(new Polled(wait).poll()), second.isWoken]).toEqual([false, true, false]);
  });

  it("keeps its place when it is polled, and wakes the waker then", () => {
    const notify = new Notify();
    const wait: Notified = notify.notified();
    wait.enable();
    waiting(notify.notified());
    const first = waiting(wait);
    notify.notifyOne();
    expect(first.isWoken).toBe(true);
  });

  it("uses up a stored permit and says so", () => {
    const notify = new Notify();
    notify.notifyOne();
    const wait = notify.notified();
    expect([wait.enable(), isReady(new Polled(wait).poll())]).toEqual([true, true]);
    expect(new Polled(notify.notified()).poll()).toBe(PENDING);
  });

  it("says whether it was notified since it was enabled", () => {
    const notify = new Notify();
    const one = notify.notified();
    const all = notify.notified();
    const answers = [one.enable(), one.enable()];
    notify.notifyOne();
    answers.push(one.enable());
    notify.notifyWaiters();
    answers.push(all.enable());
    expect(answers).toEqual([false, false, true, true]);
  });

  it("leaves the waker of a poll in its place", () => {
    const notify = new Notify();
    const wait = notify.notified();
    const polled = waiting(wait);
    wait.enable();
    notify.notifyOne();
    expect(polled.isWoken).toBe(true);
  });
});

describe("Notified.drop", () => {
  it("passes a notifyOne on to the one that has waited longest", () => {
    const notify = new Notify();
    const [first, second, third] = [1, 2, 3].map(() => waiting(notify.notified()));
    notify.notifyOne();
    first!.drop();
    first!.drop();
    expect([second!.isWoken, third!.isWoken]).toEqual([true, false]);
  });

  it("passes a notifyLast on to the one that came last", () => {
    const notify = new Notify();
    const [first, second, third] = [1, 2, 3].map(() => waiting(notify.notified()));
    notify.notifyLast();
    third!.drop();
    expect([first!.isWoken, second!.isWoken]).toEqual([false, true]);
  });

  it("stores the notification when nobody else waits", () => {
    const notify = new Notify();
    const wait = waiting(notify.notified());
    notify.notifyOne();
    wait.drop();
    expect(isReady(new Polled(notify.notified()).poll())).toBe(true);
  });

  it("passes nothing on that came from notifyWaiters", () => {
    const notify = new Notify();
    const wait = waiting(notify.notified());
    notify.notifyWaiters();
    const second = waiting(notify.notified());
    wait.drop();
    expect([second.isWoken, isReady(second.poll())]).toEqual([false, false]);
  });

  it("passes nothing on once the notification was used", () => {
    const notify = new Notify();
    const wait = waiting(notify.notified());
    const second = waiting(notify.notified());
    notify.notifyOne();
    wait.ready();
    wait.drop();
    expect(second.isWoken).toBe(false);
  });

  it.each([
    ["head", 0],
    ["middle", 1],
    ["tail", 2],
  ])("leaves the others in order when the %s of the line goes", (_, dropped) => {
    const notify = new Notify();
    const line = [0, 1, 2].map(() => waiting(notify.notified()));
    line[dropped]!.drop();
    notify.notifyOne();
    const rest = line.filter((_waiter, i) => i !== dropped);
    expect(rest.map((waiter) => waiter.isWoken)).toEqual([true, false]);
  });

  it("leaves a permit alone when it was never polled", () => {
    const notify = new Notify();
    notify.notifyOne();
    notify.notified().drop();
    expect(isReady(new Polled(notify.notified()).poll())).toBe(true);
  });

  it.each(LANES)(
    "passes the notification on when a notified task is aborted in the %s lane",
    async (lane) => {
      const { runtime } = quietRuntime();
      const notify = new Notify();
      const first = runtime.spawn(
        body(
          lane,
          () => notify.notified(),
          () => "first",
        ),
      );
      const second = runtime.spawn(
        body(
          lane,
          () => notify.notified(),
          () => "second",
        ),
      );
      await turn();
      notify.notifyOne();
      first.abort();
      await rejectionOf(first);
      expect(await second).toBe("second");
    },
  );

  it("may be called by the waker of the same wait", () => {
    const notify = new Notify();
    const first: Polled<void> = waiting(notify.notified(), () => first.drop());
    const second = waiting(notify.notified());
    notify.notifyOne();
    expect(second.isWoken).toBe(true);
  });
});
