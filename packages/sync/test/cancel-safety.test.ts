/**
 * Every operation that Tokio's docs call cancel safe, given up at every point of its wait.
 *
 * A world in which a wait was given up must be the world in which it never was. So each case runs twice, with a victim
 * and without, and everything that others can see is compared: who gets what, in which order, and what is left.
 */
import { Future, PENDING, type Async, type Context, type JoinHandle, type Poll, type Waker } from "@rt/core";
import {
  broadcast,
  Mutex,
  mpsc,
  Notify,
  OnceCell,
  oneshot,
  RwLock,
  Semaphore,
  SetOnce,
  watch,
} from "@rt/sync";
import { describe, expect, it } from "vitest";
import { body, LANES, Polled, quietRuntime, rejectionOf, turn, type Lane } from "./support/polling.ts";

/** A place to wait at, with several who come there. */
interface World {
  /** The operation, for one who comes. */
  make(who: string): Future<unknown>;
  /** Brings the one who is next closer to its turn, or all of them. Gives what can be seen of that. */
  satisfy(): unknown;
  /** Whoever waited has got `value`. Gives what can be seen of it. */
  took(value: unknown, who: string): unknown;
  /** What can be seen at the end. */
  observe(): unknown;
}

interface Scenario {
  readonly world: () => World;
  /** Who waits already as the victim comes, and who comes after it. */
  readonly ahead: readonly string[];
  readonly behind: readonly string[];
  /** How often `satisfy` is needed until the head of the line has what it waits for. */
  readonly parts: number;
  /** How many come at the end. */
  readonly fresh: number;
}

const LINE: Omit<Scenario, "world"> = { ahead: ["a"], behind: ["b", "c"], parts: 1, fresh: 2 };
/** Only one may wait at a time. */
const ALONE: Omit<Scenario, "world"> = { ...LINE, ahead: [], behind: [] };
const IN_PARTS: Omit<Scenario, "world"> = { ...LINE, parts: 2 };

function asIs(value: unknown): unknown {
  return value;
}

/** A channel for `capacity` values that is full; receiving makes room. */
function full(
  capacity: number,
  make: (tx: mpsc.Sender<string>, who: string) => Future<unknown>,
  took: (value: never, who: string) => unknown,
): World {
  const { tx, rx } = mpsc.channel<string>(capacity);
  for (let i = 0; i < capacity; i += 1) tx.trySend(`value ${i}`);
  return {
    make: (who) => make(tx, who),
    took,
    satisfy: () => rx.tryRecv(),
    observe() {
      const left: unknown[] = [];
      for (let value = rx.tryRecv(); value !== undefined; value = rx.tryRecv()) left.push(value);
      return { left, capacity: tx.capacity() };
    },
  };
}

/** An end that waits for the others to go, any number of times. */
function closing(closed: () => Future<void>, close: () => void): World {
  return { make: closed, satisfy: close, took: asIs, observe: () => "closed" };
}

/** A receiver; sending numbers brings the next value. */
function receiving(
  send: (n: number) => void,
  recv: () => Future<unknown>,
  left: () => readonly unknown[],
  took = asIs,
): World {
  let sent = 0;
  return {
    make: recv,
    satisfy() {
      sent += 1;
      send(sent);
      return sent;
    },
    took,
    observe: left,
  };
}

function unbounded(): World {
  const { tx, rx } = mpsc.unboundedChannel<number>();
  return receiving(
    (n) => tx.send(n),
    () => rx.recv(),
    () => [rx.len(), rx.tryRecv()],
  );
}

function bounded(): World {
  const { tx, rx } = mpsc.channel<number>(8);
  return receiving(
    (n) => expect(tx.trySend(n)).toBe(true),
    () => rx.recv(),
    () => [rx.len(), rx.tryRecv(), tx.capacity()],
  );
}

function many(): World {
  const { tx, rx } = mpsc.channel<number>(8);
  const buffer: number[] = [];
  return receiving(
    (n) => expect(tx.trySend(n)).toBe(true),
    () => rx.recvMany(buffer, 2),
    () => [buffer, rx.len(), rx.tryRecv(), tx.capacity()],
    (count) => [count, ...buffer],
  );
}

/** Receivers by the name of who waits with them, which are there from the start. */
function each<R>(make: () => R): (who: string) => R {
  const all = new Map(["a", "x", "b", "c"].map((who) => [who, make()]));
  return (who) => all.get(who) as R;
}

function broadcasting(): World {
  const { tx } = broadcast.channel<number>(8);
  const of = each(() => tx.subscribe());
  return {
    ...receiving(
      (n) => tx.send(n),
      unused,
      () => [tx.len(), ...["a", "x", "b", "c"].map((who) => of(who).len())],
    ),
    make: (who) => of(who).recv(),
  };
}

function watching(wait: (rx: watch.Receiver<number>) => Future<unknown>): World {
  const { tx } = watch.channel(0);
  const of = each(() => tx.subscribe());
  return {
    ...receiving(
      (n) => tx.send(n),
      unused,
      () => ["a", "x", "b", "c"].map((who) => of(who).borrow().value),
    ),
    make: (who) => wait(of(who)),
    took: (_, who) => of(who).borrowAndUpdate().value,
  };
}

function unused(): never {
  throw new Error("replaced");
}

function once(): World {
  const { tx, rx } = oneshot.channel<number>();
  let isSent = false;
  return {
    make: () => rx.recv(),
    satisfy() {
      if (!isSent) tx.send(7);
      isSent = true;
    },
    took: asIs,
    observe: () => [rx.isEmpty(), rx.isTerminated()],
  };
}

/** Guards are held until the world is satisfied, the oldest first. */
function held(first: readonly Disposable[], make: () => Future<unknown>, observe: () => unknown): World {
  const guards = [...first];
  return {
    make,
    satisfy: () => guards.shift()?.[Symbol.dispose](),
    took(guard, who) {
      guards.push(guard as Disposable);
      return `${who} has it`;
    },
    observe() {
      for (const guard of guards) guard[Symbol.dispose]();
      return observe();
    },
  };
}

function locked(lock: (mutex: Mutex<string>) => Future<unknown>): World {
  const mutex = new Mutex("value");
  const guard = mutex.tryLock() as Disposable;
  return held(
    [guard],
    () => lock(mutex),
    () => mutex.getMut(),
  );
}

function written(read: (lock: RwLock<string>) => Future<unknown>): World {
  const lock = new RwLock("value", { maxReaders: 2 });
  const guard = lock.tryWrite() as Disposable;
  return held(
    [guard],
    () => read(lock),
    () => lock.getMut(),
  );
}

function shared(write: (lock: RwLock<string>) => Future<unknown>): World {
  const lock = new RwLock("value", { maxReaders: 2 });
  const guards = [lock.tryRead() as Disposable, lock.tryRead() as Disposable];
  return held(
    guards,
    () => write(lock),
    () => lock.getMut(),
  );
}

function permits(acquire: (semaphore: Semaphore) => Future<unknown>): World {
  const semaphore = new Semaphore(0);
  let taken = 0;
  return {
    make: () => acquire(semaphore),
    satisfy: () => semaphore.addPermits(1),
    took: (permit) => (taken += (permit as { numPermits(): number }).numPermits()),
    observe: () => [taken, semaphore.availablePermits()],
  };
}

function notified(notify: (notify: Notify) => void, wait: (notify: Notify) => Future<void>): World {
  const place = new Notify();
  return {
    make: () => wait(place),
    satisfy: () => notify(place),
    took: asIs,
    // Whether a permit is stored.
    observe: () => place.notified().enable(),
  };
}

function initialized(): World {
  const cell = new OnceCell<string>();
  const gate = new SetOnce<null>();
  function* init(who: string): Async<string> {
    yield* gate.wait();
    return who;
  }
  return {
    make: (who) => cell.getOrInit(() => init(who)),
    satisfy() {
      if (!gate.initialized()) gate.set(null);
    },
    took: asIs,
    observe: () => cell.get(),
  };
}

function set(): World {
  const cell = new SetOnce<number>();
  return {
    make: () => cell.wait(),
    satisfy() {
      if (!cell.initialized()) cell.set(7);
    },
    took: asIs,
    observe: () => cell.get(),
  };
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "mpsc.Sender.send": { ...LINE, world: () => full(1, (tx, who) => tx.send(who), asIs) },
  "mpsc.Sender.sendTimeout": {
    ...LINE,
    world: () => full(1, (tx, who) => tx.sendTimeout(who, 1e6), asIs),
  },
  "mpsc.Sender.reserve": {
    ...LINE,
    world: () =>
      full(
        1,
        (tx) => tx.reserve(),
        (permit: mpsc.Permit<string>, who) => permit.send(who),
      ),
  },
  "mpsc.Sender.reserveMany": {
    ...IN_PARTS,
    world: () =>
      full(
        2,
        (tx) => tx.reserveMany(2),
        (reserved: mpsc.PermitIterator<string>, who) => {
          for (const permit of reserved) permit.send(who);
        },
      ),
  },
  "mpsc.Sender.reserveOwned": {
    ...LINE,
    world: () =>
      full(
        1,
        (tx) => tx.clone().reserveOwned(),
        (permit: mpsc.OwnedPermit<string>, who) => permit.send(who)[Symbol.dispose](),
      ),
  },
  "mpsc.Sender.closed": {
    ...LINE,
    world() {
      const { tx, rx } = mpsc.channel(1);
      return closing(
        () => tx.closed(),
        () => rx.close(),
      );
    },
  },
  "mpsc.Receiver.recv": { ...ALONE, world: bounded },
  "mpsc.Receiver.recvMany": { ...ALONE, world: many },
  "mpsc.UnboundedReceiver.recv": { ...ALONE, world: unbounded },
  "oneshot.Receiver.recv": { ...ALONE, fresh: 1, world: once },
  "oneshot.Sender.closed": {
    ...LINE,
    world() {
      const { tx, rx } = oneshot.channel();
      return closing(
        () => tx.closed(),
        () => rx.close(),
      );
    },
  },
  "broadcast.Receiver.recv": { ...LINE, world: broadcasting },
  "broadcast.Sender.closed": {
    ...LINE,
    world() {
      const { tx, rx } = broadcast.channel(1);
      return closing(
        () => tx.closed(),
        () => rx[Symbol.dispose](),
      );
    },
  },
  "watch.Receiver.changed": { ...LINE, world: () => watching((rx) => rx.changed()) },
  "watch.Receiver.waitFor": { ...LINE, world: () => watching((rx) => rx.waitFor((n) => n > 0)) },
  "watch.Sender.closed": {
    ...LINE,
    world() {
      const { tx, rx } = watch.channel(0);
      return closing(
        () => tx.closed(),
        () => rx[Symbol.dispose](),
      );
    },
  },
  "Semaphore.acquire": { ...LINE, world: () => permits((semaphore) => semaphore.acquire()) },
  "Semaphore.acquireOwned": { ...LINE, world: () => permits((semaphore) => semaphore.acquireOwned()) },
  "Semaphore.acquireMany": { ...IN_PARTS, world: () => permits((semaphore) => semaphore.acquireMany(2)) },
  "Semaphore.acquireManyOwned": {
    ...IN_PARTS,
    world: () => permits((semaphore) => semaphore.acquireManyOwned(2)),
  },
  "Mutex.lock": { ...LINE, world: () => locked((mutex) => mutex.lock()) },
  "Mutex.lockOwned": { ...LINE, world: () => locked((mutex) => mutex.lockOwned()) },
  "RwLock.read": { ...LINE, world: () => written((lock) => lock.read()) },
  "RwLock.readOwned": { ...LINE, world: () => written((lock) => lock.readOwned()) },
  "RwLock.write": { ...LINE, ahead: [], parts: 2, world: () => shared((lock) => lock.write()) },
  "RwLock.writeOwned": { ...LINE, ahead: [], parts: 2, world: () => shared((lock) => lock.writeOwned()) },
  "Notify.notified by notifyOne": {
    ...LINE,
    world: () =>
      notified(
        (notify) => notify.notifyOne(),
        (notify) => notify.notified(),
      ),
  },
  "Notify.notifiedOwned by notifyOne": {
    ...LINE,
    world: () =>
      notified(
        (notify) => notify.notifyOne(),
        (notify) => notify.notifiedOwned(),
      ),
  },
  "Notify.notified by notifyLast": {
    ...LINE,
    ahead: ["a", "b"],
    behind: [],
    world: () =>
      notified(
        (notify) => notify.notifyLast(),
        (notify) => notify.notified(),
      ),
  },
  "Notify.notified by notifyWaiters": {
    ...LINE,
    world: () =>
      notified(
        (notify) => notify.notifyWaiters(),
        (notify) => notify.notified(),
      ),
  },
  "OnceCell.getOrInit": { ...LINE, world: initialized },
  "SetOnce.wait": { ...LINE, world: set },
};

/** When the victim is given up: after so many polls, and after what. */
interface Point {
  readonly polls: number;
  readonly then: "at once" | "having a part" | "granted" | "by its waker";
}

const POINTS: Readonly<Record<string, Point>> = {
  "before its first poll": { polls: 0, then: "at once" },
  "after its first poll": { polls: 1, then: "at once" },
  "after its second poll": { polls: 2, then: "at once" },
  "after its third poll": { polls: 3, then: "at once" },
  "with a part of what it waits for": { polls: 1, then: "having a part" },
  "woken, before it is polled again": { polls: 1, then: "granted" },
  "while it is being woken": { polls: 1, then: "by its waker" },
};

/** The operation that is given up. It stands between the operation and whoever polls it. */
class Victim extends Future<unknown> implements Context, Waker {
  readonly operation: Future<unknown>;
  readonly waker: Waker = this;
  isWoken = false;
  onWake: (() => void) | null = null;
  outer: Waker | null = null;

  constructor(operation: Future<unknown>) {
    super();
    this.operation = operation;
  }

  poll(cx: Context): Poll<unknown> {
    this.outer = cx.waker;
    return this.operation.poll(this);
  }

  wake(): void {
    this.isWoken = true;
    this.onWake?.();
    this.outer?.wake();
  }

  override drop(): void {
    this.operation.drop();
  }
}

/** How the victim is polled and given up: by hand, or by the task that waits for it. */
interface Handling {
  poll(): void | Promise<void>;
  /** Gives it up; what there is to wait for is waited for in `dropped`. */
  drop(): void;
  dropped(): void | Promise<void>;
}

function byHand(victim: Victim): Handling {
  const cx: Context = { waker: { wake() {} } };
  return {
    poll: () => expect(victim.poll({ ...cx })).toBe(PENDING),
    drop() {
      victim.drop();
      victim.drop(); // the second time does nothing
    },
    dropped() {},
  };
}

function byTask(victim: Victim, lane: Lane): Handling {
  const { runtime } = quietRuntime();
  const task: JoinHandle<unknown> = runtime.spawn(body(lane, () => victim, asIs));
  return {
    poll() {
      victim.outer?.wake();
      return turn();
    },
    drop: () => task.abort(),
    async dropped() {
      expect(await rejectionOf(task)).toHaveProperty("name", "JoinError");
    },
  };
}

type Means = Lane | "hand";

/** One run of a scenario, and what was seen of it. */
class Run {
  readonly scenario: Scenario;
  readonly world: World;
  readonly waiting: { readonly who: string; readonly polled: Polled<unknown> }[] = [];
  readonly seen: unknown[] = [];
  satisfied = 0;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.world = scenario.world();
  }

  /** Lets one come that is given up at `point`. In an object: a promise would wait for the future. */
  async withVictim(point: Point, means: Means): Promise<{ readonly victim: Victim }> {
    const { ahead, behind, parts } = this.scenario;
    this.come(ahead);
    const victim = new Victim(this.world.make("x"));
    const handling = means === "hand" ? byHand(victim) : byTask(victim, means);
    for (let i = 0; i < point.polls; i += 1) await handling.poll();
    this.come(behind);
    let isGone = false;
    if (point.then === "by its waker")
      victim.onWake = () => {
        isGone = true;
        handling.drop();
      };
    if (point.then === "having a part") {
      // Those ahead of it take theirs first.
      this.satisfy(parts * ahead.length + parts - 1);
      expect(victim.isWoken).toBe(false);
    } else if (point.then !== "at once") {
      while (!victim.isWoken && this.satisfied < 9) this.satisfy(1);
      expect(victim.isWoken).toBe(true);
    }
    if (!isGone) handling.drop();
    await handling.dropped();
    victim.isWoken = false;
    return { victim };
  }

  withoutVictim(satisfied: number): void {
    this.come(this.scenario.ahead);
    this.come(this.scenario.behind);
    this.satisfy(satisfied);
  }

  come(all: readonly string[]): void {
    for (const who of all) {
      const polled = new Polled(this.world.make(who));
      expect(polled.poll()).toBe(PENDING);
      this.waiting.push({ who, polled });
    }
  }

  satisfy(times: number): void {
    for (let i = 0; i < times; i += 1) {
      this.seen.push(this.world.satisfy());
      this.satisfied += 1;
      this.serve();
    }
  }

  /** Whoever was woken looks what there is. */
  serve(): void {
    for (const { who, polled } of this.waiting.splice(0)) {
      const value = polled.isWoken ? polled.poll() : PENDING;
      if (value === PENDING) this.waiting.push({ who, polled });
      else this.seen.push([who, this.world.took(value, who)]);
    }
  }

  /** Everybody gets what they wait for, and then some more who come now. Gives all that was seen. */
  finish(): unknown {
    this.serve();
    for (let i = 0; i < this.scenario.fresh; i += 1) {
      this.settle();
      const polled = new Polled(this.world.make("x"));
      const value = polled.poll();
      if (value === PENDING) this.waiting.push({ who: "x", polled });
      else this.seen.push(["x", this.world.took(value, "x")]);
    }
    this.settle();
    return [...this.seen, this.world.observe()];
  }

  settle(): void {
    for (let tries = 0; this.waiting.length > 0 && tries < 9; tries += 1) this.satisfy(1);
    expect(this.waiting.map(({ who }) => who)).toEqual([]);
  }
}

async function expectNothingLost(scenario: Scenario, point: Point, means: Means): Promise<void> {
  // At the head of the line, and behind others.
  for (const ahead of scenario.ahead.length > 0 ? [[], scenario.ahead] : [[]]) {
    const placed = { ...scenario, ahead };
    const run = new Run(placed);
    const { victim } = await run.withVictim(point, means);
    const other = new Run(placed);
    other.withoutVictim(run.satisfied);
    expect(run.finish()).toEqual(other.finish());
    // It has left the line.
    expect(victim.isWoken).toBe(false);
  }
}

describe.each(Object.entries(SCENARIOS))("%s", (_name, scenario) => {
  const points = Object.entries(POINTS).filter(
    ([, { then }]) => scenario.parts > 1 || then !== "having a part",
  );
  const cases = points.flatMap(([name, point]) =>
    (["hand", ...LANES] as const).map((means) => [name, means, point] as const),
  );
  it.each(cases)("loses nothing when it is given up %s, by %s", (_point, means, point) =>
    expectNothingLost(scenario, point, means),
  );

  it("gives nothing back when it is dropped after it was ready", () => {
    const seen = [true, false].map((drops) => {
      const run = new Run(scenario);
      const { world } = run;
      const polled = new Polled(world.make("x"));
      for (let value = polled.poll(); ; value = polled.poll()) {
        if (value === PENDING) {
          expect(run.satisfied).toBeLessThan(9);
          run.satisfy(1);
          continue;
        }
        run.seen.push(world.took(value, "x"));
        break;
      }
      if (drops) polled.drop();
      return scenario.fresh > 1 ? run.finish() : [...run.seen, world.observe()];
    });
    expect(seen[0]).toEqual(seen[1]);
  });
});
