/** Random programs over each kind of lock, against a model that counts permits and lines up who waits. */
import { PENDING, type Future } from "@rt/core";
import {
  Mutex,
  type MutexGuard,
  RwLock,
  type RwLockWriteGuard,
  Semaphore,
  type SemaphorePermit,
} from "@rt/sync";
import { describe, expect, it } from "vitest";
import { Polled } from "./support/polling.ts";
import { outcome, pick, runPrograms, takeOut, type Step } from "./support/random-programs.ts";

const OPS = [
  "request",
  "request",
  "request",
  "try",
  "poll",
  "poll",
  "poll",
  "dropWait",
  "release",
  "release",
  "change",
] as const;
const SEMAPHORE_OPS = [...OPS, "add", "forgetFree", "forget", "split", "merge", "close"] as const;
type Op = (typeof SEMAPHORE_OPS)[number];

interface Guard extends Disposable {
  release(): void;
}

/** A kind of lock. */
interface Kind {
  /** Permits at the start. */
  readonly free: number;
  /** How many permits are asked for, made of a number from 0 to 9. */
  count(argument: number): number;
  request(count: number): Future<Guard>;
  tryRequest(count: number): Guard | null;
  /** Turns a guard into another one, which holds `count` permits. Null when there is no such thing. */
  change(guard: Guard): { readonly guard: Guard; readonly count: number } | null;
}

interface Wait {
  readonly polled: Polled<Guard>;
  readonly count: number;
  missing: number;
}

interface Held {
  guard: Guard;
  count: number;
}

class World {
  readonly kind: Kind;
  readonly semaphore: Semaphore | null;
  free: number;
  isClosed = false;
  /** Not polled yet. */
  readonly fresh: Wait[] = [];
  /** In line, oldest first. */
  readonly line: Wait[] = [];
  /** Have all they asked for, and were not polled since. */
  readonly granted: Wait[] = [];
  /** Were in line when the semaphore was closed. */
  readonly refused: Wait[] = [];
  readonly held: Held[] = [];

  constructor(kind: Kind, semaphore: Semaphore | null) {
    this.kind = kind;
    this.semaphore = semaphore;
    this.free = kind.free;
  }

  run({ op, which, argument }: Step<Op>): void {
    const held = pick(this.held, which);
    if (op === "request") this.request(this.kind.count(argument));
    else if (op === "try") this.tryRequest(this.kind.count(argument));
    else if (op === "poll" || op === "dropWait") this.goOn(op, which);
    else if (op === "add" || op === "forgetFree" || op === "close") this.tune(op, argument);
    else if (held !== undefined) this.use(op, held, argument);
    this.check();
  }

  request(count: number): void {
    this.fresh.push({ polled: new Polled(this.kind.request(count)), count, missing: count });
  }

  tryRequest(count: number): void {
    const got = outcome(() => this.kind.tryRequest(count));
    if (this.isClosed) expect(got).toBe("ERR_RT_SEMAPHORE_CLOSED");
    else if (this.take(count)) this.held.push({ guard: got as Guard, count });
    else expect(got).toBeNull();
  }

  goOn(op: "poll" | "dropWait", which: number): void {
    const wait = pick([...this.fresh, ...this.line, ...this.granted, ...this.refused], which);
    if (wait === undefined) return;
    const isFresh = this.fresh.includes(wait);
    const isGranted = this.granted.includes(wait);
    if (op === "poll" && !this.isClosed && !isGranted && !(isFresh && this.take(wait.count))) {
      expect(wait.polled.poll()).toBe(PENDING);
      if (isFresh) {
        takeOut(this.fresh, wait);
        this.line.push(wait);
        this.giveBack(0);
      }
      return;
    }
    for (const list of [this.fresh, this.line, this.granted, this.refused])
      if (list.includes(wait)) takeOut(list, wait);
    if (op === "poll" && !this.isClosed) {
      this.held.push({ guard: wait.polled.ready(), count: wait.count });
      return;
    }
    if (op === "dropWait") wait.polled.drop();
    else expect(outcome(() => wait.polled.poll())).toBe("ERR_RT_SEMAPHORE_CLOSED");
    this.giveBack(wait.count - wait.missing);
  }

  tune(op: "add" | "forgetFree" | "close", argument: number): void {
    const { semaphore } = this;
    if (semaphore === null) return;
    if (op === "add") {
      semaphore.addPermits(argument % 4);
      this.giveBack(argument % 4);
    } else if (op === "forgetFree") {
      expect(semaphore.forgetPermits(argument)).toBe(Math.min(argument, this.free));
      this.free -= Math.min(argument, this.free);
    } else if (argument === 0) {
      // Seldom: not much can happen after it.
      semaphore.close();
      this.isClosed = true;
      this.refused.push(...this.line.splice(0));
    }
  }

  /** Does something with a guard. */
  use(op: Op, held: Held, argument: number): void {
    const { guard } = held;
    if (op === "release") {
      takeOut(this.held, held);
      if (argument % 2 === 0) guard.release();
      else guard[Symbol.dispose]();
      expect(outcome(() => guard.release())).toBe("ERR_RT_DISPOSED");
      guard[Symbol.dispose]();
      this.giveBack(held.count);
    } else if (op === "change") {
      const changed = this.kind.change(guard);
      if (changed === null) return;
      const surplus = held.count - changed.count;
      guard[Symbol.dispose](); // it is used up
      held.guard = changed.guard;
      held.count = changed.count;
      this.giveBack(surplus);
    } else if (isPermit(guard)) this.usePermit(op, held, guard, argument);
  }

  usePermit(op: Op, held: Held, permit: SemaphorePermit, argument: number): void {
    if (op === "forget") {
      takeOut(this.held, held);
      permit.forget();
    } else if (op === "split") {
      const part = permit.split(argument);
      expect(part === null).toBe(argument > held.count);
      if (part === null) return;
      held.count -= argument;
      this.held.push({ guard: part, count: argument });
    } else if (op === "merge") {
      const other = pick(this.held, argument);
      if (other === undefined || other === held) return;
      if (!isPermit(other.guard)) return;
      permit.merge(other.guard);
      takeOut(this.held, other);
      held.count += other.count;
    }
  }

  take(count: number): boolean {
    if (this.isClosed || this.free < count) return false;
    this.free -= count;
    return true;
  }

  /** Permits come back, and go to the line in its order. */
  giveBack(count: number): void {
    this.free += count;
    for (let head = this.line[0]; head !== undefined && this.free > 0; head = this.line[0]) {
      const given = Math.min(this.free, head.missing);
      this.free -= given;
      head.missing -= given;
      if (head.missing > 0) return;
      this.granted.push(head);
      this.line.shift();
    }
  }

  check(): void {
    for (const { polled } of [...this.fresh, ...this.line]) expect(polled.isWoken).toBe(false);
    for (const { polled } of [...this.granted, ...this.refused]) expect(polled.isWoken).toBe(true);
    if (this.semaphore !== null)
      expect([this.semaphore.availablePermits(), this.semaphore.isClosed()]).toEqual([
        this.free,
        this.isClosed,
      ]);
    for (const { guard, count } of this.held) if (isPermit(guard)) expect(guard.numPermits()).toBe(count);
  }
}

function isPermit(guard: Guard): guard is SemaphorePermit {
  return "numPermits" in guard;
}

function runOn(ops: readonly Op[], make: () => World): void {
  runPrograms(ops, (program) => {
    const world = make();
    for (const step of program) world.run(step);
  });
}

const READERS = 3;

function semaphoreWorld(): World {
  const semaphore = new Semaphore(2);
  const kind: Kind = {
    free: 2,
    count: (argument) => argument % 5,
    request: (count) => semaphore.acquireMany(count),
    tryRequest: (count) => semaphore.tryAcquireMany(count),
    change: () => null,
  };
  return new World(kind, semaphore);
}

function mutexWorld(): World {
  const mutex = new Mutex(1);
  const kind: Kind = {
    free: 1,
    count: () => 1,
    request: () => mutex.lock(),
    tryRequest: () => mutex.tryLock(),
    // Each guard of a mutex can be mapped.
    change: (guard) => ({ guard: (guard as MutexGuard<number>).map((n) => n + 1), count: 1 }),
  };
  return new World(kind, null);
}

function rwLockWorld(): World {
  const lock = new RwLock("value", { maxReaders: READERS });
  const kind: Kind = {
    free: READERS,
    count: (argument) => (argument % 3 === 0 ? READERS : 1),
    request: (count) => (count === 1 ? lock.read() : lock.write()),
    tryRequest: (count) => (count === 1 ? lock.tryRead() : lock.tryWrite()),
    change: (guard) =>
      "downgrade" in guard ? { guard: (guard as RwLockWriteGuard<string>).downgrade(), count: 1 } : null,
  };
  return new World(kind, null);
}

describe("a model of locks", () => {
  it("predicts random programs over a Semaphore", { timeout: 120_000 }, () => {
    runOn(SEMAPHORE_OPS, semaphoreWorld);
  });

  it("predicts random programs over a Mutex", { timeout: 120_000 }, () => {
    runOn(OPS, mutexWorld);
  });

  it("predicts random programs over an RwLock", { timeout: 120_000 }, () => {
    runOn(OPS, rwLockWorld);
  });
});
