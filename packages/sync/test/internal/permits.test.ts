import { Future, PENDING } from "@rt/core";
import { describe, expect, it } from "vitest";
import { Acquire, Permits } from "../../src/internal/permits.ts";
import { Polled, waiting, TestWaker } from "../support/polling.ts";

class Take extends Acquire<number> {
  protected override _granted(): number {
    return this._count;
  }
  protected override _closed(): Error {
    return new Error("closed");
  }
}

/** What the invariants say, as far as it can be seen from outside. */
function check(permits: Permits): void {
  const { first } = permits.line;
  if (first === null) return;
  if (!permits.closed) expect(permits.free).toBe(0);
  for (let place = first.next; place !== null; place = place.next) {
    const waiter = place.waiter as Take;
    expect(waiter._missing).toBe(waiter._count);
  }
}

describe("Permits", () => {
  it("is a future of the core's kind", () => {
    expect(new Take(new Permits(1), 1)).toBeInstanceOf(Future);
  });

  it("takes nothing before the first poll", () => {
    const permits = new Permits(3);
    const take = new Take(permits, 2);
    take.drop();
    expect(permits.free).toBe(3);
  });

  it("hides what is meant for the next in line from a waker that would take it", () => {
    const permits = new Permits(0);
    let taken: boolean | null = null;
    const first = waiting(new Take(permits, 1), () => {
      taken = permits.tryTake(1);
    });
    const second = waiting(new Take(permits, 1));
    permits.release(2);
    expect([taken, first.poll(), second.poll()]).toEqual([false, 1, 1]);
  });

  it("gives the rest to a waker that asks when nobody else is in line", () => {
    const permits = new Permits(0);
    let taken: boolean | null = null;
    waiting(new Take(permits, 1), () => {
      taken = permits.tryTake(1);
    });
    permits.release(2);
    expect([taken, permits.free]).toEqual([true, 0]);
  });

  it("frees the rest when a waker drops everybody behind it", () => {
    const permits = new Permits(0);
    const rest: Polled<number>[] = [];
    waiting(new Take(permits, 1), () => {
      for (const waiter of rest) waiter.drop();
    });
    rest.push(waiting(new Take(permits, 1)), waiting(new Take(permits, 1)));
    permits.release(3);
    expect([permits.free, permits.line.first]).toEqual([2, null]);
  });

  it("starts anew when polled once more after it was granted, instead of granting twice", () => {
    const permits = new Permits(1);
    const take = new Polled(new Take(permits, 1));
    expect(take.poll()).toBe(1);
    expect(take.poll()).toBe(PENDING);
    take.drop();
    expect(permits.free).toBe(0);
  });

  it("keeps its invariants and every permit over random programs", () => {
    for (let seed = 1; seed <= 300; seed += 1) runProgram(seed);
  });
});

/** Polls, drops and releases at random, and compares with a plain array of requests. */
function runProgram(seed: number): void {
  let state = seed;
  const below = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % n;
  };
  const total = 1 + below(5);
  const permits = new Permits(total);
  const inLine: { readonly polled: Polled<number>; readonly count: number }[] = [];
  const held: number[] = [];
  const settle = (): void => {
    // Who is granted must be a prefix of the line: first come, first served.
    while (inLine.length > 0) {
      const value = inLine[0]!.polled.poll();
      if (value === PENDING) break;
      held.push(value);
      inLine.shift();
    }
    for (const { polled } of inLine) expect((polled.future as Take)._place).not.toBe(null);
  };
  for (let step = 0; step < 40; step += 1) {
    const action = below(4);
    if (action <= 1) {
      const count = 1 + below(total);
      const polled = new Polled(new Take(permits, count));
      const value = polled.poll();
      if (value === PENDING) inLine.push({ polled, count });
      else held.push(value);
      if (inLine.length > 1) expect(value).toBe(PENDING);
    } else if (action === 2 && held.length > 0) {
      permits.release(held.splice(below(held.length), 1)[0]!);
      if (below(2) === 0 && inLine.length > 0) inLine.splice(0, 1)[0]!.polled.drop();
    } else if (inLine.length > 0) {
      inLine.splice(below(inLine.length), 1)[0]!.polled.drop();
    }
    settle();
    check(permits);
  }
  for (const { polled } of inLine) polled.drop();
  for (const count of held) permits.release(count);
  expect([permits.free, permits.line.first]).toEqual([total, null]);
}

describe("Permits.close", () => {
  it("refuses one that was granted and not polled, and takes back what it had", () => {
    const permits = new Permits(0);
    const take = waiting(new Take(permits, 2));
    permits.release(2);
    permits.close();
    expect(() => take.poll()).toThrow("closed");
    expect(permits.free).toBe(2);
  });

  it("gets a partial grant back when the refused one is dropped unpolled", () => {
    const permits = new Permits(1);
    const take = waiting(new Take(permits, 2));
    permits.close();
    take.drop();
    take.drop();
    expect(permits.free).toBe(1);
  });

  it("wakes everybody once, whatever a waker does", () => {
    const permits = new Permits(0);
    const second: Polled<number>[] = [];
    const first = waiting(new Take(permits, 1), () => {
      permits.close();
      permits.release(1);
      second[0]?.drop();
    });
    second.push(waiting(new Take(permits, 1)));
    const third = waiting(new Take(permits, 1));
    permits.close();
    expect([first.cx.wakes, second[0]!.cx.wakes, third.cx.wakes]).toEqual([1, 1, 1]);
    expect(() => third.poll()).toThrow("closed");
    expect(() => first.poll()).toThrow("closed");
    expect(permits.free).toBe(1);
  });

  it("wakes the waker of the last poll", () => {
    const permits = new Permits(0);
    const take = waiting(new Take(permits, 1));
    const later = new TestWaker();
    take.future.poll(later);
    permits.close();
    expect([take.isWoken, later.isWoken]).toEqual([false, true]);
  });
});
