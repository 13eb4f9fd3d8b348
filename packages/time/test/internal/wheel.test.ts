/**
 * The wheel by itself, at its edges and against a plain list.
 *
 * `RT_FC_RUNS` and `RT_FC_SEED` set the number of random programs and where they come from.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Wheel, type WheelEntry } from "../../src/internal/wheel.ts";

class Entry implements WheelEntry {
  _tick: number;
  _slot = -1;
  _previous: WheelEntry | null = null;
  _next: WheelEntry | null = null;
  constructor(tick: number) {
    this._tick = tick;
  }
  _waits(): null {
    return null;
  }
  _fire(): void {}
}

function insert(wheel: Wheel, tick: number): Entry {
  const entry = new Entry(tick);
  wheel.insert(entry);
  return entry;
}

/** The ticks of all that is popped on the way to `tick`. */
function popAll(wheel: Wheel, tick: number): number[] {
  const ticks: number[] = [];
  for (let entry = wheel.pop(tick); entry !== null; entry = wheel.pop(tick)) ticks.push(entry._tick);
  return ticks;
}

/** Where levels and rounds begin. */
const EDGES = [6, 12, 18, 24, 30, 36, 42].flatMap((bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]);

describe("Wheel.insert", () => {
  it("refuses what is due", () => {
    const wheel = new Wheel();
    wheel.pop(100);
    expect([-5, 0, 99, 100, 101].map((tick) => wheel.insert(new Entry(tick)))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it("counts what is in", () => {
    const wheel = new Wheel();
    insert(wheel, 1);
    insert(wheel, 2);
    insert(wheel, 0);
    expect(wheel.size).toBe(2);
  });
});

describe("Wheel.pop", () => {
  it.each(EDGES)("gives an entry of tick %i at that tick and not before", (tick) => {
    const wheel = new Wheel();
    insert(wheel, tick);
    expect([popAll(wheel, tick - 1), popAll(wheel, tick)]).toEqual([[], [tick]]);
  });

  it.each(EDGES)("finds every entry when it starts at tick %i", (start) => {
    const wheel = new Wheel();
    wheel.pop(start);
    const ticks = EDGES.map((edge) => start + edge);
    for (const tick of ticks.toReversed()) insert(wheel, tick);
    expect(popAll(wheel, start + 2 ** 43)).toEqual(ticks);
  });

  it("gives entries in the order of their ticks", () => {
    const wheel = new Wheel();
    const ticks = [5000, 3, 70, 2 ** 31, 4, 300_000, 64, 2 ** 37, 63, 65];
    for (const tick of ticks) insert(wheel, tick);
    expect(popAll(wheel, 2 ** 40)).toEqual(ticks.toSorted((a, b) => a - b));
  });

  it("gives entries of one tick in the order they were inserted in", () => {
    const wheel = new Wheel();
    const entries = [0, 1, 2].map(() => insert(wheel, 10));
    expect([wheel.pop(10), wheel.pop(10), wheel.pop(10)]).toEqual(entries);
  });

  it("stands at the tick of the entry it gives", () => {
    const wheel = new Wheel();
    insert(wheel, 4097);
    wheel.pop(10_000);
    expect(wheel.now).toBe(4097);
  });

  it("goes to the tick it is given when nothing is left", () => {
    const wheel = new Wheel();
    expect([wheel.pop(12_345), wheel.now]).toEqual([null, 12_345]);
  });

  it("never goes back", () => {
    const wheel = new Wheel();
    wheel.pop(100);
    wheel.pop(50);
    expect(wheel.now).toBe(100);
  });

  it("gives what was inserted since the last entry, in its place", () => {
    const wheel = new Wheel();
    for (const tick of [10, 20, 30]) insert(wheel, tick);
    wheel.pop(100);
    insert(wheel, 15);
    expect(popAll(wheel, 100)).toEqual([15, 20, 30]);
  });

  it("does not give what was removed since the last entry", () => {
    const wheel = new Wheel();
    const [, second] = [insert(wheel, 10), insert(wheel, 10), insert(wheel, 10)];
    wheel.pop(10);
    wheel.remove(second);
    expect(popAll(wheel, 10)).toEqual([10]);
  });

  it("gives an entry that was put off at its new tick", () => {
    const wheel = new Wheel();
    const entry = insert(wheel, 10);
    entry._tick = 5000;
    expect([popAll(wheel, 4999), popAll(wheel, 5000)]).toEqual([[], [5000]]);
  });

  it("leaves an entry free to be inserted again", () => {
    const wheel = new Wheel();
    const entry = insert(wheel, 10);
    wheel.pop(10);
    entry._tick = 20;
    wheel.insert(entry);
    expect(popAll(wheel, 20)).toEqual([20]);
  });
});

describe("Wheel.remove", () => {
  it.each([0, 1, 2])("takes out number %i of three in one slot, and no other", (which) => {
    const wheel = new Wheel();
    const entries = [0, 1, 2].map(() => insert(wheel, 7));
    wheel.remove(entries[which] as Entry);
    const left = entries.filter((_, i) => i !== which);
    expect([wheel.pop(7), wheel.pop(7), wheel.pop(7)]).toEqual([...left, null]);
  });

  it.each(EDGES)("leaves nothing behind of an entry of tick %i", (tick) => {
    const wheel = new Wheel();
    wheel.remove(insert(wheel, tick));
    expect([wheel.size, wheel.next(), popAll(wheel, tick)]).toEqual([0, Infinity, []]);
  });
});

describe("Wheel.next", () => {
  it("is Infinity when the wheel is empty", () => {
    expect(new Wheel().next()).toBe(Infinity);
  });

  it("is exact for what is due within the current 64 ticks", () => {
    const wheel = new Wheel();
    insert(wheel, 63);
    insert(wheel, 17);
    expect(wheel.next()).toBe(17);
  });

  it("is where the slot begins that a later entry waits in", () => {
    const wheel = new Wheel();
    insert(wheel, 1000);
    expect(wheel.next()).toBe(960);
  });
});

type Step =
  | { readonly do: "insert"; readonly by: number }
  | { readonly do: "remove"; readonly which: number }
  | { readonly do: "reset"; readonly which: number; readonly by: number }
  | { readonly do: "advance"; readonly by: number };

/** From one tick to some thousand years of them, and where levels begin. */
const distance = fc.oneof(
  fc.nat(3),
  fc.nat(64),
  fc.nat(4096),
  fc.nat(86_400_000),
  fc.maxSafeNat().map((n) => n % 2 ** 36),
  fc.maxSafeNat().map((n) => n % 2 ** 45),
  fc.constantFrom(...EDGES),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("insert" as const), by: distance }) },
  fc.record({ do: fc.constant("remove" as const), which: fc.nat() }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reset" as const), which: fc.nat(), by: distance }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("advance" as const), by: distance }) },
);

/** A wheel and a plain list of the same entries, going through the same steps. */
class Pair {
  readonly wheel: Wheel = new Wheel();
  readonly model: Entry[] = [];
  now = 0;

  take(action: Step): void {
    if (action.do === "insert") this.insert(new Entry(this.now + action.by));
    else if (action.do === "advance") this.advance(this.now + action.by);
    else if (this.model.length > 0) {
      const entry = this.model[action.which % this.model.length] as Entry;
      if (action.do === "remove") this.remove(entry);
      else this.reset(entry, this.now + action.by);
    }
    expect(this.wheel.now).toBe(this.now);
    expect(this.wheel.size).toBe(this.model.length);
    const first = Math.min(...this.model.map(({ _tick }) => _tick));
    expect(this.wheel.next()).toBeLessThanOrEqual(first);
    expect(this.wheel.next()).toBeGreaterThan(this.now);
  }

  insert(entry: Entry): void {
    const isDue = entry._tick <= this.now;
    expect(this.wheel.insert(entry)).toBe(!isDue);
    if (!isDue) this.model.push(entry);
  }

  remove(entry: Entry): void {
    this.wheel.remove(entry);
    expect(entry._slot).toBe(-1);
    this.model.splice(this.model.indexOf(entry), 1);
  }

  /** As `Sleep.reset` does it. */
  reset(entry: Entry, tick: number): void {
    if (tick >= entry._tick) {
      entry._tick = tick;
      return;
    }
    this.remove(entry);
    entry._tick = tick;
    this.insert(entry);
  }

  advance(tick: number): void {
    const due = this.model.filter(({ _tick }) => _tick <= tick).map(({ _tick }) => _tick);
    expect(popAll(this.wheel, tick)).toEqual(due.toSorted((a, b) => a - b));
    for (const gone of this.model.filter(({ _tick }) => _tick <= tick))
      this.model.splice(this.model.indexOf(gone), 1);
    this.now = tick;
  }
}

const env: Record<string, string | undefined> = typeof process === "undefined" ? {} : process.env;
const numRuns = Number(env["RT_FC_RUNS"] ?? 300);
const seed = Number(env["RT_FC_SEED"] ?? Date.now() % 2 ** 31);

describe("Wheel", () => {
  it("does what a sorted list does", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
        const pair = new Pair();
        for (const action of steps) pair.take(action);
        pair.advance(pair.now + 2 ** 46);
        expect(pair.model).toEqual([]);
      }),
      { numRuns, seed },
    );
  });
});
