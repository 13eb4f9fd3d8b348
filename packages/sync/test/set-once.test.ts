import type { Async } from "@rt/core";
import { SetError, SetOnce } from "@rt/sync";
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
  thrownBy,
  turn,
  waiting,
} from "./support/polling.ts";

describe("SetOnce", () => {
  it("starts empty", () => {
    const cell = new SetOnce<number>();
    expect([cell.initialized(), cell.get()]).toEqual([false, undefined]);
  });

  it("can be made with a value, undefined too", () => {
    const cell = new SetOnce<number | undefined>(undefined);
    expect([cell.initialized(), new SetOnce(1).get(), now(cell.wait())]).toEqual([true, 1, undefined]);
  });
});

describe("SetOnce.set", () => {
  it("sets the value", () => {
    const cell = new SetOnce<number>();
    cell.set(1);
    expect([cell.initialized(), cell.get()]).toEqual([true, 1]);
  });

  it("throws a SetError with the value the second time, and changes nothing", () => {
    const cell = new SetOnce(1);
    const error = thrownBy(() => cell.set(2));
    expect(error).toBeInstanceOf(SetError);
    expect(error).toMatchObject({ name: "SetError", code: "ERR_RT_ALREADY_INITIALIZED", value: 2 });
    expect(cell.get()).toBe(1);
  });

  it("may be tried by the waker that it wakes", () => {
    const cell = new SetOnce<number>();
    let error: unknown;
    waiting(cell.wait(), () => {
      error = thrownBy(() => cell.set(2));
    });
    cell.set(1);
    expect([(error as SetError).isAlreadyInitErr(), cell.get()]).toEqual([true, 1]);
  });
});

describe("SetOnce.wait", () => {
  it("is ready at once when the value is set", () => {
    expect(now(new SetOnce("there").wait())).toBe("there");
  });

  it.each(LANES)("gives everybody the value in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const cell = new SetOnce<string>();
    const handles = [1, 2, 3].map((n) =>
      runtime.spawn(
        body(
          lane,
          () => cell.wait(),
          (value) => `${value} ${n}`,
        ),
      ),
    );
    await turn();
    cell.set("for");
    expect(await Promise.all(handles)).toEqual(["for 1", "for 2", "for 3"]);
  });

  it("may be dropped at any time, and nothing is lost", () => {
    const cell = new SetOnce<number>();
    cell.wait().drop();
    const waiters = [1, 2, 3].map(() => waiting(cell.wait()));
    waiters[1]!.drop();
    cell.set(1);
    waiters[0]!.drop();
    expect(waiters.map((waiter) => waiter.isWoken)).toEqual([true, false, true]);
    expect([waiters[2]!.ready(), now(cell.wait())]).toEqual([1, 1]);
  });

  it.each(LANES)("leaves the line when its task is aborted in the %s lane", async (lane) => {
    const { runtime } = quietRuntime();
    const cell = new SetOnce<number>();
    const first = runtime.spawn(body(lane, () => cell.wait(), Boolean));
    const second = runtime.spawn(body(lane, () => cell.wait(), Number));
    await turn();
    first.abort();
    await rejectionOf(first);
    cell.set(7);
    expect(await second).toBe(7);
  });

  it("wakes the waker of the last poll", () => {
    const cell = new SetOnce<number>();
    const wait = waiting(cell.wait());
    const later = new TestWaker();
    wait.future.poll(later);
    cell.set(1);
    expect([wait.isWoken, later.isWoken]).toEqual([false, true]);
  });

  it("wakes the others when a waker throws or drops one of them", () => {
    const { runtime, reports } = quietRuntime();
    using _ = runtime.enter();
    const cell = new SetOnce<number>();
    const dropped: Polled<number>[] = [];
    waiting(cell.wait(), () => {
      dropped[0]!.drop();
      throwing();
    });
    dropped.push(waiting(cell.wait()));
    const third = waiting(cell.wait());
    cell.set(1);
    expect([reports.length, dropped[0]!.isWoken, third.isWoken]).toEqual([1, false, true]);
  });

  it("is ready for one that a waker polls before its turn", () => {
    const cell = new SetOnce<number>();
    const got: unknown[] = [];
    const line: Polled<number>[] = [waiting(cell.wait(), () => got.push(line[1]!.poll()))];
    line.push(waiting(cell.wait()), waiting(cell.wait()));
    cell.set(1);
    expect([got, line[1]!.isWoken, line[2]!.poll()]).toEqual([[1], false, 1]);
  });

  it("takes part in the budget", async () => {
    const { runtime } = quietRuntime();
    const cell = new SetOnce(1);
    function* loop(): Async<void> {
      for (let i = 0; i < 129; i += 1) yield* cell.wait();
    }
    await runtime.spawn(loop());
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(1);
  });

  it("needs no runtime", async () => {
    const cell = new SetOnce<number>();
    const wait = cell.wait().then((value) => value + 1);
    cell.set(1);
    expect(await wait).toBe(2);
  });

  it("works between two runtimes", async () => {
    const cell = new SetOnce<number>();
    const handles = [quietRuntime(), quietRuntime()].map(({ runtime }) =>
      runtime.spawn(body("generator", () => cell.wait(), Number)),
    );
    await turn();
    cell.set(1);
    expect(await Promise.all(handles)).toEqual([1, 1]);
  });

  it("says in a dump what its task waits for", async () => {
    const { runtime } = quietRuntime();
    const handle = runtime.spawn(body("generator", () => new SetOnce().wait(), Boolean));
    await turn();
    expect(runtime.handle().dump().toString()).toContain("a SetOnce to be set");
    expect(handle.isFinished()).toBe(false);
    handle.abort();
  });
});
