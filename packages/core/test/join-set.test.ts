/* oxlint-disable require-yield -- tasks that never suspend are among what is tested */
import { describe, expect, it } from "vitest";
import {
  AbortHandle,
  Handle,
  JoinError,
  JoinSet,
  JoinSetBuilder,
  LocalSet,
  PENDING,
  pending,
  ready,
  spawn,
  withSignal,
  yieldNow,
  type Async,
  type Future,
  type Id,
  type IntoFuture,
} from "@rt/core";
import {
  Gate,
  LANES,
  TestWaker,
  ThrowingWaker,
  failing,
  rejection,
  settle,
  thrownBy,
  waiting,
  waitingTwice,
  watched,
} from "./support/tasks.ts";

/** A set of tasks that each wait for a gate. */
function gated(count: number, handle = Handle.current()): { set: JoinSet<number>; gates: Gate<number>[] } {
  const set = new JoinSet<number>();
  const gates = Array.from({ length: count }, () => new Gate<number>());
  for (const gate of gates) set.spawnOn(gate, handle);
  return { set, gates };
}

/** A set whose tasks have all ended. */
async function ended(count: number): Promise<JoinSet<number>> {
  const set = new JoinSet<number>();
  for (let i = 0; i < count; i += 1) set.spawn(ready(i));
  await settle();
  return set;
}

/** A set with one task that has failed, on a runtime whose reports are kept. */
async function failedSet(error: unknown = new Error("no luck")) {
  const { runtime, reports } = watched();
  const set = new JoinSet<number>();
  set.spawnOn(failing("generator", error), runtime.handle());
  await settle();
  return { set, runtime, reports };
}

describe("JoinSet", () => {
  it("is empty when new", () => {
    const set = new JoinSet<void>();
    expect([set.len(), set.isEmpty()]).toEqual([0, true]);
  });

  it("counts running and finished tasks until they are joined", async () => {
    const { set, gates } = gated(2);
    gates[0]?.open(1);
    await settle();
    const before = set.len();
    await set.joinNext();
    expect([before, set.len(), set.isEmpty()]).toEqual([2, 1, false]);
    set.drop();
  });

  it("runs its tasks without being waited for", async () => {
    const gate = new Gate();
    const set = new JoinSet<void>();
    set.spawn(gate);
    await settle();
    expect(gate.polls).toBe(1);
    set.drop();
  });

  it("gives the tasks of a runtime that was shut down as cancelled", async () => {
    const { runtime } = watched();
    const { set } = gated(2, runtime.handle());
    await settle();
    runtime.shutdownBackground();
    const errors = [await rejection(set.joinNext()), await rejection(set.joinNext())];
    expect(errors.map((error) => (error as JoinError).isCancelled())).toEqual([true, true]);
  });

  it("gives a task that came too late for its runtime as cancelled", async () => {
    const { runtime } = watched();
    runtime.shutdownBackground();
    const { set } = gated(1, runtime.handle());
    expect(await rejection(set.joinNext())).toBeInstanceOf(JoinError);
  });

  it("does not report the failure of a task that can still be joined", async () => {
    const { reports } = await failedSet();
    expect(reports).toEqual([]);
  });

  it("holds tasks of several runtimes", async () => {
    const [a, b] = [watched().runtime, watched().runtime];
    const set = new JoinSet<number>();
    set.spawnOn(async () => Handle.current().id(), a.handle());
    set.spawnOn(async () => Handle.current().id(), b.handle());
    expect(new Set(await set.joinAll())).toEqual(new Set([a.handle().id(), b.handle().id()]));
  });
});

describe("JoinSet.spawn", () => {
  it("gives an abort handle", async () => {
    const set = new JoinSet<number>();
    const handle = set.spawn(ready(1));
    expect(handle).toBeInstanceOf(AbortHandle);
    await set.joinNext();
  });

  it.each(LANES)("takes bodies of the %s lane", async (lane) => {
    const set = new JoinSet<number>();
    set.spawn(waiting(lane, ready(3)));
    expect(await set.joinNext()).toBe(3);
  });

  it("goes to the runtime of the calling task", async () => {
    const { runtime } = watched();
    const set = new JoinSet<number>();
    function* parent(): Async<number | undefined> {
      set.spawn(async () => Handle.current().id());
      return yield* set.joinNext();
    }
    expect(await runtime.spawn(parent())).toBe(runtime.handle().id());
  });

  it("throws a TypeError for what cannot be run, and adds nothing", () => {
    const set = new JoinSet<number>();
    expect(thrownBy(() => set.spawn(5 as never))).toBeInstanceOf(TypeError);
    expect(set.len()).toBe(0);
  });

  it("wakes a joinNext that waits when it adds a task that has ended already", async () => {
    const { runtime } = watched();
    runtime.shutdownBackground();
    const { set } = gated(1);
    const waker = new TestWaker();
    set.pollJoinNext(waker);
    set.spawnOn(ready(1), runtime.handle());
    expect(waker.count).toBe(1);
    set.drop();
  });
});

describe("JoinSet.spawnOn", () => {
  it("starts the task on that runtime", async () => {
    const { runtime } = watched();
    const set = new JoinSet<number>();
    set.spawnOn(async () => Handle.current().id(), runtime.handle());
    expect(await set.joinNext()).toBe(runtime.handle().id());
  });
});

describe("JoinSet.spawnLocal", () => {
  it("starts the task on the local set that is being driven", async () => {
    const set = new JoinSet<string>();
    const local = new LocalSet();
    function* body(): Async<string | undefined> {
      set.spawnLocal(async () => "local");
      return yield* set.joinNext();
    }
    expect(await spawn(local.runUntil(body()))).toBe("local");
  });

  it("throws a UsageError outside of any local set", () => {
    const set = new JoinSet<void>();
    expect(thrownBy(() => set.spawnLocal(pending()))).toMatchObject({ code: "ERR_RT_CONTEXT" });
  });
});

describe("JoinSet.spawnLocalOn", () => {
  it("works on a local set that is not driven yet", async () => {
    const set = new JoinSet<string>();
    const local = new LocalSet();
    set.spawnLocalOn(async () => "local", local);
    await settle();
    const before = set.tryJoinNext();
    expect([before, await spawn(local.runUntil(set.joinNext()))]).toEqual([undefined, "local"]);
  });
});

describe("JoinSet.joinNext", () => {
  it("gives undefined at once when the set is empty", async () => {
    expect(await new JoinSet<number>().joinNext()).toBe(undefined);
  });

  it("gives the tasks in the order in which they end", async () => {
    const { set, gates } = gated(3);
    await settle();
    for (const i of [2, 0, 1]) {
      gates[i]?.open(i);
      await settle();
    }
    expect([await set.joinNext(), await set.joinNext(), await set.joinNext()]).toEqual([2, 0, 1]);
  });

  it.each(LANES)("waits for the next task to end, in the %s lane", async (lane) => {
    const { set, gates } = gated(2);
    const joiner = spawn(waiting(lane, set.joinNext()));
    await settle();
    gates[1]?.open(7);
    expect(await joiner).toBe(7);
    set.drop();
  });

  it("throws what the task threw, and takes it out of the set", async () => {
    const error = new Error("no luck");
    const { set } = await failedSet(error);
    expect([await rejection(set.joinNext()), set.len()]).toEqual([error, 0]);
  });

  it("throws a JoinError for an aborted task, with its id", async () => {
    const set = new JoinSet<never>();
    const handle = set.spawn(pending());
    handle.abort();
    const error = (await rejection(set.joinNext())) as JoinError;
    expect([error.isCancelled(), error.id()]).toEqual([true, handle.id()]);
  });

  it("gives undefined for a task that gives undefined, and the set tells them apart", async () => {
    const set = new JoinSet<void>();
    set.spawn(ready(undefined));
    set.spawn(ready(undefined));
    const seen: boolean[] = [];
    while (!set.isEmpty()) {
      await set.joinNext();
      seen.push(set.isEmpty());
    }
    expect(seen).toEqual([false, true]);
  });

  it("loses no task when it is dropped while it waits", async () => {
    const { set, gates } = gated(1);
    const joinNext = set.joinNext();
    joinNext.poll(new TestWaker());
    joinNext.drop();
    gates[0]?.open(3);
    await settle();
    expect(await set.joinNext()).toBe(3);
  });

  it("loses no task when it is dropped after its wake-up", async () => {
    const { set, gates } = gated(1);
    const joinNext = set.joinNext();
    const waker = new TestWaker();
    joinNext.poll(waker);
    await settle();
    gates[0]?.open(3);
    await settle();
    joinNext.drop();
    expect([waker.count, await set.joinNext()]).toEqual([1, 3]);
  });

  it("does nothing before it is polled", async () => {
    const { set, gates } = gated(1);
    const live = set.joinNext();
    const waker = new TestWaker();
    live.poll(waker);
    set.joinNext().drop();
    gates[0]?.open(3);
    await settle();
    expect(waker.count).toBe(1);
  });

  it("does not silence a later wait when an earlier one is dropped", async () => {
    const { set, gates } = gated(1);
    const earlier = set.joinNext();
    earlier.poll(new TestWaker());
    const waker = new TestWaker();
    set.joinNext().poll(waker);
    earlier.drop();
    gates[0]?.open(3);
    await settle();
    expect(waker.count).toBe(1);
  });

  it("serves several tasks that wait at once", async () => {
    const { set, gates } = gated(2);
    const [first, second] = [spawn(set.joinNext()), spawn(set.joinNext())];
    await settle();
    gates[0]?.open(0);
    await settle();
    gates[1]?.open(1);
    await settle();
    expect([first.isFinished(), second.isFinished()]).toEqual([true, true]);
  });

  it("is waited for again after it was given up by a signal", async () => {
    const { set, gates } = gated(1);
    const controller = new AbortController();
    const wait = spawn(withSignal(controller.signal, set.joinNext()));
    await settle();
    controller.abort();
    await rejection(wait);
    gates[0]?.open(3);
    expect(await spawn(set.joinNext())).toBe(3);
  });

  it("lets others run when it is called for many finished tasks", async () => {
    const set = await ended(300);
    const log: string[] = [];
    function* drain(): Async<void> {
      while (!set.isEmpty()) yield* set.joinNext();
      log.push("drained");
    }
    function* other(): Async<void> {
      log.push("other");
    }
    function* both(): Async<void> {
      spawn(drain());
      spawn(other());
    }
    spawn(both());
    await settle();
    expect(log).toEqual(["other", "drained"]);
  });

  it("describes itself by the number of tasks", () => {
    const { set } = gated(3);
    expect(set.joinNext().describe()).toContain("3 tasks");
    set.drop();
  });
});

describe("JoinSet.joinNextWithId", () => {
  it("gives the id with the value", async () => {
    const set = new JoinSet<number>();
    const handle = set.spawn(ready(3));
    expect(await set.joinNextWithId()).toEqual([handle.id(), 3]);
  });

  it("gives neither id nor value when the set is empty", async () => {
    expect(await new JoinSet<number>().joinNextWithId()).toBe(undefined);
  });

  it("throws a JoinError that carries the id and what the task threw", async () => {
    const { runtime } = watched();
    const payload = new Error("no luck");
    const set = new JoinSet<number>();
    const handle = set.spawnOn(failing("generator", payload), runtime.handle());
    const error = (await rejection(set.joinNextWithId())) as JoinError;
    expect([error.id(), error.isPanic(), error.cause]).toEqual([handle.id(), true, payload]);
  });

  it("throws a cancelled JoinError for an aborted task", async () => {
    const set = new JoinSet<never>();
    const handle = set.spawn(pending());
    handle.abort();
    const error = (await rejection(set.joinNextWithId())) as JoinError;
    expect([error.id(), error.isCancelled()]).toEqual([handle.id(), true]);
  });

  it("tells a task that gives undefined from an empty set", async () => {
    const set = new JoinSet<void>();
    const handle = set.spawn(ready(undefined));
    expect([await set.joinNextWithId(), await set.joinNextWithId()]).toEqual([
      [handle.id(), undefined],
      undefined,
    ]);
  });
});

describe("JoinSet.tryJoinNext", () => {
  it("gives undefined for an empty set, without waiting", () => {
    expect(new JoinSet<number>().tryJoinNext()).toBe(undefined);
  });

  it("gives undefined when no task has ended", async () => {
    const { set } = gated(1);
    await settle();
    expect([set.tryJoinNext(), set.len()]).toEqual([undefined, 1]);
    set.drop();
  });

  it("gives the value of a task that has ended", async () => {
    const set = await ended(1);
    expect([set.tryJoinNext(), set.len()]).toEqual([0, 0]);
  });

  it("throws what the task threw", async () => {
    const error = new Error("no luck");
    const { set } = await failedSet(error);
    expect(thrownBy(() => set.tryJoinNext())).toBe(error);
  });

  it("takes nothing of the budget", async () => {
    const set = await ended(1_000);
    function* drain(): Async<number> {
      let joined = 0;
      while (set.tryJoinNext() !== undefined) joined += 1;
      return joined;
    }
    expect(await spawn(drain())).toBe(1_000);
  });
});

describe("JoinSet.tryJoinNextWithId", () => {
  it("gives the id with the value of a task that has ended", async () => {
    const set = new JoinSet<number>();
    const handle = set.spawn(ready(3));
    await settle();
    expect(set.tryJoinNextWithId()).toEqual([handle.id(), 3]);
  });

  it("gives undefined when no task has ended, and none for an empty set", async () => {
    const { set } = gated(1);
    const before = set.tryJoinNextWithId();
    set.detachAll();
    expect([before, set.tryJoinNextWithId()]).toEqual([undefined, undefined]);
  });

  it("throws a JoinError for a task that threw", async () => {
    const { set } = await failedSet();
    expect(thrownBy(() => set.tryJoinNextWithId())).toBeInstanceOf(JoinError);
  });
});

describe("JoinSet.pollJoinNext", () => {
  it("is PENDING while no task has ended", () => {
    const { set } = gated(1);
    expect(set.pollJoinNext(new TestWaker())).toBe(PENDING);
    set.drop();
  });

  it("gives undefined when the set is empty", () => {
    expect(new JoinSet<number>().pollJoinNext(new TestWaker())).toBe(undefined);
  });

  it("wakes only the last waker", async () => {
    const { set, gates } = gated(1);
    const [first, last] = [new TestWaker(), new TestWaker()];
    set.pollJoinNext(first);
    set.pollJoinNext(last);
    await settle();
    gates[0]?.open(1);
    await settle();
    expect([first.count, last.count]).toEqual([0, 1]);
  });

  it("wakes once for several tasks that end together", async () => {
    const { set, gates } = gated(3);
    const waker = new TestWaker();
    set.pollJoinNext(waker);
    await settle();
    for (const gate of gates) gate.open(1);
    await settle();
    expect(waker.count).toBe(1);
    set.drop();
  });

  it("gives every task outside tasks, where no budget runs out", async () => {
    const set = await ended(1_000);
    const waker = new TestWaker();
    let joined = 0;
    for (let i = 0; i < 1_000; i += 1) if (set.pollJoinNext(waker) !== PENDING) joined += 1;
    expect(joined).toBe(1_000);
    set.drop();
  });

  it("lets its waker join from inside the wake-up", async () => {
    const { set, gates } = gated(1);
    let seen: unknown;
    set.pollJoinNext({
      waker: {
        wake() {
          seen = set.tryJoinNext();
        },
      },
    });
    gates[0]?.open(3);
    await settle();
    expect([seen, set.len()]).toEqual([3, 0]);
  });

  it("lets its waker drop the set from inside the wake-up", async () => {
    const { set, gates } = gated(2);
    set.pollJoinNext({
      waker: {
        wake() {
          set.drop();
        },
      },
    });
    gates[0]?.open(3);
    await settle();
    expect([set.len(), gates[1]?.drops]).toEqual([0, 1]);
  });

  it("keeps the task's value when its waker throws", async () => {
    const { runtime } = watched();
    const { set, gates } = gated(1, runtime.handle());
    set.pollJoinNext(new ThrowingWaker());
    await settle();
    gates[0]?.open(3);
    await settle();
    expect(set.tryJoinNext()).toBe(3);
  });
});

describe("JoinSet.pollJoinNextWithId", () => {
  it("gives the id with the value of a task when it is polled", async () => {
    const set = new JoinSet<number>();
    const handle = set.spawn(ready(3));
    await settle();
    expect(set.pollJoinNextWithId(new TestWaker())).toEqual([handle.id(), 3]);
  });

  it("is PENDING while no task has ended, and undefined when the set is empty", () => {
    const { set } = gated(1);
    const before = set.pollJoinNextWithId(new TestWaker());
    set.drop();
    expect([before, set.pollJoinNextWithId(new TestWaker())]).toEqual([PENDING, undefined]);
  });
});

describe("JoinSet.joinAll", () => {
  it("gives the values in the order in which the tasks ended", async () => {
    const { set, gates } = gated(3);
    const all = spawn(set.joinAll());
    await settle();
    for (const i of [1, 2, 0]) {
      gates[i]?.open(i);
      await settle();
    }
    expect(await all).toEqual([1, 2, 0]);
  });

  it("gives an empty array for an empty set", async () => {
    expect(await new JoinSet<number>().joinAll()).toEqual([]);
  });

  it("leaves the set empty", async () => {
    const set = await ended(3);
    await set.joinAll();
    expect(set.isEmpty()).toBe(true);
  });

  it("keeps values that are undefined", async () => {
    const set = new JoinSet<void>();
    set.spawn(ready(undefined));
    set.spawn(ready(undefined));
    expect(await set.joinAll()).toEqual([undefined, undefined]);
  });

  it("throws the first error of a task as it is", async () => {
    const error = new Error("no luck");
    const { set } = await failedSet(error);
    expect(await rejection(set.joinAll())).toBe(error);
  });

  it("aborts the others when one fails", async () => {
    const { set, runtime } = await failedSet();
    const gate = new Gate<number>();
    set.spawnOn(gate, runtime.handle());
    await settle();
    await rejection(set.joinAll());
    await settle();
    expect([gate.drops, set.len()]).toEqual([1, 0]);
  });

  it("throws the JoinError of an aborted task", async () => {
    const set = new JoinSet<never>();
    set.spawn(pending()).abort();
    expect(await rejection(set.joinAll())).toBeInstanceOf(JoinError);
  });

  it("joins tasks that are added while it waits", async () => {
    const { set, gates } = gated(1);
    const all = spawn(set.joinAll());
    await settle();
    set.spawn(ready(5));
    gates[0]?.open(4);
    expect((await all).toSorted((a, b) => a - b)).toEqual([4, 5]);
  });

  it("joins ten thousand tasks", async () => {
    const set = await ended(10_000);
    expect((await spawn(set.joinAll())).length).toBe(10_000);
  });
});

describe("JoinSet.abortAll", () => {
  it("aborts every task, which stay in the set until they are joined", async () => {
    const { set, gates } = gated(3);
    await settle();
    set.abortAll();
    await settle();
    expect([gates.map((gate) => gate.drops), set.len()]).toEqual([[1, 1, 1], 3]);
  });

  it("leaves tasks that have ended their values", async () => {
    const { set, gates } = gated(2);
    gates[0]?.open(7);
    await settle();
    set.abortAll();
    const first = await set.joinNext();
    expect([first, await rejection(set.joinNext())]).toEqual([7, expect.any(JoinError)]);
  });

  it("does nothing to an empty set", () => {
    const set = new JoinSet<void>();
    set.abortAll();
    expect(set.isEmpty()).toBe(true);
  });

  it("leaves tasks that are spawned later alone", async () => {
    const set = new JoinSet<number>();
    set.spawn(pending());
    set.abortAll();
    set.spawn(ready(1));
    const outcomes = [await rejection(set.joinNext()), await set.joinNext()];
    expect(outcomes).toEqual([expect.any(JoinError), 1]);
  });
});

describe("JoinSet.detachAll", () => {
  it("leaves no task in the set", () => {
    const { set } = gated(2);
    set.detachAll();
    expect([set.len(), set.isEmpty()]).toEqual([0, true]);
  });

  it("keeps the tasks running", async () => {
    const { set, gates } = gated(1);
    set.detachAll();
    await settle();
    expect([gates[0]?.polls, gates[0]?.drops]).toEqual([1, 0]);
    gates[0]?.open(1);
  });

  it("ends a joinNext that waits for the tasks it lets go of", async () => {
    const { set, gates } = gated(1);
    const joiner = spawn(set.joinNext());
    await settle();
    set.detachAll();
    expect(await joiner).toBe(undefined);
    gates[0]?.open(1);
  });

  it("does not bring a detached task back when it ends", async () => {
    const { set, gates } = gated(1);
    set.detachAll();
    await settle();
    gates[0]?.open(1);
    await settle();
    expect(set.len()).toBe(0);
  });

  it("lets the set be used again", async () => {
    const { set, gates } = gated(1);
    set.detachAll();
    set.spawn(ready(2));
    expect(await set.joinNext()).toBe(2);
    gates[0]?.open(1);
  });

  it("reports tasks that had failed before and that nobody joined", async () => {
    const { set, reports } = await failedSet();
    set.detachAll();
    await settle();
    expect(reports.map((report) => report.kind)).toEqual(["task-failed"]);
  });

  it("lets tasks that fail later be reported", async () => {
    const { runtime, reports } = watched();
    const gate = new Gate();
    function* body(): Async<number> {
      yield* gate;
      throw new Error("no luck");
    }
    const set = new JoinSet<number>();
    set.spawnOn(body(), runtime.handle());
    await settle();
    set.detachAll();
    gate.open();
    await settle();
    expect(reports).toHaveLength(1);
  });
});

describe("JoinSet.shutdown", () => {
  it("aborts every task and leaves the set empty", async () => {
    const { set, gates } = gated(3);
    await settle();
    await set.shutdown();
    expect([gates.map((gate) => gate.drops), set.len()]).toEqual([[1, 1, 1], 0]);
  });

  it.each(LANES)("waits for cleanup, in the %s lane", async (lane) => {
    const cleanup = new Gate();
    const set = new JoinSet<void>();
    set.spawn(waitingTwice<void>(lane, new Gate(), cleanup));
    await settle();
    const shutdown = spawn(set.shutdown());
    await settle();
    const before = shutdown.isFinished();
    cleanup.open();
    await shutdown;
    expect(before).toBe(false);
  });

  it("ignores what tasks threw", async () => {
    const { set, reports } = await failedSet();
    await set.shutdown();
    await settle();
    expect(reports).toEqual([]);
  });

  it("ignores what tasks throw while they are aborted", async () => {
    const { runtime } = watched();
    const set = new JoinSet<void>();
    const body = waiting<void>("generator", new Gate(), () => {
      throw new Error("in finally");
    });
    set.spawnOn(body, runtime.handle());
    await settle();
    await set.shutdown();
    expect(set.isEmpty()).toBe(true);
  });

  it("aborts nothing before it is polled", async () => {
    const { set, gates } = gated(1);
    await settle();
    set.shutdown().drop();
    await settle();
    expect(gates[0]?.drops).toBe(0);
    set.drop();
  });

  it("completes at once for an empty set", () => {
    expect(new JoinSet<void>().shutdown().poll(new TestWaker())).toBe(undefined);
  });
});

describe("JoinSet.drop", () => {
  it("aborts every task", async () => {
    const { set, gates } = gated(2);
    await settle();
    set.drop();
    await settle();
    expect(gates.map((gate) => gate.drops)).toEqual([1, 1]);
  });

  it("leaves no task in the set that is dropped", () => {
    const { set } = gated(2);
    set.drop();
    expect(set.len()).toBe(0);
  });

  it("happens at the end of a using block", async () => {
    const gate = new Gate<number>();
    {
      using set = new JoinSet<number>();
      set.spawn(gate);
      await settle();
    }
    await settle();
    expect(gate.drops).toBe(1);
  });

  it("ends a joinNext that waits", async () => {
    const { set } = gated(1);
    const joiner = spawn(set.joinNext());
    await settle();
    set.drop();
    expect(await joiner).toBe(undefined);
  });

  it("may be called twice", () => {
    const { set } = gated(1);
    set.drop();
    expect(() => set.drop()).not.toThrow();
  });

  it("reports tasks that have failed and nobody joined", async () => {
    const { set, reports } = await failedSet();
    set.drop();
    await settle();
    expect(reports).toHaveLength(1);
  });

  it("reports what a task throws while it is aborted", async () => {
    const { runtime, reports } = watched();
    const set = new JoinSet<void>();
    const body = waiting<void>("generator", new Gate(), () => {
      throw new Error("in finally");
    });
    set.spawnOn(body, runtime.handle());
    await settle();
    set.drop();
    await settle();
    expect(reports).toHaveLength(1);
  });

  it("reports nothing for tasks that it aborted", async () => {
    const { runtime, reports } = watched();
    const { set } = gated(2, runtime.handle());
    await settle();
    set.drop();
    await settle();
    expect(reports).toEqual([]);
  });
});

describe("JoinSet[Symbol.asyncIterator]", () => {
  it("joins until the set is empty", async () => {
    const set = await ended(3);
    const values: number[] = [];
    for await (const value of set) values.push(value);
    expect([values, set.isEmpty()]).toEqual([[0, 1, 2], true]);
  });

  it("gives a value for each task of a JoinSet<void>", async () => {
    const set = new JoinSet<void>();
    for (let i = 0; i < 3; i += 1) set.spawn(ready(undefined));
    let rounds = 0;
    for await (const value of set) {
      expect(value).toBe(undefined);
      rounds += 1;
    }
    expect(rounds).toBe(3);
  });

  it("ends at once for an empty set", async () => {
    let rounds = 0;
    for await (const value of new JoinSet<number>()) rounds += value;
    expect(rounds).toBe(0);
  });

  it("works inside an async task", async () => {
    const total = await spawn(async () => {
      const set = JoinSet.from([1, 2, 3].map((n) => ready(n)));
      let sum = 0;
      for await (const n of set) sum += n;
      return sum;
    });
    expect(total).toBe(6);
  });

  it("joins tasks that are added meanwhile", async () => {
    const set = JoinSet.from<number>([ready(3)]);
    const values: number[] = [];
    for await (const value of set) {
      values.push(value);
      if (value > 0) set.spawn(ready(value - 1));
    }
    expect(values).toEqual([3, 2, 1, 0]);
  });

  it("leaves the rest in the set when the loop is left early", async () => {
    const set = await ended(3);
    for await (const value of set) if (value === 0) break;
    expect(set.len()).toBe(2);
  });

  it("throws what a task threw, and goes on from there when iterated again", async () => {
    const error = new Error("no luck");
    const { set, runtime } = await failedSet(error);
    set.spawnOn(ready(1), runtime.handle());
    const drain = async (): Promise<number[]> => {
      const values: number[] = [];
      for await (const value of set) values.push(value);
      return values;
    };
    expect([await rejection(drain()), await drain()]).toEqual([error, [1]]);
  });

  it("ends when the set is emptied while it waits", async () => {
    const { set } = gated(1);
    let rounds = 0;
    const loop = (async () => {
      for await (const value of set) rounds += value;
    })();
    await settle();
    set.drop();
    await loop;
    expect(rounds).toBe(0);
  });

  it("loses no task when the async task that iterates is aborted", async () => {
    const { set, gates } = gated(1);
    const loop = spawn(async () => {
      for await (const value of set) void value;
    });
    await settle();
    loop.abort();
    await rejection(loop);
    gates[0]?.open(3);
    expect(await set.joinNext()).toBe(3);
  });

  it("gives up its wait at return() and throw(), and leaves the task in the set", async () => {
    const { set, gates } = gated(1);
    const [returned, thrown] = [set[Symbol.asyncIterator](), set[Symbol.asyncIterator]()];
    const nexts = [returned.next(), thrown.next()];
    await returned.return();
    await rejection(thrown.throw(new Error("stop")));
    gates[0]?.open(3);
    const done = { done: true, value: undefined };
    expect([await Promise.all(nexts), await set.joinNext()]).toEqual([[done, done], 3]);
  });
});

describe("JoinSet.from", () => {
  it("spawns each body, in order", async () => {
    const log: string[] = [];
    function* say(text: string): Async<string> {
      log.push(text);
      return text;
    }
    const set = JoinSet.from([say("a"), say("b"), say("c")]);
    expect([await set.joinAll(), log]).toEqual([
      ["a", "b", "c"],
      ["a", "b", "c"],
    ]);
  });

  it("takes any iterable", async () => {
    function* bodies(): Generator<Future<number>> {
      yield ready(1);
      yield ready(2);
    }
    expect(await JoinSet.from(bodies()).joinAll()).toEqual([1, 2]);
  });
});

describe("JoinSet.extend", () => {
  it("adds to the tasks that are there", async () => {
    const set = new JoinSet<number>();
    set.spawn(ready(1));
    set.extend([ready(2), async () => 3]);
    expect((await set.joinAll()).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  it("keeps those it has spawned when one cannot be run", async () => {
    const set = new JoinSet<number>();
    const bodies = [ready(1), 5 as never as IntoFuture<number>, ready(3)];
    expect(thrownBy(() => set.extend(bodies))).toBeInstanceOf(TypeError);
    expect(await set.joinAll()).toEqual([1]);
  });
});

describe("JoinSet.buildTask", () => {
  /** The name that the error of an aborted task tells. */
  async function nameIn(set: JoinSet<never>, handle: AbortHandle): Promise<string> {
    handle.abort();
    return ((await rejection(set.joinNext())) as Error).message;
  }

  it("gives a builder", () => {
    expect(new JoinSet<void>().buildTask()).toBeInstanceOf(JoinSetBuilder);
  });

  it("spawns a named task into the set", async () => {
    const set = new JoinSet<never>();
    const handle = set.buildTask().name("reader").spawn(pending());
    expect(await nameIn(set, handle)).toContain("(reader)");
  });

  it("spawns a named task on another runtime", async () => {
    const { runtime } = watched();
    const set = new JoinSet<never>();
    set.buildTask().name("reader").spawnOn(pending(), runtime.handle());
    await settle();
    expect(
      runtime
        .handle()
        .dump()
        .tasks.map((task) => task.name),
    ).toEqual(["reader"]);
    set.drop();
  });

  it("spawns a named task on the current local set", async () => {
    const local = new LocalSet();
    const set = new JoinSet<never>();
    const guard = local.enter();
    const handle = set.buildTask().name("reader").spawnLocal(pending());
    guard.dispose();
    handle.abort();
    expect(await rejection(spawn(local.runUntil(set.joinNext())))).toMatchObject({
      message: expect.stringContaining("(reader)") as string,
    });
  });

  it("spawns a named task on a given local set", async () => {
    const local = new LocalSet();
    const set = new JoinSet<never>();
    set.buildTask().name("reader").spawnLocalOn(pending(), local).abort();
    expect(await rejection(spawn(local.runUntil(set.joinNext())))).toMatchObject({
      message: expect.stringContaining("(reader)") as string,
    });
  });

  it("throws a TypeError for a name that is no string", () => {
    expect(thrownBy(() => new JoinSet<void>().buildTask().name(5 as never))).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });

  it("spawns tasks without a name when none was given", async () => {
    const set = new JoinSet<never>();
    const handle = set.buildTask().spawn(pending());
    expect(await nameIn(set, handle)).toBe(`task #${handle.id()} was cancelled`);
  });
});

describe("a JoinSet under load", () => {
  it("joins tasks while others are spawned by tasks of the set", async () => {
    const set = new JoinSet<number>();
    function* tree(depth: number): Async<number> {
      yield* yieldNow();
      if (depth > 0) {
        set.spawn(tree(depth - 1));
        set.spawn(tree(depth - 1));
      }
      return 1;
    }
    set.spawn(tree(9));
    const values = await spawn(set.joinAll());
    expect(values.length).toBe(2 ** 10 - 1);
  });

  it("gives every id once", async () => {
    const set = new JoinSet<number>();
    const spawned = new Set<Id>();
    for (let i = 0; i < 1_000; i += 1) spawned.add(set.spawn(waiting("generator", ready(i))).id());
    const joined = new Set<Id>();
    function* drain(): Async<void> {
      for (let pair; (pair = yield* set.joinNextWithId()) !== undefined; ) joined.add(pair[0]);
    }
    await spawn(drain());
    expect(joined).toEqual(spawned);
  });
});
