/**
 * A hierarchical timing wheel: 6 levels of 64 slots. A slot of level 0 is one tick wide, one of each further level as
 * wide as all 64 of the level below. An entry moves down a level when the slot it is in begins, until it is in the slot
 * of its own tick.
 *
 * Inserting, removing and moving down cost the same however many entries there are: a slot is an intrusive list, and
 * which slots are occupied is kept in bits.
 *
 * Invariants:
 *  1. The level of an entry is that of the highest group of six bits in which its tick differs from `now`; an entry
 *     that was put off stays where it is until its slot begins, since that costs nothing now. So every
 *     occupied slot of a level lies ahead of `now`, and before every one of the levels above; the only exception is a
 *     slot of level 0 that has begun and is being emptied.
 *  2. Ticks that differ from `now` above the sixth level wait in the far list, for a new round of the whole wheel.
 *  3. `_slot` is where the entry is, and -1 exactly while it is nowhere.
 *  4. The entry that came last waits aside until the next one comes, or somebody asks for what is due: most time-outs
 *     are over before that, and never see a slot (a tenth less in `sleep/create-poll-drop`). Counted in `size`.
 */

import type { Waker } from "@rt/core";

/** What the wheel asks of a timer. It is its own list node. */
export interface WheelEntry {
  /** @internal When it is due. While the entry is in the wheel it may be put off, but not brought forward. */
  _tick: number;
  /** @internal Start with -1. */
  _slot: number;
  /** @internal The one before it in its slot; of the first one: the last. */
  _previous: WheelEntry | null;
  /** @internal */
  _next: WheelEntry | null;
  /** @internal Who waits for it. */
  _waits(): Waker | null;
  /** @internal Its time has come. It is out of the wheel already. */
  _fire(): void;
}

const LEVELS = 6;
/** The ticks below this, counted from `base`, are within the reach of integer bit operations: levels 0 to 4. */
const NEAR = 2 ** 30;
/** The slot behind those of the levels: the far list. */
const FAR = LEVELS * 64;
/** No slot: the entry is the latest. */
const ASIDE: number = FAR + 1;
/** Ticks in a round of the whole wheel. */
const ROUND = 2 ** 36;

/** Who is aside. An object of its own, so that it can be made anew. */
interface Aside {
  latest: WheelEntry | null;
}

/** Inserts until it is. A young entry stored in an old object costs more, by the write barrier, than this does. */
const ANEW = 64;

export class Wheel {
  /** How many entries there are. */
  size = 0;
  /** `now` in two parts: a multiple of 2^30, and the rest. */
  #base = 0;
  #low = 0;
  #aside: Aside = { latest: null };
  #inserts = 0;
  readonly #slots: (WheelEntry | null)[] = new Array<WheelEntry | null>(FAR + 1).fill(null);
  /** Two words a level, a bit for each occupied slot; then one for the far list. */
  readonly #occupied: Int32Array = new Int32Array(LEVELS * 2 + 1);

  /** The tick up to which all has happened. */
  get now(): number {
    return this.#base + this.#low;
  }

  /** Puts an entry in. False when it is due already: then it stays out. */
  insert(entry: WheelEntry): boolean {
    if (entry._tick - this.#base <= this.#low) return false;
    this.size += 1;
    this.#settle();
    const inserts = (this.#inserts + 1) & (ANEW - 1);
    this.#inserts = inserts;
    if (inserts === 0) this.#aside = { latest: null };
    entry._slot = ASIDE;
    this.#aside.latest = entry;
    return true;
  }

  /** Takes out an entry that is in the wheel. */
  remove(entry: WheelEntry): void {
    const { _slot: slot, _previous: previous, _next: next } = entry;
    this.size -= 1;
    entry._slot = -1;
    if (slot === ASIDE) {
      this.#aside.latest = null;
      return;
    }
    const first = this.#slots[slot] as WheelEntry;
    if (first === entry) {
      this.#slots[slot] = next;
      if (next === null) this.#occupied[slot >> 5] = (this.#occupied[slot >> 5] as number) & ~(1 << slot);
      else next._previous = previous;
    } else {
      (previous as WheelEntry)._next = next;
      (next ?? first)._previous = previous;
    }
    entry._previous = null;
    entry._next = null;
  }

  /** All that are in the wheel, in no order. */
  *entries(): Generator<WheelEntry, void, undefined> {
    const { latest } = this.#aside;
    if (latest !== null) yield latest;
    for (const first of this.#slots) for (let entry = first; entry !== null; entry = entry._next) yield entry;
  }

  /**
   * When {@link Wheel.pop} has something to do next: the earliest tick, or an earlier one at which entries move down.
   * `Infinity` when the wheel is empty.
   */
  next(): number {
    this.#settle();
    const slot = this.#first();
    return slot === -1 ? Infinity : this.#start(slot);
  }

  /**
   * Goes on to `tick`, but stops at each entry that is due by then: takes it out and gives it. Null once there is none
   * left. Nothing is remembered between calls, so anything may be inserted or removed in between.
   */
  pop(tick: number): WheelEntry | null {
    for (;;) {
      this.#settle();
      const slot = this.#first();
      const start = slot === -1 ? Infinity : this.#start(slot);
      if (start > tick) {
        if (tick > this.now) this.#goTo(tick);
        return null;
      }
      this.#goTo(start);
      if (slot < 64) {
        const entry = this.#slots[slot] as WheelEntry;
        this.remove(entry);
        if (!this.insert(entry)) return entry;
        continue; // it was put off
      }
      if (slot === FAR) this.#goTo(this.#farthestStart(tick));
      this.#moveDown(slot);
    }
  }

  /** Nobody is aside from here on. */
  #settle(): void {
    const { latest } = this.#aside;
    if (latest === null) return;
    this.#aside.latest = null;
    this.#place(latest);
  }

  #goTo(tick: number): void {
    this.#low = tick % NEAR;
    this.#base = tick - this.#low;
  }

  /** The occupied slot that begins first, or -1. */
  #first(): number {
    const occupied = this.#occupied;
    for (let word = 0; word <= LEVELS * 2; word += 1) {
      const bits = occupied[word] as number;
      if (bits !== 0) return (word << 5) | (31 - Math.clz32(bits & -bits));
    }
    return -1;
  }

  #start(slot: number): number {
    const shift = (slot >> 6) * 6;
    const index = slot & 63;
    if (shift < 30) return this.#base + (((this.#low >> shift) & ~63) | index) * 2 ** shift;
    const round = this.#base - (this.#base % ROUND);
    return slot === FAR ? round + ROUND : round + index * NEAR;
  }

  #place(entry: WheelEntry): void {
    const tick = entry._tick;
    const ahead = tick - this.#base;
    let slot: number;
    if (ahead < NEAR) {
      const level = ((31 - Math.clz32(ahead ^ this.#low)) / 6) | 0;
      slot = (level << 6) | ((ahead >> (level * 6)) & 63);
    } else {
      const inRound = tick - (this.#base - (this.#base % ROUND));
      slot = inRound < ROUND ? 320 | (inRound / NEAR) : FAR;
    }
    entry._slot = slot;
    const first = this.#slots[slot] as WheelEntry | null;
    if (first === null) {
      this.#slots[slot] = entry;
      entry._previous = entry;
      this.#occupied[slot >> 5] = (this.#occupied[slot >> 5] as number) | (1 << slot);
    } else {
      const last = first._previous as WheelEntry;
      last._next = entry;
      entry._previous = last;
      first._previous = entry;
    }
  }

  /** Places anew what is in a slot that has begun. */
  #moveDown(slot: number): void {
    let entry = this.#slots[slot] as WheelEntry | null;
    this.#slots[slot] = null;
    this.#occupied[slot >> 5] = (this.#occupied[slot >> 5] as number) & ~(1 << slot);
    while (entry !== null) {
      const next: WheelEntry | null = entry._next;
      entry._next = null;
      this.#place(entry);
      entry = next;
    }
  }

  /** The beginning of the round that the first of the far entries is in, or `tick` where that comes first. */
  #farthestStart(tick: number): number {
    let earliest = Infinity;
    for (let entry = this.#slots[FAR] as WheelEntry | null; entry !== null; entry = entry._next)
      earliest = Math.min(earliest, entry._tick);
    return Math.min(tick, earliest - (earliest % ROUND));
  }
}
