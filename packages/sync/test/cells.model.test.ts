/** Random programs over what tasks meet at without permits: Notify, Barrier, OnceCell, SetOnce. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { Barrier, type BarrierWaitResult, Notify, type Notified, OnceCell, SetOnce } from "@rt/sync";
import { describe, expect, it } from "vitest";
import { Polled } from "./support/polling.ts";
import { outcome, pick, runPrograms, takeOut, type Step } from "./support/random-programs.ts";

/** More come than are notified, so that there is a line. */
const NOTIFY_OPS = [
  "notified",
  "notified",
  "notified",
  "notified",
  "poll",
  "poll",
  "poll",
  "poll",
  "poll",
  "poll",
  "enable",
  "drop",
  "drop",
  "notifyOne",
  "notifyLast",
  "notifyWaiters",
] as const;

interface Waiting {
  readonly polled: Polled<void>;
  /** How often `notifyWaiters` had been called when it was made. */
  readonly round: number;
  /** What it was woken by and has not used. */
  note: "notifyOne" | "notifyLast" | null;
  isDone: boolean;
  /** The times it must have been woken; a waker is there since its first poll. */
  wakes: number;
  isPolled: boolean;
}

class NotifyWorld {
  readonly notify = new Notify();
  readonly all: Waiting[] = [];
  /** Oldest first. */
  readonly line: Waiting[] = [];
  round = 0;
  hasPermit = false;

  run({ op, which }: Step<(typeof NOTIFY_OPS)[number]>): void {
    const one = pick(this.all, which);
    if (op === "notified") {
      const polled = new Polled(this.notify.notified());
      this.all.push({ polled, round: this.round, note: null, isDone: false, wakes: 0, isPolled: false });
    } else if (op === "notifyOne" || op === "notifyLast") {
      this.notify[op]();
      this.pass(op);
    } else if (op === "notifyWaiters") {
      this.notify.notifyWaiters();
      this.round += 1;
      for (const woken of this.line.splice(0)) this.wake(woken);
    } else if (one !== undefined) this.use(op, one);
    for (const { polled, wakes } of this.all) expect(polled.cx.wakes).toBe(wakes);
  }

  use(op: "poll" | "enable" | "drop", one: Waiting): void {
    if (op === "drop") {
      takeOut(this.all, one);
      if (this.line.includes(one)) takeOut(this.line, one);
      one.polled.drop();
      if (one.note !== null) this.pass(one.note);
      return;
    }
    // Once it has been seen to stay ready, it makes room for others.
    if (one.isDone) takeOut(this.all, one);
    const isReady = this.look(one);
    if (op === "enable") expect((one.polled.future as Notified).enable()).toBe(isReady);
    else {
      expect(one.polled.poll()).toBe(isReady ? undefined : PENDING);
      one.isPolled = true;
    }
    if (!isReady && !this.line.includes(one)) this.line.push(one);
  }

  /** Whether it is notified; then that is used up. */
  look(one: Waiting): boolean {
    if (!one.isDone && one.note === null && one.round === this.round) {
      if (!this.hasPermit) return false;
      this.hasPermit = false;
    }
    one.isDone = true;
    one.note = null;
    return true;
  }

  pass(how: "notifyOne" | "notifyLast"): void {
    const next = how === "notifyOne" ? this.line.shift() : this.line.pop();
    if (next === undefined) this.hasPermit = true;
    else {
      next.note = how;
      this.wake(next);
    }
  }

  wake(one: Waiting): void {
    if (one.isPolled) one.wakes += 1;
  }
}

const BARRIER_OPS = ["wait", "wait", "poll", "poll", "poll", "drop"] as const;

interface Coming {
  readonly polled: Polled<BarrierWaitResult>;
  /** The round it came in; -1 before its first poll. */
  round: number;
}

class BarrierWorld {
  readonly barrier: Barrier;
  readonly size: number;
  readonly all: Coming[] = [];
  arrived = 0;
  round = 0;

  constructor(size: number) {
    this.barrier = new Barrier(size);
    this.size = size;
  }

  run({ op, which }: Step<(typeof BARRIER_OPS)[number]>): void {
    const one = pick(this.all, which);
    if (op === "wait") this.all.push({ polled: new Polled(this.barrier.wait()), round: -1 });
    else if (one !== undefined && op === "drop") {
      takeOut(this.all, one);
      one.polled.drop(); // who has come counts all the same
    } else if (one !== undefined) this.poll(one);
    for (const { polled, round } of this.all) expect(polled.isWoken).toBe(round >= 0 && round < this.round);
  }

  poll(one: Coming): void {
    let isLeader = false;
    if (one.round < 0) {
      one.round = this.round;
      this.arrived += 1;
      isLeader = this.arrived === this.size;
    }
    if (isLeader) {
      this.arrived = 0;
      this.round += 1;
    }
    const got = one.polled.poll();
    if (one.round === this.round) {
      expect(got).toBe(PENDING);
      return;
    }
    expect((got as BarrierWaitResult).isLeader()).toBe(isLeader);
    takeOut(this.all, one);
  }
}

/** An initializer that ends as it is told. */
class Init extends Future<number> {
  result: number | Error | null = null;
  isDropped = false;
  polls = 0;
  poll(_cx: Context): Poll<number> {
    this.polls += 1;
    if (this.result instanceof Error) throw this.result;
    return this.result ?? PENDING;
  }
  override drop(): void {
    this.isDropped = true;
  }
}

const CELL_OPS = [
  "getOrInit",
  "getOrInit",
  "poll",
  "poll",
  "poll",
  "finish",
  "fail",
  "drop",
  "set",
  "take",
] as const;

interface Asking {
  readonly polled: Polled<number>;
  readonly init: Init;
  mustWake: boolean;
}

class CellWorld {
  readonly cell = new OnceCell<number>();
  readonly all: Asking[] = [];
  readonly line: Asking[] = [];
  initializing: Asking | null = null;
  value: number | undefined = undefined;
  next = 0;

  run({ op, which }: Step<(typeof CELL_OPS)[number]>): void {
    const one = pick(this.all, which);
    this.next += 1;
    if (op === "getOrInit") {
      const init = new Init();
      this.all.push({ polled: new Polled(this.cell.getOrInit(init)), init, mustWake: false });
    } else if (op === "set") {
      const expected =
        this.initializing !== null
          ? "ERR_RT_INITIALIZING"
          : this.value === undefined
            ? undefined
            : "ERR_RT_ALREADY_INITIALIZED";
      expect(outcome(() => this.cell.set(this.next))).toBe(expected);
      if (expected === undefined) this.fill(this.next);
    } else if (op === "take") {
      expect(this.cell.take()).toBe(this.value);
      this.value = undefined;
    } else if (one !== undefined) this.use(op, one);
    for (const { polled, mustWake } of this.all) expect(polled.isWoken).toBe(mustWake);
    expect(this.cell.get()).toBe(this.value);
  }

  use(op: "poll" | "finish" | "fail" | "drop", one: Asking): void {
    if (op === "finish") one.init.result = this.next;
    else if (op === "fail") one.init.result = new Error("the initializer fails");
    else if (op === "drop") this.leave(one, () => one.polled.drop());
    else this.poll(one);
  }

  poll(one: Asking): void {
    const { polled, init } = one;
    if (this.value !== undefined) {
      expect(polled.poll()).toBe(this.value);
      this.leave(one, () => {});
      return;
    }
    this.initializing ??= one;
    if (this.initializing !== one) {
      expect(polled.poll()).toBe(PENDING);
      if (!this.line.includes(one)) this.line.push(one);
    } else if (init.result === null) expect(polled.poll()).toBe(PENDING);
    else if (typeof init.result === "number") {
      expect(polled.poll()).toBe(init.result);
      takeOut(this.all, one);
      this.initializing = null;
      this.fill(init.result);
    } else {
      expect(() => polled.poll()).toThrow(init.result);
      this.leave(one, () => {});
    }
  }

  /** It asks no more; its turn goes to the next. */
  leave(one: Asking, go: () => void): void {
    const wasRunning = one.init.polls > 0 && this.initializing === one && !(one.init.result instanceof Error);
    takeOut(this.all, one);
    if (this.line.includes(one)) takeOut(this.line, one);
    go();
    if (wasRunning) expect(one.init.isDropped).toBe(true);
    if (this.initializing !== one) return;
    this.initializing = this.line.shift() ?? null;
    if (this.initializing !== null) this.initializing.mustWake = true;
  }

  fill(value: number): void {
    this.value = value;
    for (const woken of this.line.splice(0)) woken.mustWake = true;
  }
}

const SET_ONCE_OPS = ["wait", "wait", "poll", "poll", "drop", "set"] as const;

class SetOnceWorld {
  readonly cell = new SetOnce<number>();
  readonly fresh: Polled<number>[] = [];
  readonly line: Polled<number>[] = [];
  value: number | undefined = undefined;

  run({ op, which, argument }: Step<(typeof SET_ONCE_OPS)[number]>): void {
    const one = pick([...this.fresh, ...this.line], which);
    if (op === "wait") this.fresh.push(new Polled(this.cell.wait()));
    else if (op === "set" && argument === 0) {
      const isFirst = this.value === undefined;
      expect(outcome(() => this.cell.set(which))).toBe(isFirst ? undefined : "ERR_RT_ALREADY_INITIALIZED");
      this.value ??= which;
    } else if (one !== undefined && op !== "set") this.use(op, one);
    for (const polled of this.fresh) expect(polled.isWoken).toBe(false);
    for (const polled of this.line) expect(polled.isWoken).toBe(this.value !== undefined);
  }

  use(op: "poll" | "drop", one: Polled<number>): void {
    const list = this.fresh.includes(one) ? this.fresh : this.line;
    if (op === "drop") one.drop();
    else expect(one.poll()).toBe(this.value ?? PENDING);
    takeOut(list, one);
    if (op === "poll" && this.value === undefined) this.line.push(one);
  }
}

describe("a model of what tasks meet at", () => {
  it("predicts random programs over a Notify", { timeout: 120_000 }, () => {
    runPrograms(NOTIFY_OPS, (program) => {
      const world = new NotifyWorld();
      for (const step of program) world.run(step);
    });
  });

  it.each([1, 3])("predicts random programs over a Barrier for %i", { timeout: 120_000 }, (size) => {
    runPrograms(BARRIER_OPS, (program) => {
      const world = new BarrierWorld(size);
      for (const step of program) world.run(step);
    });
  });

  it("predicts random programs over a OnceCell", { timeout: 120_000 }, () => {
    runPrograms(CELL_OPS, (program) => {
      const world = new CellWorld();
      for (const step of program) world.run(step);
    });
  });

  it("predicts random programs over a SetOnce", { timeout: 120_000 }, () => {
    runPrograms(SET_ONCE_OPS, (program) => {
      const world = new SetOnceWorld();
      for (const step of program) world.run(step);
    });
  });
});
