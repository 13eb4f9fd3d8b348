/**
 * Async functions as branches: what one of them has taken is in its hands a few microtasks before its code goes on. The
 * others must not win in between.
 */
import {
  type Async,
  type Context,
  Future,
  intoFuture,
  PENDING,
  type Poll,
  pending,
  spawn,
  type Waker,
  yieldNow,
} from "@rt/core";
import { madeProgress, pollProceed } from "@rt/core/driver";
import { byRef, select } from "@rt/macros";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Countdown, inLane, type Lane, LANES } from "./support/leaves.ts";

/** A channel of the simplest kind: what a future has taken from it, nobody else gets. */
class Inbox {
  readonly items: number[] = [];
  waker: Waker | null = null;

  put(item: number): void {
    this.items.push(item);
    const { waker } = this;
    this.waker = null;
    waker?.wake();
  }

  take(): Future<number> {
    return new Take(this);
  }
}

class Take extends Future<number> {
  readonly #box: Inbox;
  constructor(box: Inbox) {
    super();
    this.#box = box;
  }
  override poll(cx: Context): Poll<number> {
    if (!pollProceed(cx)) return PENDING;
    const item = this.#box.items.shift();
    if (item === undefined) {
      this.#box.waker = cx.waker;
      return PENDING;
    }
    madeProgress();
    return item;
  }
}

/** What an async function does around its one wait. */
interface Shape {
  /** Microtasks of its own before and behind it. */
  readonly before: number;
  readonly behind: number;
  /** Async functions around it. */
  readonly depth: number;
}

async function hops(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await Promise.resolve();
}

async function nested(box: Inbox, depth: number): Promise<number> {
  return depth === 0 ? await box.take() : await nested(box, depth - 1);
}

function taker(box: Inbox, { before, behind, depth }: Shape): () => Promise<number> {
  return async () => {
    await hops(before);
    const item = await nested(box, depth);
    await hops(behind);
    return item;
  };
}

type Branches = Readonly<Record<string, () => Promise<number>>>;

function* collect(branches: Branches, count: number, biased: boolean): Async<number[]> {
  const got: number[] = [];
  while (got.length < count) got.push((yield* select(branches, { biased })).value);
  return got;
}

async function collectAsync(branches: Branches, count: number, biased: boolean): Promise<number[]> {
  const got: number[] = [];
  while (got.length < count) got.push((await select(branches, { biased })).value);
  return got;
}

function collecting(lane: Lane, branches: Branches, count: number, biased: boolean): Promise<number[]> {
  const body =
    lane === "generator" ? collect(branches, count, biased) : () => collectAsync(branches, count, biased);
  return Promise.resolve(spawn(body));
}

const env = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {};
const options = {
  numRuns: Number(env["RT_FC_RUNS"] ?? 300),
  ...(env["RT_FC_SEED"] === undefined ? {} : { seed: Number(env["RT_FC_SEED"]) }),
};

const shape = fc.record({
  before: fc.integer({ min: 0, max: 3 }),
  behind: fc.integer({ min: 0, max: 3 }),
  depth: fc.integer({ min: 0, max: 8 }),
});

describe("select, with async functions as branches,", () => {
  it.each(LANES)("lets one win at a time, though both could take something: in the %s lane", async (lane) => {
    for (let round = 0; round < 50; round += 1) {
      const [a, b] = [new Inbox(), new Inbox()];
      a.put(1);
      b.put(2);
      const plain = { before: 0, behind: 0, depth: 0 };
      const { value } = await inLane(lane, () => select({ a: taker(a, plain), b: taker(b, plain) }));
      expect(new Set([value, ...a.items, ...b.items])).toEqual(new Set([1, 2]));
    }
  });

  it.each(LANES)("loses and doubles nothing, however they are made: in the %s lane", async (lane) => {
    const arrival = fc.tuple(fc.nat(2), fc.nat(12));
    await fc.assert(
      fc.asyncProperty(
        fc.array(shape, { minLength: 2, maxLength: 3 }),
        fc.array(arrival, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (shapes, arrivals, biased) => {
          const boxes = shapes.map(() => new Inbox());
          const sender = spawn(function* (): Async<void> {
            for (const [i, [to, turns]] of arrivals.entries()) {
              for (let turn = 0; turn < turns; turn += 1) yield* yieldNow();
              boxes[to % boxes.length]?.put(i);
            }
          });
          const branches = Object.fromEntries(
            boxes.map((box, i) => [`b${i}`, taker(box, shapes[i] as Shape)]),
          );
          const got = await collecting(lane, branches, arrivals.length, biased);
          await sender;
          expect(got.toSorted((x, y) => x - y)).toEqual(arrivals.map((_, i) => i));
          expect(boxes.flatMap(({ items }) => items)).toEqual([]);
        },
      ),
      options,
    );
  });

  it.each(LANES)(
    "is not kept up by one that waits for somebody else's promise: in the %s lane",
    async (lane) => {
      const other = Promise.withResolvers<number>();
      const waiting = async (): Promise<number> => await other.promise;
      const later = async (): Promise<string> => {
        for (let i = 0; i < 5; i += 1) await yieldNow();
        other.resolve(0); // or its task would wait for it
        return "later";
      };
      const event = await inLane(lane, () => select({ waiting, later }, { biased: true }));
      expect(event).toEqual({ branch: "later", value: "later" });
    },
  );

  describe.each(LANES)("in the %s lane", (lane) => {
    it.each<[string, (box: Inbox) => Future<unknown>]>([
      ["takes what is there", (box) => box.take()],
      ["yields", () => yieldNow()],
    ])("is not kept up by one that goes on and on, and %s", async (_what, wait) => {
      const box = new Inbox();
      let taken = 0;
      const forever = async (): Promise<never> => {
        for (;;) {
          box.put(0);
          await wait(box);
          taken += 1;
        }
      };
      const third = new Countdown(2, "third");
      const event = await inLane(lane, () => select({ forever, third }, { biased: true }));
      expect(event.branch).toBe("third");
      expect(taken).toBeLessThan(4 * 128); // a budget for each poll of the other
    });
  });

  it.each(LANES)("keeps what a branch by reference has taken: in the %s lane", async (lane) => {
    const [a, b] = [new Inbox(), new Inbox()];
    const got: number[] = [];
    const reading = byRef(intoFuture(taker(a, { before: 0, behind: 2, depth: 1 })));
    a.put(1);
    b.put(2);
    const first = await inLane(lane, () =>
      select({ reading, b: taker(b, { before: 1, behind: 0, depth: 0 }) }),
    );
    got.push(first.value);
    if (first.branch === "b") got.push(await inLane(lane, () => select([reading, pending()])));
    expect(new Set([...got, ...b.items])).toEqual(new Set([1, 2]));
  });
});
