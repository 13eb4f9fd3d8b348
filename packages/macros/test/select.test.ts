/* oxlint-disable require-yield -- generators that never suspend are among what is tested */
import {
  Cancelled,
  consumeBudget,
  type Future,
  hasBudgetRemaining,
  intoFuture,
  pending,
  PENDING,
  ready,
  spawn,
  UsageError,
  yieldNow,
  type Async,
} from "@rt/core";
import { branch, byRef, select } from "@rt/macros";
import { afterEach, describe, expect, it } from "vitest";
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

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `b${i}`);
}

function record<T>(keys: readonly string[], make: (key: string, i: number) => T): Record<string, T> {
  return Object.fromEntries(keys.map((key, i) => [key, make(key, i)]));
}

/** Polls by hand until it is ready. */
function poll<T>(future: Future<T>, times = 1): T | typeof PENDING {
  const cx = new TestWaker();
  let value: T | typeof PENDING = PENDING;
  for (let i = 0; i < times; i += 1) value = future.poll(cx);
  return value;
}

describe("select", () => {
  it.each(LANES)(
    "gives the name and the value of the branch that is ready first in the %s lane",
    async (lane) => {
      const late = new Gate<string>();
      const event = await inLane(lane, () => select({ late, soon: new Countdown(2, 7) }));
      expect(event).toEqual({ branch: "soon", value: 7 });
    },
  );

  it.each(LANES)("gives what the winner's handler gives in the %s lane", async (lane) => {
    const value = await inLane(lane, () =>
      select([
        [pending(), () => "never"],
        [new Countdown(1, 20), (n) => n + 1],
      ]),
    );
    expect(value).toBe(21);
  });

  it("gives the value of the first of a list of futures", async () => {
    expect(await inLane("generator", () => select([pending(), ready("first")]))).toBe("first");
  });

  it("takes a single branch", async () => {
    expect(await inLane("generator", () => select({ only: ready(1) }))).toEqual({ branch: "only", value: 1 });
  });

  it("takes 64 branches and finds the one that is ready, wherever it stands", async () => {
    for (const winner of [0, 1, 2, 31, 32, 63]) {
      const branches = record(names(64), (_, i) => (i === winner ? ready(i) : pending()));
      const event = await inLane("generator", () => select(branches));
      expect(event).toEqual({ branch: `b${winner}`, value: winner });
    }
  });

  it("takes generators, functions and promises as well as futures", async () => {
    function* generator(): Async<string> {
      return "generator";
    }
    const given: string[] = [];
    for (const input of [
      generator(),
      generator,
      async () => "async",
      Promise.resolve("promise"),
      ready("future"),
    ])
      given.push((await inLane("generator", () => select({ input, never: pending() }))).value);
    expect(given).toEqual(["generator", "generator", "async", "promise", "future"]);
  });

  it("nests", async () => {
    const event = await inLane("generator", () =>
      select({
        outer: pending(),
        inner: select({ a: pending(), b: select([[new Countdown(3, "deep"), (s) => s.length]]) }),
      }),
    );
    expect(event).toEqual({ branch: "inner", value: { branch: "b", value: 4 } });
  });

  it("does nothing before it is polled", () => {
    const gate = opened(1);
    let called = false;
    select({
      gate,
      call: async () => {
        called = true;
      },
    });
    expect([gate.polls, gate.drops, called]).toEqual([0, 0, false]);
  });

  it("polls every pending branch with the waker of the last poll alone", () => {
    const gates = [new Gate(), new Gate(), new Gate()];
    const future = select(gates);
    const first = new TestWaker();
    const second = new TestWaker();
    future.poll(first);
    future.poll(second);
    for (const gate of gates) gate.open();
    expect([first.count, second.count, ...gates.map((gate) => gate.polls)]).toEqual([0, 3, 2, 2, 2]);
  });

  it("refuses to be polled after it has completed", () => {
    const future = select({ a: ready(1) });
    poll(future);
    expect(thrownBy(() => poll(future))).toMatchObject({ code: "ERR_RT_POLLED_AFTER_COMPLETION" });
  });

  it("refuses to be waited for a second time", async () => {
    const { runtime } = watched();
    const code = await runtime.blockOn(function* () {
      const future = select({ a: ready(1) });
      yield* future;
      try {
        yield* future;
      } catch (error) {
        return (error as UsageError).code;
      }
      return "nothing thrown";
    });
    expect(code).toBe("ERR_RT_AWAITED_TWICE");
  });

  it("says in a dump what each pending branch waits for", async () => {
    const { runtime } = watched();
    runtime.spawn(intoFuture(select({ one: new Gate("a door"), two: new Gate("a window") })));
    await settle();
    expect(String(runtime.handle().dump())).toContain("the first of one: a door; two: a window");
  });

  it("leaves a task alone whose handle lost", async () => {
    const { runtime } = watched();
    const value = await runtime.blockOn(function* () {
      const handle = spawn(new Countdown(5, "still there"));
      for (let i = 0; i < 3; i += 1) yield* select({ handle, soon: ready(0) }, { biased: true });
      return yield* handle;
    });
    expect(value).toBe("still there");
  });
});

describe("the order in which select polls", () => {
  /** The branches in the order in which one poll comes to them. */
  function order(count: number, options?: { biased: boolean }): number[] {
    const polled: number[] = [];
    const gates = names(count).map((_, i) => {
      const gate = new Gate();
      gate.onPoll = () => void polled.push(i);
      return gate;
    });
    poll(select(gates, options));
    return polled;
  }

  it("goes round from where it starts", () => {
    for (let i = 0; i < 50; i += 1) {
      const [first = -1, ...rest] = order(5);
      expect(rest).toEqual([1, 2, 3, 4].map((step) => (first + step) % 5));
    }
  });

  it("starts anew at random with each poll", () => {
    const starts: number[] = [];
    const gates = [0, 1, 2, 3].map((i) => {
      const gate = new Gate();
      gate.onPoll = () => void starts.push(i);
      return gate;
    });
    poll(select(gates), 200);
    expect(new Set(starts.filter((_, i) => i % 4 === 0)).size).toBe(4);
  });

  it("is from top to bottom when biased", () => {
    for (let i = 0; i < 20; i += 1) expect(order(5, { biased: true })).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([2, 3, 8, 64])("chooses about equally among %i branches that are always ready", async (count) => {
    const rounds = 400 * count;
    const all = names(count);
    const wins = new Map<string, number>();
    const { runtime } = watched(11);
    await runtime.blockOn(function* () {
      for (let i = 0; i < rounds; i += 1) {
        const { branch: name } = yield* select(record(all, () => ready(0)));
        wins.set(name, (wins.get(name) ?? 0) + 1);
      }
    });
    expect(wins.size).toBe(count);
    for (const times of wins.values()) {
      expect(times).toBeGreaterThan(400 * 0.75);
      expect(times).toBeLessThan(400 * 1.25);
    }
  });

  it("is the same again with the same seed", async () => {
    const sequence = async (seed: number): Promise<string> => {
      const { runtime } = watched(seed);
      return runtime.blockOn(function* () {
        let said = "";
        for (let i = 0; i < 40; i += 1)
          said += (yield* select({ a: ready(0), b: ready(0), c: ready(0) })).branch;
        return said;
      });
    };
    expect(await sequence(5)).toBe(await sequence(5));
    expect(await sequence(5)).not.toBe(await sequence(6));
  });

  it("always prefers the first of two ready branches when biased", async () => {
    const { runtime } = watched();
    const second = await runtime.blockOn(function* () {
      let count = 0;
      for (let i = 0; i < 200; i += 1)
        if ((yield* select({ a: ready(0), b: ready(0) }, { biased: true })).branch === "b") count += 1;
      return count;
    });
    expect(second).toBe(0);
  });
});

describe("the budget in select", () => {
  it("makes it pending before any branch is polled", async () => {
    const { runtime } = watched();
    const polls = await runtime.blockOn(function* () {
      while (hasBudgetRemaining()) yield* consumeBudget();
      const gate = opened(1);
      const future = select({ gate });
      const first = poll(future);
      const seen = gate.polls;
      yield* future;
      return [first === PENDING, seen, gate.polls];
    });
    expect(polls).toEqual([true, 0, 1]);
  });

  it.each(LANES)("lets other tasks run beside an endless select in the %s lane", async (lane) => {
    const { runtime } = watched();
    const rounds = { count: 0, over: false };
    function* spin(): Async<void> {
      for (; !rounds.over; rounds.count += 1) yield* select({ a: new Countdown(0, 1), b: pending() });
    }
    const spinAsync = async (): Promise<void> => {
      for (; !rounds.over; rounds.count += 1) await select({ a: new Countdown(0, 1), b: pending() });
    };
    const task = runtime.spawn<void>(lane === "generator" ? spin() : spinAsync);
    await runtime.spawn(function* () {
      yield* yieldNow();
      rounds.over = true;
    });
    await task;
    expect(rounds.count).toBeLessThan(1000);
  });
});

describe("the losers of a select", () => {
  it.each(LANES)("are dropped before the handler runs in the %s lane", async (lane) => {
    const losers = [new Gate(), new Gate(), new Gate()];
    const dropsInHandler = await inLane(lane, () =>
      select([
        ...losers.map((gate) => [gate, () => [] as number[]] as const),
        [ready(1), () => losers.map((gate) => gate.drops)] as const,
      ]),
    );
    expect(dropsInHandler).toEqual([1, 1, 1]);
  });

  it("are dropped once, and the winner is not", () => {
    const loser = new Gate();
    const winner = opened("won");
    const future = select({ loser, winner });
    poll(future);
    future.drop();
    expect([loser.drops, winner.drops]).toEqual([1, 0]);
  });

  it("are dropped all, even if one of them throws, and its error comes out", () => {
    const gates = [new Gate(), new Gate(), new Gate(), new Gate()];
    for (const i of [0, 2]) {
      const gate = gates[i] as Gate;
      gate.onDrop = () => {
        throw new Error(`drop ${i}`);
      };
    }
    const error = thrownBy(() => poll(select([...gates, ready(0)])));
    expect((error as Error).message).toMatch(/^drop [02]$/);
    expect(gates.map((gate) => gate.drops)).toEqual([1, 1, 1, 1]);
  });

  it.each(LANES)("run their finally blocks in the %s lane", async (lane) => {
    const events: string[] = [];
    function* loser(): Async<void> {
      try {
        yield* pending();
      } finally {
        events.push("finally");
      }
    }
    const asyncLoser = async (): Promise<void> => {
      try {
        await pending();
      } catch (error) {
        events.push(error instanceof Cancelled ? "cancelled" : "other");
      } finally {
        events.push("finally");
      }
    };
    await inLane(lane, () =>
      select({ loser: lane === "generator" ? loser() : asyncLoser, winner: new Countdown(1, 0) }),
    );
    expect(events.at(-1)).toBe("finally");
  });

  it.each(LANES)("have their waiting cleanup adopted by the task in the %s lane", async (lane) => {
    const events: string[] = [];
    const { runtime } = watched();
    function* loser(): Async<void> {
      try {
        yield* pending();
      } finally {
        yield* new Countdown(4, 0);
        events.push("cleaned up");
      }
    }
    const asyncLoser = async (): Promise<void> => {
      try {
        await pending();
      } finally {
        await new Countdown(4, 0);
        events.push("cleaned up");
      }
    };
    await runtime.spawn(function* () {
      yield* select({ loser: lane === "generator" ? loser() : asyncLoser, winner: new Countdown(1, 0) });
      events.push("selected");
    });
    expect(events).toEqual(["selected", "cleaned up"]);
  });

  it("may drop the select itself", () => {
    const gate = new Gate();
    const future = select({ gate, won: opened(1) }, { biased: true });
    gate.onDrop = () => future.drop();
    expect(poll(future)).toEqual({ branch: "won", value: 1 });
    expect(gate.drops).toBe(1);
  });
});

describe("dropping a select", () => {
  it.each([0, 1, 2, 3])("drops every branch once, after %i polls", (polls) => {
    const gates = [new Gate(), new Gate(), new Gate()];
    const future = select(gates);
    poll(future, polls);
    future.drop();
    future.drop();
    expect(gates.map((gate) => gate.drops)).toEqual([1, 1, 1]);
  });

  const cases = LANES.flatMap((lane) => [0, 1, 2, 3, 4].map((polls) => [lane, polls] as const));
  it.each(cases)("by aborting its task drops every branch: %s lane, after %i polls", async (lane, polls) => {
    const { runtime, reports } = watched();
    const gates = [new Gate(), new Gate(), new Gate()];
    const task = runtime.spawn<unknown>(
      lane === "generator"
        ? (function* () {
            yield* select(gates);
          })()
        : async () => await select(gates),
    );
    for (let i = 0; i < polls; i += 1) {
      await settle();
      gates[i % 3]?.wake(); // for nothing: every branch is polled once more
    }
    task.abort();
    expect(await rejection(task)).toMatchObject({ name: "JoinError" });
    // An async function that never started has made no select.
    expect(gates.map((gate) => [gate.polls, gate.drops])).toEqual(
      gates.map(() => [polls, polls === 0 ? 0 : 1]),
    );
    expect(reports).toEqual([]);
  });

  it.each(LANES)("while its handler waits drops the handler in the %s lane", async (lane) => {
    const { runtime } = watched();
    const gate = new Gate();
    const loser = new Gate();
    function* handle(): Async<void> {
      yield* gate;
    }
    const future = select([
      [ready(1), lane === "generator" ? handle : async () => await gate],
      [loser, () => undefined],
    ]);
    const task = runtime.spawn(future);
    await settle();
    task.abort();
    await rejection(task);
    expect([gate.polls, gate.drops, loser.drops]).toEqual([1, 1, 1]);
  });

  it("by one of its own branches ends it quietly", () => {
    const other = new Gate();
    const gate = new Gate();
    const future = select([gate, other], { biased: true });
    gate.onPoll = () => future.drop();
    expect(poll(future)).toBe(PENDING);
    expect([gate.drops, other.drops, other.polls]).toEqual([1, 1, 0]);
  });

  it("throws what a branch throws when dropped, and drops the others", () => {
    const gates = [new Gate(), new Gate(), new Gate()];
    (gates[0] as Gate).onDrop = () => {
      throw new Error("drop");
    };
    expect(thrownBy(() => select(gates).drop())).toMatchObject({ message: "drop" });
    expect(gates.map((gate) => gate.drops)).toEqual([1, 1, 1]);
  });
});

describe("a branch that throws", () => {
  it.each(LANES)("makes the select throw and drops the others in the %s lane", async (lane) => {
    const error = new Error("broken");
    const losers = [new Gate(), new Gate()];
    const thrown = await rejection(inLane(lane, () => select([...losers, failed(error)] as const)));
    expect(thrown).toBe(error);
    expect(losers.map((gate) => gate.drops)).toEqual([1, 1]);
  });

  it.each([0, 1, 2])("at place %i is neither polled nor dropped again", (place) => {
    const gates = [new Gate(), new Gate(), new Gate()];
    gates[place]?.fail(new Error("broken"));
    const future = select(gates);
    thrownBy(() => poll(future));
    future.drop();
    expect(gates.map((gate) => gate.drops)).toEqual([0, 1, 2].map((i) => (i === place ? 0 : 1)));
  });

  it("comes before what the drop of another throws", () => {
    const loser = new Gate();
    loser.onDrop = () => {
      throw new Error("drop");
    };
    expect(thrownBy(() => poll(select([loser, failed(new Error("first"))])))).toMatchObject({
      message: "first",
    });
  });

  it("does not keep a ready branch before it from winning", () => {
    expect(poll(select({ good: ready(1), bad: failed(new Error("no")) }, { biased: true }))).toEqual({
      branch: "good",
      value: 1,
    });
  });
});

describe("handlers of select", () => {
  it.each(LANES)("may be generator functions in the %s lane", async (lane) => {
    function* twice(n: number): Async<number> {
      yield* yieldNow();
      return 2 * n;
    }
    expect(await inLane(lane, () => select([[ready(4), twice]]))).toBe(8);
  });

  it.each(LANES)("may be async functions in the %s lane", async (lane) => {
    const twice = async (n: number): Promise<number> => {
      await yieldNow();
      return 2 * n;
    };
    expect(await inLane(lane, () => select([[ready(4), twice]]))).toBe(8);
  });

  it("may be plain functions that give a future, a generator or a promise", async () => {
    function* generator(): Async<string> {
      return "generator";
    }
    const given: string[] = [];
    for (const handler of [() => ready("future"), () => generator(), () => Promise.resolve("promise")]) {
      given.push(await inLane("generator", () => select([[ready(1), handler]])));
      await settle(); // in a browser, code right behind an async function counts as a part of it
    }
    expect(given).toEqual(["future", "generator", "promise"]);
  });

  it("belong to the task even where a plain one calls an async function", async () => {
    const { runtime } = watched();
    const gate = new Gate();
    const work = async (): Promise<void> => await gate;
    const task = runtime.spawn(select([[new Countdown(2, 0), () => work()]]));
    await settle();
    task.abort();
    await rejection(task);
    expect([gate.polls, gate.drops]).toEqual([1, 1]);
  });

  it("make the select throw what they throw", async () => {
    const error = new Error("handler");
    const throwing = [
      () => {
        throw error;
      },
      async () => {
        await yieldNow();
        throw error;
      },
      function* (): Async<never> {
        yield* yieldNow();
        throw error;
      },
    ];
    for (const handler of throwing) {
      expect(await rejection(inLane("generator", () => select([[ready(1), handler]])))).toBe(error);
      await settle(); // in a browser, code right behind an async function counts as a part of it
    }
  });

  it("may use what the other branches used", async () => {
    const { runtime } = watched();
    const shared = { value: 1 };
    function* add(n: number): Async<number> {
      yield* pending();
      return (shared.value += n);
    }
    const value = await runtime.blockOn(
      select([
        [add(1), (n) => n],
        [new Countdown(1, 10), (n) => (shared.value += n)],
      ]),
    );
    expect(value).toBe(11);
  });

  it("run once, though polled many times while they wait", async () => {
    let runs = 0;
    await inLane("generator", () =>
      select([
        [
          ready(1),
          async () => {
            runs += 1;
            await new Countdown(5, 0);
          },
        ],
      ]),
    );
    expect(runs).toBe(1);
  });
});

describe("when of branch", () => {
  it("leaves a branch out that it is false for: it is not polled, and dropped with the others", () => {
    const off = opened("off");
    const event = poll(
      select({ off: branch(off, { when: false }), on: branch(ready("on"), { when: true }) }),
    );
    expect(event).toEqual({ branch: "on", value: "on" });
    expect([off.polls, off.drops]).toEqual([0, 1]);
  });

  it("is looked at once, so later polls leave the branch out as well", () => {
    const off = opened("off");
    const on = new Gate<string>();
    const future = select([branch(off, { when: false }), branch(on)]);
    poll(future, 3);
    on.open("on");
    expect(poll(future)).toBe("on");
    expect(off.polls).toBe(0);
  });

  it("lets the branch expression be evaluated all the same", () => {
    let evaluated = 0;
    const make = (): Future<number> => {
      evaluated += 1;
      return ready(1);
    };
    poll(select([branch(make(), { when: false }), branch(make())]));
    expect(evaluated).toBe(2);
  });

  it("drops the future when the select is dropped before its first poll", () => {
    const off = new Gate();
    select({ off: branch(off, { when: false }), on: pending() }).drop();
    expect(off.drops).toBe(1);
  });
});

describe("match of branch", () => {
  it.each(LANES)(
    "lets the other branches go on when the value does not match in the %s lane",
    async (lane) => {
      const event = await inLane(lane, () =>
        select({
          small: branch(ready(3), { match: (n) => n > 10 }),
          later: new Countdown(2, "later"),
        }),
      );
      expect(event).toEqual({ branch: "later", value: "later" });
    },
  );

  it("lets a branch win whose value matches", () => {
    expect(poll(select({ big: branch(ready(30), { match: (n) => n > 10 }) }))).toEqual({
      branch: "big",
      value: 30,
    });
  });

  it("never polls nor drops a branch again whose value did not match", () => {
    const small = opened(3);
    const future = select([branch(small, { match: (n) => n > 10 }), branch(new Gate<number>())]);
    poll(future, 4);
    future.drop();
    expect([small.polls, small.drops]).toEqual([1, 0]);
  });

  it("lets a later branch of the same poll win", () => {
    const value = poll(
      select([branch(ready(1), { match: () => false }), branch(ready(2))], { biased: true }),
    );
    expect(value).toBe(2);
  });

  it("makes the select throw what it throws, and drops the others", () => {
    const other = new Gate<number>();
    const bad = branch(ready(1), {
      match: () => {
        throw new Error("match");
      },
    });
    expect(thrownBy(() => poll(select([bad, branch(other)], { biased: true })))).toMatchObject({
      message: "match",
    });
    expect(other.drops).toBe(1);
  });

  it("runs before the handler, which gets what has matched", () => {
    const seen: unknown[] = [];
    poll(
      select({
        a: branch(ready(5), {
          match: (n) => seen.push(["match", n]) > 0,
          run: function* (n): Async<void> {
            seen.push(["run", n]);
          },
        }),
      }),
    );
    expect(seen).toEqual([
      ["match", 5],
      ["run", 5],
    ]);
  });
});

describe("else of select", () => {
  const off = { when: false };

  it.each(LANES)("runs when every branch is left out in the %s lane", async (lane) => {
    const event = await inLane(lane, () => select({ a: branch(ready(1), off) }, { else: () => "nothing" }));
    expect(event).toEqual({ branch: "else", value: "nothing" });
  });

  it("runs when no value matches, once the last branch has completed", async () => {
    const value = await inLane("generator", () =>
      select(
        [
          branch(new Countdown(1, 1), { match: (n) => n > 1 }),
          branch(new Countdown(3, 1), { match: (n) => n > 1 }),
        ],
        { else: async () => "no match" },
      ),
    );
    expect(value).toBe("no match");
  });

  it("is all there is when there are no branches", async () => {
    expect(await inLane("generator", () => select({}, { else: () => 7 }))).toEqual({
      branch: "else",
      value: 7,
    });
  });

  it("does not run when a branch wins", () => {
    let ran = false;
    poll(select({ a: ready(1) }, { else: () => (ran = true) }));
    expect(ran).toBe(false);
  });

  it("runs after the futures that were left out have been dropped", () => {
    const gate = new Gate();
    let dropsThen = -1;
    poll(
      select([branch(gate, off)], {
        else: function* (): Async<void> {
          dropsThen = gate.drops;
        },
      }),
    );
    expect(dropsThen).toBe(1);
  });
});

describe("byRef in select", () => {
  it.each(LANES)("keeps a future that lost for the next call in the %s lane", async (lane) => {
    const { runtime } = watched();
    const slow = new Countdown(3, "slow");
    const generatorBody = function* (): Async<number> {
      for (let rounds = 0; ; rounds += 1) {
        const event = yield* select({ slow: byRef(slow), tick: ready(0) }, { biased: true });
        if (event.branch === "slow") return rounds;
      }
    };
    const asyncBody = async (): Promise<number> => {
      for (let rounds = 0; ; rounds += 1) {
        const event = await select({ slow: byRef(slow), tick: ready(0) }, { biased: true });
        if (event.branch === "slow") return rounds;
      }
    };
    expect(await runtime.blockOn<number>(lane === "generator" ? generatorBody() : asyncBody)).toBe(3);
  });

  it("does not drop the future, however the select ends", () => {
    const gate = new Gate();
    poll(select({ gate: byRef(gate), won: ready(1) }));
    select({ gate: byRef(gate) }).drop();
    thrownBy(() => poll(select({ gate: byRef(gate), bad: failed(new Error("no")) })));
    expect(gate.drops).toBe(0);
  });

  it("describes itself as the future it lends", () => {
    expect(byRef(new Gate("a door")).describe()).toBe("a door");
  });

  it("refuses what is no future", () => {
    const error = thrownBy(() => byRef((async () => 1) as never));
    expect(error).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
      message: expect.stringContaining("intoFuture"),
    });
  });
});

describe("a prototype of all objects that others have put something into", () => {
  const prototype = Object.prototype as { run?: unknown; when?: unknown; biased?: unknown };
  afterEach(() => {
    for (const name of ["run", "when", "biased"] as const) delete prototype[name];
  });

  it("adds no branch to a select", () => {
    prototype.run = "no future";
    expect(poll(select({ a: ready(1) }))).toEqual({ branch: "a", value: 1 });
  });

  it("gives a branch no options", () => {
    prototype.run = () => "stolen";
    prototype.when = false;
    expect(poll(select([branch(ready(1))]))).toBe(1);
  });

  it("gives a select no options", () => {
    prototype.biased = "yes";
    expect(poll(select([ready(1)]))).toBe(1);
  });
});

describe("the mistakes select tells", () => {
  it("no branches and no else", () => {
    for (const none of [{}, []])
      expect(thrownBy(() => select(none))).toMatchObject({ name: "UsageError", code: "ERR_RT_NO_BRANCH" });
  });

  it.each(LANES)("every branch disabled and no else, after dropping them, in the %s lane", async (lane) => {
    const gate = new Gate();
    const error = await rejection(inLane(lane, () => select({ a: branch(gate, { when: false }) })));
    expect(error).toMatchObject({ code: "ERR_RT_NO_BRANCH", message: expect.stringContaining("else") });
    expect(gate.drops).toBe(1);
  });

  it("more than 64 branches", () => {
    const many = record(names(65), () => ready(0));
    for (const call of [() => select(many), () => select(Object.values(many))])
      expect(thrownBy(call)).toMatchObject({ name: "RangeError", code: "ERR_RT_OUT_OF_RANGE" });
  });

  it.each([
    ["a future instead of a record", () => select(ready(1) as never)],
    ["null", () => select(null as never)],
    ["a branch that can't be run", () => select({ a: 1 as never })],
    ["a handler that is no function", () => select([[ready(1), 5 as never]])],
    ["a pair in a record", () => select({ a: [ready(1), () => 0] as never })],
    ["biased that is no boolean", () => select({ a: ready(1) }, { biased: 1 as never })],
    ["else that is no function", () => select({ a: ready(1) }, { else: "x" as never })],
    ["a branch called else beside the option", () => select({ else: ready(1) } as never, { else: () => 1 })],
    ["when that is no boolean", () => branch(ready(1), { when: 0 as never })],
    ["match that is no function", () => branch(ready(1), { match: 1 as never })],
    ["run that is no function", () => branch(ready(1), { run: 1 as never })],
  ])("%s", (_, mistake) => {
    expect(thrownBy(mistake)).toMatchObject({ name: "TypeError", code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("a UsageError is what the others are", () => {
    expect(thrownBy(() => select({}))).toBeInstanceOf(UsageError);
  });
});
