/**
 * What is left of a computation that is dropped: tried behind every number of polls, at three moments each.
 *
 * The computations wait for probes; the test completes the oldest one whenever everything is idle, so each
 * computation takes one course, and its k-th poll is always the same.
 */
import {
  Builder,
  fromCallback,
  fromPromise,
  Future,
  intoFuture,
  JoinSet,
  LocalSet,
  PENDING,
  pending,
  spawn,
  spawnLocal,
  TaskLocal,
  unconstrained,
  withSignal,
  yieldNow,
  type Async,
  type Context,
  type IntoFuture,
  type JoinHandle,
  type Poll,
  type Report,
  type Waker,
} from "@rt/core";
import { describe, expect, it } from "vitest";

type Lane = "generator" | "async";
/** Right behind the poll; when all is idle; when a probe has just been completed, and its wake is on the way. */
type Moment = "at once" | "idle" | "woken";
type Topic = "leaves" | "cleanup" | "leaks" | "late wakes" | "scope";

const MOMENTS: readonly Moment[] = ["at once", "idle", "woken"];
const DEPTH = 3;
/** More turns than any of the computations takes. */
const MOST_TURNS = 500;
/** An async function finds its task behind a promise that is not ours only where the host keeps context. */
const keepsContext = typeof process !== "undefined" && process.versions?.node !== undefined;
const LANES: readonly Lane[] = keepsContext ? ["generator", "async"] : ["generator"];

// --- what computations wait for ---

interface Probe {
  readonly name: string;
  polls: number;
  drops: number;
  isOpened: boolean;
  /** Tells what is wrong with its end, if anything is. */
  fault(): string | null;
  open(): void;
  /** Wakes whoever waited, or did. */
  wake(): void;
}

class FutureProbe extends Future<void> implements Probe {
  readonly name: string;
  polls = 0;
  drops = 0;
  isOpened = false;
  #isTaken = false;
  #waker: Waker | null = null;

  constructor(name: string) {
    super();
    this.name = name;
  }
  override poll(cx: Context): Poll<void> {
    this.polls += 1;
    this.#waker = cx.waker;
    if (!this.isOpened) return PENDING;
    this.#isTaken = true;
  }
  override drop(): void {
    this.drops += 1;
  }
  open(): void {
    this.isOpened = true;
    this.wake();
  }
  wake(): void {
    this.#waker?.wake();
  }
  fault(): string | null {
    return this.#isTaken || this.drops === 1 ? null : `${this.drops} drops, and it did not complete`;
  }
}

/** A promise or a callback; it counts as polled once it was started, and as dropped when it was told to stop. */
class HostProbe implements Probe {
  readonly name: string;
  polls = 0;
  drops = 0;
  isOpened = false;
  readonly #mostDropsWhenOpened: number;
  #resolve: () => void = () => {};

  constructor(name: string, mostDropsWhenOpened: number) {
    this.name = name;
    this.#mostDropsWhenOpened = mostDropsWhenOpened;
  }
  start(resolve: () => void): void {
    this.polls += 1;
    this.#resolve = resolve;
  }
  open(): void {
    this.isOpened = true;
    this.#resolve();
  }
  wake(): void {
    this.#resolve();
  }
  fault(): string | null {
    const right = this.isOpened ? this.drops <= this.#mostDropsWhenOpened : this.drops === 1;
    return right
      ? null
      : `told to stop ${this.drops} times, ${this.isOpened ? "though it was" : "and it was not"} resolved`;
  }
}

type ProbeKind = "future" | "promise" | "callback";

/** All that one computation does. */
class World {
  readonly probes: Probe[] = [];
  readonly strands = new Map<string, string[]>();
  readonly faults: { readonly topic: Topic; readonly text: string }[] = [];
  readonly kind: ProbeKind;
  /** Whether `finally` blocks wait, too. */
  readonly waits: boolean;
  isDropped = false;
  /** Called at last, to end what a drop leaves running on purpose. */
  readonly atLast: (() => void)[] = [];

  constructor(kind: ProbeKind, waits: boolean) {
    this.kind = kind;
    this.waits = waits;
  }

  leaf(name: string): Future<void> {
    if (this.kind === "future") {
      const probe = new FutureProbe(name);
      this.probes.push(probe);
      return probe;
    }
    // A promise may still be told to stop between its resolution and the microtask that brings the news.
    const probe = new HostProbe(name, this.kind === "promise" ? 1 : 0);
    this.probes.push(probe);
    if (this.kind === "callback") {
      return fromCallback<void>((resolve) => {
        probe.start(resolve);
        return () => void (probe.drops += 1);
      });
    }
    return fromPromise<void>((signal) => {
      signal.addEventListener("abort", () => void (probe.drops += 1));
      return new Promise<void>((resolve) => probe.start(resolve));
    });
  }

  log(strand: string, event: string): void {
    const events = this.strands.get(strand);
    if (events === undefined) this.strands.set(strand, [event]);
    else events.push(event);
  }

  /** The oldest probe somebody waits for. */
  get open(): Probe | undefined {
    return this.probes.find((one) => one.polls > 0 && !one.isOpened && one.drops === 0);
  }
}

function* work(world: World, strand: string, depth: number): Async<number> {
  world.log(strand, `try ${depth}`);
  try {
    yield* world.leaf(`${strand} ${depth} before`);
    if (depth > 1) yield* work(world, strand, depth - 1);
    yield* world.leaf(`${strand} ${depth} behind`);
    world.log(strand, `done ${depth}`);
  } finally {
    world.log(strand, `finally ${depth}`);
    if (world.waits) yield* world.leaf(`${strand} ${depth} cleanup`);
    world.log(strand, `end ${depth}`);
  }
  return depth;
}

async function workAsync(world: World, strand: string, depth: number): Promise<number> {
  world.log(strand, `try ${depth}`);
  try {
    await world.leaf(`${strand} ${depth} before`);
    if (depth > 1) await workAsync(world, strand, depth - 1);
    await world.leaf(`${strand} ${depth} behind`);
    world.log(strand, `done ${depth}`);
  } finally {
    world.log(strand, `finally ${depth}`);
    if (world.waits) await world.leaf(`${strand} ${depth} cleanup`);
    world.log(strand, `end ${depth}`);
  }
  return depth;
}

type Run = (strand: string) => IntoFuture<number>;

// --- the compositions ---

function* joinTask(run: Run): Async<void> {
  const handle = spawn(run("child, detached"));
  yield* handle;
}

async function joinTaskAsync(run: Run): Promise<void> {
  const handle = spawn(run("child, detached"));
  await handle;
}

function* joinSet(run: Run): Async<void> {
  const set = new JoinSet<number>();
  try {
    set.spawn(run("first member"));
    set.spawn(run("second member"));
    while ((yield* set.joinNext()) !== undefined) yield* yieldNow();
  } finally {
    set.drop();
  }
}

async function joinSetAsync(run: Run): Promise<void> {
  const set = new JoinSet<number>();
  try {
    set.spawn(run("first member"));
    set.spawn(run("second member"));
    while ((await set.joinNext()) !== undefined) await yieldNow();
  } finally {
    set.drop();
  }
}

function* runLocal(run: Run): Async<void> {
  spawnLocal(run("local task"));
  yield* intoFuture(run("body of runUntil"));
}

async function runLocalAsync(run: Run): Promise<void> {
  spawnLocal(run("local task"));
  await intoFuture(run("body of runUntil"));
}

interface Composition {
  readonly name: string;
  readonly probes?: ProbeKind;
  make(lane: Lane, run: Run, world: World): IntoFuture<unknown>;
}

const COMPOSITIONS: readonly Composition[] = [
  { name: "nested calls", make: (_lane, run) => run("body") },
  {
    name: "JoinHandle",
    make: (lane, run) => (lane === "generator" ? joinTask(run) : () => joinTaskAsync(run)),
  },
  {
    name: "JoinSet.joinNext",
    make: (lane, run) => (lane === "generator" ? joinSet(run) : () => joinSetAsync(run)),
  },
  {
    name: "withSignal",
    make: (_lane, run, world) => {
      const { signal } = new AbortController();
      let listeners = 0;
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
        listeners += 1;
        addEventListener.apply(signal, args);
      };
      signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
        listeners -= 1;
        removeEventListener.apply(signal, args);
      };
      world.atLast.push(
        () =>
          void (
            listeners !== 0 && world.faults.push({ topic: "leaks", text: `${listeners} listeners are left` })
          ),
      );
      return withSignal(signal, run("body"));
    },
  },
  {
    name: "TaskLocal.scope",
    make: (lane, run, world) => {
      const local = new TaskLocal<number>("local");
      const log = world.log.bind(world);
      world.log = (strand, event) => {
        if (local.tryGet() !== 7)
          world.faults.push({ topic: "scope", text: `the value cannot be seen at ${event}` });
        log(strand, event);
      };
      return local.scope(7, run("body"));
    },
  },
  { name: "unconstrained", make: (_lane, run) => unconstrained(run("body")) },
  { name: "fromPromise", probes: "promise", make: (_lane, run) => run("body") },
  { name: "fromCallback", probes: "callback", make: (_lane, run) => run("body") },
  {
    name: "LocalSet.runUntil",
    make: (lane, run, world) => {
      const set = new LocalSet();
      world.atLast.push(() => set.drop());
      return set.runUntil(lane === "generator" ? runLocal(run) : () => runLocalAsync(run));
    },
  },
];

// --- dropping ---

/** Polls `inner` exactly `k` times, then drops it at the given moment. */
class DropAfter extends Future<void> {
  polls = 0;
  isCompleted = false;
  #inner: Future<unknown> | null = null;
  #waker: Waker | null = null;
  #isGivenUp = false;
  readonly #make: () => IntoFuture<unknown>;
  readonly #k: number;
  readonly #moment: Moment;
  readonly #onDrop: () => void;

  constructor(make: () => IntoFuture<unknown>, k: number, moment: Moment, onDrop: () => void) {
    super();
    this.#make = make;
    this.#k = k;
    this.#moment = moment;
    this.#onDrop = onDrop;
  }

  get isDue(): boolean {
    return this.polls === this.#k;
  }

  giveUp(): void {
    this.#isGivenUp = true;
    this.#waker?.wake();
  }

  override poll(cx: Context): Poll<void> {
    this.#waker = cx.waker;
    const inner = (this.#inner ??= intoFuture(this.#make()));
    if (!this.isDue) {
      this.polls += 1;
      this.isCompleted = inner.poll(cx) !== PENDING;
      if (this.isCompleted) return;
    }
    if (!this.isDue) return PENDING;
    if (!this.#isGivenUp && this.#moment !== "at once" && this.#k > 0) return PENDING;
    this.#onDrop();
    inner.drop();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve);
  });
}

interface Findings {
  readonly isCompleted: boolean;
  readonly faults: readonly { readonly topic: Topic; readonly text: string }[];
}

async function dropAfter(
  composition: Composition,
  lane: Lane,
  waits: boolean,
  k: number,
  moment: Moment,
): Promise<Findings> {
  const faults: { topic: Topic; text: string }[] = [];
  const fault = (topic: Topic, text: string): void =>
    void faults.push({ topic, text: `${k} polls, ${moment}: ${text}` });
  const reports: Report[] = [];
  const runtime = Builder.currentThread()
    .onReport((report) => void reports.push(report))
    .build();
  const metrics = runtime.metrics();
  const untilIdle = async (): Promise<void> => {
    do await nextTurn();
    while (metrics.globalQueueDepth() + metrics.workerLocalQueueDepth(0) > 0);
  };
  const world = new World(composition.probes ?? "future", waits);
  const run: Run = (strand) =>
    lane === "generator" ? work(world, strand, DEPTH) : () => workAsync(world, strand, DEPTH);
  const before = new Map<string, number>();
  const onDrop = (): void => {
    world.isDropped = true;
    for (const [strand, events] of world.strands) before.set(strand, events.length);
  };
  const outer = new DropAfter(() => composition.make(lane, run, world), k, moment, onDrop);
  const handle = runtime.spawn(outer);

  for (let turn = 0; turn < MOST_TURNS && !outer.isCompleted && !world.isDropped; turn += 1) {
    await untilIdle();
    if (outer.isDue && moment !== "woken") outer.giveUp();
    else {
      world.open?.open();
      if (outer.isDue) outer.giveUp();
    }
  }
  await untilIdle();

  const dropped = world.probes.filter((one) => one.drops > 0);
  const polls = dropped.map((one) => one.polls);
  const events = JSON.stringify([...world.strands]);
  for (const one of dropped) one.wake();
  await untilIdle();
  for (const [i, one] of dropped.entries())
    if (one.polls !== polls[i]) fault("late wakes", `${one.name} was polled again`);
  if (JSON.stringify([...world.strands]) !== events) fault("late wakes", "something went on");

  for (let turn = 0; turn < MOST_TURNS && world.open !== undefined; turn += 1) {
    world.open.open();
    await untilIdle();
  }
  for (const atLast of world.atLast) atLast();
  await untilIdle();
  for (let turn = 0; turn < MOST_TURNS && world.open !== undefined; turn += 1) {
    world.open.open();
    await untilIdle();
  }

  if (!handle.isFinished()) fault("leaks", "the task has not ended");
  if (metrics.numAliveTasks() !== 0) fault("leaks", `${metrics.numAliveTasks()} tasks are alive`);
  for (const { topic, text } of world.faults) fault(topic, text);
  for (const report of reports) fault("leaks", report.message);
  for (const one of world.probes) {
    const text = one.polls > 0 ? one.fault() : null;
    if (text !== null) fault("leaves", `${one.name}: ${text}`);
  }
  for (const [strand, all] of world.strands) {
    const droppedAt = world.isDropped ? (before.get(strand) ?? 0) : Infinity;
    // The code of an async function that was let go on by that very poll runs on to its next await.
    const slack = lane === "async" && moment === "at once" ? 1 : 0;
    for (const text of cleanupFaults(all, slack === 1 ? Infinity : droppedAt)) {
      fault("cleanup", `${strand}: ${text}: ${all.join(", ")}`);
    }
    const late = all.slice(droppedAt).filter((one) => one.startsWith("done") || one.startsWith("try"));
    if (strand.startsWith("body") && late.length > slack)
      fault("cleanup", `${strand} went on: ${all.join(", ")}`);
  }
  runtime.shutdownBackground();
  return { isCompleted: outer.isCompleted, faults };
}

/**
 * Every `try` has its `finally`, once, and each ends before that of the block around it begins. One that was under way
 * already when the drop came ends where it waits.
 */
function cleanupFaults(events: readonly string[], droppedAt: number): string[] {
  const open: string[] = [];
  const faults: string[] = [];
  let ending: string | null = null;
  let begun = 0;
  let wasCutShort = false;
  const cutShort = (): boolean => {
    if (ending === null || wasCutShort || begun >= droppedAt) return false;
    ending = null;
    return (wasCutShort = true);
  };
  for (const [i, event] of events.entries()) {
    const [word, depth] = event.split(" ") as [string, string];
    if (word === "try") open.push(depth);
    else if (word === "finally") {
      if (ending !== null && !cutShort()) faults.push(`finally ${depth} ran inside finally ${ending}`);
      if (open.pop() !== depth) faults.push(`finally ${depth} ran out of turn`);
      ending = depth;
      begun = i;
    } else if (word === "end") {
      if (ending !== depth) faults.push(`finally ${depth} ended out of turn`);
      ending = null;
    }
  }
  if (open.length > 0) faults.push(`finally ${open.join(" and ")} did not run`);
  if (ending !== null && !cutShort()) faults.push(`finally ${ending} did not end`);
  return faults;
}

interface AllFindings {
  /** Numbers of polls that were tried. */
  readonly tried: number;
  readonly faults: Findings["faults"];
}

async function dropEverywhere(composition: Composition, lane: Lane, waits: boolean): Promise<AllFindings> {
  const faults: Findings["faults"][number][] = [];
  let tried = 0;
  for (const moment of MOMENTS) {
    for (let k = 0, isCompleted = false; !isCompleted && k < MOST_TURNS; k += 1) {
      const findings = await dropAfter(composition, lane, waits, k, moment);
      ({ isCompleted } = findings);
      faults.push(...findings.faults);
      tried += 1;
    }
  }
  return { tried, faults };
}

const BLOCKS = [
  { waits: false, blocks: "finally blocks that do not wait" },
  { waits: true, blocks: "finally blocks that wait" },
] as const;

describe.each(LANES)("dropping after each number of polls, %s lane", (lane) => {
  describe.each(COMPOSITIONS.map(({ name }, i) => ({ name, composition: COMPOSITIONS[i] as Composition })))(
    "$name",
    ({ name, composition }) => {
      describe.each(BLOCKS)("$blocks", ({ waits, blocks }) => {
        let all: Promise<AllFindings> | undefined;
        const faultsOf = async (topic: Topic): Promise<string[]> => {
          const { faults } = await (all ??= dropEverywhere(composition, lane, waits));
          return faults.filter((one) => one.topic === topic).map(({ text }) => text);
        };
        const where = `${name} with ${blocks} in the ${lane} lane`;

        it(`${where} takes several polls at each of the three moments`, async () => {
          expect((await (all ??= dropEverywhere(composition, lane, waits))).tried).toBeGreaterThan(
            2 * MOMENTS.length,
          );
        });
        it(`${where} drops every leaf exactly once that did not complete`, async () => {
          expect(await faultsOf("leaves")).toEqual([]);
        });
        it(`${where} runs each finally block once, the innermost first, and nothing else`, async () => {
          expect(await faultsOf("cleanup")).toEqual([]);
        });
        it(`${where} leaves no task, listener or report behind`, async () => {
          expect(await faultsOf("leaks")).toEqual([]);
        });
        if (name === "TaskLocal.scope") {
          it(`${where} shows the value to every finally block`, async () => {
            expect(await faultsOf("scope")).toEqual([]);
          });
        }
        it(`${where} does nothing when a dropped leaf is woken later`, async () => {
          expect(await faultsOf("late wakes")).toEqual([]);
        });
      });
    },
  );
});

function* waitInFinally(cleanup: Future<void>, seen: string[]): Async<number> {
  try {
    yield* pending();
  } finally {
    yield* cleanup;
    seen.push("cleaned up");
  }
  return 0;
}

async function waitInFinallyAsync(cleanup: Future<void>, seen: string[]): Promise<number> {
  try {
    await pending();
  } finally {
    await cleanup;
    seen.push("cleaned up");
  }
  return 0;
}

describe("Runtime.shutdownTimeout", () => {
  it.each(LANES)("waits for the cleanup of a computation inside a task, %s lane", async (lane) => {
    const runtime = Builder.currentThread().build();
    const seen: string[] = [];
    const cleanup = new FutureProbe("cleanup");
    const body =
      lane === "generator" ? waitInFinally(cleanup, seen) : () => waitInFinallyAsync(cleanup, seen);
    runtime.spawn(unconstrained(body));
    await nextTurn();
    const whenDown = runtime.shutdownTimeout(Infinity);
    await nextTurn();
    cleanup.open();
    await whenDown;
    expect(seen).toEqual(["cleaned up"]);
  });
});

describe("nested generators", () => {
  it("do not go on behind a call whose finally block waited after an abort", async () => {
    const runtime = Builder.currentThread().build();
    const seen: string[] = [];
    const handle = runtime.spawn(callAndGoOn(seen));
    await nextTurn();
    handle.abort();
    await nextTurn();
    expect(seen).toEqual(["cleaned up"]);
  });
});

function* callAndGoOn(seen: string[]): Async<void> {
  yield* waitInFinally(yieldNow(), seen);
  seen.push("went on");
}

describe("JoinHandle.abort", () => {
  it("does not take the value of an async function that aborts itself and then returns", async () => {
    const runtime = Builder.currentThread().build();
    const handle: JoinHandle<number> = runtime.spawn(async (): Promise<number> => {
      handle.abort();
      return 1;
    });
    expect(await handle).toBe(1);
  });
});
