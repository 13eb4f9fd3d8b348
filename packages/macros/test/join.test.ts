import {
  consumeBudget,
  type Future,
  hasBudgetRemaining,
  intoFuture,
  pending,
  PENDING,
  ready,
  spawn,
  yieldNow,
  type Async,
} from "@rt/core";
import { byRef, join, joinSettled, tryJoin } from "@rt/macros";
import { describe, expect, it } from "vitest";
import {
  Countdown,
  failed,
  Gate,
  inLane,
  LANES,
  opened,
  rejection,
  settle,
  TestWaker,
  thrownBy,
  watched,
} from "./support/leaves.ts";

function poll<T>(future: Future<T>, times = 1): T | typeof PENDING {
  const cx = new TestWaker();
  let value: T | typeof PENDING = PENDING;
  for (let i = 0; i < times; i += 1) value = future.poll(cx);
  return value;
}

function* generator(): Async<string> {
  yield* yieldNow();
  return "generator";
}

/** Notes the order in which the gates are polled. */
function watchedGates(count: number): { gates: Gate[]; polled: number[] } {
  const polled: number[] = [];
  const gates = Array.from({ length: count }, (_, i) => {
    const gate = new Gate(`gate ${i}`);
    gate.onPoll = () => void polled.push(i);
    return gate;
  });
  return { gates, polled };
}

const ALL = [
  ["join", join],
  ["tryJoin", tryJoin],
] as const;

describe.each(ALL)("%s", (_name, joinThem) => {
  it.each(LANES)("gives a tuple of the values in the order of the futures in the %s lane", async (lane) => {
    const values = await inLane(lane, () =>
      joinThem(new Countdown(3, "slow"), ready(1), new Countdown(1, true)),
    );
    expect(values).toEqual(["slow", 1, true]);
  });

  it.each(LANES)("gives an array for an array in the %s lane", async (lane) => {
    expect(await inLane(lane, () => joinThem([1, 2, 3].map((n) => new Countdown(n, n))))).toEqual([1, 2, 3]);
  });

  it.each(LANES)("gives a record for a record in the %s lane", async (lane) => {
    expect(await inLane(lane, () => joinThem({ b: new Countdown(2, 1), a: ready("x") }))).toEqual({
      b: 1,
      a: "x",
    });
  });

  it("completes at once with nothing to wait for", () => {
    expect([poll(joinThem()), poll(joinThem([])), poll(joinThem({}))]).toEqual([[], [], {}]);
  });

  it("takes everything that can be run", async () => {
    const values = await inLane("generator", () =>
      joinThem(generator(), generator, async () => "async", Promise.resolve("promise"), ready("future")),
    );
    expect(values).toEqual(["generator", "generator", "async", "promise", "future"]);
  });

  it("takes a single future of each kind for one to wait for", async () => {
    for (const one of [generator(), async () => "async", Promise.resolve("promise"), ready("future")])
      expect(await inLane("generator", () => joinThem(one))).toHaveLength(1);
  });

  it("waits for tasks through their handles", async () => {
    const { runtime } = watched();
    const values = await runtime.blockOn(function* () {
      return yield* joinThem(spawn(new Countdown(2, 1)), spawn(generator()));
    });
    expect(values).toEqual([1, "generator"]);
  });

  it("does not poll a future again that has completed", () => {
    const done = opened(1);
    poll(joinThem(done, new Gate()), 5);
    expect(done.polls).toBe(1);
  });

  it("begins each poll with the next future in turn", () => {
    const { gates, polled } = watchedGates(3);
    poll(joinThem(gates), 4);
    expect(polled).toEqual([0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 1, 2]);
  });

  it("begins each poll at the top when biased", () => {
    const { gates, polled } = watchedGates(3);
    poll(joinThem(gates, { biased: true }), 2);
    expect(polled).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it("keeps a future that uses up the budget from starving the others", async () => {
    const { runtime } = watched();
    const state = { over: false };
    function* greedy(): Async<void> {
      while (!state.over) yield* consumeBudget();
    }
    function* modest(): Async<string> {
      for (let i = 0; i < 10; i += 1) yield* consumeBudget();
      state.over = true;
      return "through";
    }
    const [, said] = await runtime.blockOn(joinThem(greedy(), modest()));
    expect(said).toBe("through");
  });

  it("does no more work than the budget allows in one poll", async () => {
    const { runtime } = watched();
    const left = await runtime.blockOn(function* () {
      while (hasBudgetRemaining()) yield* consumeBudget();
      return poll(joinThem(new Countdown(0, 1), new Countdown(0, 2))) === PENDING;
    });
    expect(left).toBe(true);
  });

  it("refuses to be polled after it has completed", () => {
    const future = joinThem(ready(1));
    poll(future);
    expect(thrownBy(() => poll(future))).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });

  it("does nothing before it is polled", () => {
    const gate = new Gate();
    joinThem(gate);
    expect([gate.polls, gate.drops]).toEqual([0, 0]);
  });

  it.each([0, 1, 2, 3])("drops what has not completed, once, when it is dropped after %i polls", (polls) => {
    const done = opened(1);
    const gates = [new Gate(), new Gate()];
    const future = joinThem([done, ...gates]);
    poll(future, polls);
    future.drop();
    future.drop();
    expect([done.drops, ...gates.map((gate) => gate.drops)]).toEqual([polls === 0 ? 1 : 0, 1, 1]);
  });

  it("drops all, even if the drop of one throws, and throws that", () => {
    const gates = [new Gate(), new Gate(), new Gate()];
    (gates[1] as Gate).onDrop = () => {
      throw new Error("drop");
    };
    expect(thrownBy(() => joinThem(gates).drop())).toMatchObject({ message: "drop" });
    expect(gates.map((gate) => gate.drops)).toEqual([1, 1, 1]);
  });

  it("may be dropped by one of its own futures", () => {
    const gates = [opened(1), new Gate<number>()];
    const future = joinThem(gates);
    (gates[0] as Gate<number>).onPoll = () => future.drop();
    expect(poll(future)).toBe(PENDING);
    expect(gates[1]?.drops).toBe(1);
  });

  it.each(LANES)("is cancelled with its task, cleanup included, in the %s lane", async (lane) => {
    const { runtime } = watched();
    const gate = new Gate();
    const events: string[] = [];
    function* cleaning(): Async<void> {
      try {
        yield* pending();
      } finally {
        yield* new Countdown(3, 0);
        events.push("cleaned up");
      }
    }
    const asyncCleaning = async (): Promise<void> => {
      try {
        await pending();
      } finally {
        await new Countdown(3, 0);
        events.push("cleaned up");
      }
    };
    const task = runtime.spawn(intoFuture(joinThem(gate, lane === "generator" ? cleaning() : asyncCleaning)));
    await settle();
    task.abort();
    expect(await rejection(task)).toMatchObject({ name: "JoinError" });
    expect([gate.drops, ...events]).toEqual([1, "cleaned up"]);
  });

  it("keeps a lent future", () => {
    const gate = new Gate();
    const future = joinThem(byRef(gate));
    poll(future);
    future.drop();
    expect(gate.drops).toBe(0);
  });

  it("says what it waits for", () => {
    const future = joinThem({ one: new Gate("a door"), two: opened(1), three: new Gate("a window") });
    poll(future);
    expect(future.describe()).toBe("all of one: a door; three: a window");
  });

  it("waits for a thousand futures that complete one by one", async () => {
    const values = await inLane("generator", () =>
      joinThem(Array.from({ length: 1000 }, (_, i) => new Countdown(i % 7, i))),
    );
    expect(values).toHaveLength(1000);
    expect(values[999]).toBe(999);
  });

  it.each([
    ["what can't be run", () => joinThem(5 as never)],
    ["what can't be run in a list", () => joinThem([5] as never)],
    ["a list and a future", () => joinThem([ready(1)] as never, ready(2) as never)],
    ["biased that is no boolean", () => joinThem([ready(1)], { biased: 1 as never })],
    ["options that are none", () => joinThem([ready(1)], null as never)],
  ])("refuses %s", (_what, mistake) => {
    expect(thrownBy(mistake)).toMatchObject({ name: "TypeError", code: "ERR_RT_INVALID_ARGUMENT" });
  });
});

describe("a failure in join", () => {
  it.each(LANES)(
    "stops nothing: all complete, then the first error is thrown, in the %s lane",
    async (lane) => {
      const first = new Error("first");
      const slow = new Countdown(4, "slow");
      const error = await rejection(
        inLane(lane, () => join(failed(first), slow, join(new Countdown(2, 0), failed(new Error("second"))))),
      );
      expect(error).toBe(first);
      expect(slow.left).toBe(0);
    },
  );

  it("is the one that came first, wherever it stands", () => {
    const [late, early] = [new Gate(), new Gate()];
    const future = join(late, early);
    poll(future);
    early.fail(new Error("early"));
    poll(future);
    late.fail(new Error("late"));
    expect(thrownBy(() => poll(future))).toMatchObject({ message: "early" });
  });

  it("does not poll nor drop the failed future again", () => {
    const bad = failed(new Error("bad"));
    const future = join(bad, new Gate());
    poll(future, 3);
    future.drop();
    expect([bad.polls, bad.drops]).toEqual([1, 0]);
  });

  it("is thrown even where it is undefined", () => {
    let thrown: unknown = "nothing";
    try {
      poll(join(failed(undefined)));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeUndefined();
  });
});

describe("joinSettled", () => {
  it.each(LANES)("gives the outcome of each and does not fail in the %s lane", async (lane) => {
    const error = new Error("no");
    const outcomes = await inLane(lane, () => joinSettled(new Countdown(2, 1), failed(error)));
    expect(outcomes).toEqual([
      { status: "fulfilled", value: 1 },
      { status: "rejected", reason: error },
    ]);
  });

  it("takes a record and a list with options as well", async () => {
    expect(poll(joinSettled({ a: ready(1) }))).toEqual({ a: { status: "fulfilled", value: 1 } });
    expect(poll(joinSettled([ready(1)], { biased: true }))).toEqual([{ status: "fulfilled", value: 1 }]);
  });
});

describe("a failure in tryJoin", () => {
  it.each(LANES)("is thrown at once and drops the others in the %s lane", async (lane) => {
    const error = new Error("broken");
    const gates = [new Gate(), new Gate()];
    expect(await rejection(inLane(lane, () => tryJoin([...gates, failed(error)])))).toBe(error);
    expect(gates.map((gate) => gate.drops)).toEqual([1, 1]);
  });

  it("leaves those alone that have completed", () => {
    const done = opened(1);
    const bad = new Gate<number>();
    const future = tryJoin(done, bad);
    poll(future);
    bad.fail(new Error("bad"));
    thrownBy(() => poll(future));
    future.drop();
    expect([done.drops, bad.drops]).toEqual([0, 0]);
  });

  it("comes before what the drop of another throws", () => {
    const other = new Gate();
    other.onDrop = () => {
      throw new Error("drop");
    };
    expect(thrownBy(() => poll(tryJoin(other, failed(new Error("first")))))).toMatchObject({
      message: "first",
    });
  });
});
