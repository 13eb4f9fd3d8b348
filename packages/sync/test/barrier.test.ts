import { JoinSet, PENDING, type Async } from "@rt/core";
import { Barrier, type BarrierWaitResult } from "@rt/sync";
import { describe, expect, it } from "vitest";
import {
  body,
  LANES,
  now,
  type Polled,
  quietRuntime,
  rejectionOf,
  TestWaker,
  throwing,
  turn,
  waiting,
} from "./support/polling.ts";

describe("Barrier", () => {
  it.each([-1, 1.5, Number.NaN, 2 ** 30])("refuses a size of %s", (size) => {
    expect(() => new Barrier(size)).toThrow(RangeError);
  });

  it.each([0, 1])("lets everybody through at once with a size of %i, each as leader", (size) => {
    const barrier = new Barrier(size);
    expect([now(barrier.wait()).isLeader(), now(barrier.wait()).isLeader()]).toEqual([true, true]);
  });

  it("can be used again at once", () => {
    const barrier = new Barrier(2);
    for (let round = 0; round < 3; round += 1) {
      const first = waiting(barrier.wait());
      expect([now(barrier.wait()).isLeader(), first.ready().isLeader()]).toEqual([true, false]);
    }
  });
});

describe("Barrier.wait", () => {
  it.each(LANES)("lets all go together, with the last to come as leader, in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const barrier = new Barrier(3);
    const handles: PromiseLike<boolean>[] = [];
    for (let i = 0; i < 3; i += 1) {
      handles.push(
        runtime.spawn(
          body(
            lane,
            () => barrier.wait(),
            (result) => result.isLeader(),
          ),
        ),
      );
      await turn();
    }
    expect(await Promise.all(handles)).toEqual([false, false, true]);
  });

  it("counts from the first poll", () => {
    const barrier = new Barrier(2);
    barrier.wait().drop();
    const first = waiting(barrier.wait());
    first.poll();
    expect(first.poll()).toBe(PENDING);
  });

  it("counts a wait that was dropped after it had come", () => {
    const barrier = new Barrier(2);
    const first = waiting(barrier.wait());
    first.drop();
    first.drop();
    expect([now(barrier.wait()).isLeader(), first.isWoken]).toEqual([true, false]);
  });

  it.each(LANES)("counts a task that was aborted after it had come in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const barrier = new Barrier(2);
    const handle = runtime.spawn(body(lane, () => barrier.wait(), Boolean));
    await turn();
    handle.abort();
    await rejectionOf(handle);
    expect(now(barrier.wait()).isLeader()).toBe(true);
  });

  it("wakes the waker of the last poll", () => {
    const barrier = new Barrier(2);
    const first = waiting(barrier.wait());
    const later = new TestWaker();
    first.future.poll(later);
    now(barrier.wait());
    expect([first.isWoken, later.isWoken]).toEqual([false, true]);
  });

  it("has exactly one leader in each round of many tasks", async () => {
    const { runtime } = quietRuntime();
    const barrier = new Barrier(4);
    const leaders = [0, 0, 0, 0, 0];
    function* part(): Async<void> {
      for (let round = 0; round < 5; round += 1) if ((yield* barrier.wait()).isLeader()) leaders[round]! += 1;
    }
    await runtime.spawn(JoinSet.from([part(), part(), part(), part()]).joinAll());
    expect(leaders).toEqual([1, 1, 1, 1, 1]);
  });

  it("counts those for the next round who come while the last one ends", () => {
    const barrier = new Barrier(2);
    const next: Polled<BarrierWaitResult>[] = [];
    const first = waiting(barrier.wait(), () => next.push(waiting(barrier.wait())));
    now(barrier.wait());
    expect([first.ready().isLeader(), next[0]!.isWoken, now(barrier.wait()).isLeader()]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("releases the others when a waker throws or drops one of them", () => {
    const { runtime, reports } = quietRuntime();
    using _ = runtime.enter();
    const barrier = new Barrier(4);
    const dropped: Polled<BarrierWaitResult>[] = [];
    waiting(barrier.wait(), () => {
      dropped[0]!.drop();
      throwing();
    });
    dropped.push(waiting(barrier.wait()));
    const third = waiting(barrier.wait());
    now(barrier.wait());
    expect([reports.length, dropped[0]!.isWoken, third.isWoken]).toEqual([1, false, true]);
  });

  it("is over for one that a waker polls before its turn", () => {
    const barrier = new Barrier(4);
    const got: unknown[] = [];
    const line: Polled<BarrierWaitResult>[] = [
      waiting(barrier.wait(), () => got.push(line[1]!.ready().isLeader())),
    ];
    line.push(waiting(barrier.wait()), waiting(barrier.wait()));
    now(barrier.wait());
    expect([got, line[1]!.isWoken, line[2]!.isWoken]).toEqual([[false], false, true]);
  });

  it("takes part in the budget", async () => {
    const { runtime } = quietRuntime();
    const barrier = new Barrier(1);
    function* loop(): Async<void> {
      for (let i = 0; i < 129; i += 1) yield* barrier.wait();
    }
    await runtime.spawn(loop());
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(1);
  });

  it("needs no runtime", async () => {
    const barrier = new Barrier(2);
    const results = await Promise.all([barrier.wait(), barrier.wait()]);
    expect(results.map((result) => result.isLeader())).toEqual([false, true]);
  });

  it("works between two runtimes", async () => {
    const barrier = new Barrier(2);
    const handles = [quietRuntime(), quietRuntime()].map(({ runtime }) =>
      runtime.spawn(
        body(
          "generator",
          () => barrier.wait(),
          (result) => result.isLeader(),
        ),
      ),
    );
    expect((await Promise.all(handles)).filter(Boolean)).toHaveLength(1);
  });

  it("says in a dump how many have come", async () => {
    const { runtime } = quietRuntime();
    const barrier = new Barrier(3);
    const handle = runtime.spawn(body("generator", () => barrier.wait(), Boolean));
    await turn();
    expect(runtime.handle().dump().toString()).toContain("a Barrier: 1 of 3 have come");
    handle.abort();
  });
});
